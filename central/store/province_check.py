"""Drawing what provinces reported again from the ledger, and holding the two tables against it.

Of several records that say the same row the first that took effect counts, as it did when they came.
Only which record is about which day or case is kept in memory; what it says is read again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from central.reception import ReceivedRecord, read_record
from central.store.bulk import Row
from central.store.differences import DifferenceError, plain, require_same_rows
from central.store.provinces import rows_of
from central.store.streams import streaming
from central.store.tables import ledger, province_case, province_figure
from sync.agreement.records import CaseNotified, FiguresReported


class Place(NamedTuple):
    """Where a record took effect: after so many entries of the ledger and so many replays; ``position`` is its own."""

    entries: int
    replays: int
    position: int


ReportKey = tuple[str, date | str, int | datetime]
"""Province, day and revision of figures; or province, reference and moment of a case."""
Reported = dict[ReportKey, list[Place]]


def note_reported(reported: Reported, received: ReceivedRecord, *, place: Place) -> None:
    """Remember which record took effect where, if it is what a province reports."""
    subject = received.subject
    edge_id, body = subject.envelope.edge_id, subject.body
    if isinstance(body, FiguresReported):
        reported.setdefault((edge_id, body.report_day, body.revision), []).append(place)
    elif isinstance(body, CaseNotified):
        reported.setdefault((edge_id, body.case_ref, body.reviewed_at), []).append(place)


def check_provinces(connection: Connection, *, reported: Mapping[ReportKey, Sequence[Place]]) -> None:
    """Compare both tables row by row. Raises ``DifferenceError``."""
    _check_keys(connection, province_figure, names=("edge_id", "report_day", "revision"), reported=reported)
    _check_keys(connection, province_case, names=("edge_id", "case_ref", "reviewed_at"), reported=reported)
    for key in sorted(reported, key=str):
        table = province_figure if isinstance(key[1], date) else province_case
        expected: dict[Any, Row] = {}
        for row in map(plain, _drawn(connection, places=sorted(reported[key]))):
            expected.setdefault(_key_of(table, row), row)
        require_same_rows(table.name, expected=expected, found=_stored(connection, table, key=key))


def _check_keys(
    connection: Connection, table: Table, *, names: Sequence[str], reported: Mapping[ReportKey, Sequence[Place]]
) -> None:
    """Name a row that no record explains, if there is any."""
    columns = [table.c[name] for name in names]
    with streaming(connection, select(*columns).distinct().order_by(*columns)) as rows:
        strange = next((key for key in map(plain, rows) if key not in reported), None)
    if strange is not None:
        raise DifferenceError(table=table.name, key=strange, expected=None, found="a row")


def _drawn(connection: Connection, *, places: Iterable[Place]) -> Iterator[Row]:
    """Draw the rows from these records, in the order in which they took effect."""
    for place in places:
        record = connection.execute(select(ledger.c.bytes).where(ledger.c.position == place.position)).scalar_one()
        subject = read_record(bytes(record)).subject
        if subject.body is not None:
            figures, cases = rows_of(subject.envelope.edge_id, subject.body)
            yield from figures or cases


def _stored(connection: Connection, table: Table, *, key: ReportKey) -> dict[Any, Row]:
    first = list(table.primary_key.columns)[: len(key)]
    query = select(table)
    for column, value in zip(first, key, strict=True):
        query = query.where(column == value)
    return {_key_of(table, row): row for row in map(plain, connection.execute(query))}


def _key_of(table: Table, row: Row) -> Row:
    return row[: len(table.primary_key.columns)]
