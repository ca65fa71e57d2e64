"""The rules that decide at the lane: measuring, thresholds, traffic, risk areas, declarations, exceptions.

What is *not* here is as binding as what is: a threshold has no category, no document kind and no
count of visits, so no rule can give one group of travellers a laxer one than another (R011).
"""

from datetime import time
from functools import lru_cache
from unicodedata import combining, normalize

import msgspec

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

DEFAULT_ASKED_WITHIN_S = 300
LONGEST_ASKED_WITHIN_S = 24 * 3600


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

    The ambient range is ``[ambient_from_c, ambient_to_c)``; a rule without one holds everywhere. ``guard_share``
    orders the recheck already within so much of the reading's expanded uncertainty below the limit (JCGM 106:2012,
    8.3.2: with 0.82 of it at most one in twenty of those called normal belongs above); 0, the default, looks at the
    value alone. A reading that states no uncertainty has no guard band.
    """

    device_kind: DeviceKind
    site: MeasuringSite
    reading_kind: ReadingKind
    recheck_at_or_above_c: float
    ambient_from_c: float | None = None
    ambient_to_c: float | None = None
    guard_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a threshold that no human skin or body could be held against, or without a basis."""
        super().__post_init__()
        require_body_temperature(self.recheck_at_or_above_c, "recheck_at_or_above_c")
        require_basis(self.basis)
        require_guard_share(self.guard_share)

    def guard_c(self, uncertainty_c: float | None) -> float:
        """How far below the limit a reading of this expanded uncertainty is measured again all the same, in kelvin."""
        return self.guard_share * (uncertainty_c or 0.0)

    def limit_c(self, uncertainty_c: float | None = None) -> float:
        """From which value on a reading of this expanded uncertainty is measured again."""
        return self.recheck_at_or_above_c - self.guard_c(uncertainty_c)

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
        require_body_temperature(self.fever_at_or_above_c, "fever_at_or_above_c")
        require_basis(self.basis)


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


class QuotaShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many places of an order's quotas one edge of the gate gives, whether or not it reaches the others."""

    edge_id: str
    per_day: int | None = None
    per_hour: int | None = None


