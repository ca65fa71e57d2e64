"""Document and barcode readers that send what they see as lines of text over a serial line.

Framing is by terminator, never by count: CR, LF, CRLF, and the frames STX..ETX and ESC..EOT that
some models use. What came between two terminators is one line.

A machine-readable zone (ICAO Doc 9303 parts 4 to 7) is known by its shape and proven by its check
digits (part 3, 4.9: weights 7 3 1, A = 10 .. Z = 35, ``<`` = 0, modulo 10). Readers differ in how
they send one, and every way below gives the same ``ScannedText``:

* line by line, each with its terminator: lines that belong together are joined by shape, for a
  driver has no clock that could wait for a silence;
* all lines glued: 88 characters (two of 44, or two of 44 that the reader never broke), 90 (three of
  30), 72 (two of 36); with stray bytes between or around them 89, 92 and more;
* in lower case (a keyboard-like reader with Caps Lock), with blanks, with line noise.

Everything else that is text, a barcode or a typed pass number, is passed on as it came, one line.
``check_digits_valid``: true or false for a zone, ``None`` for other text. False also for a zone of
which lines are missing, so that the officer is asked to read again and nothing disappears.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType
from typing import ClassVar, Final

import msgspec

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire, refuse_unknown_options
from devices.errors import DeviceConfigurationError
from devices.framing import Line, LineSplitter
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, Outgoing, ScannedText

_TERMINATORS: Final = b"\r\n\x02\x03\x04\x1b"
_AS_BLANKS: Final = bytes.maketrans(b"\t\x1d\x1e\x1f", b"    ")
"""Harmless between signs: tabulators and the separators of two-dimensional codes. Zero bytes fill nothing."""
_MAX_LINE_BYTES: Final = 1024
_NOT_IN_ZONE: Final = re.compile(r"[^A-Z0-9<]")
_MOST_NOISE: Final = 8
_FEWEST_LINE: Final = 30
_CAPITALS: Final = str.maketrans(ascii_lowercase, ascii_uppercase)  # upper() would make two letters of one ß


class _Check(msgspec.Struct, frozen=True):
    """One check digit in the glued zone: the parts it is computed over, and where it stands."""

    parts: tuple[slice, ...]
    digit: int


class _Layout(msgspec.Struct, frozen=True, kw_only=True):
    """One format: lines, their shapes, and its check digits counted over the glued zone from 0."""

    line_length: int
    shapes: tuple[re.Pattern[str], ...]
    checks: tuple[_Check, ...]

    @property
    def length(self) -> int:
        return self.line_length * len(self.shapes)

    def lines_of(self, zone: str) -> tuple[str, ...]:
        width = self.line_length
        return tuple(zone[at : at + width] for at in range(0, self.length, width))

    def has_shape(self, zone: str) -> bool:
        return len(zone) == self.length and all(
            shape.fullmatch(line) for shape, line in zip(self.shapes, self.lines_of(zone), strict=True)
        )


def _layout(line_length: int, shapes: tuple[str, ...], checks: tuple[_Check, ...]) -> _Layout:
    return _Layout(line_length=line_length, shapes=tuple(re.compile(shape) for shape in shapes), checks=checks)


def _over(*parts: tuple[int, int], digit: int) -> _Check:
    return _Check(tuple(slice(first, past) for first, past in parts), digit)


_DATES_TD1: Final = (_over((30, 36), digit=36), _over((38, 44), digit=44))
_CARD_NUMBER: Final = _over((5, 14), digit=14)
_COMPOSITE_TD1: Final = _over((5, 30), (30, 37), (38, 45), (48, 59), digit=59)
_NAMES_30: Final = r"[A-Z][A-Z<]{29}"
_DATES_30: Final = r"[0-9<]{6}[0-9][MFX<][0-9<]{6}[0-9<][A-Z][A-Z<]{2}[A-Z0-9<]{11}[0-9]"
_SECOND: Final = r"[A-Z0-9<]{9}[0-9<][A-Z][A-Z<]{2}[0-9<]{6}[0-9][MFX<][0-9<]{6}[0-9<]"


def _second_line(at: int) -> tuple[_Check, ...]:
    """Number, birth and expiry in the second line of a two-line zone that begins at ``at``."""
    return (
        _over((at, at + 9), digit=at + 9),
        _over((at + 13, at + 19), digit=at + 19),
        _over((at + 21, at + 27), digit=at + 27),
    )


_LAYOUTS: Final = (
    _layout(
        30,
        (r"[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{25}", _DATES_30, _NAMES_30),
        (_CARD_NUMBER, *_DATES_TD1, _COMPOSITE_TD1),
    ),
    _layout(
        36,
        (r"[ACI][A-Z0-9<][A-Z][A-Z<]{33}", _SECOND + r"[A-Z0-9<]{7}[0-9]"),
        (*_second_line(36), _over((36, 46), (49, 56), (57, 71), digit=71)),
    ),
    _layout(
        44,
        (r"P[A-Z0-9<][A-Z][A-Z<]{41}", _SECOND + r"[A-Z0-9<]{14}[0-9<][0-9]"),
        (
            *_second_line(44),
            _over((72, 86), digit=86),
            _over((44, 54), (57, 64), (65, 87), digit=87),
        ),
    ),
    _layout(36, (r"V[A-Z0-9<][A-Z][A-Z<]{33}", _SECOND + r"[A-Z0-9<]{8}"), _second_line(36)),
    _layout(44, (r"V[A-Z0-9<][A-Z][A-Z<]{41}", _SECOND + r"[A-Z0-9<]{16}"), _second_line(44)),
)

_LINES_OF_LENGTH: Final = MappingProxyType({layout.line_length: len(layout.shapes) for layout in _LAYOUTS})

_VALUES: Final = MappingProxyType(
    {ord(sign): value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {ord("<"): 0}
)
_WEIGHTS: Final = (7, 3, 1)


def check_digit(text: str) -> int:
    """Compute the check digit of Doc 9303 part 3, 4.9, over capitals, digits and fillers.

    >>> check_digit("D23145890")  # the number in the specimen of part 5
    7
    """
    return sum(_VALUES[ord(sign)] * _WEIGHTS[at % 3] for at, sign in enumerate(text)) % 10


class ReaderCommands(StrEnum):
    """Whose commands the reader understands; one that needs none streams by itself."""

    NONE = "none"
    HONEYWELL = "honeywell"
    IDE237 = "ide237"


_OPENINGS: Final = MappingProxyType(
    {
        ReaderCommands.NONE: (),
        # Honeywell: menu commands between SYN M CR and !; all symbologies off, then text recognition on, TD1 and TD2
        # as its templates; then the trigger, SYN T CR.
        ReaderCommands.HONEYWELL: (b"\x16M\rallena0!", b"\x16M\rocrena1!", b"\x16M\rocrats2!", b"\x16T\r"),
        # Access-IS IDE237 and its like: a command between 7E 01 "0000@ and ; 03; text recognition on, then scan.
        ReaderCommands.IDE237: (b"\x7e\x010000@SCNTCE1;\x03", b"\x7e\x010000@SCNTRG1;\x03"),
    }
)
"""Bytes that start a reader (devices reference 9: two public programs that use these models)."""


class MrzReader:
    """The incremental decoder. Option ``commands``: whose commands start the reader, ``none`` by default."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="mrz_reader",
        model="line-oriented document and barcode reader",
        device_kind=DeviceKind.DOCUMENT_READER,
        wire=Wire.SERIAL,
        baud_rates=(9600, 19200, 38400, 57600, 115200),
        default_baud=9600,
        grade=QualityGrade.SILVER,
        known_limits=(
            "a zone of which the last line never comes is told with the next line, not before",
            "does not repair misread characters; it says that check digits fail",
            "the commands for Honeywell and IDE237 come from public programs; neither reader was connected",
        ),
        sources=("ICAO Doc 9303 parts 3 to 7, 8th edition", "devices reference 9"),
        verified_against="the specimens of Doc 9303 in every way of sending them; command bytes of two public programs",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        options = options or {}
        refuse_unknown_options(options, known=("commands",), driver="mrz_reader")
        self.opening = _opening(options)
        self._device_id = device_id
        self._splitter = LineSplitter(terminators=_TERMINATORS, max_line_bytes=_MAX_LINE_BYTES)
        self._waiting: tuple[str, ...] = ()
        self._waiting_offset = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give what the lines in them complete, in stream order."""
        del is_retained  # a serial line retains nothing
        for line in self._splitter.feed(chunk):
            yield from self._read_line(line, received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: lines still waiting for a partner are told, a broken line is a fault."""
        rest = self._splitter.finish()
        yield from self._release(received_at)
        if rest is not None:
            detail = "the stream ended within a line"
            yield self._fault(rest, FaultCode.TRUNCATED, detail, at=received_at)

    def _read_line(self, line: Line, at: datetime) -> Iterator[DeviceEvent]:
        text = _readable(line.content)
        if line.was_cut or text is None:
            code = FaultCode.OVERLONG if line.was_cut else FaultCode.GARBAGE
            yield from self._release(at)
            yield self._fault(line, code, "no terminator" if line.was_cut else "no text", at=at)
            return
        if not text:
            return  # blanks and line noise between two terminators, as many readers send
        squeezed = _squeezed(text)
        if (zone := _whole_zone(squeezed)) is not None:
            yield from self._release(at)
            yield self._scanned(zone, is_zone=True, offset=line.byte_offset, at=at)
        else:
            yield from self._join_or_pass(text, squeezed, offset=line.byte_offset, at=at)

    def _join_or_pass(self, text: str, squeezed: str, *, offset: int, at: datetime) -> Iterator[DeviceEvent]:
        """Join a line to those that wait, let it wait for its partner, or pass it on as it is."""
        if self._waiting and _continues_zone(self._waiting, squeezed):
            self._waiting = (*self._waiting, squeezed)
        else:
            yield from self._release(at)
            if not _begins_zone(squeezed):
                yield self._scanned((text,), is_zone=False, offset=offset, at=at)
                return
            self._waiting, self._waiting_offset = (squeezed,), offset
        if len(self._waiting) == _LINES_OF_LENGTH[len(squeezed)]:
            yield from self._release(at)

    def _release(self, at: datetime) -> Iterator[DeviceEvent]:
        """Give out the lines that wait: a whole zone, or what there is of one."""
        if self._waiting:
            lines, self._waiting = self._waiting, ()
            yield self._scanned(lines, is_zone=True, offset=self._waiting_offset, at=at)

    def _scanned(self, lines: tuple[str, ...], *, is_zone: bool, offset: int, at: datetime) -> ScannedText:
        return ScannedText(
            device_id=self._device_id,
            observed_at=at,
            lines=lines,
            delivery_key=f"{at.isoformat()}/{offset}",
            check_digits_valid=_is_proven("".join(lines)) if is_zone else None,
            byte_offset=offset,
        )

    def _fault(self, line: Line, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        """Count bytes that are no text; the bytes themselves may be somebody's name and stay out of it."""
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=line.byte_offset,
            byte_count=len(line.content),
        )


