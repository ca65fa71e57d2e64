"""Today's crossings as a list: searched, narrowed to a lane or a figure, paged, and taken as a file.

Names and numbers come in a body, never in an address; a search and an export stand in the access log.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from checkpoint.actions.board_view import begins_at
from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.listing import LARGEST_CURSOR, CrossingLine, lines_of, note_search, search_key
from checkpoint.store.board import DayAsked, day_rows
from checkpoint.store.lanes import log_access

MOST_LINES: Final = 200
MOST_EXPORTED: Final = 50_000
COLUMNS: Final = (
    "sequence",
    "presented_at",
    "lane_id",
    "direction",
    "full_name",
    "document_kind",
    "document_number_masked",
    "nationality",
    "category",
    "purpose",
    "temperature_c",
    "recheck_c",
    "disposition",
    "exception_code",
    "place_id",
)


class DayCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted of today: part of a name or a whole number, a lane, a figure; ``before``: the page's cursor."""

    query: Annotated[str, msgspec.Meta(max_length=64)] = ""
    lane_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    figure: Literal["crossings", "measured", "not_measured", "alarms", "refused", "redirected"] = "crossings"
    before: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_CURSOR)] | None = None


class DayList(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the list, the newest first; ``next`` is the cursor of the following one, if there is one."""

    now: datetime
    lanes: dict[str, str]
    crossings: tuple[CrossingLine, ...]
    next: int | None


def day_list(gate: Gate, command: DayCommand, *, officer_ref: str) -> DayList:
    """Return one page of today's crossings."""
    now, query = gate.clock(), command.query.strip()
    if query:
        note_search(gate, query, officer_ref=officer_ref)
    rows = _rows(gate, command, limit=MOST_LINES + 1)
    has_more = len(rows) > MOST_LINES
    return DayList(
        now=now,
        lanes={lane.lane_id: lane.label for lane in gate.settings.lane},
        crossings=tuple(rows[:MOST_LINES]),
        next=rows[MOST_LINES - 1].entry if has_more else None,
    )


def day_csv(gate: Gate, command: DayCommand) -> bytes:
    """Write today's crossings as a file; what is masked on the screen is masked there."""
    rows = _rows(gate, command, limit=MOST_EXPORTED)
    return csv_bytes(COLUMNS, ([getattr(row, name) for name in COLUMNS] for row in rows))


def note_day_export(turn: Turn, figure: str) -> None:
    """Note in the access log that today's crossings were taken as a file."""
    officer_ref = turn.officer_ref or ""
    log_access(
        turn.transaction, at=turn.at, officer_ref=officer_ref, action="crossings_exported", subject=figure, reason=""
    )


def _rows(gate: Gate, command: DayCommand, *, limit: int) -> list[CrossingLine]:
    query = command.query.strip()
    asked = DayAsked(
        since=begins_at(gate.clock()),
        figure=command.figure,
        lane_id=command.lane_id,
        query=query,
        person_key=search_key(gate, query),
        before=command.before,
    )
    with gate.store.readers.connect() as connection:
        return lines_of(connection, day_rows(connection, asked, limit=limit))
