"""What is known about one crossing, and what was concluded from it: plain values.

``assess`` (``assessment.py``) is a pure function from ``Facts`` and a policy to an ``Assessment``.
The same types travel inside records, so that the centre can replay any past day under another
policy. Nothing here names a person: identity is ``TravellerIdentity`` in ``records.py``, sealed.
"""

from datetime import date, datetime

import msgspec

from sync.agreement.decision_words import Exposure, OverrideReason
from sync.agreement.threshold_words import ThresholdMethod
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
    Role,
    Severity,
    Sex,
    Symptom,
    TravellerCategory,
)

LOWEST_C, HIGHEST_C = -1000.0, 10_000.0
"""What may be recorded at all: wide enough for a terminal that speaks in hundredths of a degree and is never used
for a decision, narrow enough that no sum, mean or axis drawn from it overflows."""
LOWEST_USABLE_C, HIGHEST_USABLE_C = 0.0, 60.0
"""What a record may rest a decision on: wider than every living person, as wide as what may be typed at a lane."""
_LARGEST_VALUE = 2.0**53


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One reading bound to one person. ``uncertainty_c`` is expanded (k = 2).

    Temperatures lie between ``LOWEST_C`` and ``HIGHEST_C``: anything else cannot be built, neither here nor
    from bytes, so that a signed record which says it is kept by the centre and never projected.
    ``unusable_because`` holds the device's reason slugs; a measurement with any is kept and shown,
    but no decision may rest on it. ``quality`` holds what was wrong with the picture behind it, as slugs, the
    advisory ones too. ``limit_c`` is the limit that this very device had learnt for this room by
    ``threshold_method`` when the reading came; whether it decides, and between which bounds, the policy says.
    Without a method the policy's own number decides.
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
    quality: tuple[str, ...] = ()
    second_site: MeasuringSite | None = None
    second_site_c: float | None = None
    threshold_method: ThresholdMethod | None = None
    limit_c: float | None = None

    def __post_init__(self) -> None:
        """Refuse a naive time, and a temperature that is no number or none that an instrument can report."""
        if self.observed_at.tzinfo is None:
            msg = "observed_at must be an aware time"
            raise ValueError(msg)
        _require_possible(self.temperature_c)
        others = (self.raw_c, self.reported_c, self.uncertainty_c, self.ambient_c, self.second_site_c, self.limit_c)
        for reported_c in others:
            if reported_c is not None:
                _require_possible(reported_c)
        if (self.second_site is None) != (self.second_site_c is None) or (
            self.threshold_method is None and self.limit_c is not None
        ):
            msg = "a second site has a temperature, and a learnt limit a method"
            raise ValueError(msg)

    @property
    def is_usable(self) -> bool:
        """Whether a decision may rest on it."""
        return not self.unusable_because

    def require_human(self) -> None:
        """Refuse a usable measurement of no living person: what is written of a person rests on none such."""
        if self.is_usable and not LOWEST_USABLE_C <= self.temperature_c <= HIGHEST_USABLE_C:
            msg = "a temperature of no living person may be kept, but not be usable"
            raise ValueError(msg)


class CrossingCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many of one category went one way through this edge before, in the local day and the local hour.

    Without those refused or withdrawn. Another edge of the same gate counts for itself.
    """

    category: TravellerCategory
    direction: Direction
    today: int
    this_hour: int


class PlaceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the traveller says of one place and time that a directive names: "were you there?"."""

    place: str
    was_there: bool


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a role wants a verdict overridden; only the reasons shown to them then are meant.

    Whether it counts, the policy says.
    """

    code: OverrideReason
    role: Role
    covers: tuple[ReasonCode, ...]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything ``assess`` may look at. ``measurements`` are in the order they were taken.

    ``crossings_counted`` holds what the quotas in force are held against, and nothing where there is none;
    ``has_employer`` says that an expert's employer and project are known (they stand in the sealed part).
    """

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
    crossings_counted: tuple[CrossingCount, ...] = ()
    place_answers: tuple[PlaceAnswer, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    is_symptom_checked: bool = False
    has_employer: bool = False
    is_fallback_tried: bool = False
    override: Override | None = None


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

    def __post_init__(self) -> None:
        """Refuse a number that no screen and no table can hold."""
        for value in self.values.values():
            if isinstance(value, (int, float)) and not -_LARGEST_VALUE <= value <= _LARGEST_VALUE:
                msg = "a reason's numbers must be finite and within 2**53"
                raise ValueError(msg)


class ClockLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A legal clock that the assessment starts: its limit in seconds and the clause that sets it."""

    kind: ClockKind
    limit_s: int
    citation: Citation


class RunningClock(msgspec.Struct, frozen=True, kw_only=True):
    """A legal deadline that began: both instants are aware UTC."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    clause: str


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

    def __post_init__(self) -> None:
        """Refuse a threshold that no instrument could ever reach."""
        if self.threshold_c is not None:
            _require_possible(self.threshold_c)


def _require_possible(reported_c: float) -> None:
    """Refuse what is beyond every instrument; a comparison with NaN is never true, so NaN is refused too."""
    if not LOWEST_C <= reported_c <= HIGHEST_C:
        msg = f"a temperature must be finite and between {LOWEST_C:.0f} and {HIGHEST_C:.0f} °C"
        raise ValueError(msg)
