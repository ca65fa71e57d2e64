"""A declaration as the text of one QR code, so that a gate without an uplink reads all of it.

``KD1:`` base45 ``:`` where the bytes are: flags (1), the fields as a MessagePack array (deflated where that is
shorter), for a signed one the hint of the key (4) and its Ed25519 signature (64), and the first 4 bytes of the
SHA-256 over everything before. Base45 (RFC 9285) is the alphabet of a QR code's alphanumeric mode; the colons
keep its blanks from being trimmed by a reader that types. A code made without a service (a device that was
offline) is unsigned, says so, and is treated as paper: the officer is told. A code made in a drill says so too.
The longest form fills version 19 at level M.
"""

import hashlib
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from sync.agreement.base45 import from_base45, to_base45
from sync.agreement.declaration.form import AREAS, NATIONALITIES, Declaration, VisitedArea
from sync.agreement.declaration.words import DeclarationChannel, Exposure, TravelWay
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import Direction, Sex, Symptom

_W = TypeVar("_W")
PREFIX: Final = "KD1:"
_TAG: Final = b"kiemdich/declaration/v1\x00"
_DEFLATED, _SIGNED, _EXERCISE = 1, 2, 4
_SUM_BYTES, _HINT_BYTES, _SIGNATURE_BYTES = 4, 4, 64
LONGEST_CODE: Final = 970
"""Alphanumeric capacity of QR version 20 at level M (ISO/IEC 18004 table 7)."""
_LARGEST_INFLATED: Final = 4096

# The order is the wire's: new words are appended, none is moved.
_SEXES: Final = (Sex.MALE, Sex.FEMALE, Sex.UNSPECIFIED)
_DIRECTIONS: Final = (Direction.ENTRY, Direction.EXIT, Direction.TRANSIT)
_WAYS: Final = tuple(TravelWay)
_SYMPTOMS: Final = tuple(Symptom)
_EXPOSURES: Final = tuple(Exposure)
_CHANNELS: Final = (DeclarationChannel.PHONE, DeclarationChannel.KIOSK, DeclarationChannel.OFFICER)
_LANGUAGES: Final = ("vi", "en", "zh")


class CodeFault(StrEnum):
    """Why a scanned text is no declaration that can be used."""

    NOT_A_DECLARATION = "declaration_not_a_code"
    NEWER_VERSION = "declaration_newer_version"
    DAMAGED = "declaration_damaged"
    FORGED = "declaration_forged"
    EXERCISE = "declaration_exercise"


class CodeRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """The text was refused; nothing of it may be used. Scan again, or ask for a new declaration."""

    fault: CodeFault


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiving service signs with: ``hint`` are the first 4 bytes of the SHA-256 of its public key."""

    hint: bytes
    sign: Callable[[bytes], bytes]


class ReadCode(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as read from its code. ``is_verified``: signed by a service that this gate knows.

    ``is_exercise``: made in a drill, of somebody who was played; it counts in a drill alone.
    """

    declaration: Declaration
    declared_at: datetime
    channel: DeclarationChannel
    is_verified: bool
    is_exercise: bool = False


class _Wire(msgspec.Struct, frozen=True, array_like=True):
    """The fields in the order of version 1. Days count from the local day of the declaration."""

    declaration_id: bytes
    declared_s: int
    channel: int
    language: int
    full_name: str
    birth_year: int
    sex: int
    nationality: int
    document_number: str
    direction: int
    travel_way: int
    departed: int
    crossing: int
    departure_place: str
    destination: str
    address: str
    vehicle_number: str
    seat: str
    telephone: str
    email: str
    prophylaxis: str
    areas: tuple[tuple[int, int, int], ...]
    symptoms: int
    exposures: int


_TEXTS: Final = (
    "full_name",
    "document_number",
    "departure_place",
    "destination",
    "address",
    "vehicle_number",
    "seat",
    "telephone",
    "email",
    "prophylaxis",
)
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Wire)

Verify = Callable[[bytes, bytes, bytes], bool | None]
"""``verify(hint, signature, message)``: True or False for a key that is known, ``None`` for any other."""


def looks_like_declaration(text: str) -> bool:
    """Tell whether a scan is a declaration's code, of whatever version, whole or damaged.

    >>> looks_like_declaration("KD1:6BF"), looks_like_declaration("KD 123456"), looks_like_declaration("P<VNM")
    (True, False, False)
    """
    head, colon, _ = text.lstrip().partition(":")
    return bool(colon) and len(head) <= 5 and head.startswith("KD") and head[2:].isdigit() and head.isascii()


def packed(declaration: Declaration, *, declared_at: datetime, channel: DeclarationChannel) -> bytes:
    """Write a declaration as bytes: the same declaration at the same second is always the same bytes."""
    declared_s = int(declared_at.timestamp())
    base = _day_of(declared_s)
    wire = _Wire(
        declaration_id=declaration.declaration_id.bytes,
        declared_s=declared_s,
        channel=_CHANNELS.index(channel),
        language=_LANGUAGES.index(declaration.language),
        birth_year=declaration.birth_year,
        sex=_SEXES.index(declaration.sex),
        nationality=NATIONALITIES.index(declaration.nationality),
        direction=_DIRECTIONS.index(declaration.direction),
        travel_way=_WAYS.index(declaration.travel_way),
        departed=(declaration.departed_on - base).days,
        crossing=(declaration.crossing_on - base).days,
        areas=tuple(
            (AREAS.index(area.code), (area.from_day - base).days, (area.to_day - base).days)
            for area in declaration.areas
        ),
        symptoms=sum(1 << _SYMPTOMS.index(symptom) for symptom in declaration.symptoms),
        exposures=sum(1 << _EXPOSURES.index(exposure) for exposure in declaration.exposures),
        **{name: getattr(declaration, name) for name in _TEXTS},
    )
    return _ENCODER.encode(wire)


