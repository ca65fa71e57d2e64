"""Numbers of conveyances: Vietnamese and Chinese plates, flights, trains, vessels. Nothing raises on any text.

Plates of Viet Nam: Circular 79/2024/TT-BCA (two digits of the province, a series of one or two letters, four or
five digits; R and RM are trailers). Plates of China: GA 36-2018 (a sign of the province, a letter of the authority,
five signs, six on a vehicle of new energy; 挂 ends a trailer's). A number of another form is kept as it was typed,
with a finding: foreign and old plates exist, and the officer sees the vehicle.
"""

import hmac
import re
from enum import StrEnum
from hashlib import sha256
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from sync.agreement.group_words import ConveyanceKind

LONGEST_NUMBER: Final = 30
_DOMAIN: Final = "kiemdich/conveyance/v1"
_BARRED_D: Final = str.maketrans("Đđ", "DD")
_NOT_IN_KEY: Final = re.compile(r"[^0-9A-Z\u4e00-\u9fff]+")
_PROVINCES: Final = frozenset(range(11, 100)) - {13, 42, 44, 45, 46, 87, 91, 96}
_VIETNAMESE: Final = re.compile(r"(?P<province>\d{2})(?P<series>[A-Z]{1,2}|[A-Z]\d)(?P<digits>\d{4,5})\Z")
_MILITARY: Final = re.compile(r"(?P<series>[A-Z]{2})(?P<digits>\d{4})\Z")
_DIPLOMATIC: Final = re.compile(r"(?P<province>\d{2})(?P<state>\d{3})(?P<series>NG|NN|QT|CV)(?P<digits>\d{2,3})\Z")
_CHINESE_PROVINCES: Final = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_CHINESE: Final = re.compile(
    rf"(?P<place>[{_CHINESE_PROVINCES}][A-HJ-Z])(?P<body>[0-9A-HJ-NP-Z]{{5}}|[0-9A-HJ-NP-Z]{{4}}[挂学警港澳]"
    r"|[A-HJK][0-9A-HJ-NP-Z]\d{4}|\d{5}[A-HJK])\Z"
)
_FLIGHT: Final = re.compile(r"(?P<airline>[A-Z][A-Z0-9]|\d[A-Z]|[A-Z]{3})0*(?P<digits>\d{1,4})(?P<suffix>[A-Z]?)\Z")
_TRAIN: Final = re.compile(r"[A-Z]{0,3}\d{1,5}[A-Z]?\Z")
_IMO: Final = re.compile(r"(?:IMO)?(\d{7})\Z")


class Country(StrEnum):
    """Where a number was given, as far as its form tells."""

    VIETNAM = "VNM"
    CHINA = "CHN"
    UNKNOWN = ""


class NumberFinding(StrEnum):
    """What looked unusual about a number; shown to the officer, who may be right."""

    FORMAT_UNUSUAL = "format_unusual"
    PROVINCE_UNKNOWN = "province_unknown"
    CHECK_DIGIT_WRONG = "check_digit_wrong"
    TRAILER_EXPECTED = "trailer_expected"
    TRAILER_SHOWN_AS_VEHICLE = "trailer_shown_as_vehicle"


class ConveyanceNumber(Struct, frozen=True, kw_only=True):
    """A number as people write it (``display``) and as it is compared (``key``); an empty key is no number."""

    display: str
    key: str
    country: Country = Country.UNKNOWN
    is_trailer: bool = False
    findings: tuple[NumberFinding, ...] = ()

    @property
    def is_plausible(self) -> bool:
        """Whether it could be a number at all: 2 to 30 signs."""
        return 2 <= len(self.key) <= LONGEST_NUMBER


class ShownNumbers(Struct, frozen=True, kw_only=True):
    """What one conveyance bears: its own number, its trailer's, and its plate in the other country."""

    own: ConveyanceNumber
    trailer: ConveyanceNumber | None = None
    abroad: ConveyanceNumber | None = None

    @property
    def vehicle(self) -> tuple[ConveyanceNumber, ...]:
        """Return the numbers of the vehicle itself, by either of which it is known again."""
        return (self.own,) if self.abroad is None else (self.own, self.abroad)

    @property
    def everything(self) -> tuple[ConveyanceNumber, ...]:
        """Return all numbers, the one it is paired by first."""
        return (*self.vehicle, *((self.trailer,) if self.trailer else ()))

    @property
    def findings(self) -> tuple[NumberFinding, ...]:
        """Return what looked unusual about any of them, each once."""
        found = [finding for one in self.everything for finding in one.findings]
        if self.trailer is not None and not self.trailer.is_trailer and self.trailer.country is not Country.UNKNOWN:
            found.append(NumberFinding.TRAILER_EXPECTED)
        if self.own.is_trailer:
            found.append(NumberFinding.TRAILER_SHOWN_AS_VEHICLE)
        return tuple(dict.fromkeys(found))

    @property
    def display(self) -> str:
        """Return them on one line, as they are sealed and shown.

        >>> own, trailer, abroad = (read_plate(one) for one in ("14c12345", "14r00123", "桂a12345"))
        >>> ShownNumbers(own=own, trailer=trailer, abroad=abroad).display
        '14C-123.45 + 14R-001.23 / 桂A·12345'
        """
        trailer = f" + {self.trailer.display}" if self.trailer else ""
        abroad = f" / {self.abroad.display}" if self.abroad else ""
        return f"{self.own.display}{trailer}{abroad}"


