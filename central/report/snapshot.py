"""What the store hands over to the report: one consistent look at one report day, taken in one transaction.

Counts are per gate, direction and category, so that every figure of the report is a sum of these and
of nothing else. No person is in here: referred and unmeasured crossings are named by their number.
"""

from datetime import date, datetime

import msgspec

from central.dimensions import Dimension
from sync.agreement.vocabulary import (
    Direction,
    Disposition,
    ExceptionCode,
    PointOfEntryKind,
    SettlementReason,
    TravellerCategory,
)


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """One counter: how many crossings of one gate, direction and category have one property on one report day."""

    point_of_entry_id: str
    direction: Direction
    category: TravellerCategory
    figure: str
    count: int


class GateSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One point of entry that the deployment names, whether or not an edge ever spoke for it.

    ``enrolled_at`` is when the gate's first edge was enrolled, ``last_contact_at`` the last time any edge
    of the gate reached the centre, ``suspended_by`` the order that keeps the gate closed on that day, if
    one does, ``pending_records`` how many records its edges have said they still hold.
    """

    point_of_entry_id: str
    name: str
    kind: PointOfEntryKind
    edge_ids: tuple[str, ...] = ()
    enrolled_at: datetime | None = None
    last_contact_at: datetime | None = None
    suspended_by: str | None = None
    pending_records: int = 0


class EdgeHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far the centre has an edge's journal, over all its chains where a number is summed up.

    ``pending_records`` are those that the edge said it has and has not delivered, ``lost_records`` those
    that it had and nobody has, ``recovered_records`` those that came again from an abandoned chain.
    """

    edge_id: str
    incarnation: int
    sequence: int
    hash: str
    point_of_entry_id: str = ""
    last_contact_at: datetime | None = None
    pending_records: int = 0
    lost_records: int = 0
    recovered_records: int = 0
    quarantined_records: int = 0
    unprojected_records: int = 0


class LedgerHead(msgspec.Struct, frozen=True, kw_only=True):
    """The newest signed head of the ledger: position, hash (hex), and when the centre signed it."""

    position: int
    hash: str
    issued_at: datetime
    signature: str


class ReferredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing with a raised reading, without the person: scanner, thermometer, and what became of it."""

    crossing_id: str
    point_of_entry_id: str
    lane_id: str
    direction: Direction
    category: TravellerCategory
    observed_at: datetime
    scanner_c: float | None
    clinical_c: float | None
    disposition: Disposition


class UnmeasuredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing that nobody measured, and the coded reason if the officer gave one (R008: each is listed)."""

    crossing_id: str
    point_of_entry_id: str
    lane_id: str
    observed_at: datetime
    disposition: Disposition
    exception_code: ExceptionCode | None


class ExpressOnlyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was reported by express and whose record never arrived: counted in no other figure."""

    crossing_id: str
    point_of_entry_id: str
    reason: SettlementReason


class DimensionCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many crossings of one gate have one value of a dimension; an empty ``value``: it is not known."""

    point_of_entry_id: str
    dimension: Dimension
    value: str
    figure: str
    count: int


class BesideCount(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of what a gate wrote beside crossings: declarations, slips, shifts, paper."""

    point_of_entry_id: str
    figure: str
    detail: str
    count: int


class CoverageLine(msgspec.Struct, frozen=True, kw_only=True):
    """A gate's reconciled hours of the day in sum. Those of the immigration list cover ``hours_listed`` alone."""

    point_of_entry_id: str
    hours: int
    hours_listed: int
    as_of: datetime
    seen: int
    logged: int
    seen_not_logged: int
    not_measured: int
    listed_not_logged: int | None = None


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order in force on the report day."""

    policy_id: str
    version: int
    title: str


class ReportSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the report of one day may draw from.

    ``silent_after_s``: a gate out of contact for longer than this is said to have fallen silent.
    ``dimensions``, ``beside``, ``coverage``: ``None`` in what was frozen before they were counted.
    """

    report_day: date
    starts_at: datetime
    cut_off_at: datetime
    taken_at: datetime
    silent_after_s: int = 900
    gates: tuple[GateSnapshot, ...]
    counts: tuple[DayCount, ...]
    referred: tuple[ReferredRow, ...] = ()
    unmeasured: tuple[UnmeasuredRow, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    edge_heads: tuple[EdgeHead, ...] = ()
    late_records: int = 0
    corrected_crossings: int = 0
    quarantined_records: int = 0
    unprojected_records: int = 0
    ledger_records: int = 0
    ledger_hash: str = ""
    signed_head: LedgerHead | None = None
    express_only: tuple[ExpressOnlyRow, ...] = ()
    dimensions: tuple[DimensionCount, ...] | None = None
    beside: tuple[BesideCount, ...] | None = None
    coverage: tuple[CoverageLine, ...] | None = None
