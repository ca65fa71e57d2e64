"""Shifts, handovers, the roster and paper numbers in the database; what a report counts is read here."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, text, update

from checkpoint.shifts.figures import CountedCrossing
from checkpoint.shifts.hours import ShiftHours
from checkpoint.shifts.roster import RosterLine
from checkpoint.shifts.sheets import NumberBlock
from checkpoint.store.handheld_tables import handheld_act
from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.journal import Saved
from checkpoint.store.shift_tables import officer_shift, paper_block, paper_line, roster_line, shift_handover
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import crossing
from checkpoint.store.writer import Transaction
from sync.agreement.vocabulary import Disposition, TravellerCategory

Reader = Connection
"""A reader's connection, for those who must not know SQL."""
_ALARMS = frozenset({"recheck", "referred"})


class OfficerShift(msgspec.Struct, frozen=True, kw_only=True):
    """One officer's shift; ``closed_at`` and ``end_c`` come with its end."""

    shift_id: str
    username: str
    lane_id: str
    shift_day: date
    shift_code: str
    opened_at: datetime
    start_c: float
    closed_at: datetime | None = None
    end_c: float | None = None


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """What one officer left to the next. ``summary`` is JSON of counts and codes; ``notes`` may name people."""

    handover_id: str
    shift_id: str
    shift_day: date
    shift_code: str
    lane_id: str
    given_at: datetime
    given_by: str
    summary: bytes
    notes: str
    taken_at: datetime | None = None
    taken_by: str | None = None


class PaperLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one number."""

    number: int
    crossing_id: str | None
    void_reason: str | None
    written_at: datetime
    entered_at: datetime
    officer_ref: str
    entry: int
    record_id: str


_OPEN_OF = compiled(
    select(officer_shift).where(officer_shift.c.username == bindparam("wanted"), text("closed_at IS NULL"))
)
_FIND_SHIFT = compiled(select(officer_shift).where(officer_shift.c.shift_id == bindparam("wanted")))
_ADD_SHIFT = insert_into(officer_shift)
_CLOSE_SHIFT = compiled(
    update(officer_shift)
    .where(officer_shift.c.shift_id == bindparam("wanted"))
    .values(closed_at=bindparam("new_closed_at"), end_c=bindparam("new_end_c"))
)
_ADD_HANDOVER = insert_into(shift_handover)
_FIND_HANDOVER = compiled(select(shift_handover).where(shift_handover.c.handover_id == bindparam("wanted")))
_TAKE_HANDOVER = compiled(
    update(shift_handover)
    .where(shift_handover.c.handover_id == bindparam("wanted"))
    .values(taken_at=bindparam("new_taken_at"), taken_by=bindparam("new_taken_by"))
)
_BLANK_NOTES = compiled(
    update(shift_handover).where(shift_handover.c.handover_id == bindparam("wanted")).values(notes=literal_column("''"))
)
_CLEAR_DAY = compiled(delete(roster_line).where(roster_line.c.shift_day == bindparam("wanted")))
_ADD_ROSTER = insert_into(roster_line)
_PLANNED = compiled(
    select(roster_line.c.username).where(
        roster_line.c.shift_day == bindparam("day"),
        roster_line.c.shift_code == bindparam("code"),
        roster_line.c.username == bindparam("name"),
    )
)
_BLOCKS = compiled(select(paper_block).order_by(paper_block.c.first_number))
_ADD_BLOCK = insert_into(paper_block)
_FIND_LINE = compiled(select(paper_line).where(paper_line.c.number == bindparam("wanted")))
_ADD_LINE = insert_into(paper_line)


def purge_handover(transaction: Transaction, episode_id: str) -> None:
    """Empty an erased handover's notes; its times, counts and both confirmations stay."""
    transaction.execute(_BLANK_NOTES, {"wanted": episode_id})


def open_shift_of(transaction: Transaction, username: str) -> OfficerShift | None:
    """Return the shift an officer is in."""
    row = transaction.execute(_OPEN_OF, {"wanted": username}).fetchone()
    return None if row is None else _as_shift(row)


def find_shift(transaction: Transaction, shift_id: str) -> OfficerShift | None:
    """Return one shift."""
    row = transaction.execute(_FIND_SHIFT, {"wanted": shift_id}).fetchone()
    return None if row is None else _as_shift(row)


def add_shift(transaction: Transaction, shift: OfficerShift) -> None:
    """Keep a shift that begins."""
    transaction.execute(_ADD_SHIFT, _as_values(shift))