def _opening(options: DriverOptions) -> tuple[Outgoing, ...]:
    wanted = options.get("commands", ReaderCommands.NONE)
    try:
        commands = _OPENINGS[ReaderCommands(str(wanted))]
    except ValueError as error:
        msg = f"mrz_reader: commands is one of {', '.join(ReaderCommands)}, not {wanted!r}"
        raise DeviceConfigurationError(msg) from error
    return tuple(Outgoing(topic="", payload=command) for command in commands)


def _readable(content: bytes) -> str | None:
    """Read a line as UTF-8; a line with noise in it as what is left of it, if that may be a zone, else not at all."""
    unpadded = content.translate(_AS_BLANKS, b"\x00")
    with suppress(UnicodeDecodeError):
        text = unpadded.decode()
        if text.isprintable():
            return text.strip()
    left = "".join(chr(code) for code in unpadded if _is_ascii_sign(code))
    return left if len(_squeezed(left)) >= _FEWEST_LINE else None


def _is_ascii_sign(code: int) -> bool:
    return 0x20 <= code < 0x7F


def _squeezed(text: str) -> str:
    """Give the line in the zone's alphabet, or nothing when too much of it is not.

    >>> _squeezed("i<utod23145890 7")
    'I<UTOD231458907'
    >>> _squeezed("01|022087001234|Nguyễn Thị Bưởi|...")
    ''
    """
    capitals = "".join(text.translate(_CAPITALS).split())
    kept = _NOT_IN_ZONE.sub("", capitals)
    return kept if len(capitals) - len(kept) <= _MOST_NOISE else ""


