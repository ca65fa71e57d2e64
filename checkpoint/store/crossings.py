"""The read model of crossings: what the lane, the list and the isolation room look up.

Each row follows from the journal; it is written in the same commit as the record it follows from.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import islice

import msgspec
from sqlalchemy import Connection, bindparam, func, literal_column, select, text, update

from checkpoint.documents import number_key
from checkpoint.documents.names import holds_words, search_words
from checkpoint.store.coverage import wait_again
from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.journal import Saved
from checkpoint.store.name_index import Rows
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import crossing, journal
from checkpoint.store.writer import Transaction
from sync.agreement.facts import Measurement
from sync.agreement.records import CrossingCorrected, CrossingScreened, TravellerIdentity
from sync.agreement.vocabulary import Disposition

HISTORY_ROWS = 14
SEARCHED_RECORDS = 50_000
_OPEN = frozenset({Disposition.PENDING, Disposition.REFERRED, Disposition.ISOLATED})


class CrossingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing as it stands now. Holds a person: never to be logged."""

    entry: int
    crossing_id: str
    record_id: str
    last_entry: int
    lane_id: str
    presented_at: datetime
    recorded_at: datetime
    officer_ref: str
    person_key: str
    full_name: str
    document_number: str
    document_kind: str
    nationality: str | None
    age_years: int | None
    direction: str
    category: str
    purpose: str
    temperature_c: float | None
    observed_at: datetime | None
    recheck_c: float | None
    rechecked_at: datetime | None
    outcome: str
    disposition: Disposition
    exception_code: str | None
    exception_reason: str | None
    redirect_to: str | None
    place_id: str | None
    is_open: bool


class PastTemperature(msgspec.Struct, frozen=True, kw_only=True):
    """One earlier temperature of the same person."""

    observed_at: datetime
    temperature_c: float


LATE_AFTER = timedelta(minutes=5)
"""A crossing that is written so long after its person came may belong to an hour that was reconciled already."""
_ADD = insert_into(crossing)
_FIND = compiled(select(crossing).where(crossing.c.crossing_id == bindparam("crossing_id")))
_HISTORY = (
    compiled(
        select(crossing.c.observed_at, crossing.c.temperature_c)
        .where(
            crossing.c.person_key == bindparam("person_key"),
            crossing.c.temperature_c.is_not(None),
            crossing.c.disposition != literal_column(f"'{Disposition.WITHDRAWN.value}'"),
        )
        .order_by(crossing.c.presented_at.desc())
    )
    + f" LIMIT {HISTORY_ROWS}"
)
_COUNT_OF_PERSON = compiled(
    select(crossing.c.entry).where(
        crossing.c.person_key == bindparam("person_key"),
        crossing.c.presented_at >= bindparam("since"),
        crossing.c.disposition != literal_column(f"'{Disposition.WITHDRAWN.value}'"),
    )
)
_LAST_ELSEWHERE = compiled(
    select(crossing.c.presented_at, crossing.c.lane_id)
    .where(
        crossing.c.person_key == bindparam("person_key"),
        crossing.c.presented_at >= bindparam("since"),
        crossing.c.lane_id != bindparam("not_at"),
        crossing.c.disposition != literal_column(f"'{Disposition.WITHDRAWN.value}'"),
    )
    .order_by(crossing.c.presented_at.desc())
)
_IN_CARE = (
    compiled(
        select(crossing.c.place_id)
        .where(crossing.c.person_key == bindparam("person_key"), crossing.c.is_open == literal_column("1"))
        .order_by(crossing.c.entry.desc())
    )
    + " LIMIT 1"
)
_SETTLE = compiled(
    update(crossing)
    .where(crossing.c.crossing_id == bindparam("wanted_id"))
    .values(
        disposition=bindparam("new_disposition"),
        place_id=bindparam("new_place_id"),
        is_open=bindparam("new_is_open"),
        last_entry=bindparam("new_entry"),
    )
)
_RECHECK = compiled(
    update(crossing)
    .where(crossing.c.crossing_id == bindparam("wanted_id"))
    .values(
        recheck_c=bindparam("new_recheck_c"),
        rechecked_at=bindparam("new_rechecked_at"),
        outcome=bindparam("new_outcome"),
    )
)
_CORRECT = compiled(
    update(crossing)
    .where(crossing.c.crossing_id == bindparam("wanted_id"))
    .values(
        category=bindparam("new_category"),
        purpose=bindparam("new_purpose"),
        direction=bindparam("new_direction"),
        last_entry=bindparam("new_entry"),
    )
)
_FIRST_RECORD = compiled(select(journal.c.bytes).where(journal.c.entry == bindparam("entry")))