def end_shift(transaction: Transaction, shift_id: str, *, at: datetime, end_c: float | None) -> None:
    """Note the end of a shift; without an own temperature where its officer was not there."""
    transaction.execute(_CLOSE_SHIFT, {"wanted": shift_id, "new_closed_at": to_text(at), "new_end_c": end_c})


def add_handover(transaction: Transaction, handover: Handover) -> None:
    """Keep what is left to the next officer."""
    transaction.execute(_ADD_HANDOVER, _as_values(handover))


def find_handover(transaction: Transaction, handover_id: str) -> Handover | None:
    """Return one handover."""
    row = transaction.execute(_FIND_HANDOVER, {"wanted": handover_id}).fetchone()
    return None if row is None else _as_handover(row)


def take_handover(transaction: Transaction, handover_id: str, *, at: datetime, username: str) -> None:
    """Note who read a handover and took it over."""
    row = {"wanted": handover_id, "new_taken_at": to_text(at), "new_taken_by": username}
    transaction.execute(_TAKE_HANDOVER, row)


def put_roster(transaction: Transaction, lines: Iterable[RosterLine]) -> int:
    """Write a roster: each day in it is replaced as a whole; returns the number of lines."""
    some = tuple(lines)
    for day in sorted({line.day for line in some}):
        transaction.execute(_CLEAR_DAY, {"wanted": day.isoformat()})
    for line in some:
        row = {"shift_day": line.day.isoformat(), "shift_code": line.shift, "lane_id": line.lane_id}
        transaction.execute(_ADD_ROSTER, {**row, "username": line.username})
    return len(some)


def is_planned(transaction: Transaction, username: str, *, hours: ShiftHours) -> bool:
    """Tell whether the roster has an officer in a shift."""
    row = {"day": hours.shift_day.isoformat(), "code": hours.code, "name": username}
    return transaction.execute(_PLANNED, row).fetchone() is not None


def paper_blocks(transaction: Transaction) -> tuple[NumberBlock, ...]:
    """Return the blocks of numbers that were printed."""
    return tuple(_as_block(tuple(row)) for row in transaction.execute(_BLOCKS).fetchall())


def add_block(transaction: Transaction, block: NumberBlock, *, at: datetime, officer_ref: str) -> None:
    """Register numbers before they are printed."""
    row = {"printed_at": to_text(at), "officer_ref": officer_ref}
    transaction.execute(_ADD_BLOCK, {**msgspec.structs.asdict(block), **row})


def find_line(transaction: Transaction, number: int) -> PaperLine | None:
    """Return what became of a number."""
    row = transaction.execute(_FIND_LINE, {"wanted": number}).fetchone()
    return None if row is None else _as_line(tuple(row))


def add_line(transaction: Transaction, line: PaperLine) -> None:
    """Note what became of a number."""
    transaction.execute(_ADD_LINE, _as_values(line))


def saved_line(line: PaperLine) -> Saved:
    """Say again what was saved of a line, for a request whose answer was lost."""
    return Saved(sequence=0, record_id=line.record_id, recorded_at=line.entered_at, entry=line.entry)


def shifts_of(connection: Connection, hours: ShiftHours) -> tuple[OfficerShift, ...]:
    """Return who was in a shift."""
    where = (officer_shift.c.shift_day == hours.shift_day.isoformat(), officer_shift.c.shift_code == hours.code)
    return tuple(_as_shift(row) for row in connection.execute(select(officer_shift).where(*where)))


def open_shifts(connection: Connection) -> tuple[OfficerShift, ...]:
    """Return who is in a shift now."""
    rows = connection.execute(select(officer_shift).where(text("closed_at IS NULL")))
    return tuple(_as_shift(row) for row in rows)


def handovers_of(connection: Connection, hours: ShiftHours) -> tuple[Handover, ...]:
    """Return the handovers of a shift."""
    where = (shift_handover.c.shift_day == hours.shift_day.isoformat(), shift_handover.c.shift_code == hours.code)
    return tuple(_as_handover(row) for row in connection.execute(select(shift_handover).where(*where)))


def waiting_handovers(connection: Connection) -> tuple[Handover, ...]:
    """Return what nobody has taken over yet, the oldest first."""
    rows = connection.execute(select(shift_handover).where(text("taken_at IS NULL")).order_by(text("given_at")))
    return tuple(_as_handover(row) for row in rows)


