"""All that a daily report is drawn from, read in one transaction: plain values, no person.

``central.store`` fills it, ``central.report`` draws from it and from nothing else, so that the same
snapshot always gives the same bytes.
"""

from datetime import date, datetime

import msgspec

from central.ledger import CrossingState
from central.rollup import Figure
from sync.agreement.vocabulary import CaseClass, Direction, TravellerCategory


class GateCount(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One counter of the day."""

    point_of_entry_id: str
    direction: Direction
    category: TravellerCategory
    figure: Figure
    count: int


class EdgeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far one edge's newest chain has come. ``hash`` is hex; never heard: times are ``None``."""

    edge_id: str
    point_of_entry_id: str
    incarnation: int = 0
    sequence: int = 0
    hash: str = ""
    last_contact_at: datetime | None = None
    last_receipt_at: datetime | None = None
    last_observed_at: datetime | None = None


class ReferredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person in our care or handed over, without identity: the crossing's open state and its class."""

    crossing: CrossingState
    case_class: CaseClass | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's knowledge of one report day at one position of the ledger.

    ``late_records``: records of crossings of this day that arrived after its cut-off.
    ``gates_without_contact``: enrolled gates that have not called since the day began.
    ``gates_without_record``: enrolled gates without a single crossing on the day.
    """

    report_day: date
    cut_off_hour: int
    counts: tuple[GateCount, ...]
    edges: tuple[EdgeStanding, ...]
    gates: tuple[str, ...]
    gates_without_contact: tuple[str, ...]
    gates_without_record: tuple[str, ...]
    referred: tuple[ReferredRow, ...]
    late_records: int
    quarantined_records: int
    unprojected_records: int
    ledger_position: int
    ledger_hash: str
