"""Form 01 as data: its fields, its choices, and what a filled form must be. Pure; the local day is an argument.

``read_answers`` takes what any form sends, a flat mapping of texts, and gives a ``Declaration`` or, for each
field that is wrong, one fault whose words stand in the labels (``declaration.fault_...``). Lengths are in UTF-8
bytes: the whole declaration has to fit into one QR code that a cheap phone can show and a cheap reader can read.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from unicodedata import category, normalize
from uuid import UUID

import msgspec

from sync.agreement.declaration.words import Exposure, TravelWay
from sync.agreement.vocabulary import Direction, Sex, Symptom

MOST_AREAS: Final = 5
AREA_DAYS: Final = 14
OLDEST_YEARS: Final = 120
_YES, _NO = "yes", "no"

NATIONALITIES: Final = (
    "VNM", "CHN", "LAO", "KHM", "THA", "MMR", "TWN", "HKG", "MAC", "KOR", "JPN", "SGP", "MYS", "IDN", "PHL", "IND",
    "PAK", "BGD", "NPL", "RUS", "UKR", "DEU", "FRA", "GBR", "ITA", "ESP", "USA", "CAN", "AUS", "NZL", "OTHER",
)  # fmt: skip
"""ICAO Doc 9303 part 3 section 5; whoever is of another country chooses OTHER, the document says which."""

AREAS: Final = (
    "CN-45", "CN-45-06", "CN-45-0681", "CN-53", "CN-44", "CN-46", "CN-31", "CN-11", "CN-42", "CN", "HK", "MO", "TW",
    "LA", "KH", "TH", "MM", "KR", "JP", "SG", "MY", "ID", "PH", "IN", "PK", "BD", "NP", "RU", "UA", "DE", "FR", "GB",
    "IT", "ES", "US", "CA", "AU", "NZ", "CD", "UG", "NG", "ZA", "SA", "AE", "OTHER",
)  # fmt: skip
"""ISO 3166-1 alpha-2, 3166-2 and for the neighbours GB/T 2260 below it: as the risk area rules name them."""


class FieldFault(StrEnum):
    """What is wrong with one field."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    BAD_CHOICE = "bad_choice"
    BAD_TEXT = "bad_text"
    BAD_NUMBER = "bad_number"
    BAD_YEAR = "bad_year"
    BAD_DATE = "bad_date"
    IN_THE_FUTURE = "in_the_future"
    TOO_LONG_AGO = "too_long_ago"
    TOO_FAR_AHEAD = "too_far_ahead"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    BAD_TELEPHONE = "bad_telephone"
    BAD_EMAIL = "bad_email"
    NOT_CONFIRMED = "not_confirmed"


FormErrors = dict[str, FieldFault]

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": (Sex.FEMALE.value, Sex.MALE.value, Sex.UNSPECIFIED.value),
    "nationality": NATIONALITIES,
    "direction": (Direction.ENTRY.value, Direction.EXIT.value, Direction.TRANSIT.value),
    "travel_way": tuple(way.value for way in TravelWay),
    "area": AREAS,
    "symptom": tuple(symptom.value for symptom in Symptom),
    "exposure": tuple(exposure.value for exposure in Exposure),
}

LONGEST_BYTES: Final[Mapping[str, int]] = {
    "full_name": 80,
    "document_number": 24,
    "vehicle_number": 16,
    "seat": 8,
    "departure_place": 40,
    "destination": 40,
    "address": 100,
    "telephone": 18,
    "email": 40,
    "prophylaxis": 40,
}
REQUIRED_TEXTS: Final = frozenset({"full_name", "document_number", "departure_place", "destination", "address"})
_DOCUMENT_NUMBER: Final = re.compile(r"[0-9A-Za-z\u4e00-\u9fffĐđ][0-9A-Za-z\u4e00-\u9fffĐđ /.()-]{2,}\Z")
_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 ().-]{5,}\Z")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+\Z")
_DAY_FORMS: Final = (
    re.compile(r"(?P<year>[0-9]{4})[/. -]?(?P<month>0[1-9]|1[0-2])[/. -]?(?P<day>[0-9]{2})\Z"),
    re.compile(r"(?P<day>[0-9]{1,2})[/. -](?P<month>[0-9]{1,2})[/. -](?P<year>[0-9]{4})\Z"),
    re.compile(r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})\Z"),
)
"""2026-11-22, 22/11/2026 and, from a keypad without strokes, 22112026: no text is a day in two of them."""
_YEAR: Final = re.compile(r"[0-9]{4}\Z")


