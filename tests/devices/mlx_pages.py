"""Sensors that never were: memories and pages computed backwards from temperatures, with the simplest calibration.

Every coefficient that can be left out is zero, so that a page can be made by one line of arithmetic: gain 1, no
drift, sensitivity equal for all pixels and temperatures. Neither the driver nor the simulator is used, but for the
frame around them.
"""

import struct
import zlib

import numpy as np

CHIP_C, SUPPLY_WORD, GAIN = 30.0, -13056, 6000
ALPHA_COUNTS, ALPHA_SCALE = 20_001, 36
OFFSET = -60
CHESS, ROWS_PATTERN = 0x1901, 0x0901


def memory_words(*, broken=(), outliers=()):
    """832 words of an MLX90640."""
    words = np.zeros(832, dtype=np.uint16)
    words[16] = 4 << 12
    words[17] = OFFSET & 0xFFFF
    words[32], words[33] = (ALPHA_SCALE - 30) << 12, ALPHA_COUNTS - 1
    words[48], words[49], words[50] = GAIN, 12_200, 338
    words[51] = 0x9D << 8 | 0x68
    words[56] = 2 << 12
    words[63] = 2 << 12 | 8 << 8 | 6 << 4
    words[64:] = 0x0010
    for pixel in broken:
        words[64 + pixel] = 0
    for pixel in outliers:
        words[64 + pixel] |= 1
    return words


def page_words(celsius, *, emissivity, subpage, control=CHESS, chip_c=CHIP_C):
    """832 words of RAM and two registers for a picture of 24 x 32 in the chip's own order."""
    alpha = ALPHA_COUNTS / 2**ALPHA_SCALE
    chip_k4, reflected_k4 = (chip_c + 273.15) ** 4, (chip_c - 8 + 273.15) ** 4
    background = reflected_k4 - (reflected_k4 - chip_k4) / emissivity
    counts = (np.asarray(celsius, dtype=float).ravel() + 273.15) ** 4 - background
    words = np.zeros(834, dtype=np.int64)
    words[:768] = np.rint(counts * alpha * emissivity + OFFSET)
    art = 42.25 * (chip_c - 25) + 12_200
    words[800] = 1700
    words[768] = round(1700 * (2**18 / art - 9))
    words[778], words[810] = GAIN, SUPPLY_WORD
    words[832], words[833] = subpage, control
    return words


def be(words):
    return np.asarray(words, dtype=np.int64).astype(np.uint16).astype(">u2").tobytes()


def framed(kind, words, *, number=0, chip=0x40):
    payload = be(words)
    frame = struct.pack(">4sBBBBHH", b"MLXR", 1, ord(kind), chip, 0, number, len(payload)) + payload
    return frame + struct.pack(">I", zlib.crc32(frame[4:]))


def unit(seed, *, emissivity=0.98, number=None):
    """Memory and both halves of one plausible picture of its own for each seed."""
    celsius = np.random.default_rng(seed).uniform(18.0, 38.0, size=(24, 32))
    number = 2 * seed if number is None else number
    return framed("E", memory_words()) + picture_pages(celsius, emissivity=emissivity, number=number)


def picture_pages(celsius, *, emissivity=0.98, number=0, control=CHESS):
    halves = [page_words(celsius, emissivity=emissivity, subpage=half, control=control) for half in (0, 1)]
    return b"".join(framed("R", words, number=number + half) for half, words in enumerate(halves))
