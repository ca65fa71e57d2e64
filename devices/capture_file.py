"""A recording with its times: what a link brought, when, and whether the broker had kept it.

Text, one JSON document a line. The first says that this is a capture, of which driver, and when it began; each other
line is one delivery: seconds since then, the bytes in base64, and ``retained`` where a broker had kept them.

    {"kiemdich_capture":1,"driver":"gy_mcu90640","began_at":"2026-11-22T01:00:00Z"}
    {"after_s":0.125,"payload":"WloC..."}

Addresses and passwords of the device are not in it. What the bytes say may well be about a person: a capture of a
terminal or a document reader is kept and sent like any other personal record. No I/O, no clock.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from devices.errors import DeviceConfigurationError

_VERSION: Final = 1
_MARK: Final = b'{"kiemdich_capture":'


class CaptureHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line."""

    kiemdich_capture: int = _VERSION
    driver: str
    began_at: datetime


class Captured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One delivery: its bytes and how many seconds after the beginning it came."""

    after_s: float
    payload: bytes
    retained: bool = False


def is_capture(recorded: bytes) -> bool:
    """Whether these bytes are a capture of ours and not a device's own.

    >>> is_capture(header_line(driver="cptv", began_at=datetime.fromisoformat("2026-11-22T01:00:00+00:00")))
    True
    """
    return recorded.startswith(_MARK)


def header_line(*, driver: str, began_at: datetime) -> bytes:
    """Write the first line."""
    return msgspec.json.encode(CaptureHeader(driver=driver, began_at=began_at)) + b"\n"


def delivery_line(captured: Captured) -> bytes:
    """Write one delivery."""
    return msgspec.json.encode(captured) + b"\n"


def read_capture(recorded: bytes) -> tuple[CaptureHeader, Iterator[Captured]]:
    """Read a capture; a last line that was cut off by a stopped recorder is left out, any other is an error."""
    first, *lines = recorded.split(b"\n")
    whole = lines[:-1]
    try:
        header = msgspec.json.decode(first, type=CaptureHeader)
        deliveries = [msgspec.json.decode(line, type=Captured) for line in whole]
    except msgspec.MsgspecError as error:
        msg = f"this capture is damaged: {error}"
        raise DeviceConfigurationError(msg) from error
    if header.kiemdich_capture != _VERSION:
        msg = f"this capture is of version {header.kiemdich_capture}; version {_VERSION} can be read"
        raise DeviceConfigurationError(msg)
    try:
        came_at(header, max(deliveries, key=lambda one: abs(one.after_s), default=Captured(after_s=0.0, payload=b"")))
    except (OverflowError, ValueError) as error:
        msg = "this capture is damaged: a delivery came at a time that no calendar has"
        raise DeviceConfigurationError(msg) from error
    return header, iter(deliveries)


def came_at(header: CaptureHeader, captured: Captured) -> datetime:
    """Say when a delivery came."""
    return header.began_at + timedelta(seconds=captured.after_s)
