"""What the GY-MCU90640 can be told: four bytes, ``A5 command argument sum``, sum = low byte of the three before.

Source: "GY-MCU9064 user manual v1" (module maker), devices reference 1.1. A new emissivity acts at
once; the manual asks for ``SAVE`` and a power cycle after any change that shall last.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from devices.driver import DriverOptions
from devices.errors import DeviceConfigurationError
from devices.reading import Outgoing

OPTIONS: Final = ("rate_hz", "emissivity", "automatic")
"""The options of the driver that become commands; a module is told nothing that no option asks for."""


class Command(StrEnum):
    """What the module can be told; the argument's meaning stands in ``ARGUMENTS``."""

    BAUD = "baud"
    RATE = "rate"
    MODE = "mode"
    SET_EMISSIVITY = "set_emissivity"
    ASK_EMISSIVITY = "ask_emissivity"
    SAVE = "save"


_COMMAND_CODE: Final = MappingProxyType(
    {
        Command.BAUD: 0x15,
        Command.RATE: 0x25,
        Command.MODE: 0x35,
        Command.SET_EMISSIVITY: 0x45,
        Command.ASK_EMISSIVITY: 0x55,
        Command.SAVE: 0x65,
    }
)

ARGUMENTS: Final = MappingProxyType(
    {
        Command.BAUD: MappingProxyType({9600: 1, 115200: 2, 460800: 3}),
        Command.RATE: MappingProxyType({0.5: 0, 1: 1, 2: 2, 4: 3, 8: 4}),
        Command.MODE: MappingProxyType({"query": 1, "automatic": 2}),
        Command.SET_EMISSIVITY: MappingProxyType({count / 100: count for count in range(1, 101)}),
        Command.ASK_EMISSIVITY: MappingProxyType({None: 1}),
        Command.SAVE: MappingProxyType({None: 1}),
    }
)
"""For each command its settings and the byte that stands for each (baud, hertz, mode, emissivity)."""


def build_command(command: Command, *, setting: float | str | None = None) -> bytes:
    """Give the four bytes of a command; ``DeviceConfigurationError`` for a setting it does not have.

    Settings are lost at power-off unless ``SAVE`` follows them.

    >>> build_command(Command.RATE, setting=4).hex(" ")
    'a5 25 03 cd'
    >>> build_command(Command.SET_EMISSIVITY, setting=0.95).hex(" ")
    'a5 45 5f 49'
    >>> build_command(Command.SAVE).hex(" ")
    'a5 65 01 0b'
    """
    settings = ARGUMENTS[command]
    if setting not in settings:
        msg = f"gy_mcu90640 has no {command} {setting!r}; it has {list(settings)}"
        raise DeviceConfigurationError(msg)
    body = bytes((0xA5, _COMMAND_CODE[command], settings[setting]))
    return body + bytes((sum(body) & 0xFF,))


def opening_from(options: DriverOptions) -> tuple[Outgoing, ...]:
    """Give the commands that the options ask for, in the order of the manual's chapters.

    ``rate_hz`` and ``emissivity`` set these; the emissivity is asked for afterwards, so that the
    module's answer shows in the record what it computes with. ``automatic`` true: let it stream.

    >>> [command.payload.hex(" ") for command in opening_from({"rate_hz": 4, "emissivity": 0.98, "automatic": True})]
    ['a5 25 03 cd', 'a5 45 62 4c', 'a5 55 01 fb', 'a5 35 02 dc']
    >>> opening_from({})
    ()
    """
    commands: list[bytes] = []
    if "rate_hz" in options:
        commands.append(build_command(Command.RATE, setting=options["rate_hz"]))
    if "emissivity" in options:
        commands.append(build_command(Command.SET_EMISSIVITY, setting=options["emissivity"]))
        commands.append(build_command(Command.ASK_EMISSIVITY))
    if "automatic" in options:
        wanted = options["automatic"]
        if not isinstance(wanted, bool):
            msg = f"gy_mcu90640: automatic is true or false, not {wanted!r}"
            raise DeviceConfigurationError(msg)
        commands.append(build_command(Command.MODE, setting="automatic" if wanted else "query"))
    return tuple(Outgoing(topic="", payload=command) for command in commands)