def write_code(fields: bytes, *, seal: Seal | None, is_exercise: bool = False) -> str:
    """Write what ``packed`` made as the text of the code; without a seal it says unsigned, in a drill that too."""
    deflated = zlib.compress(fields, 9, -15)
    is_shorter = len(deflated) < len(fields)
    flags = (_DEFLATED if is_shorter else 0) | (_SIGNED if seal else 0) | (_EXERCISE if is_exercise else 0)
    body = bytes([flags]) + (deflated if is_shorter else fields)
    if seal is not None:
        body += seal.hint + seal.sign(_TAG + body)
    return f"{PREFIX}{to_base45(body + _sum(body))}:"


def read_code(text: str, *, verify: Verify) -> ReadCode | CodeRefusal:
    """Read a scanned text; never raises. One mark too few or another one is always noticed.

    >>> read_code("KD1:ABC:", verify=lambda hint, signature, message: None).fault.value
    'declaration_damaged'
    """
    text = text.strip()
    if not looks_like_declaration(text):
        return CodeRefusal(fault=CodeFault.NOT_A_DECLARATION)
    if not text.startswith(PREFIX):
        return CodeRefusal(fault=CodeFault.NEWER_VERSION)
    whole = from_base45(text.removeprefix(PREFIX).removesuffix(":")) if text.endswith(":") else None
    if whole is None or len(text) > LONGEST_CODE or len(whole) < 1 + _SUM_BYTES:
        return CodeRefusal(fault=CodeFault.DAMAGED)
    body, told = whole[:-_SUM_BYTES], whole[-_SUM_BYTES:]
    if _sum(body) != told:
        return CodeRefusal(fault=CodeFault.DAMAGED)
    return _read_body(body, verify=verify)


def _read_body(body: bytes, *, verify: Verify) -> ReadCode | CodeRefusal:
    flags, is_verified = body[0], False
    if flags & ~(_DEFLATED | _SIGNED | _EXERCISE):
        return CodeRefusal(fault=CodeFault.NEWER_VERSION)
    if flags & _SIGNED:
        signed, hint = body[: -_HINT_BYTES - _SIGNATURE_BYTES], body[-_HINT_BYTES - _SIGNATURE_BYTES :][:_HINT_BYTES]
        verdict = verify(hint, body[-_SIGNATURE_BYTES:], _TAG + signed) if signed else False
        if verdict is False:
            return CodeRefusal(fault=CodeFault.FORGED)
        body, is_verified = signed, verdict is True
    try:
        fields = _inflated(body[1:]) if flags & _DEFLATED else body[1:]
        read = _as_read(_DECODER.decode(fields), is_verified=is_verified)
        return msgspec.structs.replace(read, is_exercise=bool(flags & _EXERCISE))
    except (msgspec.MsgspecError, zlib.error, ValueError, IndexError, OverflowError, OSError):
        return CodeRefusal(fault=CodeFault.DAMAGED)


def _as_read(wire: _Wire, *, is_verified: bool) -> ReadCode:
    base = _day_of(wire.declared_s)
    declaration = Declaration(
        declaration_id=UUID(bytes=wire.declaration_id),
        birth_year=wire.birth_year,
        sex=_at(_SEXES, wire.sex),
        nationality=_at(NATIONALITIES, wire.nationality),
        direction=_at(_DIRECTIONS, wire.direction),
        travel_way=_at(_WAYS, wire.travel_way),
        departed_on=base + timedelta(days=wire.departed),
        crossing_on=base + timedelta(days=wire.crossing),
        areas=tuple(
            VisitedArea(
                code=_at(AREAS, code), from_day=base + timedelta(days=first), to_day=base + timedelta(days=last)
            )
            for code, first, last in wire.areas
        ),
        symptoms=_members(_SYMPTOMS, wire.symptoms),
        exposures=_members(_EXPOSURES, wire.exposures),
        language=_at(_LANGUAGES, wire.language),
        **{name: getattr(wire, name) for name in _TEXTS},
    )
    return ReadCode(
        declaration=declaration,
        declared_at=datetime.fromtimestamp(wire.declared_s, UTC),
        channel=_at(_CHANNELS, wire.channel),
        is_verified=is_verified,
    )


def _at(words: tuple[_W, ...], place: int) -> _W:
    if place < 0:
        raise IndexError(place)
    return words[place]


def _members(words: tuple[_W, ...], bits: int) -> tuple[_W, ...]:
    if not 0 <= bits < 1 << len(words):
        raise IndexError(bits)
    return tuple(word for place, word in enumerate(words) if bits >> place & 1)


def _day_of(declared_s: int) -> date:
    return local_date(datetime.fromtimestamp(declared_s, UTC))


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(_TAG + body).digest()[:_SUM_BYTES]


def _inflated(deflated: bytes) -> bytes:
    reader = zlib.decompressobj(-15)
    fields = reader.decompress(deflated, _LARGEST_INFLATED)
    if not reader.eof or reader.unused_data:
        msg = "the deflated part is cut or goes on"
        raise ValueError(msg)
    return fields