def _whole_zone(squeezed: str) -> tuple[str, ...] | None:
    """Find a glued zone in a line: with valid check digits anywhere in it, else if it is all of it."""
    for layout in _LAYOUTS:
        for start in range(min(len(squeezed) - layout.length, _MOST_NOISE) + 1):
            zone = squeezed[start : start + layout.length]
            if layout.has_shape(zone) and _digits_hold(zone, layout=layout):
                return layout.lines_of(zone)
    return next((layout.lines_of(squeezed) for layout in _LAYOUTS if layout.has_shape(squeezed)), None)


def _begins_zone(line: str) -> bool:
    """Tell whether it is a first line. A filler is demanded: a plain barcode has none."""
    return "<" in line and any(layout.shapes[0].fullmatch(line) for layout in _LAYOUTS)


def _continues_zone(waiting: tuple[str, ...], line: str) -> bool:
    """Tell whether a line belongs to those that wait, though characters of it may be misread.

    Equal length is enough, unless it is a first line: then somebody's reading was broken off.
    """
    if len(line) != len(waiting[0]):
        return False
    is_next = any(
        layout.shapes[0].fullmatch(waiting[0]) and layout.shapes[len(waiting)].fullmatch(line)
        for layout in _LAYOUTS
        if len(layout.shapes) > len(waiting)
    )
    return is_next or not _begins_zone(line)


