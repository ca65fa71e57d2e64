"""A radiometric JPEG as a FLIR camera writes it: one small picture, one camera record, as many segments as it takes.

Written from ExifTool's description and apart from the driver. The scene is 640 x 480 or less, the constants are those
of a plain handheld camera, the air is clear and near, so that a count is a temperature by Planck's law alone.
"""

import math
import struct
import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

R1, R2, B, F, OFFSET = 16_000.0, 0.0125, 1420.0, 1.0, -6000
EMISSIVITY: Final = 0.98
REFLECTED_C: Final = 22.0
_SEGMENT_BYTES: Final = 65_000
_ZERO_CELSIUS_K: Final = 273.15
_TAKEN_S: Final = 1_763_773_200


def radiometric_jpeg(celsius: npt.NDArray[np.float64], *, as_png: bool = True) -> bytes:
    """Give the file's bytes for a picture in °C, rows by columns; the visible picture in it is empty."""
    container = _container(raw_record(celsius, as_png=as_png), _camera_record())
    parts = [container[at : at + _SEGMENT_BYTES] for at in range(0, len(container), _SEGMENT_BYTES)]
    segments = [_app1(part, number=number, last=len(parts) - 1) for number, part in enumerate(parts)]
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\x00\x02\xff\xd9"


def raw_record(celsius: npt.NDArray[np.float64], *, as_png: bool) -> bytes:
    """Give the record of raw counts: a header of 32 bytes, then a PNG with swapped bytes or plain words."""
    rows, columns = celsius.shape
    kelvin = np.asarray(celsius, dtype=np.float64) + _ZERO_CELSIUS_K
    own = R1 / (R2 * (np.exp(B / kelvin) - F)) - OFFSET
    reflected = R1 / (R2 * (math.exp(B / (REFLECTED_C + _ZERO_CELSIUS_K)) - F)) - OFFSET
    counts = np.rint(EMISSIVITY * own + (1 - EMISSIVITY) * reflected).astype("<u2")
    header = struct.pack("<HHH", 2, columns, rows).ljust(32, b"\x00")
    return header + (_png(counts) if as_png else counts.tobytes())


def _png(counts: npt.NDArray[np.uint16]) -> bytes:
    """Pack 16-bit grey with the words' bytes as they are, little-endian, where PNG would have them big-endian."""
    rows, columns = counts.shape
    lines = b"".join(b"\x00" + row.tobytes() for row in counts)
    header = struct.pack(">IIBBBBB", columns, rows, 16, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 1)), (b"IEND", b""))
    packed = [
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _camera_record() -> bytes:
    record = bytearray(0x400)
    ambient_k = REFLECTED_C + _ZERO_CELSIUS_K
    struct.pack_into("<H", record, 0, 2)
    struct.pack_into("<6f", record, 0x20, EMISSIVITY, 0.0, ambient_k, ambient_k, ambient_k, 1.0)
    struct.pack_into("<f", record, 0x3C, 0.5)
    struct.pack_into("<3f", record, 0x58, R1, B, F)
    struct.pack_into("<5f", record, 0x70, 0.006569, 0.01262, -0.002276, -0.00667, 1.9)
    record[0xD4:0xDE] = b"SIMULATED\x00"
    struct.pack_into("<if", record, 0x308, OFFSET, R2)
    struct.pack_into("<IIh", record, 0x384, _TAKEN_S, 0, 0)
    return bytes(record)


def _container(raw: bytes, camera: bytes) -> bytes:
    start = 64 + 2 * 32
    entries = struct.pack(">HHIIIIIII", 1, 3, 100, 1, start, len(raw), 0, 0, 0)
    entries += struct.pack(">HHIIIIIII", 32, 1, 100, 2, start + len(raw), len(camera), 0, 0, 0)
    header = b"FFF\x00".ljust(0x14, b"\x00") + struct.pack(">III", 100, 64, 2)
    return header.ljust(64, b"\x00") + entries + raw + camera


def _app1(part: bytes, *, number: int, last: int) -> bytes:
    content = b"FLIR\x00\x01" + bytes((number, last)) + part
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
