"""The GY-MCU90640 as its microcontroller behaves: it streams frames and obeys four-byte commands.

Written from the maker's manual alone and apart from the driver, so that a misreading of the manual
shows as a disagreement between the two. Settings live in memory; ``save`` keeps them over a
``power_cycle``, everything else is forgotten, as in the real module.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

_COMMAND_BYTES: Final = 4
_RATES_HZ: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_BAUDS: Final = {1: 9600, 2: 115200, 3: 460800}


class ModuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the commands change. ``rate_hz`` and ``baud`` as the module comes from its maker."""

    baud: int = 115200
    rate_hz: float = 4.0
    streams: bool = True
    emissivity_hundredths: int = 95


class GyModule:
    """One module. Bytes in, bytes out; somebody else owns the line and the clock."""

    def __init__(self, *, rate_hz: float | None = None) -> None:
        """Power up. A ``rate_hz`` beyond the module's own table makes a demonstration quicker than life."""
        settings = ModuleSettings()
        self.settings = settings if rate_hz is None else msgspec.structs.replace(settings, rate_hz=rate_hz)
        self._saved = self.settings
        self._received = bytearray()
        self._asked_for_frame = False

    def power_cycle(self) -> None:
        """Lose what was not saved."""
        self.settings = self._saved
        self._received.clear()

    def receive(self, chunk: bytes) -> bytes:
        """Take bytes from the host and give what the module answers; unknown commands are ignored, as there."""
        self._received += chunk
        answers = b""
        while len(self._received) >= _COMMAND_BYTES:
            command = bytes(self._received[:_COMMAND_BYTES])
            if command[0] != 0xA5 or sum(command[:3]) & 0xFF != command[3]:
                del self._received[0]
                continue
            del self._received[:_COMMAND_BYTES]
            answers += self._obey(command[1], command[2])
        return answers

    def takes_frame_request(self) -> bool:
        """Tell, once, whether a single frame was asked for in query mode."""
        asked, self._asked_for_frame = self._asked_for_frame, False
        return asked

    def frame(self, celsius: npt.NDArray[np.float64], *, own_c: float) -> bytes:
        """Give the 1544 bytes for a picture, which the module sends column by column from the scene's right."""
        pixels = np.rint(celsius[:, ::-1] * 100).astype("<i2").tobytes()
        body = b"\x5a\x5a\x02\x06" + pixels + round(own_c * 100).to_bytes(2, "little", signed=True)
        total = sum(int.from_bytes(body[at : at + 2], "little") for at in range(0, len(body), 2))
        return body + (total & 0xFFFF).to_bytes(2, "little")

    def _obey(self, code: int, argument: int) -> bytes:
        change = msgspec.structs.replace
        match code:
            case 0x15 if argument in _BAUDS:
                self.settings = change(self.settings, baud=_BAUDS[argument])
            case 0x25 if argument < len(_RATES_HZ):
                self.settings = change(self.settings, rate_hz=_RATES_HZ[argument])
            case 0x35 if argument in {1, 2}:
                self.settings = change(self.settings, streams=argument == 2)
                self._asked_for_frame = argument == 1
            case 0x45 if 1 <= argument <= 100:
                self.settings = change(self.settings, emissivity_hundredths=argument)
            case 0x55:
                answer = bytes((0x5A, 0x5A, self.settings.emissivity_hundredths))
                return answer + bytes((sum(answer) & 0xFF,))
            case 0x65:
                self._saved = self.settings
        return b""
