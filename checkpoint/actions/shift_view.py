"""The page of the shift: the own shift, what waits to be taken over, who is planned, and the paper."""

from datetime import date, datetime

import msgspec

from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.shift_report import missing_paper
from checkpoint.actions.shifting import Leftover, day_plan
from checkpoint.actions.view import LaneName
from checkpoint.handhelds.bundle import HandPlace, places_asked
from checkpoint.shifts.roster import RosterLine, coming, gaps
from checkpoint.shifts.sheets import unused_count
from checkpoint.store.lanes import log_access
from checkpoint.store.shifts import (
    Handover,
    OfficerShift,
    numbers_in,
    open_shifts,
    read_blocks,
    roster_between,
    waiting_handovers,
)

SHIFTS_AHEAD = 6
SHIFTS_BACK = 6
CSV_COLUMNS = ("what", "day", "shift", "lane_id", "who_or_number", "at")


class HandoverView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody left; ``is_own``: only another officer can take it over."""

    handover_id: str
    lane_id: str
    given_at: datetime
    given_by: str
    left: Leftover
    notes: str
    is_own: bool


class ShiftName(msgspec.Struct, frozen=True, kw_only=True):
    """One shift by day and code, with its hours."""

    day: date
    code: str
    starts_at: datetime
    ends_at: datetime


class GapView(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is planned at this lane from this instant on."""

    lane_id: str
    starts_at: datetime
    code: str


class BlockView(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers that were printed; ``unused`` are left after the last used one."""

    first_number: int
    last_number: int
    used: int
    unused: int


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows; ``asked``: places and times that a line of paper may answer for."""

    now: datetime
    lanes: tuple[LaneName, ...]
    own: OfficerShift | None
    present: tuple[OfficerShift, ...]
    left: Leftover
    handovers: tuple[HandoverView, ...]
    roster: tuple[RosterLine, ...]
    gaps: tuple[GapView, ...]
    shifts: tuple[ShiftName, ...]
    blocks: tuple[BlockView, ...]
    missing_paper_numbers: tuple[int, ...]
    asked: tuple[HandPlace, ...] = ()


def shift_view(gate: Gate, *, username: str, left: Leftover) -> ShiftView:
    """Read the page's state."""
    now, plan = gate.clock(), day_plan(gate)
    ahead = coming(plan, at=now, shifts=SHIFTS_AHEAD)
    with gate.store.readers.connect() as connection:
        present = open_shifts(connection)
        waiting = waiting_handovers(connection)
        roster = roster_between(connection, first=ahead[0].shift_day, last=ahead[-1].shift_day)
        blocks = tuple((block, numbers_in(connection, block)) for block in read_blocks(connection))
        missing = missing_paper(connection)
    back = [plan.at(now)]
    while len(back) < SHIFTS_BACK:
        back.append(plan.before(back[-1]))
    return ShiftView(
        now=now,
        lanes=tuple(LaneName(lane_id=lane.lane_id, label=lane.label) for lane in gate.settings.lane),
        own=next((one for one in present if one.username == username), None),
        present=present,
        left=left,
        handovers=tuple(_handover(one, username=username) for one in waiting),
        roster=roster,
        gaps=tuple(
            GapView(lane_id=gap.lane_id, starts_at=gap.hours.starts_at, code=gap.hours.code)
            for gap in gaps(roster, lanes=gate.settings.lanes, shifts=ahead)
        ),
        shifts=tuple(
            ShiftName(day=one.shift_day, code=one.code, starts_at=one.starts_at, ends_at=one.ends_at) for one in back
        ),
        blocks=tuple(
            BlockView(
                first_number=block.first_number,
                last_number=block.last_number,
                used=len(used),
                unused=unused_count(block, used=used),
            )
            for block, used in blocks
        ),
        missing_paper_numbers=missing,
        asked=places_asked(gate.policy.rules_at(now), at=now),
    )


def shift_csv(view: ShiftView) -> bytes:
    """Write who is in a shift, who is planned, what waits and where nobody is; what a handover says names people."""
    rows: list[tuple[object, ...]] = [
        ("present", one.shift_day, one.shift_code, one.lane_id, one.username, one.opened_at) for one in view.present
    ]
    rows += [("planned", one.day, one.shift, one.lane_id, one.username, None) for one in view.roster]
    rows += [("handover", None, None, one.lane_id, one.given_by, one.given_at) for one in view.handovers]
    rows += [("nobody_planned", None, one.code, one.lane_id, None, one.starts_at) for one in view.gaps]
    rows += [("paper_number_missing", None, None, None, number, None) for number in view.missing_paper_numbers]
    return csv_bytes(CSV_COLUMNS, rows)


def note_shift_export(turn: Turn) -> None:
    """Note in the access log that the page was taken as a file."""
    log_access(
        turn.transaction, at=turn.at, officer_ref=turn.officer_ref or "", action="shift_exported", subject="", reason=""
    )


def _handover(one: Handover, *, username: str) -> HandoverView:
    return HandoverView(
        handover_id=one.handover_id,
        lane_id=one.lane_id,
        given_at=one.given_at,
        given_by=one.given_by,
        left=msgspec.json.decode(one.summary, type=Leftover),
        notes=one.notes,
        is_own=one.given_by == username,
    )
