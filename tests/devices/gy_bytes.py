"""Frames of the GY-MCU90640 built from its manual by hand, for tests: neither the driver nor the simulator is used."""

import struct
from functools import lru_cache

import numpy as np

FRAME_BYTES = 1544
GOLDEN = bytes.fromhex("5a5a0206") + bytes.fromhex("6e0e") * 768 + bytes.fromhex("8d0e") + bytes.fromhex("e9b8")
"""All 768 pixels 6E 0E = 36.94 °C, own temperature 8D 0E = 37.25 °C, checksum E9 B8: computed from the manual."""
EMISSIVITY_095 = bytes.fromhex("5a5a5f13")


def frame_of(words, *, own_c=31.0, checksum_error=0):
    """Frame 768 signed hundredths of a degree in wire order."""
    body = b"\x5a\x5a\x02\x06" + struct.pack("<769h", *words, round(own_c * 100))
    total = sum(struct.unpack("<771H", body)) + checksum_error
    return body + struct.pack("<H", total & 0xFFFF)


@lru_cache(maxsize=128)
def frame(seed, *, own_c=31.0):
    """Frame a plausible picture of its own for each seed."""
    words = np.random.default_rng(seed).integers(1800, 3800, size=768)
    return frame_of(words.tolist(), own_c=own_c)