def number_form(text: str) -> str:
    """Return what numbers are compared by: capitals, digits and Chinese signs.

    >>> number_form(" 14c-123.45 "), number_form("桂A·D1234挂")
    ('14C12345', '桂AD1234挂')
    """
    return _NOT_IN_KEY.sub("", normalize("NFKC", text).translate(_BARRED_D).upper())


def read_plate(text: str) -> ConveyanceNumber:
    """Read a plate of a road vehicle.

    >>> read_plate("14c 123 45").display, read_plate("桂A D12345").country.value
    ('14C-123.45', 'CHN')
    >>> read_plate("ກກ 1234").findings
    (<NumberFinding.FORMAT_UNUSUAL: 'format_unusual'>,)
    """
    key = number_form(text)
    for form, read in ((_VIETNAMESE, _vietnamese), (_CHINESE, _chinese)):
        found = form.match(key)
        if found is not None:
            return read(key, found)
    if _MILITARY.match(key) or _DIPLOMATIC.match(key):
        return ConveyanceNumber(display=key, key=key, country=Country.VIETNAM)
    return _as_typed(text, key=key)


def read_number(text: str, *, kind: ConveyanceKind) -> ConveyanceNumber:
    """Read the number of any conveyance: a plate, a flight, a train, an IMO number or a vessel's name.

    >>> read_number("VN 0123", kind=ConveyanceKind.FLIGHT).display
    'VN123'
    >>> read_number("IMO 9074729", kind=ConveyanceKind.VESSEL).findings
    ()
    """
    key = number_form(text)
    if kind is ConveyanceKind.FLIGHT:
        found = _FLIGHT.match(key)
        if found is None:
            return _as_typed(text, key=key)
        number = f"{found['airline']}{found['digits']}{found['suffix']}"
        return ConveyanceNumber(display=number, key=number)
    if kind is ConveyanceKind.TRAIN:
        return ConveyanceNumber(display=key, key=key) if _TRAIN.match(key) else _as_typed(text, key=key)
    if kind is ConveyanceKind.VESSEL:
        return _vessel(text, key=key)
    return read_plate(text)


def part_key(number: ConveyanceNumber, *, key: bytes) -> str:
    """Return the keyed hash under which every edge knows this number: HMAC-SHA-256, hexadecimal."""
    return hmac.new(key, f"{_DOMAIN}\0{number.key}".encode(), sha256).hexdigest()


def _vietnamese(key: str, found: re.Match[str]) -> ConveyanceNumber:
    digits = found["digits"]
    shown = f"{digits[:3]}.{digits[3:]}" if len(digits) == 5 else digits
    findings = () if int(found["province"]) in _PROVINCES else (NumberFinding.PROVINCE_UNKNOWN,)
    return ConveyanceNumber(
        display=f"{found['province']}{found['series']}-{shown}",
        key=key,
        country=Country.VIETNAM,
        is_trailer=found["series"] in {"R", "RM"},
        findings=findings,
    )


def _chinese(key: str, found: re.Match[str]) -> ConveyanceNumber:
    return ConveyanceNumber(
        display=f"{found['place']}·{found['body']}",
        key=key,
        country=Country.CHINA,
        is_trailer=found["body"].endswith("挂"),
    )


def _vessel(text: str, *, key: str) -> ConveyanceNumber:
    """Read an IMO number with its check digit (IMO Resolution A.1117), or keep a vessel's name."""
    found = _IMO.match(key)
    if found is None:
        return ConveyanceNumber(display=_shortened(text), key=key)
    digits = found[1]
    is_right = sum(int(digit) * weight for digit, weight in zip(digits, range(7, 1, -1), strict=False)) % 10 == int(
        digits[6]
    )
    findings = () if is_right else (NumberFinding.CHECK_DIGIT_WRONG,)
    return ConveyanceNumber(display=f"IMO {digits}", key=digits, findings=findings)


def _as_typed(text: str, *, key: str) -> ConveyanceNumber:
    return ConveyanceNumber(display=_shortened(text), key=key, findings=(NumberFinding.FORMAT_UNUSUAL,))


def _shortened(text: str) -> str:
    return " ".join(normalize("NFC", text).upper().split())[:LONGEST_NUMBER]
