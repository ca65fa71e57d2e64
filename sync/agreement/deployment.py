"""A province's deployment: which points of entry it has, what is in force, and how it reports.

One TOML file per province (``deploy/provinces``). Nothing of it is code: a new gate, a new order or
another province is a line in such a file (R005).
"""

import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from sync.agreement.identifiers import IdentifierError, slug
from sync.agreement.local_time import VIETNAM_TIME, local_time
from sync.agreement.policy import (
    GatePlace,
    PolicyDocument,
    PolicyError,
    PolicyInForce,
    PolicyKind,
    Rule,
    Standpoint,
    load_policy_document,
)
from sync.agreement.policy.lane_rules import TrafficOrder
from sync.agreement.vocabulary import ModeOfEntry, OrderState, PointOfEntryKind

_MODES = {
    PointOfEntryKind.AIRPORT: ModeOfEntry.AIR,
    PointOfEntryKind.SEAPORT: ModeOfEntry.WATER,
    PointOfEntryKind.WHARF: ModeOfEntry.WATER,
    PointOfEntryKind.RAILWAY_STATION: ModeOfEntry.RAIL,
}


class DeploymentError(ValueError):
    """A deployment file is wrong: its author must mend it; loading it again will not help."""


class Names(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One name in the three languages of the product."""

    vi: str
    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The name in ``vi``, ``en`` or ``zh``; Vietnamese for any other."""
        return {"en": self.en, "zh": self.zh}.get(language, self.vi)


class AdministrativeUnit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a locality is called from ``valid_from`` until the day before ``valid_to``, with its official codes."""

    names: Names
    valid_from: date
    valid_to: date | None = None
    codes: tuple[str, ...] = ()


class Locality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area that orders speak of; districts were abolished on 1 July 2025, their areas live on."""

    id: str
    units: tuple[AdministrativeUnit, ...]

    def unit_on(self, day: date) -> AdministrativeUnit:
        """The unit as of a day; the earliest for days before all of them."""
        started = [unit for unit in self.units if unit.valid_from <= day]
        return started[-1] if started else self.units[0]


class PointOfEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where people are screened. Open from ``valid_from`` until the day before ``valid_to``.

    ``gate_body`` is who manages it, as its orders name themselves; empty: "Cơ quan quản lý" and the place's name.
    """

    id: str
    kind: PointOfEntryKind
    locality: str
    names: Names
    valid_from: date
    valid_to: date | None = None
    gate_body: str = ""

    @property
    def mode_of_entry(self) -> ModeOfEntry:
        """The way into the province that leads through here."""
        return _MODES.get(self.kind, ModeOfEntry.ROAD)

    def is_valid_on(self, day: date) -> bool:
        """Whether the point exists on that day; a stopped order does not abolish it."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class ReportForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who issues the daily report, where, to whom, and who signs."""

    parent_body: str
    issuing_body: str
    number_suffix: str
    place: str
    recipients: tuple[str, ...]
    archive_mark: str
    signatory_title: str
    signatory_capacity: str = ""
    signatory_name: str = ""


class ShiftStart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shift of the day: its code, and the local time at which it begins, as ``HH:MM``."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    starts: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

    @property
    def minute_of_day(self) -> int:
        """The local minute of the day at which it begins."""
        hours, _, minutes = self.starts.partition(":")
        return int(hours) * 60 + int(minutes)


_THREE_SHIFTS = (
    ShiftStart(code="morning", starts="06:00"),
    ShiftStart(code="afternoon", starts="14:00"),
    ShiftStart(code="night", starts="22:00"),
)


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is particular to one province. ``cut_off_hour`` 0 or 24: the calendar day."""

    id: str
    names: Names
    law: str
    procedure: str
    orders: tuple[str, ...]
    cut_off_hour: int
    report: ReportForm
    localities: tuple[Locality, ...]
    points_of_entry: tuple[PointOfEntry, ...]
    shifts: Annotated[tuple[ShiftStart, ...], msgspec.Meta(min_length=1, max_length=8)] = _THREE_SHIFTS

    def __post_init__(self) -> None:
        """Refuse a bad hour, a bad or double id, and a point in a locality that is not described."""
        if not 0 <= self.cut_off_hour <= 24:
            msg = "cut_off_hour must lie between 0 and 24"
            raise ValueError(msg)
        known = {locality.id for locality in self.localities}
        ids = [slug(point.id) for point in self.points_of_entry]
        for point in self.points_of_entry:
            if ids.count(point.id) > 1:
                msg = f"point of entry {point.id!r} stands twice"
                raise ValueError(msg)
            if point.locality not in known:
                msg = f"point of entry {point.id!r}: locality {point.locality!r} is not described"
                raise ValueError(msg)

    def point_of_entry(self, point_of_entry_id: str) -> PointOfEntry:
        """One point of entry by id.

        Raises:
            DeploymentError: the deployment has none of that id.
        """
        for point in self.points_of_entry:
            if point.id == point_of_entry_id:
                return point
        msg = f"{self.id}: no point of entry {point_of_entry_id!r}"
        raise DeploymentError(msg)

    def names_of(self, point_of_entry_id: str) -> Names | str:
        """Return the names of a point of entry; its id where the deployment has lost it: that says which it was."""
        try:
            return self.point_of_entry(point_of_entry_id).names
        except DeploymentError:
            return point_of_entry_id

    def points_on(self, day: date) -> tuple[PointOfEntry, ...]:
        """The points of entry that exist on a day, in the order of the file."""
        return tuple(point for point in self.points_of_entry if point.is_valid_on(day))


def load_deployment(path: str | Path) -> Deployment:
    """Read a province's file.

    Raises:
        DeploymentError: missing, no TOML, or a field is wrong; names the file and the field.
    """
    file = Path(path)
    try:
        parsed = tomllib.loads(file.read_text(encoding="utf-8"))
        deployment = msgspec.convert(parsed, type=Deployment)
    except FileNotFoundError as error:
        msg = f"{file}: no such deployment file"
        raise DeploymentError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, IdentifierError) as error:
        msg = f"{file.name}: {error}"
        raise DeploymentError(msg) from error
    return deployment


def policy_in_force(deployment: Deployment, law: str | None = None) -> PolicyInForce:
    """Read the law pack, the procedure and the orders that the deployment names; ``law`` takes another pack.

    An order is in force because the deployment names it and its dates allow it, however old it is.

    Raises:
        PolicyError: a document is missing or wrong, or they do not fit together.
        DeploymentError: an order redirects to a point of entry that the deployment does not have.
    """
    named = (
        (law or deployment.law, PolicyKind.LAW),
        (deployment.procedure, PolicyKind.PROCEDURE),
        *((name, PolicyKind.ORDERS) for name in deployment.orders),
    )
    policy = PolicyInForce(_load_as(name, kind) for name, kind in named)
    _check_redirects(deployment, policy)
    return policy


def policy_at_edge(
    deployment: Deployment, *, edge_id: str, point_of_entry_id: str, law: str | None = None
) -> PolicyInForce:
    """Read the policy in force as one edge of a gate decides by it; raises what ``policy_in_force`` raises."""
    gates = {
        point.id: GatePlace(kind=point.kind, locality=point.locality, mode_of_entry=point.mode_of_entry)
        for point in deployment.points_of_entry
    }
    standpoint = Standpoint(edge_id=edge_id, gate_id=point_of_entry_id, gates=gates)
    return policy_in_force(deployment, law).seen_from(standpoint)


def policy_with_issued(deployment: Deployment, policy: PolicyInForce, *, issued: PolicyDocument) -> PolicyInForce:
    """Add a document that the centre issued to the policy in force; nothing is changed if it does not fit.

    Raises:
        PolicyError: the document does not fit those in force; ``PolicyOutdatedError`` if it is not newer.
        DeploymentError: it redirects to a point of entry that the deployment does not have.
    """
    renewed = policy.with_issued(issued)
    _check_redirects(deployment, renewed)
    return renewed


def _check_redirects(deployment: Deployment, policy: PolicyInForce) -> None:
    for document in policy.documents:
        for rule in document.rules:
            if isinstance(rule, TrafficOrder) and rule.redirect_to is not None:
                deployment.point_of_entry(rule.redirect_to)


def _load_as(name: str, kind: PolicyKind) -> PolicyDocument:
    document = load_policy_document(name)
    if document.kind is not kind:
        msg = f"{document.id}: the deployment names it as {kind.value}, but it is {document.kind.value}"
        raise PolicyError(msg)
    return document


def closing_order(point: PointOfEntry, policy: PolicyInForce, *, at: datetime) -> Rule | None:
    """The order that keeps a whole point of entry closed at ``at``, if one does.

    An order for some categories, directions or modes only does not close the point.
    """
    for order in policy.rules_at(at).traffic_orders:
        scope = order.applies_to
        if order.state is not OrderState.STOPPED or scope.categories or scope.directions or scope.modes_of_entry:
            continue
        if scope.covers_place(point_of_entry_id=point.id, kind=point.kind, locality=point.locality):
            return order
    return None


def report_day(at: datetime, *, cut_off_hour: int) -> date:
    """Return the report day of an instant: the local date, after the cut-off hour the next one.

    >>> from datetime import UTC
    >>> report_day(datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC), cut_off_hour=17)
    datetime.date(2026, 11, 22)
    >>> report_day(datetime(2026, 11, 22, 10, 0, tzinfo=UTC), cut_off_hour=17)
    datetime.date(2026, 11, 23)
    """
    local = local_time(at)
    if cut_off_hour % 24 and local.hour >= cut_off_hour:
        return local.date() + timedelta(days=1)
    return local.date()


def report_period(day: date, *, cut_off_hour: int) -> tuple[datetime, datetime]:
    """Return the first instant of a report day and the first one after it.

    >>> [at.isoformat() for at in report_period(date(2026, 11, 22), cut_off_hour=17)]
    ['2026-11-21T17:00:00+07:00', '2026-11-22T17:00:00+07:00']
    """
    hour = cut_off_hour % 24
    ends_on = day if hour else day + timedelta(days=1)
    ends_at = datetime.combine(ends_on, time(hour), tzinfo=VIETNAM_TIME)
    return ends_at - timedelta(days=1), ends_at