def is_open(disposition: Disposition) -> bool:
    """Tell whether a crossing that stands here waits for something, unless the person has left."""
    return disposition in _OPEN


def add_crossing(
    transaction: Transaction, screened: CrossingScreened, *, identity: TravellerIdentity, saved: Saved, officer_ref: str
) -> None:
    """Add the row of a crossing that was just written to the journal."""
    measured = screened.facts.measurements[0] if screened.facts.measurements else None
    exception = screened.exception
    transaction.execute(
        _ADD,
        {
            "entry": saved.entry,
            "crossing_id": screened.crossing_id,
            "record_id": saved.record_id,
            "last_entry": saved.entry,
            "lane_id": screened.lane_id,
            "presented_at": to_text(screened.presented_at),
            "recorded_at": to_text(saved.recorded_at),
            "officer_ref": officer_ref,
            "person_key": screened.person_key,
            "full_name": identity.full_name,
            "document_number": identity.document_number,
            "document_kind": screened.facts.document_kind.value,
            "nationality": screened.facts.nationality,
            "age_years": screened.facts.age_years,
            "direction": screened.facts.direction.value,
            "category": screened.facts.category.value,
            "purpose": screened.facts.purpose.value,
            "temperature_c": measured.temperature_c if measured else None,
            "observed_at": to_text(measured.observed_at) if measured else None,
            "recheck_c": None,
            "rechecked_at": None,
            "outcome": screened.assessment.outcome.value,
            "disposition": screened.disposition.value,
            "exception_code": exception.code.value if exception else None,
            "exception_reason": exception.reason if exception else None,
            "redirect_to": screened.assessment.redirect_to,
            "place_id": None,
            "is_open": int(is_open(screened.disposition)),
        },
    )
    _wait_if_late(transaction, screened, saved=saved)


def _wait_if_late(transaction: Transaction, screened: CrossingScreened, *, saved: Saved) -> None:
    if saved.recorded_at - screened.presented_at > LATE_AFTER:
        wait_again(transaction, screened.crossing_id)


def find_crossing(transaction: Transaction, crossing_id: str) -> CrossingRow | None:
    """Read one crossing inside a transaction."""
    row = transaction.execute(_FIND, {"crossing_id": crossing_id}).fetchone()
    return None if row is None else _as_row(row)


def first_record(transaction: Transaction, row: CrossingRow) -> bytes:
    """Return the bytes of the record that opened a crossing."""
    content: bytes = transaction.execute(_FIRST_RECORD, {"entry": row.entry}).fetchone()[0]
    return content


def history_of(transaction: Rows, person_key: str) -> tuple[PastTemperature, ...]:
    """Return the latest temperatures of one person, newest first."""
    rows = transaction.execute(_HISTORY, {"person_key": person_key}).fetchall()
    return tuple(PastTemperature(observed_at=from_text(at), temperature_c=value) for at, value in rows)


def crossings_since(transaction: Transaction, person_key: str, *, since: datetime) -> int:
    """Count the crossings of one person since an instant, without withdrawn ones (R009: the nth crossing today)."""
    return len(transaction.execute(_COUNT_OF_PERSON, {"person_key": person_key, "since": to_text(since)}).fetchall())


def last_presented(
    transaction: Transaction, person_key: str, *, since: datetime, not_at: str
) -> tuple[datetime, str] | None:
    """Return when and at which other lane a person was presented last since an instant, if anywhere."""
    asked = {"person_key": person_key, "since": to_text(since), "not_at": not_at}
    row = transaction.execute(_LAST_ELSEWHERE, asked).fetchone()
    return None if row is None else (from_text(row[0]), row[1])


def place_in_care(transaction: Transaction, person_key: str) -> str | None:
    """Return the place of a person with a crossing that stands open, empty for one without; ``None``: there is none."""
    row = transaction.execute(_IN_CARE, {"person_key": person_key}).fetchone()
    return None if row is None else row[0] or ""


def settle_crossing(
    transaction: Transaction,
    crossing_id: str,
    *,
    disposition: Disposition,
    place_id: str | None,
    saved: Saved,
    has_left: bool = False,
) -> None:
    """Note where a crossing stands after a later record; ``has_left``: nothing more happens at this gate."""
    transaction.execute(
        _SETTLE,
        {
            "wanted_id": crossing_id,
            "new_disposition": disposition.value,
            "new_place_id": place_id,
            "new_is_open": int(is_open(disposition) and not has_left),
            "new_entry": saved.entry,
        },
    )
    wait_again(transaction, crossing_id)


