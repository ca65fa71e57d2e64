"""The FFF container inside: a directory of records, of which two matter, the raw picture and the camera's constants.

From ExifTool's description of the FLIR format (``Image::ExifTool::FLIR``). The directory is big-endian in files of
the cameras; files of DJI drones and of ResearchIR have it little-endian, and the ThermaCAM EX320 wrote its records
big-endian. No independent decoder reads those, so nobody could say that we read them right: they are refused.
"""

import struct
import zlib
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.drivers.flir_jpeg.refusal import RefusedFileError
from devices.opencv import cv2
from devices.reading import FaultCode

Raw = npt.NDArray[np.uint16]

_IDS: Final = (b"FFF\x00", b"AFF\x00")
_HEADER_BYTES: Final = 64
_NEWEST_VERSION: Final = 1000
_ENTRY: Final = struct.Struct(">HHIIIIIII")
_MOST_ENTRIES: Final = 256
_RAW_RECORD, _CAMERA_RECORD = 1, 32
_LITTLE_ENDIAN: Final = b"\x02\x00"
_PICTURE_AT: Final = 32
_LARGEST_SIDE_PX: Final = 2048
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TIFF: Final = (b"II*\x00", b"MM\x00*")
_CAMERA_BYTES: Final = 0x310
_TIME_AT: Final = 0x384
_EARLIEST_S: Final = 978_307_200
"""2001: cameras whose clock was never set begin at 2000."""
_LATEST_S: Final = 4_102_444_800
_PERCENT_ABOVE: Final = 2.0


class CameraConstants(msgspec.Struct, frozen=True, kw_only=True):
    """What the camera was told of the scene, and how it was calibrated. Temperatures in K, distance in m.

    ``alpha``, ``beta`` and ``x`` describe the air's transmission, ``r1`` to ``o`` Planck's law for this camera.
    ``taken_s`` is when, in seconds since 1970 UTC; None where the camera's clock was never set.
    """

    emissivity: float
    distance_m: float
    reflected_k: float
    air_k: float
    window_k: float
    window_transmission: float
    humidity: float
    r1: float
    r2: float
    b: float
    f: float
    o: float
    alpha: tuple[float, float]
    beta: tuple[float, float]
    x: float
    model: str
    taken_s: float | None


def read_records(content: bytes) -> tuple[Raw, CameraConstants]:
    """Give the raw picture, rows by columns, and the constants; ``RefusedFileError`` with its reason."""
    records = _directory(content)
    for number, name in ((_RAW_RECORD, "raw picture"), (_CAMERA_RECORD, "record of the camera's constants")):
        if number not in records:
            raise RefusedFileError(FaultCode.NOT_RADIOMETRIC, f"there is no {name} in the file")
        if bytes(records[number][:2]) != _LITTLE_ENDIAN:
            reason = f"the {name} is written in an order that no other decoder reads: not supported"
            raise RefusedFileError(FaultCode.NOT_RADIOMETRIC, reason)
    return _raw_picture(records[_RAW_RECORD]), _constants(records[_CAMERA_RECORD])


def _directory(content: bytes) -> dict[int, memoryview]:
    if len(content) < _HEADER_BYTES or content[:4] not in _IDS:
        raise RefusedFileError(FaultCode.BAD_HEADER, "the radiometric content is no FFF container")
    version, start, count = struct.unpack_from(">III", content, 0x14)
    if version > _NEWEST_VERSION:
        reason = "the container is little-endian, as DJI drones and ResearchIR write it: not supported"
        raise RefusedFileError(FaultCode.NOT_RADIOMETRIC, reason)
    if count > _MOST_ENTRIES or start + count * _ENTRY.size > len(content):
        raise RefusedFileError(FaultCode.TRUNCATED, "the container's directory does not fit into the file")
    found: dict[int, memoryview] = {}
    for entry in range(count):
        kind, _, _, _, at, size, *_ = _ENTRY.unpack_from(content, start + entry * _ENTRY.size)
        if kind in {_RAW_RECORD, _CAMERA_RECORD} and kind not in found:
            if at + size > len(content):
                raise RefusedFileError(FaultCode.TRUNCATED, "a record reaches beyond the end of the file")
            found[kind] = memoryview(content)[at : at + size]
    return found


