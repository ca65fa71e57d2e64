"""The page of coverage: a day lane by lane and hour by hour, the gaps first; each figure opens its rows."""

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.immigration_list import ImmigrationError, ImmigrationList, Imported, import_list
from checkpoint.actions.person_view import masked
from checkpoint.actions.reconciling import HOUR, MARGIN, lane_hours
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.coverage import GAP_FIGURES, Figure, ImmigrationEntry, LoggedCrossing, Passage, hour_of
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.coverage import (
    CrossingInHour,
    ReconciledHour,
    Span,
    crossings_in,
    has_traces,
    reading_bytes,
    results_in,
)
from checkpoint.store.lanes import log_access
from sync.agreement.facts import Measurement
from sync.agreement.gate_records.coverage import LaneCoverage
from sync.agreement.local_time import VIETNAM_TIME

SHOWN_MARKS: Final = 8
_MEASUREMENTS: Final = msgspec.json.Decoder(Measurement)
_DAY: Final = timedelta(days=1)


class CoverageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One lane in one reconciled hour."""

    starts_at: datetime
    revision: int
    reconciled_at: datetime
    gaps: int
    counts: LaneCoverage


class CoverageDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day at this gate: what was reconciled, gaps first, and the hours with passages that were not yet."""

    day: date
    today: date
    now: datetime
    lanes: dict[str, str]
    lines: tuple[CoverageLine, ...]
    waiting: tuple[datetime, ...]


class CoverageRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row behind a figure: a passage, a crossing or an entry. Numbers are masked, an entry has none."""

    kind: str
    at: datetime
    lane_id: str
    is_gap: bool = False
    document_number_masked: str = ""
    document_kind: str = ""
    category: str = ""
    direction: str = ""
    disposition: str = ""
    exception_code: str = ""
    temperature_c: float | None = None
    device_id: str = ""
    reason: str = ""
    readings: int = 0
    counter: str = ""
    mark: str = ""


def day_begins_at(day: date) -> datetime:
    """Return midnight in Viet Nam as an aware instant."""
    return datetime.combine(day, time(), tzinfo=VIETNAM_TIME)


def coverage_day(gate: Gate, day: date | None) -> CoverageDay:
    """Return a day (``None``: today) as its newest records say it; what is not reconciled is named, never counted."""
    now = gate.clock()
    today = now.astimezone(VIETNAM_TIME).date()
    begins_at = day_begins_at(day or today)
    with gate.store.readers.connect() as connection:
        results = results_in(connection, Span(begins_at=begins_at, ends_at=begins_at + _DAY))
        known = {one.starts_at for one in results}
        hours = [begins_at + number * HOUR for number in range(24)]
        waiting = tuple(
            hour
            for hour in hours
            if hour <= now and hour not in known and has_traces(connection, Span(begins_at=hour, ends_at=hour + HOUR))
        )
    lines = [line for result in results for line in _lines(result)]
    lines.sort(key=lambda line: (-line.gaps, -line.starts_at.timestamp(), line.counts.lane_id))
    return CoverageDay(
        day=day or today,
        today=today,
        now=now,
        lanes={lane.lane_id: lane.label for lane in gate.settings.lane},
        lines=tuple(lines),
        waiting=waiting,
    )


def coverage_rows(gate: Gate, starts_at: datetime, *, lane_id: str, figure: Figure) -> list[CoverageRowView]:
    """Return the rows behind one figure as they are known now."""
    found = next((one for one in lane_hours(gate, hour_of(starts_at)) if one.lane_id == lane_id), None)
    if found is None:
        return []
    rows = found.rows[figure]
    span = Span(begins_at=hour_of(starts_at) - MARGIN, ends_at=hour_of(starts_at) + HOUR + MARGIN)
    with gate.store.readers.connect() as connection:
        crossings = {one.crossing_id: one for one in crossings_in(connection, span)}
        kept = reading_bytes(connection, [one.reading_ids[0] for one in rows if isinstance(one, Passage)])
    views = []
    for row in rows:
        if isinstance(row, Passage):
            views.append(_of_passage(row, kept=kept, crossing=crossings.get(row.crossing_id or "")))
        elif isinstance(row, LoggedCrossing):
            views.append(_of_crossing(crossings[row.crossing_id], is_gap=figure in GAP_FIGURES))
        else:
            stopped = crossings.get(found.stamped_anyway.get(row.entry_key, ""))
            views.append(_of_entry(row, lane_id=lane_id, is_gap=figure in GAP_FIGURES, stopped=stopped))
    return views


def coverage_csv(shown: CoverageDay) -> str:
    """Write a day's table; a figure of the list where no list came is empty, never 0."""
    out = io.StringIO()
    writer = csv.writer(out)
    figures = [figure.value for figure in Figure]
    writer.writerow(["hour", "lane_id", "revision", "gaps", *figures])
    for line in sorted(shown.lines, key=lambda one: (one.starts_at, one.counts.lane_id)):
        hour = line.starts_at.astimezone(VIETNAM_TIME).isoformat(timespec="minutes")
        counts = [getattr(line.counts, name) for name in figures]
        writer.writerow([hour, line.counts.lane_id, line.revision, line.gaps, *counts])
    for waiting in shown.waiting:
        writer.writerow([waiting.astimezone(VIETNAM_TIME).isoformat(timespec="minutes"), "", "not_reconciled"])
    return "\ufeff" + out.getvalue()


