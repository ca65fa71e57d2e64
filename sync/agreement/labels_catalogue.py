"""What people read: the label catalogues, and how numbers, temperatures, dates and times are written.

One TOML file per language. A section is named after its vocabulary class (``[Disposition]``), a key
after the member's value; ``[ReasonCode]`` holds sentences with placeholders. Other sections belong to
the rooms that append them (``[refusal]`` holds ``CODE`` and ``CODE_do``). Vietnamese comes first: it
is what an officer says, and the other two must have the same sections, keys and placeholders.
"""

import string
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from sync.agreement.local_time import VIETNAM_TIME, require_aware

LANGUAGES = ("vi", "en", "zh")
LABELS_FOLDER = Path(__file__).parent / "labels"

Value = str | float | int
Sections = Mapping[str, Mapping[str, str]]

_WORDS_BEHIND = {
    "category": "TravellerCategory",
    "device_kind": "DeviceKind",
    "direction": "Direction",
    "document_kind": "DocumentKind",
    "exception_code": "ExceptionCode",
    "exposures": "Exposure",
    "missing_steps": "MandatoryStep",
    "overridden": "OverriddenReason",
    "override_code": "OverrideReason",
    "purpose": "PurposeOfCrossing",
    "reading_kind": "ReadingKind",
    "role": "Role",
    "scenario": "ResponseScenario",
    "site": "MeasuringSite",
    "symptoms": "Symptom",
    "unusable_because": "UnusableReason",
}
_LIST_COMMA = {"zh": "、"}


class LabelError(KeyError):
    """A label is missing, or a language says less than the others: its author must mend the file."""


class Catalogue:
    """The labels of one language. ``sections`` is the plain mapping for templates."""

    def __init__(self, language: str, sections: Sections) -> None:
        """Keep the sections as they are; ``load`` reads them from the file."""
        self.language = language
        self.sections = sections

    @classmethod
    def load(
        cls, language: str, *, folder: Path = LABELS_FOLDER, must_have: Iterable[type[StrEnum]] = ()
    ) -> "Catalogue":
        """Read one language and check that each member of ``must_have`` has a label.

        Raises:
            LabelError: no such language, the file is no TOML of sections with texts, or a label is missing.
        """
        path = folder / f"{language}.toml"
        try:
            sections = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, tomllib.TOMLDecodeError) as error:
            msg = f"{path.name}: {error}"
            raise LabelError(msg) from error
        catalogue = cls(language, sections)
        for words in must_have:
            for word in words:
                catalogue.text(words.__name__, word.value)
        return catalogue

    def text(self, section: str, key: str, **values: Value) -> str:
        """One label; placeholders are filled with ``values``, written as this language writes them.

        Raises:
            LabelError: there is no such label.
        """
        try:
            template = self.sections[section][key]
        except KeyError as error:
            msg = f"{self.language}: no label [{section}] {key}"
            raise LabelError(msg) from error
        return self._filled(template, values) if values else template

    def reason(self, code: str, values: Mapping[str, Value], *, places: Mapping[str, str] | None = None) -> str:
        """The sentence of one reason; ``places`` gives the names of points of entry by id.

        >>> Catalogue.load("vi").reason("no_reading", {})
        'Chưa có số đo thân nhiệt của người này'
        """
        named = dict(values)
        redirect_to = named.get("redirect_to")
        if isinstance(redirect_to, str) and places is not None:
            named["redirect_to"] = places.get(redirect_to, redirect_to)
        return self._filled(self.text("ReasonCode", code), named)

    def _filled(self, template: str, values: Mapping[str, Value]) -> str:
        filled = template
        for name, value in values.items():
            text = self._written(name, value)
            if name in _WORDS_BEHIND and not template.startswith("{" + name + "}"):
                text = text[:1].lower() + text[1:]
            filled = filled.replace("{" + name + "}", text)
        return filled

    def _written(self, name: str, value: Value) -> str:
        if isinstance(value, str):
            return self._words(name, value)
        if name.endswith("_c"):
            return format_temperature(value, language=self.language)
        return format_number(value, language=self.language)

    def _words(self, name: str, value: str) -> str:
        if name.endswith("_on"):
            return format_date(date.fromisoformat(value), language=self.language)
        section = self.sections.get(_WORDS_BEHIND.get(name, ""))
        if section is None:
            return value
        if not value:
            return self.text("ReasonDetail", "nothing")
        return _LIST_COMMA.get(self.language, ", ").join(section.get(word, word) for word in value.split(","))


