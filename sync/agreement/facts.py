"""What is known about one crossing, and what was concluded from it: plain values.

``assess`` (``assessment.py``) is a pure function from ``Facts`` and a policy to an ``Assessment``.
The same types travel inside records, so that the centre can replay any past day under another
policy. Nothing here names a person: identity is ``TravellerIdentity`` in ``records.py``, sealed.
"""

import math
from datetime import date, datetime

import msgspec

from sync.agreement.vocabulary import (
    ClockKind,
    DeviceKind,
    Direction,
    DocumentKind,
    ExceptionCode,
    MeasuringSite,
    ModeOfEntry,
    Outcome,
    PointOfEntryKind,
    PurposeOfCrossing,
    ReadingKind,
    ReasonCode,
    Severity,
    Sex,
    Symptom,
    TravellerCategory,
)


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One reading bound to one person. ``uncertainty_c`` is expanded (k = 2).

    ``unusable_because`` holds the device's reason slugs; a measurement with any is kept and shown,
    but no decision may rest on it.
    """

    reading_id: str
    device_id: str
    device_kind: DeviceKind
    kind: ReadingKind
    site: MeasuringSite
    temperature_c: float
    observed_at: datetime
    raw_c: float | None = None
    reported_c: float | None = None
    uncertainty_c: float | None = None
    ambient_c: float | None = None
    vendor_alarm: bool | None = None
    unusable_because: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a naive time and a temperature that is no number."""
        if self.observed_at.tzinfo is None:
            msg = "observed_at must be an aware time"
            raise ValueError(msg)
        if not math.isfinite(self.temperature_c):
            msg = "temperature_c must be finite"
            raise ValueError(msg)

    @property
    def is_usable(self) -> bool:
        """Whether a decision may rest on it."""
        return not self.unusable_because


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything ``assess`` may look at. ``measurements`` are in the order they were taken."""

    point_of_entry_id: str
    point_of_entry_kind: PointOfEntryKind
    locality: str
    direction: Direction
    mode_of_entry: ModeOfEntry
    category: TravellerCategory
    purpose: PurposeOfCrossing
    document_kind: DocumentKind
    measurements: tuple[Measurement, ...] = ()
    nationality: str | None = None
    age_years: int | None = None
    sex: Sex | None = None
    document_expires_on: date | None = None
    is_document_cancelled: bool = False
    are_check_digits_valid: bool | None = None
    visited_areas: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    has_declaration: bool = False
    exception_code: ExceptionCode | None = None
    same_category_crossings_today: int = 0


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule comes from: document, clause, and the words that make it (Vietnamese)."""

    document: str
    clause: str
    quote: str = ""


class PolicyReference(msgspec.Struct, frozen=True, kw_only=True):
    """Which dated document a decision rested on."""

    policy_id: str
    version: int


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of an assessment; ``values`` fill the label's placeholders, already as text-free data."""

    code: ReasonCode
    severity: Severity
    rule_id: str
    citation: Citation | None = None
    values: dict[str, str | float | int] = {}


class ClockLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A legal clock that the assessment starts: its limit in seconds and the clause that sets it."""

    kind: ClockKind
    limit_s: int
    citation: Citation


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The conclusion of ``assess``: one outcome, every reason, the policies, the clocks it starts.

    ``threshold_c`` is the threshold that the deciding measurement was held against;
    ``redirect_to`` the point of entry to go to instead, when an order in force refuses passage.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    policies: tuple[PolicyReference, ...]
    threshold_c: float | None = None
    redirect_to: str | None = None
    clocks: tuple[ClockLimit, ...] = ()