def note_coverage_export(turn: Turn, day: date) -> None:
    """Note in the access log that a day was taken as a file."""
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="coverage_exported",
        subject=day.isoformat(),
        reason="",
    )


def take_list(gate: Gate, given: ImmigrationList, *, by: str) -> Imported:
    """Import a list that came over the interface; who handed it over stands in the access log."""
    done = import_list(gate.store, given, at=gate.clock())

    def note(turn: Turn) -> None:
        log_access(turn.transaction, at=turn.at, officer_ref=by, action="immigration_imported", subject="", reason="")

    gate.perform(note, officer_ref=by).result(COMMIT_TIMEOUT_S)
    return done


def wrong_list(error: ImmigrationError) -> ActionRefusedError:
    """Refuse a list with every line that is wrong."""
    return ActionRefusedError("immigration_list_wrong", http_code=422, values={"mistakes": str(error)})


def _lines(result: ReconciledHour) -> list[CoverageLine]:
    return [
        CoverageLine(
            starts_at=result.starts_at,
            revision=result.revision,
            reconciled_at=result.reconciled_at,
            gaps=sum(getattr(counts, figure.value) or 0 for figure in GAP_FIGURES),
            counts=counts,
        )
        for counts in result.lanes
    ]


def _of_passage(row: Passage, *, kept: dict[str, bytes], crossing: CrossingInHour | None) -> CoverageRowView:
    content = kept.get(row.reading_ids[0])
    return CoverageRowView(
        kind="passage",
        at=row.at,
        lane_id=row.lane_id,
        is_gap=row.crossing_id is None,
        document_number_masked=masked(crossing.document_number) if crossing else "",
        temperature_c=_MEASUREMENTS.decode(content).temperature_c if content else None,
        device_id=row.device_id,
        reason=row.reason,
        readings=len(row.reading_ids),
    )


def _of_crossing(row: CrossingInHour, *, is_gap: bool) -> CoverageRowView:
    return CoverageRowView(
        kind="crossing",
        at=row.presented_at,
        lane_id=row.lane_id,
        is_gap=is_gap,
        document_number_masked=masked(row.document_number),
        document_kind=row.document_kind,
        category=row.category,
        direction=row.direction.value,
        disposition=row.disposition.value,
        exception_code=row.exception_code or "",
        temperature_c=row.recheck_c if row.temperature_c is None else row.temperature_c,
    )


def _of_entry(row: ImmigrationEntry, *, lane_id: str, is_gap: bool, stopped: CrossingInHour | None) -> CoverageRowView:
    """Draw a stamp; where the person was at the lane and not cleared, with what was said there."""
    return CoverageRowView(
        kind="entry",
        at=row.at,
        lane_id=lane_id,
        is_gap=is_gap,
        direction=row.direction.value,
        counter=row.counter,
        disposition=stopped.disposition.value if stopped else "",
        document_number_masked=masked(stopped.document_number) if stopped else "",
        mark=row.entry_key[:SHOWN_MARKS],
    )