def _is_proven(zone: str) -> bool:
    return any(layout.has_shape(zone) and _digits_hold(zone, layout=layout) for layout in _LAYOUTS)


def _digits_hold(zone: str, *, layout: _Layout) -> bool:
    """Tell whether every check digit is right. A filler stands for the digit of an unused field."""
    return all(_digit_holds(zone, check) for check in layout.checks)


def _digit_holds(zone: str, check: _Check) -> bool:
    text = "".join(zone[part] for part in check.parts)
    printed = zone[check.digit]
    if printed != "<":
        return printed.isdigit() and check_digit(text) == int(printed)
    return not text.strip("<") or _long_number_holds(zone, check)


def _long_number_holds(zone: str, check: _Check) -> bool:
    """Check a document number of more than nine characters (part 5, 4.2.2.1, note j; part 6 likewise).

    Its tenth place is a filler, the rest and its check digit stand in the optional part, then ``<``.
    """
    optional = zone[15:30] if check == _CARD_NUMBER else zone[64:71]
    is_number = check == _CARD_NUMBER or (len(zone) == 72 and check.digit == 45)
    rest, _, _ = optional.partition("<")
    if not is_number or not rest[-1:].isdigit():
        return False
    number = "".join(zone[part] for part in check.parts) + rest[:-1]
    return check_digit(number) == int(rest[-1])
