"""What the store hands over to the report: one consistent look at one report day, taken in one transaction.

Counts are per gate, direction and category, so that every figure of the report is a sum of these and
of nothing else. No person is in here: referred and unmeasured crossings are named by their number.
"""

from datetime import date, datetime

import msgspec

from sync.agreement.vocabulary import (
    Direction,
    Disposition,
    ExceptionCode,
    PointOfEntryKind,
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
    one does.
    """

    point_of_entry_id: str
    name: str
    kind: PointOfEntryKind
    edge_ids: tuple[str, ...] = ()
    enrolled_at: datetime | None = None
    last_contact_at: datetime | None = None
    suspended_by: str | None = None


class EdgeHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far the centre has an edge's journal."""

    edge_id: str
    incarnation: int
    sequence: int
    hash: str


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


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order in force on the report day."""

    policy_id: str
    version: int
    title: str


class ReportSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the report of one day may draw from.

    ``silent_after_s``: a gate out of contact for longer than this is said to have fallen silent.
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