class TrafficOrder(Rule, frozen=True, kw_only=True, tag="traffic_order"):
    """Open, restricted or stopped: who may cross where, when, for what and how many (R012).

    ``opens_at``/``closes_at`` are local times (``[opens_at, closes_at)``, may pass midnight);
    ``purposes`` are those allowed; the quotas count the crossings of the categories and directions of
    ``applies_to`` at this point of entry, in the local day and in the local hour. ``shares`` divides them among
    the edges of one gate: each gives its own places and no other's, so that the sum holds without a link.
    """

    state: OrderState
    applies_to: Scope = Scope()
    purposes: tuple[PurposeOfCrossing, ...] = ()
    opens_at: time | None = None
    closes_at: time | None = None
    quota_per_day: int | None = None
    quota_per_hour: int | None = None
    redirect_to: str | None = None
    shares: tuple[QuotaShare, ...] = ()

    def __post_init__(self) -> None:
        """Refuse half an opening time and conditions on a state that has none."""
        super().__post_init__()
        if (self.opens_at is None) != (self.closes_at is None):
            msg = "opens_at and closes_at belong together"
            raise ValueError(msg)
        if self.opens_at is not None and self.opens_at == self.closes_at:
            msg = "opens_at and closes_at must differ: write state 'stopped' for never, no hours for always"
            raise ValueError(msg)
        for quota in (self.quota_per_day, self.quota_per_hour):
            if quota is not None and quota <= 0:
                msg = "quota_per_day and quota_per_hour must be above 0: write state 'stopped' for nobody"
                raise ValueError(msg)
        has_condition = bool(self.purposes) or self.opens_at is not None or self.has_quota
        if has_condition != (self.state is OrderState.RESTRICTED):
            msg = "state 'restricted' needs purposes, hours or quota_per_day/_hour; other states allow none"
            raise ValueError(msg)
        if self.shares:
            self._require_whole_shares()

    def _require_whole_shares(self) -> None:
        """Refuse shares of nothing, of no one gate, or of more than there is."""
        if len(self.applies_to.point_of_entry_ids) != 1:
            msg = "shares divide the quota of one gate: name one in applies_to.point_of_entry_ids"
            raise ValueError(msg)
        if len({share.edge_id for share in self.shares}) != len(self.shares):
            msg = "each edge has one share"
            raise ValueError(msg)
        for name, quota in (("per_day", self.quota_per_day), ("per_hour", self.quota_per_hour)):
            given = [getattr(share, name) for share in self.shares]
            if quota is None:
                if any(one is not None for one in given):
                    msg = f"there is no quota_{name} to share"
                    raise ValueError(msg)
            elif any(one is None or one < 0 for one in given) or sum(given) > quota:
                msg = f"each share names its {name}, and together they are at most quota_{name}"
                raise ValueError(msg)

    def held_at(self, edge_id: str) -> "TrafficOrder":
        """The order as one edge holds it: with its own share of the quotas, or stopped where it has none.

        A share that is 0 stops the order at that edge, as does a gate's edge that the order does not name: places
        that were promised to others are nobody's here.
        """
        if not self.shares:
            return self
        share = next((one for one in self.shares if one.edge_id == edge_id), None)
        if share is None or 0 in {share.per_day, share.per_hour}:
            nothing: dict[str, object] = dict.fromkeys(("opens_at", "closes_at", "quota_per_day", "quota_per_hour"))
            return msgspec.structs.replace(self, state=OrderState.STOPPED, purposes=(), shares=(), **nothing)
        return msgspec.structs.replace(self, quota_per_day=share.per_day, quota_per_hour=share.per_hour, shares=())

    @property
    def has_quota(self) -> bool:
        """Whether crossings have to be counted for it."""
        return self.quota_per_day is not None or self.quota_per_hour is not None


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
        return self.word_for(area) is not None

    def word_for(self, area: str) -> str | None:
        """Return this rule's own code or name that covers an area: nothing of what was typed travels on in the open."""
        asked = _plain(area)
        as_code = asked.replace(" ", "-")
        name = next((name for name in self.names if _plain(name) == asked), None)
        return name or next((code for code in self.codes if f"{as_code}-".startswith(f"{_plain(code)}-")), None)


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
    """What a coded exception leads to, and which mandatory steps it stands in for (R008).

    It stands in for nothing unless the person is known to be at most ``max_age_years`` old, or before the officer
    says that none of ``fallbacks`` (what measures when the scanner does not) could be used.
    """

    code: ExceptionCode
    consequence: Consequence
    covers: tuple[MandatoryStep, ...] = (MandatoryStep.TEMPERATURE,)
    max_age_years: int | None = None
    fallbacks: tuple[DeviceKind, ...] = ()


class SlipValidity(Rule, frozen=True, kw_only=True, tag="slip_validity"):
    """For how long after the clearance a gate's slip is believed at the next post, in seconds."""

    valid_for_s: int

    def __post_init__(self) -> None:
        """Refuse a slip that is never valid, or a term without a basis."""
        super().__post_init__()
        if self.valid_for_s <= 0:
            msg = "valid_for_s must be above 0"
            raise ValueError(msg)
        require_basis(self.basis)


class RepeatedPresentation(Rule, frozen=True, kw_only=True, tag="repeated_presentation"):
    """For how long, in seconds, a person who was presented at another lane is asked about at this one.

    Where no rule speaks of it, it is ``DEFAULT_ASKED_WITHIN_S``; of several rules the longest holds.
    """

    asked_within_s: int

    def __post_init__(self) -> None:
        """Refuse a term in which nobody is asked, one longer than a day, or one without a basis."""
        super().__post_init__()
        if not 0 < self.asked_within_s <= LONGEST_ASKED_WITHIN_S:
            msg = f"asked_within_s must lie between 1 and {LONGEST_ASKED_WITHIN_S}"
            raise ValueError(msg)
        require_basis(self.basis)


def require_body_temperature(temperature_c: float, field: str) -> None:
    """Refuse a number that no human skin or body could be held against."""
    if not 30.0 <= temperature_c <= 43.0:
        msg = f"{field} must lie between 30.0 and 43.0 degrees Celsius"
        raise ValueError(msg)


def require_guard_share(share: float) -> None:
    """Refuse a guard band of less than nothing, or of more than the uncertainty itself."""
    if not 0.0 <= share <= 1.0:
        msg = "guard_share is a share of the expanded uncertainty: 0 to 1"
        raise ValueError(msg)


def require_basis(basis: str) -> None:
    """Refuse a number of which nobody says where it comes from."""
    if not basis.strip():
        msg = "basis must say where the number comes from: no law gives one"
        raise ValueError(msg)