def roster_between(connection: Connection, *, first: date, last: date) -> tuple[RosterLine, ...]:
    """Return the roster of some days, both included."""
    days = roster_line.c.shift_day.between(first.isoformat(), last.isoformat())
    return tuple(
        RosterLine(
            day=date.fromisoformat(row.shift_day), shift=row.shift_code, lane_id=row.lane_id, username=row.username
        )
        for row in connection.execute(select(roster_line).where(days))
    )


def read_blocks(connection: Connection) -> tuple[NumberBlock, ...]:
    """Return the printed blocks, over a reader's connection."""
    return tuple(_as_block(tuple(row)) for row in connection.execute(select(paper_block).order_by(text("1"))))


def last_number_used(connection: Connection) -> int:
    """Return the highest number of which something became, or 0."""
    return int(connection.execute(select(func.max(paper_line.c.number))).scalar() or 0)


def numbers_in(connection: Connection, block: NumberBlock) -> tuple[int, ...]:
    """Return the used numbers of a block."""
    between = paper_line.c.number.between(block.first_number, block.last_number)
    return tuple(row.number for row in connection.execute(select(paper_line.c.number).where(between)))


def counted_crossings(connection: Connection, *, starts_at: datetime, ends_at: datetime) -> list[CountedCrossing]:
    """Return what a report counts: the crossings of people who were presented in ``[starts_at, ends_at)``."""
    columns = (
        crossing.c.lane_id,
        crossing.c.presented_at,
        crossing.c.recorded_at,
        crossing.c.temperature_c,
        crossing.c.recheck_c,
        crossing.c.outcome,
        crossing.c.disposition,
        crossing.c.exception_code,
        crossing.c.category,
        paper_line.c.number,
        handheld_act.c.act_id,
    )
    on_paper = crossing.outerjoin(paper_line, paper_line.c.crossing_id == crossing.c.crossing_id)
    joined = on_paper.outerjoin(handheld_act, handheld_act.c.act_id == crossing.c.crossing_id)
    during = (crossing.c.presented_at >= to_text(starts_at), crossing.c.presented_at < to_text(ends_at))
    return [_as_counted(tuple(row)) for row in connection.execute(select(*columns).select_from(joined).where(*during))]


def _as_counted(row: tuple[object, ...]) -> CountedCrossing:
    lane_id, presented, recorded, temperature_c, recheck_c, outcome, disposition, exception_code = row[:8]
    category, number, act_id = row[8:]
    presented_at = from_text(str(presented))
    is_rechecked, is_timed = recheck_c is not None, number is None and act_id is None
    return CountedCrossing(
        lane_id=str(lane_id),
        presented_at=presented_at,
        disposition=Disposition(str(disposition)),
        is_measured=temperature_c is not None or is_rechecked,
        has_alarm=is_rechecked or str(outcome) in _ALARMS,
        is_rechecked=is_rechecked,
        exception_code=None if exception_code is None else str(exception_code),
        handled_s=max(0.0, (from_text(str(recorded)) - presented_at).total_seconds()) if is_timed else None,
        is_from_paper=number is not None,
        is_intercepted=category == TravellerCategory.ILLEGAL_CROSSING.value,
    )


_SHIFT_FIELDS = tuple(str(column.name) for column in officer_shift.columns)
_HANDOVER_FIELDS = tuple(str(column.name) for column in shift_handover.columns)
_LINE_FIELDS = tuple(str(column.name) for column in paper_line.columns)
_INSTANTS = frozenset({"opened_at", "closed_at", "given_at", "taken_at", "written_at", "entered_at"})


def _as_values(row: OfficerShift | Handover | PaperLine) -> dict[str, object]:
    return {name: _written(value) for name, value in msgspec.structs.asdict(row).items()}


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return to_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _fields(names: tuple[str, ...], row: Iterable[object]) -> dict[str, object]:
    fields = dict(zip(names, row, strict=True))
    for name in _INSTANTS & fields.keys():
        value = fields[name]
        fields[name] = from_optional_text(None if value is None else str(value))
    return fields


def _as_shift(row: Iterable[object]) -> OfficerShift:
    return msgspec.convert(_fields(_SHIFT_FIELDS, row), OfficerShift)


def _as_handover(row: Iterable[object]) -> Handover:
    return msgspec.convert(_fields(_HANDOVER_FIELDS, row), Handover)


def _as_line(row: Iterable[object]) -> PaperLine:
    return msgspec.convert(_fields(_LINE_FIELDS, row), PaperLine)


def _as_block(row: tuple[object, ...]) -> NumberBlock:
    named = {"first_number": row[0], "last_number": row[1], "block_id": row[2], "printed_at": from_text(str(row[3]))}
    return msgspec.convert(named, NumberBlock)
