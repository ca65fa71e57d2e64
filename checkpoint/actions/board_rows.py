"""The rows behind the figures of the board: counted under the same conditions, listed, and taken as a file."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.board_view import LAST_HOUR, begins_at, waiting_passages
from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.person_view import masked
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.store.board import FIGURES, AlarmTime, alarm_times, rows_since
from checkpoint.store.crossings import CrossingRow, crossings_by_id, open_crossings
from checkpoint.store.erasure import NOBODY
from checkpoint.store.lanes import log_access

MOST_ROWS: Final = 500
DOCUMENT_READ: Final = "document_read"
_OTHER_FIGURES: Final = frozenset({"pace", "isolation", "open_alarms", "queue"})


class BoardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row behind a figure: a crossing with its number masked, or somebody whom a scanner saw (nobody is named)."""

    at: datetime
    lane_id: str
    full_name: str = ""
    document_kind: str = ""
    document_number_masked: str = ""
    category: str = ""
    direction: str = ""
    temperature_c: float | None = None
    recheck_c: float | None = None
    disposition: str = ""
    exception_code: str = ""
    redirect_to: str = ""
    place_id: str = ""
    took_s: float | None = None
    reason: str = ""
    is_erased: bool = False


def board_rows(gate: Gate, figure: str, *, lane_id: str, limit: int = MOST_ROWS) -> list[BoardRow]:
    """Return the rows behind a figure of one lane, or of all (``lane_id`` empty), the newest first."""
    if figure not in FIGURES and figure not in _OTHER_FIGURES:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "figure"})
    now = gate.clock()
    lane_ids = [lane_id] if lane_id else list(gate.settings.lanes)
    if figure == "queue":
        return _waiting(gate, lane_ids, at=now)[:limit]
    with gate.store.readers.connect() as connection:
        if figure == "open_alarms":
            rows = [row for row in open_crossings(connection) if row.lane_id in lane_ids]
        elif figure == "isolation":
            alarms = alarm_times(connection, since=begins_at(now))
            times = {one.crossing_id: one for one in alarms if one.isolated_at is not None}
            wanted = [one.crossing_id for one in times.values() if one.lane_id in lane_ids][:limit]
            rows = list(reversed(crossings_by_id(connection, wanted)))
            return [_row(row, took_s=_took_s(times[row.crossing_id])) for row in rows]
        else:
            since = now - LAST_HOUR if figure == "pace" else begins_at(now)
            name = "crossings" if figure == "pace" else figure
            rows = rows_since(connection, since=since, lane_ids=lane_ids, figure=name, limit=limit)
    return [_row(row, took_s=_handled_s(row)) for row in rows[:limit]]


def board_csv(rows: list[BoardRow]) -> bytes:
    """Write rows as a file; what is masked on the screen is masked there."""
    columns = [name for name in BoardRow.__struct_fields__ if name != "is_erased"]
    return csv_bytes(columns, ([getattr(row, name) for name in columns] for row in rows))


def note_board_export(turn: Turn, figure: str) -> None:
    """Note in the access log that rows were taken as a file."""
    officer_ref = turn.officer_ref or ""
    log_access(
        turn.transaction, at=turn.at, officer_ref=officer_ref, action="board_exported", subject=figure, reason=""
    )


def _waiting(gate: Gate, lane_ids: Collection[str], *, at: datetime) -> list[BoardRow]:
    """List who waits: whom a scanner saw and nobody presented, and at each lane whose document was read already."""
    passages = [one for one in waiting_passages(gate, at=at) if one.lane_id in lane_ids]
    seen = [BoardRow(at=one.at, lane_id=one.lane_id, reason=one.reason) for one in passages]
    read = [
        BoardRow(
            at=waiting.scanned_at,
            lane_id=lane_id,
            full_name=waiting.full_name,
            document_kind=waiting.document_kind.value,
            document_number_masked=waiting.document_number_masked,
            reason=DOCUMENT_READ,
        )
        for lane_id in lane_ids
        if (waiting := gate.sheets[lane_id].next_person) is not None
    ]
    return sorted([*seen, *read], key=lambda row: row.at, reverse=True)


def _took_s(one: AlarmTime) -> float | None:
    return None if one.isolated_at is None else max(0.0, (one.isolated_at - one.raised_at) / timedelta(seconds=1))


def _handled_s(row: CrossingRow) -> float:
    """How long a lane had this person: until the crossing was written, or until the alarm that wrote it was ended."""
    return max(0.0, ((row.rechecked_at or row.recorded_at) - row.presented_at) / timedelta(seconds=1))


def _row(row: CrossingRow, *, took_s: float | None) -> BoardRow:
    return BoardRow(
        at=row.presented_at,
        lane_id=row.lane_id,
        full_name=row.full_name,
        document_kind=row.document_kind,
        document_number_masked=masked(row.document_number),
        category=row.category,
        direction=row.direction,
        temperature_c=row.temperature_c,
        recheck_c=row.recheck_c,
        disposition=row.disposition.value,
        exception_code=row.exception_code or "",
        redirect_to=row.redirect_to or "",
        place_id=row.place_id or "",
        took_s=took_s,
        is_erased=row.document_number == NOBODY,
    )
