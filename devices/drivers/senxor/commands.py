"""What a SenXor array can be told: registers read and written, as text.

Source: the maker's package pysenxor-lite 3.1.6 (Apache-2.0), ``interface/serial_port/parser.py`` and
``regmap``; devices reference 1.4. The host's packets carry ``XXXX`` in the place of a checksum.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from devices.driver import DriverOptions
from devices.errors import DeviceConfigurationError
from devices.reading import Outgoing

OPTIONS: Final = ("emissivity", "rate_divider")
"""The options of the driver that become commands."""


class Register(IntEnum):
    """The registers that we use; names of the maker."""

    FRAME_MODE = 0xB1
    FIRMWARE_VERSION = 0xB2
    FIRMWARE_BUILD = 0xB3
    FRAME_RATE = 0xB4
    STATUS = 0xB6
    SENXOR_TYPE = 0xBA
    EMISSIVITY = 0xCA
    PRODUCTION_YEAR = 0xE0
    PRODUCTION_WEEK = 0xE1
    MANUFACTURING_PLACE = 0xE2
    SERIAL_NUMBER_0 = 0xE3
    SERIAL_NUMBER_1 = 0xE4
    SERIAL_NUMBER_2 = 0xE5


IDENTITY: Final = (
    Register.FIRMWARE_VERSION,
    Register.FIRMWARE_BUILD,
    Register.SENXOR_TYPE,
    Register.PRODUCTION_YEAR,
    Register.PRODUCTION_WEEK,
    Register.MANUFACTURING_PLACE,
    Register.SERIAL_NUMBER_0,
    Register.SERIAL_NUMBER_1,
    Register.SERIAL_NUMBER_2,
)
STREAM_WITH_HEADER: Final = 0x02
"""FRAME_MODE: stream (bit 1), in temperatures and not raw counts (bit 7 clear), with a header row (bit 5 clear)."""


def write_register(register: int, *, value: int) -> bytes:
    """Give the packet that writes one register.

    >>> write_register(0xB1, value=0x03)
    b'   #000CWREGB103XXXX'
    """
    return _packet(f"WREG{_byte(register)}{_byte(value)}")


def read_registers(registers: Sequence[int]) -> bytes:
    """Give the packet that asks for one register, or for several at once.

    >>> read_registers([0xB1])
    b'   #000ARREGB1XXXX'
    >>> read_registers([0xB2, 0xB3])
    b'   #000ERRSEB2B3FFXXXX'
    """
    if len(registers) == 1:
        return _packet(f"RREG{_byte(registers[0])}")
    return _packet(f"RRSE{''.join(map(_byte, registers))}FF")


def opening_from(options: DriverOptions) -> tuple[Outgoing, ...]:
    """Give the settings that options ask for, then the question who it is, then the command to stream."""
    packets: list[bytes] = []
    if "emissivity" in options:
        hundredths = round(100 * _number(options, "emissivity", low=0.01, high=1.0))
        packets.append(write_register(Register.EMISSIVITY, value=hundredths))
    if "rate_divider" in options:
        divider = round(_number(options, "rate_divider", low=1, high=127))
        packets.append(write_register(Register.FRAME_RATE, value=divider))
    packets.append(read_registers(IDENTITY))
    packets.append(write_register(Register.FRAME_MODE, value=STREAM_WITH_HEADER))
    return tuple(Outgoing(topic="", payload=packet) for packet in packets)


def _packet(body: str) -> bytes:
    return f"   #{len(body) + 4:04X}{body}XXXX".encode("ascii")


def _byte(value: int) -> str:
    if not 0 <= value <= 0xFF:
        msg = f"senxor: a register and its value are bytes, {value} is not"
        raise DeviceConfigurationError(msg)
    return f"{value:02X}"


def _number(options: DriverOptions, name: str, *, low: float, high: float) -> float:
    wanted = options[name]
    if isinstance(wanted, bool | str) or not low <= wanted <= high:
        msg = f"senxor: {name} is a number from {low} to {high}, not {wanted!r}"
        raise DeviceConfigurationError(msg)
    return wanted
