"""A GY-MCU90614 or its clone as it behaves: nine bytes fourteen times a second, and three-byte commands.

Written from the makers' product pages alone and apart from the driver, so that a misreading shows as
a disagreement between the two.
"""

from typing import Final

_RATE_HZ: Final = 14.0
_COMMANDS: Final = frozenset((0x45, 0x15, 0xAE, 0xAF, 0x51, 0x52))


class PointModule:
    """One module. Bytes in, bytes out; somebody else owns the line and the clock."""

    def __init__(self, *, is_clone: bool = False, streams: bool = True, rate_hz: float = _RATE_HZ) -> None:
        """Power up. A clone sends another header and obeys nothing that we know of."""
        self.rate_hz = rate_hz
        self.streams = streams
        self.baud_after_power_cycle: int | None = None
        self._is_clone = is_clone
        self._received = bytearray()

    def receive(self, chunk: bytes) -> bytes:
        """Take bytes from the host; commands with a wrong sum are ignored. The module never answers but by frames."""
        self._received += chunk
        while len(self._received) >= 3:
            first, command, total = self._received[:3]
            if self._is_clone or first != 0xA5 or command not in _COMMANDS or total != (first + command) & 0xFF:
                del self._received[0]
                continue
            del self._received[:3]
            self._obey(command)
        return b""

    def frame(self, object_c: float, *, own_c: float) -> bytes:
        """Give the nine bytes for what it looks at and itself."""
        head = bytes((0x66, 0x66, 0x01, 0x04)) if self._is_clone else bytes((0x5A, 0x5A, 0x45, 0x04))
        numbers = (round(value_c * 100).to_bytes(2, "big", signed=True) for value_c in (object_c, own_c))
        body = head + b"".join(numbers)
        return body + bytes((sum(body) & 0xFF,))

    def _obey(self, command: int) -> None:
        match command:
            case 0x45:
                self.streams = True
            case 0x15:
                self.streams = False
            case 0xAE:
                self.baud_after_power_cycle = 9600
            case 0xAF:
                self.baud_after_power_cycle = 115200
