"""The rules that frame the lane's work: legal clocks, forms, roles, quarantine, controlled points, reports."""

from sync.agreement.policy.rule import ClockStart, LegalRole, OnExpiry, Rule, Scope
from sync.agreement.vocabulary import (
    ClockKind,
    Direction,
    ModeOfEntry,
    OrderState,
    PointOfEntryKind,
    QuarantineForm,
)


class ClockRule(Rule, frozen=True, kw_only=True, tag="clock"):
    """A legal deadline: what starts it, how long it runs (0 s: "at once"), who must act, what then."""

    clock: ClockKind
    starts_with: ClockStart
    limit_s: int
    who_acts: LegalRole
    on_expiry: OnExpiry
    only_for_foreigners: bool = False

    def __post_init__(self) -> None:
        """Refuse a limit that runs backwards."""
        super().__post_init__()
        if self.limit_s < 0:
            msg = "limit_s must not be negative"
            raise ValueError(msg)


class DutyTerm(Rule, frozen=True, kw_only=True, tag="duty_term"):
    """A deadline of the law that no lane clock carries: vehicles, goods, reports, other sites."""

    topic: str
    limit_s: int
    who_acts: LegalRole | None = None
    extension_s: int | None = None


class FormRule(Rule, frozen=True, kw_only=True, tag="form"):
    """A form of the law: its number as printed and what it is for."""

    form: str
    use: str


class IsolationRole(Rule, frozen=True, kw_only=True, tag="isolation_role"):
    """Who may order isolation at a place, and of whom."""

    place: QuarantineForm
    ordered_by: tuple[LegalRole, ...]
    for_whom: str


class QuarantineForms(Rule, frozen=True, kw_only=True, tag="quarantine_forms"):
    """The forms of quarantine that a document provides for, and whether follow-up continues after."""

    forms: tuple[QuarantineForm, ...]
    has_follow_up: bool = False
    max_days: int | None = None


class EntryModes(Rule, frozen=True, kw_only=True, tag="entry_modes"):
    """The ways into the province that are controlled alike."""

    modes: tuple[ModeOfEntry, ...]


class ControlledPoints(Rule, frozen=True, kw_only=True, tag="controlled_points"):
    """The kinds of points that are watched: border points, ports, and inland control posts."""

    point_of_entry_kinds: tuple[PointOfEntryKind, ...]
    directions: tuple[Direction, ...] = ()
    are_vehicles_checked: bool = False


class ReportDuty(Rule, frozen=True, kw_only=True, tag="report_duty"):
    """Who reports to whom, through whom, and how often."""

    reports_per_day: int
    addressee: str
    through: str = ""


class TrafficPower(Rule, frozen=True, kw_only=True, tag="traffic_power"):
    """Leave to restrict or stop: what a later traffic order may rest on; stops nobody by itself."""

    states: tuple[OrderState, ...]
    held_by: LegalRole
    applies_to: Scope = Scope()


class DeclarationTerms(Rule, frozen=True, kw_only=True, tag="declaration_terms"):
    """How long a declaration holds, for how many crossings, and how long it is kept."""

    valid_for_days: int
    valid_for_crossings: int | None = None
    kept_for_days: int | None = None
