"""The rules that decide at the lane: measuring, thresholds, traffic, risk areas, declarations, exceptions.

What is *not* here is as binding as what is: a threshold has no category, no document kind and no
count of visits, so no rule can give one group of travellers a laxer one than another (R011).
"""

from datetime import time
from functools import lru_cache
from unicodedata import combining, normalize

from sync.agreement.policy.rule import Consequence, DocumentFault, MandatoryStep, Rule, Scope
from sync.agreement.vocabulary import (
    DeviceKind,
    ExceptionCode,
    MeasuringSite,
    OrderState,
    PurposeOfCrossing,
    ReadingKind,
    ResponseScenario,
    Symptom,
)


class MeasurementDuty(Rule, frozen=True, kw_only=True, tag="measurement_duty"):
    """Who must go through which steps. The temperature step can be repeated here, never taken away."""

    steps: tuple[MandatoryStep, ...]
    applies_to: Scope = Scope()

    def __post_init__(self) -> None:
        """Refuse a duty without the temperature step: R011 allows no such rule."""
        super().__post_init__()
        if MandatoryStep.TEMPERATURE not in self.steps:
            msg = "steps must contain 'temperature'"
            raise ValueError(msg)


class Threshold(Rule, frozen=True, kw_only=True, tag="threshold"):
    """From which reading of one device kind, site and reading kind on a recheck is ordered.

    The ambient range is ``[ambient_from_c, ambient_to_c)``; a rule without one holds everywhere.
    """

    device_kind: DeviceKind
    site: MeasuringSite
    reading_kind: ReadingKind
    recheck_at_or_above_c: float
    ambient_from_c: float | None = None
    ambient_to_c: float | None = None

    def __post_init__(self) -> None:
        """Refuse a threshold that no human skin or body could be held against, or without a basis."""
        super().__post_init__()
        _require_body_temperature(self.recheck_at_or_above_c, "recheck_at_or_above_c")
        _require_basis(self.basis)

    @property
    def is_for_some_ambient(self) -> bool:
        """Whether the rule asks for a range of room temperatures."""
        return self.ambient_from_c is not None or self.ambient_to_c is not None

    def is_for_ambient(self, ambient_c: float | None) -> bool:
        """Whether the rule holds at this room temperature; an unknown one is held against all rules."""
        if ambient_c is None:
            return True
        above = self.ambient_from_c is None or ambient_c >= self.ambient_from_c
        return above and (self.ambient_to_c is None or ambient_c < self.ambient_to_c)


class FeverThreshold(Rule, frozen=True, kw_only=True, tag="fever_threshold"):
    """From which reading of a clinical thermometer at one site on fever is confirmed."""

    site: MeasuringSite
    fever_at_or_above_c: float

    def __post_init__(self) -> None:
        """Refuse a number that is no body temperature, or without a basis."""
        super().__post_init__()
        _require_body_temperature(self.fever_at_or_above_c, "fever_at_or_above_c")
        _require_basis(self.basis)


class ReadingValidity(Rule, frozen=True, kw_only=True, tag="reading_validity"):
    """How old a reading may be that lets somebody pass. A raised reading never grows too old."""

    max_age_s: int
    max_ahead_s: int = 60

    def __post_init__(self) -> None:
        """Refuse a term in which no reading could ever be valid."""
        super().__post_init__()
        if self.max_age_s <= 0 or self.max_ahead_s < 0:
            msg = "max_age_s must be above 0 and max_ahead_s at least 0"
            raise ValueError(msg)


class TrafficOrder(Rule, frozen=True, kw_only=True, tag="traffic_order"):
    """Open, restricted or stopped: who may cross where, when, for what and how many (R012).

    ``opens_at``/``closes_at`` are local times (``[opens_at, closes_at)``, may pass midnight);
    ``purposes`` are those allowed; ``quota_per_day`` counts the crossings of the same category.
    """

    state: OrderState
    applies_to: Scope = Scope()
    purposes: tuple[PurposeOfCrossing, ...] = ()
    opens_at: time | None = None
    closes_at: time | None = None
    quota_per_day: int | None = None
    redirect_to: str | None = None

    def __post_init__(self) -> None:
        """Refuse half an opening time and conditions on a state that has none."""
        super().__post_init__()
        if (self.opens_at is None) != (self.closes_at is None):
            msg = "opens_at and closes_at belong together"
            raise ValueError(msg)
        if self.opens_at is not None and self.opens_at == self.closes_at:
            msg = "opens_at and closes_at must differ: write state 'stopped' for never, no hours for always"
            raise ValueError(msg)
        if self.quota_per_day is not None and self.quota_per_day <= 0:
            msg = "quota_per_day must be above 0: write state 'stopped' for nobody"
            raise ValueError(msg)
        has_condition = bool(self.purposes) or self.opens_at is not None or self.quota_per_day is not None
        if has_condition != (self.state is OrderState.RESTRICTED):
            msg = "state 'restricted' needs purposes, hours or quota_per_day; other states allow none"
            raise ValueError(msg)


