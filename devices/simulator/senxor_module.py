"""A SenXor MI0802 as it behaves: packets of text and pixels, registers, silence until it is told to stream.

Written from the maker's package and apart from the driver. Temperatures are tenths of a kelvin.
"""

import re
from typing import Final

import numpy as np
import numpy.typing as npt

ROWS: Final = 62
COLUMNS: Final = 80
_RATE_HZ: Final = 25.0
_FRAME_MODE: Final = 0xB1
_FRAME_RATE: Final = 0xB4
_STREAMS: Final = 0x02
_NO_HEADER: Final = 0x20
_KNOWN: Final = {_FRAME_MODE: 0, 0xB2: 0x45, 0xB3: 0x0C, _FRAME_RATE: 0, 0xBA: 0x08, 0xCA: 97, 0xE0: 26, 0xE3: 1}
_PACKET: Final = re.compile(rb"   #[0-9A-F]{4}(RREG|WREG|RRSE)([0-9A-F]*)(?:FF)?XXXX")


class SenxorModule:
    """One array. Bytes in, bytes out; somebody else owns the line and the clock."""

    def __init__(self, *, rate_hz: float = _RATE_HZ) -> None:
        """Power up, silent."""
        self._fastest_hz = rate_hz
        self.registers = dict(_KNOWN)
        self._received = b""
        self._counter = 0

    @property
    def streams(self) -> bool:
        """Whether it was told to."""
        return bool(self.registers[_FRAME_MODE] & _STREAMS)

    @property
    def rate_hz(self) -> float:
        """Its fastest rate, divided as it was told."""
        return self._fastest_hz / max(1, self.registers[_FRAME_RATE])

    def receive(self, chunk: bytes) -> bytes:
        """Take bytes from the host and give the answers."""
        self._received = (self._received + chunk)[-4096:]
        answers = b""
        while (found := _PACKET.search(self._received)) is not None:
            self._received = self._received[found.end() :]
            answers += self._obey(found[1].decode(), found[2].decode())
        return answers

    def frame(self, celsius: npt.NDArray[np.float64]) -> bytes:
        """Give the packet for a picture, 62 x 80, as the scene is seen."""
        pixels = np.rint((celsius + 273.15) * 10).astype("<u2")
        header = np.zeros(COLUMNS, dtype="<u2")
        header[0], header[5], header[6] = self._counter & 0xFFFF, pixels.max(), pixels.min()
        self._counter += 1
        row = b"" if self.registers[_FRAME_MODE] & _NO_HEADER else header.tobytes()
        return _packet(b"GFRA" + bytes(2 * COLUMNS) + row + pixels.tobytes())

    def _obey(self, command: str, argument: str) -> bytes:
        values = [int(argument[at : at + 2], 16) for at in range(0, len(argument), 2)]
        match command, values:
            case "WREG", [register, value]:
                self.registers[register] = value
                return _packet(b"WREG")
            case "RREG", [register]:
                return _packet(b"RREG%02X" % self.registers.get(register, 0))
            case "RRSE", _:
                asked = [register for register in values if register != 0xFF]
                pairs = b"".join(b"%02X%02X" % (register, self.registers.get(register, 0)) for register in asked)
                return _packet(b"RRSE" + pairs)
        return b""


def _packet(body: bytes) -> bytes:
    counted = b"%04X" % (len(body) + 4) + body
    return b"   #" + counted + b"%04X" % (sum(counted) & 0xFFFF)
