"""What the GY-MCU9061x can be told: three bytes, ``A5 command sum``, sum = low byte of the two before.

Source: makers' product pages (hxchipstech, as99shop), devices reference 1.2. The clones that answer
with ``66 66`` have commands of their own, which no public source gives: nothing is sent to them.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from devices.driver import DriverOptions
from devices.errors import DeviceConfigurationError
from devices.reading import Outgoing


class Command(StrEnum):
    """What the module can be told. A new baud rate holds after the next power cycle of a 90614."""

    AUTOMATIC = "automatic"
    QUERY = "query"
    BAUD_9600 = "baud_9600"
    BAUD_115200 = "baud_115200"
    AUTOSEND_AT_BOOT = "autosend_at_boot"
    SILENT_AT_BOOT = "silent_at_boot"


_CODES: Final = MappingProxyType(
    {
        Command.AUTOMATIC: 0x45,
        Command.QUERY: 0x15,
        Command.BAUD_9600: 0xAE,
        Command.BAUD_115200: 0xAF,
        Command.AUTOSEND_AT_BOOT: 0x51,
        Command.SILENT_AT_BOOT: 0x52,
    }
)


def build_command(command: Command) -> bytes:
    """Give the three bytes of a command.

    >>> [build_command(command).hex(" ") for command in (Command.AUTOMATIC, Command.BAUD_9600)]
    ['a5 45 ea', 'a5 ae 53']
    """
    body = bytes((0xA5, _CODES[command]))
    return body + bytes((sum(body) & 0xFF,))


def opening_from(options: DriverOptions) -> tuple[Outgoing, ...]:
    """Give the command that option ``automatic`` asks for: true lets the module stream, false lets it wait."""
    if "automatic" not in options:
        return ()
    wanted = options["automatic"]
    if not isinstance(wanted, bool):
        msg = f"gy_mcu9061x: automatic is true or false, not {wanted!r}"
        raise DeviceConfigurationError(msg)
    return (Outgoing(topic="", payload=build_command(Command.AUTOMATIC if wanted else Command.QUERY)),)
