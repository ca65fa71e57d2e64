"""A batch: one zstd frame of lines, inflated only within its bounds.

A line that begins with ``{"v":`` is a record, exactly the bytes that the journal holds; a line that
begins with ``{"episode_id":`` is a wrapped episode key.
"""

from collections.abc import Iterable, Sequence

import msgspec
import zstandard

from sync.exchange.envelope import RECORD_LIMIT_BYTES
from sync.exchange.sealing import EpisodeKey

BATCH_LIMIT_RECORDS = 500
BODY_LIMIT_BYTES = 1024 * 1024
INFLATED_LIMIT_BYTES = 16 * 1024 * 1024
COMPRESSION_LEVEL = 3
_STEP_BYTES = 512


class BatchError(ValueError):
    """The body is no batch: too large once inflated, or lines that are neither record nor key."""

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        """Remember whether size was the reason: the answer then is 413."""
        self.is_too_large = is_too_large
        super().__init__(message)


def pack_batch(records: Iterable[bytes], *, episode_keys: Iterable[EpisodeKey] = ()) -> bytes:
    """Compress a batch: keys first, then the records as they lie in the journal, one a line."""
    lines = [*(msgspec.json.encode(key) for key in episode_keys), *records]
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(b"\n".join(lines))


def unpack_batch(body: bytes, *, limit: int = BATCH_LIMIT_RECORDS) -> tuple[list[bytes], list[EpisodeKey]]:
    """Inflate a batch within its bounds; raise ``BatchError`` for a bomb, a stranger or too many lines."""
    lines = _inflate(body).split(b"\n")
    records = [line for line in lines if line.startswith(b'{"v":')]
    keys = [line for line in lines if line.startswith(b'{"episode_id":')]
    if len(records) + len(keys) != len(lines):
        msg = "a line is neither a record nor an episode key"
        raise BatchError(msg)
    if len(records) > limit or len(keys) > limit:
        msg = f"a batch has at most {limit} records"
        raise BatchError(msg, is_too_large=True)
    return records, _decode_keys(keys)


_KEYS = msgspec.json.Decoder(EpisodeKey)


def _decode_keys(lines: Sequence[bytes]) -> list[EpisodeKey]:
    if any(len(line) > RECORD_LIMIT_BYTES for line in lines):
        msg = f"an episode key has at most {RECORD_LIMIT_BYTES} bytes"
        raise BatchError(msg)
    try:
        return [_KEYS.decode(line) for line in lines]
    except (msgspec.DecodeError, ValueError):
        msg = "a line is no episode key"
        raise BatchError(msg) from None


def _inflate(body: bytes) -> bytes:
    """Inflate one zstd frame, never past the limit, whatever size the frame claims to have."""
    try:
        inflater = zstandard.ZstdDecompressor(max_window_size=INFLATED_LIMIT_BYTES).decompressobj()
        pieces, size = [], 0
        for start in range(0, len(body), _STEP_BYTES):
            piece = inflater.decompress(body[start : start + _STEP_BYTES])
            size += len(piece)
            if size > INFLATED_LIMIT_BYTES:
                msg = f"a batch inflates to at most {INFLATED_LIMIT_BYTES} bytes"
                raise BatchError(msg, is_too_large=True)
            pieces.append(piece)
    except zstandard.ZstdError:
        msg = "the body is no zstd frame"
        raise BatchError(msg) from None
    if not inflater.eof or inflater.unused_data:
        msg = "the body is cut off, or more than one zstd frame"
        raise BatchError(msg)
    return b"".join(pieces)