def note_recheck(transaction: Transaction, crossing_id: str, *, measurement: Measurement, outcome: str) -> None:
    """Note the clinical reading that closed an alarm."""
    transaction.execute(
        _RECHECK,
        {
            "wanted_id": crossing_id,
            "new_recheck_c": measurement.temperature_c,
            "new_rechecked_at": to_text(measurement.observed_at),
            "new_outcome": outcome,
        },
    )


def correct_crossing(transaction: Transaction, row: CrossingRow, *, corrected: CrossingCorrected, saved: Saved) -> None:
    """Apply a correction: a field that it leaves out stays."""
    transaction.execute(
        _CORRECT,
        {
            "wanted_id": row.crossing_id,
            "new_category": corrected.category or row.category,
            "new_purpose": corrected.purpose or row.purpose,
            "new_direction": corrected.direction or row.direction,
            "new_entry": saved.entry,
        },
    )
    wait_again(transaction, row.crossing_id)


def list_crossings(
    connection: Connection, *, limit: int, before: int | None = None, query: str = "", person_key: str = ""
) -> list[CrossingRow]:
    """Return crossings, newest first, before an entry of the journal; ``query`` is part of a name or a whole number.

    A pass or citizen's number (``person_key``) is found however old; a name or another number, a passport's too, only
    among the latest crossings, so that a search never reads the whole database.
    """
    statement = select(crossing).order_by(crossing.c.entry.desc()).limit(limit)
    if before is not None:
        statement = statement.where(crossing.c.entry < before)
    if query and person_key:
        found = rows_of(connection.execute(statement.where(crossing.c.person_key == person_key)))
        if found:
            return found
    if query:
        statement = statement.where(crossing.c.entry.in_(_named(connection, query, before=before, limit=limit)))
    return rows_of(connection.execute(statement))


def _named(connection: Connection, query: str, *, before: int | None, limit: int) -> list[int]:
    """Return the newest entries whose name holds every typed word (marks or none), or whose number it is."""
    newest = select(func.max(journal.c.entry)).scalar_subquery()
    statement = select(crossing.c.entry, crossing.c.full_name, crossing.c.document_number)
    statement = statement.where(crossing.c.entry > newest - SEARCHED_RECORDS).order_by(crossing.c.entry.desc())
    if before is not None:
        statement = statement.where(crossing.c.entry < before)
    number = number_key(query) if any(mark.isdigit() for mark in query) else ""
    words = () if number else search_words(query)
    rows = connection.execute(statement)
    fits = (entry for entry, name, own in rows if (number and number_key(own) == number) or holds_words(name, words))
    return list(islice(fits, limit))


def open_crossings(connection: Connection) -> list[CrossingRow]:
    """Return the crossings for which something must still happen at this gate."""
    # Spelled out, not bound: only then does SQLite see that the small index answers it.
    statement = select(crossing).where(text("is_open = 1")).order_by(crossing.c.entry)
    return [_as_row(tuple(row)) for row in connection.execute(statement)]


def crossings_by_id(connection: Connection, crossing_ids: Collection[str]) -> list[CrossingRow]:
    """Return these crossings, open or not."""
    statement = select(crossing).where(crossing.c.crossing_id.in_(crossing_ids)).order_by(crossing.c.entry)
    return [_as_row(tuple(row)) for row in connection.execute(statement)]


def crossings_of_persons(connection: Connection, person_keys: Collection[str], *, since: datetime) -> list[CrossingRow]:
    """Return the last crossing of each of these people since an instant, without withdrawn ones."""
    statement = (
        select(crossing)
        .where(
            crossing.c.person_key.in_(person_keys),
            crossing.c.presented_at >= to_text(since),
            crossing.c.disposition != Disposition.WITHDRAWN.value,
        )
        .order_by(crossing.c.entry)
    )
    return list({row.person_key: row for row in rows_of(connection.execute(statement))}.values())


def rows_of(result: Iterable[Iterable[object]]) -> list[CrossingRow]:
    """Read rows that hold every column of the table."""
    return [_as_row(tuple(row)) for row in result]


_FIELDS = tuple(str(column.name) for column in crossing.columns)
_INSTANTS = frozenset({"presented_at", "recorded_at"})
_OPTIONAL_INSTANTS = frozenset({"observed_at", "rechecked_at"})


def _as_row(values: tuple[object, ...]) -> CrossingRow:
    fields = dict(zip(_FIELDS, values, strict=True))
    for name in _INSTANTS:
        fields[name] = from_text(str(fields[name]))
    for name in _OPTIONAL_INSTANTS:
        text = fields[name]
        fields[name] = from_optional_text(None if text is None else str(text))
    fields["is_open"] = bool(fields["is_open"])
    return msgspec.convert(fields, CrossingRow)