def load_catalogues(*, must_have: Iterable[type[StrEnum]] = ()) -> dict[str, Catalogue]:
    """Read all languages and check that they say the same things.

    Raises:
        LabelError: as ``Catalogue.load``; or a section, key or placeholder is not in all languages.
    """
    wanted = tuple(must_have)
    catalogues = {language: Catalogue.load(language, must_have=wanted) for language in LANGUAGES}
    shapes = {language: _shape(catalogue.sections) for language, catalogue in catalogues.items()}
    for language in LANGUAGES[1:]:
        difference = sorted(shapes[LANGUAGES[0]] ^ shapes[language])
        if difference:
            msg = f"{LANGUAGES[0]} and {language} differ at {difference[0]} ({len(difference)} differences)"
            raise LabelError(msg)
    return catalogues


def _shape(sections: Sections) -> set[tuple[str, str, str]]:
    return {
        (section, key, ",".join(sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})))
        for section, labels in sections.items()
        for key, text in labels.items()
    }


def format_number(number: float, *, language: str = "vi", decimals: int | None = None) -> str:
    """Write a number: ``1.204`` and ``38,1`` in Vietnamese, ``1,204`` and ``38.1`` elsewhere.

    >>> format_number(1204), format_number(1204, language="en"), format_number(38.14, decimals=1)
    ('1.204', '1,204', '38,1')
    """
    places = decimals if decimals is not None else 0 if isinstance(number, int) else 1
    written = f"{number:,.{places}f}"
    return written.translate(str.maketrans(",.", ".,")) if language == "vi" else written


def format_temperature(temperature_c: float, *, language: str = "vi") -> str:
    """Write a temperature with one decimal and its unit.

    >>> format_temperature(38.1), format_temperature(38.1, language="zh")
    ('38,1 °C', '38.1 °C')
    """
    return f"{format_number(float(temperature_c), language=language, decimals=1)} °C"


def format_share(share: float, *, language: str = "vi") -> str:
    """Write a share as a percentage; one that is not full is never rounded up to 100 %.

    >>> format_share(1.0), format_share(0.9999), format_share(0.5, language="en")
    ('100 %', '99,9 %', '50.0 %')
    """
    if share >= 1.0:
        return "100 %"
    return f"{format_number(int(share * 1000) / 10, language=language, decimals=1)} %"


def format_date(day: date, *, language: str = "vi") -> str:
    """Write a date: ``22/11/2026``, in Chinese ``2026年11月22日``.

    >>> format_date(date(2026, 11, 2)), format_date(date(2026, 11, 2), language="zh")
    ('02/11/2026', '2026年11月2日')
    """
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else f"{day:%d/%m/%Y}"


def format_time(at: datetime) -> str:
    """Write the local time of an aware instant, 24 hours.

    >>> from datetime import UTC
    >>> format_time(datetime(2026, 11, 22, 9, 5, tzinfo=UTC))
    '16:05'
    """
    return f"{require_aware(at).astimezone(VIETNAM_TIME):%H:%M}"


def format_instant(at: datetime, *, language: str = "vi") -> str:
    """Write local time and date of an aware instant.

    >>> from datetime import UTC
    >>> format_instant(datetime(2026, 11, 22, 17, 5, tzinfo=UTC))
    '00:05 23/11/2026'
    """
    local = require_aware(at).astimezone(VIETNAM_TIME)
    return f"{format_time(at)} {format_date(local.date(), language=language)}"
