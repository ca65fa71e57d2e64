"""A bridge beside an MLX90640: calibration memory and measurement pages, as a microcontroller would send them.

Written from the data sheet and the bridge's wire, apart from the driver. The sensor that it stands for has the
simplest calibration there can be: gain 1, no drift, every pixel and temperature equally sensitive. So a page is one
line of arithmetic, backwards from the temperatures.
"""

import math
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from devices.simulator.serial_sensors import SimulatedSensor
from devices.simulator.thermal_scene import COLUMNS, ROWS, Person, ThermalScene

SKIN_EMISSIVITY: Final = 0.98
_CHIP: Final = 0x40
_MEMORY_EVERY_S: Final = 2.0
_OWN_ABOVE_AMBIENT_C: Final = 6.0
_OFFSET: Final = -60
_ALPHA: Final = 60_001 / 2**36
_GAIN, _SUPPLY, _PTAT = 6000, -13056, 1700
_PTAT_25, _PTAT_A_KELVIN, _ALPHA_PTAT = 12_200, 42.25, 9.0
_CHESS_18_BITS: Final = 0x1901
_ZERO_CELSIUS_K: Final = 273.15
_REFLECTED_BELOW_CHIP_C: Final = 8.0


class RawArrayBridge:
    """One bridge. It takes no commands; somebody else owns the line and the clock."""

    streams: Final = True

    def __init__(self, *, rate_hz: float = 4.0, emissivity: float = SKIN_EMISSIVITY) -> None:
        """Power up. ``rate_hz`` counts whole pictures."""
        self.rate_hz = rate_hz
        self._emissivity = emissivity
        self._pictures = 0

    def receive(self, chunk: bytes) -> bytes:
        """Hear nothing: a bridge only sends."""
        del chunk
        return b""

    def frame(self, celsius: npt.NDArray[np.float64], *, own_c: float) -> bytes:
        """Give the two pages of a picture, 24 x 32 as the scene is seen; the memory before the first and at times."""
        content = b""
        if self._pictures % max(1, math.ceil(_MEMORY_EVERY_S * self.rate_hz)) == 0:
            content = _framed(b"E", _memory(), number=0)
        for subpage in (0, 1):
            words = _page(celsius[:, ::-1], own_c=own_c, subpage=subpage, emissivity=self._emissivity)
            content += _framed(b"R", words, number=(2 * self._pictures + subpage) & 0xFFFF)
        self._pictures += 1
        return content


def raw_array(*, link: Path, rate_hz: float = 4.0, seed: int = 0) -> SimulatedSensor:
    """Make a bridge on a line that sees the scene of a lane."""
    bridge, scene = RawArrayBridge(rate_hz=rate_hz), ThermalScene(seed=seed)
    stood: list[Person | None] = [None]

    def draw(person: Person | None, ambient_c: float) -> bytes:
        if person is not stood[0]:
            scene.let_stand()
        stood[0] = person
        return bridge.frame(scene.picture(person, ambient_c=ambient_c), own_c=ambient_c + _OWN_ABOVE_AMBIENT_C)

    return SimulatedSensor(bridge, link=link, draw=draw, seed=seed)


def _memory() -> npt.NDArray[np.int64]:
    """832 words of calibration memory, all but the indispensable ones zero."""
    words = np.zeros(832, dtype=np.int64)
    words[16], words[17] = int(4 * (_ALPHA_PTAT - 8)) << 12, _OFFSET
    words[32], words[33] = 6 << 12, 60_000
    words[48], words[49], words[50] = _GAIN, _PTAT_25, int(8 * _PTAT_A_KELVIN)
    words[51] = (-99 & 0xFF) << 8 | ((_SUPPLY + 8192) // 32 + 256)
    words[56] = 2 << 12
    words[63] = 2 << 12 | 8 << 8 | 6 << 4
    words[64:] = 1 << 4
    return words


def _page(celsius: npt.NDArray[np.float64], *, own_c: float, subpage: int, emissivity: float) -> npt.NDArray[np.int64]:
    """RAM, status and control register 1 for a picture in the chip's own order."""
    own_k4 = (own_c + _ZERO_CELSIUS_K) ** 4
    reflected_k4 = (own_c - _REFLECTED_BELOW_CHIP_C + _ZERO_CELSIUS_K) ** 4
    background = reflected_k4 - (reflected_k4 - own_k4) / emissivity
    words = np.zeros(834, dtype=np.int64)
    radiance = (celsius.ravel() + _ZERO_CELSIUS_K) ** 4 - background
    words[: ROWS * COLUMNS] = np.rint(radiance * _ALPHA * emissivity + _OFFSET)
    voltage = _PTAT_A_KELVIN * (own_c - 25) + _PTAT_25
    words[800], words[768] = _PTAT, round(_PTAT * (2**18 / voltage - _ALPHA_PTAT))
    words[778], words[810] = _GAIN, _SUPPLY
    words[832], words[833] = subpage, _CHESS_18_BITS
    return words


def _framed(kind: bytes, words: npt.NDArray[np.int64], *, number: int) -> bytes:
    payload = words.astype(np.uint16).astype(">u2").tobytes()
    body = struct.pack(">BcBBHH", 1, kind, _CHIP, 0, number, len(payload)) + payload
    return b"MLXR" + body + zlib.crc32(body).to_bytes(4, "big")
