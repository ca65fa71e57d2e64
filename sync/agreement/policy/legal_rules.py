"""The rules that frame the lane's work: legal clocks, forms, roles, quarantine, controlled points, reports."""

from sync.agreement.isolation_words import EscalationReason, IsolationGround
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
    """A legal deadline: what starts it, how long it runs (0 s: "at once"), who must act, what then.

    ``extension_s`` is by how much it may be lengthened, once, and ``extension_clause`` says where that stands;
    ``None`` where the text gives no leave. ``extension_because``: the only reasons for which it may be lengthened.
    """

    clock: ClockKind
    starts_with: ClockStart
    limit_s: int
    who_acts: LegalRole
    on_expiry: OnExpiry
    only_for_foreigners: bool = False
    extension_s: int | None = None
    extension_clause: str = ""
    extension_because: tuple[EscalationReason, ...] = (EscalationReason.OVERLOADED,)

    def __post_init__(self) -> None:
        """Refuse a limit that runs backwards."""
        super().__post_init__()
        if self.limit_s < 0:
            msg = "limit_s must not be negative"
            raise ValueError(msg)
        if self.extension_s is not None and not (0 < self.extension_s <= self.limit_s and self.extension_clause):
            msg = "extension_s must lie between 1 and limit_s and needs its extension_clause"
            raise ValueError(msg)


class DutyTerm(Rule, frozen=True, kw_only=True, tag="duty_term"):
    """A deadline of the law that no lane clock carries: vehicles, goods, reports, other sites."""

    topic: str
    limit_s: int
    who_acts: LegalRole | None = None
    extension_s: int | None = None


class FormRule(Rule, frozen=True, kw_only=True, tag="form"):
    """A form of the law: its number as printed and what it is for; ``topic`` is what the program asks for it by."""

    form: str
    use: str
    topic: str = ""


class IsolationRole(Rule, frozen=True, kw_only=True, tag="isolation_role"):
    """Who may order isolation at a place, and of whom: in words, and as grounds that the program checks."""

    place: QuarantineForm
    ordered_by: tuple[LegalRole, ...]
    for_whom: str
    grounds: tuple[IsolationGround, ...] = ()


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


class ImmigrationListTerms(Rule, frozen=True, kw_only=True, tag="immigration_list_terms"):
    """How long the lines of the immigration counter's list are kept for the proof of coverage, as keyed hashes."""

    kept_for_days: int

    def __post_init__(self) -> None:
        """Refuse a term in which no list could be held against anything."""
        super().__post_init__()
        if self.kept_for_days <= 0:
            msg = "kept_for_days must be above 0"
            raise ValueError(msg)
