"""Bytes of a stream that became nothing, told in runs: one fault for each stretch, with its place and length.

A parser that searches for its next frame drops a byte here and thousands there. Told one by one
they would drown everything else; told not at all they would be a silent loss. So what is dropped in
one stretch, for one first reason, is one fault, and a stretch that never ends is told every
``LONGEST_RUN`` bytes. No I/O, no clock.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from devices.framing import ReceiveBuffer
from devices.reading import Fault, FaultCode

LONGEST_RUN: Final = 4096


class LostBytes:
    """The run of lost bytes at the front of a buffer. True while one is not told yet.

    >>> from datetime import UTC
    >>> buffer, at = ReceiveBuffer(), datetime(2026, 11, 22, tzinfo=UTC)
    >>> buffer.append(b"noise!")
    >>> lost = LostBytes(buffer, device_id="lane-1")
    >>> list(lost.skip(5, FaultCode.GARBAGE, "no frame begins here", at=at))
    []
    >>> [(fault.byte_offset, fault.byte_count) for fault in lost.end(at=at)], len(buffer)
    ([(0, 5)], 1)
    """

    def __init__(self, buffer: ReceiveBuffer, *, device_id: str) -> None:
        """Begin without a run."""
        self._buffer = buffer
        self._device_id = device_id
        self._code: FaultCode | None = None
        self._detail = ""
        self._count = 0

    def __bool__(self) -> bool:
        """Tell whether bytes are lost of which no fault was given yet."""
        return self._code is not None

    def skip(self, count: int, code: FaultCode, detail: str, *, at: datetime) -> Iterator[Fault]:
        """Discard bytes from the buffer; the reason of the first ones is the reason of their run."""
        while count:
            if self._code is None:
                self._code, self._detail = code, detail
            taken = min(count, LONGEST_RUN - self._count)
            self._buffer.discard(taken)
            self._count += taken
            count -= taken
            if self._count == LONGEST_RUN:
                yield from self.end(at=at)

    def end(self, *, at: datetime) -> Iterator[Fault]:
        """Tell the run, if there is one: something understood follows, or nothing at all."""
        if self._code is None:
            return
        yield Fault(
            device_id=self._device_id,
            observed_at=at,
            code=self._code,
            detail=self._detail,
            byte_offset=self._buffer.stream_offset - self._count,
            byte_count=self._count,
        )
        self._code, self._count = None, 0