class VisitedArea(msgspec.Struct, frozen=True, kw_only=True):
    """A country or area of the last 14 days; both days are local calendar days and belong to the stay."""

    code: str
    from_day: date
    to_day: date


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One filled form 01. It names a person: sealed wherever it is stored, never logged.

    ``declaration_id`` is made by whoever fills the form, so that sending it again is the same act.
    ``crossing_on`` is the day on which the person means to cross, ``departed_on`` when the journey began.
    """

    declaration_id: UUID
    full_name: str
    birth_year: int
    sex: Sex
    nationality: str
    document_number: str
    direction: Direction
    travel_way: TravelWay
    departed_on: date
    crossing_on: date
    departure_place: str
    destination: str
    address: str
    vehicle_number: str = ""
    seat: str = ""
    telephone: str = ""
    email: str = ""
    prophylaxis: str = ""
    areas: tuple[VisitedArea, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    language: str = "vi"

    @property
    def area_codes(self) -> tuple[str, ...]:
        """Where the person was, without the days."""
        return tuple(area.code for area in self.areas)


def read_answers(
    answers: Mapping[str, str], *, today: date, valid_for_days: int, language: str
) -> Declaration | FormErrors:
    """Check a filled form; never raises, whatever the mapping holds.

    ``today`` is the local day; ``valid_for_days`` comes from the law pack: a declaration made earlier than that
    before the crossing would be worth nothing, so a crossing further ahead is refused now and not at the gate. It is
    worth nothing from this time of day on the last of those days, so that a crossing on that day is too far ahead.

    >>> read_answers({}, today=date(2026, 11, 22), valid_for_days=7, language="vi")["full_name"].value
    'required'
    """
    form = _Form(answers, today=today)
    texts = {name: form.text(name) for name in LONGEST_BYTES}
    form.shape("document_number", shape=_DOCUMENT_NUMBER, fault=FieldFault.BAD_NUMBER)
    form.shape("telephone", shape=_TELEPHONE, fault=FieldFault.BAD_TELEPHONE)
    form.shape("email", shape=_EMAIL, fault=FieldFault.BAD_EMAIL)
    horizon = timedelta(days=max(valid_for_days - 1, 0))
    crossing_on = form.day("crossing_on", earliest=today, latest=today + horizon)
    latest = today + horizon if crossing_on is None or "crossing_on" in form.errors else crossing_on
    departed_on = form.day("departed_on", earliest=today - timedelta(days=366), latest=latest)
    fields = {
        **texts,
        "declaration_id": form.identifier(),
        "birth_year": form.birth_year(),
        "sex": form.choice("sex"),
        "nationality": form.choice("nationality"),
        "direction": form.choice("direction"),
        "travel_way": form.choice("travel_way"),
        "crossing_on": crossing_on,
        "departed_on": departed_on,
        "areas": form.areas(),
        "symptoms": form.answered("symptom"),
        "exposures": form.answered("exposure"),
        "language": language,
    }
    if answers.get("confirmed") != _YES:
        form.errors["confirmed"] = FieldFault.NOT_CONFIRMED
    return form.errors or msgspec.convert(fields, Declaration)


class _Form:
    """Reads fields and collects one fault for each that is wrong."""

    def __init__(self, answers: Mapping[str, str], *, today: date) -> None:
        self._answers = answers
        self._today = today
        self.errors: FormErrors = {}

    def raw(self, name: str) -> str:
        return _clean(self._answers.get(name, ""))

    def text(self, name: str) -> str:
        text = self.raw(name)
        if any(category(mark) in {"Cc", "Cs", "Co", "Cn"} for mark in text):
            self.errors[name] = FieldFault.BAD_TEXT
        elif len(text.encode()) > LONGEST_BYTES[name]:
            self.errors[name] = FieldFault.TOO_LONG
        elif not text and name in REQUIRED_TEXTS:
            self.errors[name] = FieldFault.REQUIRED
        return text

    def shape(self, name: str, *, shape: re.Pattern[str], fault: FieldFault) -> None:
        text = self.raw(name)
        if text and name not in self.errors and not shape.match(text):
            self.errors[name] = fault

    def choice(self, name: str) -> str:
        chosen = self.raw(name)
        if chosen not in CHOICES[name]:
            self.errors[name] = FieldFault.BAD_CHOICE if chosen else FieldFault.REQUIRED
        return chosen

    def identifier(self) -> UUID | None:
        try:
            return UUID(self.raw("declaration_id"))
        except ValueError:
            self.errors["declaration_id"] = FieldFault.BAD_NUMBER
            return None

    def birth_year(self) -> int:
        text = self.raw("birth_year")
        year = int(text) if text.isascii() and _YEAR.match(text) else 0
        if not self._today.year - OLDEST_YEARS <= year <= self._today.year:
            self.errors["birth_year"] = FieldFault.BAD_YEAR if text else FieldFault.REQUIRED
        return year

    def day(self, name: str, *, earliest: date, latest: date) -> date | None:
        text = self.raw(name)
        day = _day(text)
        if day is None:
            self.errors[name] = FieldFault.BAD_DATE if text else FieldFault.REQUIRED
        elif day < earliest:
            self.errors[name] = FieldFault.TOO_LONG_AGO
        elif day > latest:
            self.errors[name] = FieldFault.TOO_FAR_AHEAD if latest > self._today else FieldFault.IN_THE_FUTURE
        return day

    def areas(self) -> tuple[VisitedArea, ...]:
        found = (self._area(number) for number in range(1, MOST_AREAS + 1))
        return tuple(area for area in found if area is not None)

    def _area(self, number: int) -> VisitedArea | None:
        name = f"area_{number}"
        code = self.raw(name)
        if not code:
            return None
        if code not in AREAS:
            self.errors[name] = FieldFault.BAD_CHOICE
            return None
        earliest = self._today - timedelta(days=366)
        first = self.day(f"{name}_from", earliest=earliest, latest=self._today)
        last = self.day(f"{name}_to", earliest=self._today - timedelta(days=AREA_DAYS), latest=self._today)
        if first is None or last is None:
            return None
        if last < first:
            self.errors.setdefault(f"{name}_to", FieldFault.ENDS_BEFORE_IT_BEGINS)
        return VisitedArea(code=code, from_day=first, to_day=last)

    def answered(self, kind: str) -> tuple[str, ...]:
        """Read the yes and no of each question; each must be answered; an answer left out is no "no"."""
        said_yes = []
        for slug in CHOICES[kind]:
            name = f"{kind}_{slug}"
            said = self.raw(name)
            if said not in {_YES, _NO}:
                self.errors[name] = FieldFault.REQUIRED
            elif said == _YES:
                said_yes.append(slug)
        return tuple(said_yes)


def _clean(text: str) -> str:
    """Bring a text to NFC with single blanks; what no UTF-8 can hold becomes a question mark."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(normalize("NFC", whole).split())


def _day(text: str) -> date | None:
    found = next((match for form in _DAY_FORMS if (match := form.match(text))), None) if text.isascii() else None
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
