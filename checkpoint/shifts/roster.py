"""Who is planned where and when, from a CSV or TOML list, and where nobody is."""

import csv
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

import msgspec

from checkpoint.shifts.hours import DayPlan, ShiftHours, ShiftHoursError

COLUMNS = ("day", "shift", "lane_id", "username")
LARGEST_ROSTER = 20_000


class RosterError(ValueError):
    """The list cannot be used; the message names the line. Correct the file, then import it again."""


class RosterLine(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One officer at one lane in one shift."""

    day: date
    shift: str
    lane_id: str
    username: str


class RosterGap(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is planned at this lane in this shift."""

    lane_id: str
    hours: ShiftHours


def read_roster(text: str, *, is_toml: bool, plan: DayPlan, lanes: Collection[str]) -> tuple[RosterLine, ...]:
    """Read a whole list; with one mistake in it, none of it.

    CSV has the columns day, shift, lane_id, username; TOML has ``[[line]]`` tables with the same keys.
    """
    rows = _toml_rows(text) if is_toml else _csv_rows(text)
    lines = [_line(row, place=place, plan=plan, lanes=lanes) for place, row in rows]
    if not lines or len(lines) > LARGEST_ROSTER:
        msg = f"the roster has {len(lines)} lines; it needs between 1 and {LARGEST_ROSTER}"
        raise RosterError(msg)
    return tuple(sorted(set(lines)))


def gaps(lines: Iterable[RosterLine], *, lanes: Iterable[str], shifts: Iterable[ShiftHours]) -> tuple[RosterGap, ...]:
    """Return every lane and shift for which nobody is planned, in the order of time."""
    planned = {(line.day, line.shift, line.lane_id) for line in lines}
    lane_ids = tuple(lanes)
    return tuple(
        RosterGap(lane_id=lane_id, hours=hours)
        for hours in shifts
        for lane_id in lane_ids
        if (hours.shift_day, hours.code, lane_id) not in planned
    )


def coming(plan: DayPlan, *, at: datetime, shifts: int) -> tuple[ShiftHours, ...]:
    """Return the running shift and those that follow."""
    found = [plan.at(at)]
    while len(found) < shifts:
        found.append(plan.after(found[-1]))
    return tuple(found)


def _csv_rows(text: str) -> Iterable[tuple[str, Mapping[str, object]]]:
    reader = csv.DictReader(text.splitlines())
    if set(reader.fieldnames or ()) != set(COLUMNS):
        msg = f"the first line must be {','.join(COLUMNS)}"
        raise RosterError(msg)
    return [(f"line {reader.line_num}", row) for row in reader]


def _toml_rows(text: str) -> Iterable[tuple[str, Mapping[str, object]]]:
    try:
        rows = tomllib.loads(text).get("line", [])
    except tomllib.TOMLDecodeError as error:
        msg = f"this is no TOML: {error}"
        raise RosterError(msg) from error
    return [(f"entry {number}", row) for number, row in enumerate(rows, 1)]


def _line(row: Mapping[str, object], *, place: str, plan: DayPlan, lanes: Collection[str]) -> RosterLine:
    try:
        line = msgspec.convert(row, RosterLine, strict=False)
        plan.find(line.day, code=line.shift)
    except (msgspec.ValidationError, ShiftHoursError) as error:
        msg = f"{place}: {error}"
        raise RosterError(msg) from error
    if line.lane_id not in lanes:
        msg = f"{place}: there is no lane {line.lane_id!r} here; there are {', '.join(sorted(lanes))}"
        raise RosterError(msg)
    return line