class RiskArea(Rule, frozen=True, kw_only=True, tag="risk_area"):
    """A country or place from where travellers get a closer look. Not WHO's "affected area".

    ``codes`` are ISO 3166 codes or slugs; a code also covers its parts (``CN`` covers ``CN-45``).
    """

    codes: tuple[str, ...]
    names: tuple[str, ...] = ()
    within_days: int = 14
    declaration_required: bool = True
    applies_to: Scope = Scope()

    def __post_init__(self) -> None:
        """Refuse an area without a code or a name, and blank ones, which would be nowhere or everywhere."""
        super().__post_init__()
        if not self.codes or not all(map(str.strip, (*self.codes, *self.names))):
            msg = "codes must name at least one area, and no code or name may be blank"
            raise ValueError(msg)

    def covers_area(self, area: str) -> bool:
        """Whether a visited area, by code or by name, lies in this one.

        Letter case, blanks, Vietnamese marks and how they are composed do not matter: whoever types
        "dong hung" means Đông Hưng, and a name too many is asked about rather than one too few let by.
        """
        asked = _plain(area)
        if asked in map(_plain, self.names):
            return True
        as_code = asked.replace(" ", "-")
        return any(as_code == code or as_code.startswith(code + "-") for code in map(_plain, self.codes))


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Give letters without marks, in one case, single blanks.

    >>> _plain("  Đông   HƯNG ")
    'dong hung'
    """
    letters = (mark for mark in normalize("NFD", text.casefold().replace("đ", "d")) if not combining(mark))
    return " ".join(normalize("NFC", "".join(letters)).split())


class Triage(Rule, frozen=True, kw_only=True, tag="triage"):
    """What declared symptoms lead to; ``from_risk_area`` narrows the rule to arrivals from one."""

    consequence: Consequence
    any_symptom_of: tuple[Symptom, ...] = ()
    from_risk_area: bool = False
    applies_to: Scope = Scope()


class ScenarioProfile(Rule, frozen=True, kw_only=True, tag="scenario_profile"):
    """What changes at the lane while a response scenario is declared; it can only tighten."""

    scenario: ResponseScenario
    declaration_for_all: bool = False
    repeat_measurement_for_all: bool = False
    threshold_lowered_by_c: float = 0.0
    reports_per_day: int = 1

    def __post_init__(self) -> None:
        """Refuse a profile that would ease a threshold."""
        super().__post_init__()
        if not 0.0 <= self.threshold_lowered_by_c <= 1.0:
            msg = "threshold_lowered_by_c must lie between 0.0 and 1.0: a scenario never eases"
            raise ValueError(msg)


class ScenarioDeclared(Rule, frozen=True, kw_only=True, tag="scenario_declared"):
    """A response scenario is in force here: issued by the centre as a later order (R029)."""

    scenario: ResponseScenario
    applies_to: Scope = Scope()


class DeclarationDuty(Rule, frozen=True, kw_only=True, tag="declaration_duty"):
    """Who must hand in a health declaration; a voluntary one never stops anybody."""

    is_mandatory: bool = True
    applies_to: Scope = Scope()


class DocumentRule(Rule, frozen=True, kw_only=True, tag="document_rule"):
    """What an expired, cancelled or misread document leads to."""

    fault: DocumentFault
    consequence: Consequence


class ExceptionRule(Rule, frozen=True, kw_only=True, tag="exception_rule"):
    """What a coded exception leads to, and which mandatory steps it stands in for (R008)."""

    code: ExceptionCode
    consequence: Consequence
    covers: tuple[MandatoryStep, ...] = (MandatoryStep.TEMPERATURE,)


def _require_body_temperature(temperature_c: float, field: str) -> None:
    if not 30.0 <= temperature_c <= 43.0:
        msg = f"{field} must lie between 30.0 and 43.0 degrees Celsius"
        raise ValueError(msg)


def _require_basis(basis: str) -> None:
    if not basis.strip():
        msg = "basis must say where the number comes from: no law gives one"
        raise ValueError(msg)
