"""A recording, read back as its wire would have brought it: bare bytes of any driver, or a capture with its times.

A file for a device on a message wire (MQTT) holds one message in each line, that of a camera raw frames. Pure: the
bytes are given, nothing is opened.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from devices.capture_file import came_at, is_capture, read_capture
from devices.driver import Driver, Manifest
from devices.reading import DeviceEvent

_PIECE_BYTES: Final = 64 * 1024


def recorded_events(decoder: Driver, recorded: bytes, *, at: datetime, manifest: Manifest) -> Iterator[DeviceEvent]:
    """Feed the recording as its wire would have brought it. What a message says stands where the message does."""
    if is_capture(recorded):
        yield from _captured_events(decoder, recorded)
        return
    is_messages = manifest.wire.is_message and manifest.capture is None
    for offset, part in _messages(recorded) if is_messages else _parts(recorded, manifest=manifest):
        for event in decoder.feed(part, received_at=at):
            yield msgspec.structs.replace(event, byte_offset=offset) if is_messages else event
    yield from decoder.finish(received_at=at)


def _captured_events(decoder: Driver, recorded: bytes) -> Iterator[DeviceEvent]:
    """Feed each delivery of a capture at the time at which it came; offsets count the device's own bytes."""
    header, deliveries = read_capture(recorded)
    at = header.began_at
    for delivery in deliveries:
        at = came_at(header, delivery)
        yield from decoder.feed(delivery.payload, received_at=at, is_retained=delivery.retained)
    yield from decoder.finish(received_at=at)


def _messages(recorded: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each line that is not empty and where it stands; a file that is one JSON document is one message."""
    if _is_json(recorded):
        yield 0, recorded
        return
    offset = 0
    for line in recorded.splitlines(keepends=True):
        if line.strip():
            yield offset, line.rstrip(b"\r\n")
        offset += len(line)


def _is_json(recorded: bytes) -> bool:
    try:
        msgspec.json.decode(recorded, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return False
    return True


def _parts(recorded: bytes, *, manifest: Manifest) -> Iterator[tuple[int, bytes]]:
    """Cut a camera's recording into its frames, and any other anywhere."""
    if manifest.capture is None:
        yield from _pieces(recorded)
        return
    offset = 0
    for frame in manifest.capture.frames_in(recorded):
        yield offset, frame
        offset += len(frame)


def _pieces(recorded: bytes) -> Iterator[tuple[int, bytes]]:
    return ((at, recorded[at : at + _PIECE_BYTES]) for at in range(0, len(recorded), _PIECE_BYTES))
