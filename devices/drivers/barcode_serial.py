r"""Barcode and QR readers on a serial line: each code as the reader sends it, told apart by how it ends.

Readers end a code with CR, LF, CRLF or TAB, or frame it by STX and ETX, as they were set up; some
are set up to end it with nothing, and then only the silence after it says that it is over: with the
option ``ends`` at ``silence`` a code ends where the scanner says ``idle``. A stream that ends within a
code has broken it, unless silence is its end.

What a code means is not this package's business, and one that is read twice is told twice: whoever
asked for it knows whether that is a repetition. Check digits are not computed (``mrz_reader`` does
it for zones); text is UTF-8, or the option ``encoding``, and bytes that are no text are a fault.
"""

import codecs
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire, refuse_unknown_options
from devices.errors import DeviceConfigurationError
from devices.framing import Line, LineSplitter
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, ScannedText

_MAX_CODE_BYTES: Final = 4296
"""The most that a QR code holds (ISO/IEC 18004, version 40-L, alphanumeric)."""


class Ending(StrEnum):
    """How the reader was set up to end a code. ``line``: CR, LF or both; ``framed``: STX before and ETX after."""

    LINE = "line"
    TAB = "tab"
    FRAMED = "framed"
    SILENCE = "silence"


_TERMINATORS: Final = MappingProxyType(
    {Ending.LINE: b"\r\n", Ending.TAB: b"\t\r\n", Ending.FRAMED: b"\x02\x03\r\n", Ending.SILENCE: b"\r\n"}
)
_SEPARATORS: Final = str.maketrans({"\x1c": " ", "\x1d": " ", "\x1e": " ", "\x1f": " ", "\t": " "})
"""Separators of GS1 and of driving licences stand between signs; a blank does the same and shows."""


class BarcodeSerial:
    """The incremental decoder. Options: ``ends`` (see ``Ending``), ``encoding`` (a codec of Python: ``gb18030``)."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="barcode_serial",
        model="barcode or QR reader on a serial line",
        device_kind=DeviceKind.DOCUMENT_READER,
        wire=Wire.SERIAL,
        baud_rates=(9600, 19200, 38400, 57600, 115200),
        default_baud=9600,
        grade=QualityGrade.BRONZE,
        known_limits=(
            "a line has no checksum: a flipped bit within a code is seen only by what the code itself proves",
            "with ends = 'silence' a code is told 0.2 s after its last sign, and such a pause within breaks it",
            "a code with line breaks inside comes as several; set the reader up to frame with STX and ETX instead",
            "proven on made bytes; no reader of a particular make was connected",
        ),
        sources=("devices reference 9", "ISO/IEC 18004 for the longest code"),
        verified_against="made bytes of every ending; no reader of a particular make",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        options = options or {}
        refuse_unknown_options(options, known=("ends", "encoding"), driver="barcode_serial")
        self._device_id = device_id
        self._ending = _ending(options)
        self._encoding = _encoding(options)
        self._splitter = LineSplitter(terminators=_TERMINATORS[self._ending], max_line_bytes=_MAX_CODE_BYTES)

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give the codes and faults they complete, in stream order."""
        del is_retained  # a serial line retains nothing
        for line in self._splitter.feed(chunk):
            yield from self._read(line, received_at)

    def idle(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that nothing came for a while: the end of a code where silence is the end, otherwise nothing."""
        rest = self._splitter.finish() if self._ending is Ending.SILENCE else None
        if rest is not None:
            yield from self._read(rest, received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: what is left is a code if silence ends one, otherwise a broken one."""
        yield from self.idle(received_at=received_at)
        rest = self._splitter.finish()
        if rest is not None:
            yield self._fault(rest, FaultCode.TRUNCATED, "the stream ended within a code", at=received_at)

    def _read(self, line: Line, at: datetime) -> Iterator[DeviceEvent]:
        if line.was_cut:
            yield self._fault(line, FaultCode.OVERLONG, "longer than any code", at=at)
            return
        text = _readable(line.content, encoding=self._encoding)
        if text is None:
            yield self._fault(line, FaultCode.GARBAGE, "no text", at=at)
        elif text:
            yield ScannedText(
                device_id=self._device_id,
                observed_at=at,
                lines=(text,),
                delivery_key=f"{at.isoformat()}/{line.byte_offset}",
                byte_offset=line.byte_offset,
            )

    def _fault(self, line: Line, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        """Count bytes that are no code; the bytes themselves may be somebody's name and stay out of it."""
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=line.byte_offset,
            byte_count=len(line.content),
        )


def _readable(content: bytes, *, encoding: str) -> str | None:
    """Read a code as text without the blanks around it, or not at all."""
    try:
        text = content.decode(encoding).translate(_SEPARATORS)
    except UnicodeDecodeError:
        return None
    return text.strip() if text.isprintable() else None


def _ending(options: DriverOptions) -> Ending:
    wanted = options.get("ends", Ending.LINE)
    try:
        return Ending(str(wanted))
    except ValueError as error:
        msg = f"barcode_serial: ends is one of {', '.join(Ending)}, not {wanted!r}"
        raise DeviceConfigurationError(msg) from error


def _encoding(options: DriverOptions) -> str:
    wanted = str(options.get("encoding", "utf-8"))
    try:
        return codecs.lookup(wanted).name
    except LookupError as error:
        msg = f"barcode_serial: there is no encoding {wanted!r}"
        raise DeviceConfigurationError(msg) from error