def _raw_picture(record: memoryview) -> Raw:
    if len(record) <= _PICTURE_AT:
        raise RefusedFileError(FaultCode.TRUNCATED, "the raw picture's record is too short")
    columns, rows = struct.unpack_from("<HH", record, 2)
    if not (0 < columns <= _LARGEST_SIDE_PX and 0 < rows <= _LARGEST_SIDE_PX):
        raise RefusedFileError(FaultCode.BAD_HEADER, f"a raw picture of {columns} x {rows} is impossible")
    content = record[_PICTURE_AT:]
    if bytes(content[: len(_PNG)]).startswith((_PNG, *_TIFF)):
        raw = _decoded(bytes(content))
    elif len(content) >= 2 * rows * columns:
        raw = np.frombuffer(content, dtype="<u2", count=rows * columns).reshape(rows, columns)
    else:
        raise RefusedFileError(FaultCode.TRUNCATED, f"{len(content)} bytes are too few for {columns} x {rows} pixels")
    if raw.shape != (rows, columns):
        reason = f"the raw picture says {columns} x {rows} and holds {raw.shape[1]} x {raw.shape[0]}"
        raise RefusedFileError(FaultCode.BAD_HEADER, reason)
    return raw


def _decoded(content: bytes) -> Raw:
    """Unpack an embedded PNG or TIFF. FLIR stores little-endian words in its PNG, whose own order is big-endian."""
    is_png = content.startswith(_PNG)
    if is_png:
        _check_png(content)
    unpacked = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if unpacked is None or unpacked.ndim != 2 or unpacked.dtype != np.uint16:
        raise RefusedFileError(FaultCode.BAD_MESSAGE, "the embedded raw picture cannot be unpacked")
    raw = np.asarray(unpacked, dtype=np.uint16)
    return raw.byteswap() if is_png else raw


def _check_png(content: bytes) -> None:
    """Verify every chunk's checksum (ISO/IEC 15948, 5.3): a decoder fills what is missing with zeros instead."""
    at, view = len(_PNG), memoryview(content)
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        end = at + 8 + size
        if end + 4 > len(content):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            raise RefusedFileError(FaultCode.BAD_CHECKSUM, "the embedded PNG is damaged")
        if content[at + 4 : at + 8] == b"IEND":
            return
        at = end + 4
    raise RefusedFileError(FaultCode.TRUNCATED, "the embedded PNG breaks off")


def _constants(record: memoryview) -> CameraConstants:
    if len(record) < _CAMERA_BYTES:
        raise RefusedFileError(FaultCode.TRUNCATED, "the record of the camera's constants is too short")
    emissivity, distance_m, reflected_k, air_k, window_k, window_transmission = struct.unpack_from("<6f", record, 0x20)
    (humidity,) = struct.unpack_from("<f", record, 0x3C)
    r1, b, f = struct.unpack_from("<3f", record, 0x58)
    alpha_1, alpha_2, beta_1, beta_2, x = struct.unpack_from("<5f", record, 0x70)
    o, r2 = struct.unpack_from("<if", record, 0x308)
    return CameraConstants(
        emissivity=emissivity,
        distance_m=distance_m,
        reflected_k=reflected_k,
        air_k=air_k,
        window_k=window_k,
        window_transmission=window_transmission,
        humidity=humidity / 100 if humidity > _PERCENT_ABOVE else humidity,
        r1=r1,
        r2=r2,
        b=b,
        f=f,
        o=float(o),
        alpha=(alpha_1, alpha_2),
        beta=(beta_1, beta_2),
        x=x,
        model=bytes(record[0xD4:0xF4]).partition(b"\x00")[0].decode("ascii", "replace"),
        taken_s=_taken_s(record),
    )


def _taken_s(record: memoryview) -> float | None:
    if len(record) < _TIME_AT + 8:
        return None
    seconds, milliseconds = struct.unpack_from("<II", record, _TIME_AT)
    taken_s: float = seconds + min(milliseconds & 0xFFFF, 999) / 1000
    return taken_s if _EARLIEST_S <= taken_s < _LATEST_S else None
