"""Recompute everything from the ledger and compare: the one command that an auditor runs.

Every record is hashed again, every chain followed, every crossing and counter made anew by the same
pure rules, every report's totals counted at the position it was frozen at. The first difference is
named by table, key, expected and found. Reads only, all of it at one moment.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, select

from central.reception import ReceivedRecord, ReceptionError, read_record
from central.report.daily_report import DailyReport, decode_report
from central.rollup import Figure, fold
from central.store.bulk import Row
from central.store.centre_journal import CENTRE_EDGE_ID, review_of
from central.store.engine import reading
from central.store.ingest import ledger_hash
from central.store.projection import Projection, crossing_row
from central.store.tables import (
    case_review,
    centre_journal,
    crossing,
    day_count,
    edge,
    edge_head,
    ledger,
    ledger_head,
    record_quarantine,
    report_revision,
)
from sync.agreement.records import CaseReviewed
from sync.exchange.chain import GENESIS_HASH, ChainBrokenError, ChainHead, extend, record_hash

_ROWS_AT_ONCE = 2000


class DifferenceError(Exception):
    """The first thing that is not as the ledger says."""

    def __init__(self, *, table: str, key: object, expected: object, found: object) -> None:
        """Name the place and both values."""
        self.table = table
        self.key = _text(key)
        self.expected = _text(expected)
        self.found = _text(found)
        super().__init__(f"{table} {self.key}: expected {self.expected}, found {self.found}")


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was recomputed and found equal."""

    ledger_records: int
    ledger_hash: str
    chains: int
    crossings: int
    counters: int
    quarantined: int
    unprojected: int
    centre_records: int
    report_revisions: int


class _Replay:
    """The ledger read again from its first entry: chains, crossings and quarantine as they must be."""

    def __init__(self, *, gates: Mapping[str, str], cut_off_hour: int) -> None:
        self._gates = gates
        self.projection = Projection(cut_off_hour=cut_off_hour)
        self.chains: dict[tuple[str, int], ChainHead] = {}
        self.position = 0
        self.hash = GENESIS_HASH
        self.quarantine: dict[object, Row] = {}

    def take(self, row: Any) -> None:  # noqa: ANN401 - a database row has no type of its own
        """Check one entry of the ledger and apply it."""
        self.position += 1
        _equal("ledger", key=self.position, expected=self.position, found=row.position)
        own_hash = record_hash(row.bytes)
        _equal("ledger", key=(self.position, "hash"), expected=own_hash, found=row.hash)
        received = _read(row)
        self._follow_chain(received, position=self.position)
        self.hash = ledger_hash(self.hash, position=self.position, record_hash=own_hash, received_at=row.received_at)
        _equal("ledger", key=(self.position, "ledger_hash"), expected=self.hash, found=row.ledger_hash)
        gate = self._gates.get(row.edge_id, "")
        judgement = self.projection.take(received, point_of_entry_id=gate)
        disposition = judgement.disposition.value
        _equal("ledger", key=(self.position, "disposition"), expected=disposition, found=row.disposition)
        if judgement.reason:
            self.quarantine[self.position,] = (self.position, disposition, judgement.reason)

    def _follow_chain(self, received: ReceivedRecord, *, position: int) -> None:
        envelope = received.envelope
        chain = (envelope.edge_id, envelope.incarnation)
        try:
            self.chains[chain] = extend(
                self.chains.get(chain, ChainHead()),
                sequence=envelope.sequence,
                previous_hash=envelope.previous_hash,
                own_hash=received.hash,
            )
        except ChainBrokenError as broken:
            difference = broken.difference
            key = (position, *chain, difference.sequence, difference.field)
            raise DifferenceError(
                table="ledger", key=key, expected=difference.expected, found=difference.found
            ) from broken


def verify(engine: Engine, *, cut_off_hour: int) -> Verified:
    """Recompute all of it; raise ``DifferenceError`` naming the first difference."""
    with reading(engine) as connection:
        gates = {row.edge_id: row.point_of_entry_id for row in connection.execute(select(edge))}
        reports = _reports(connection)
        replay = _Replay(gates=gates, cut_off_hour=cut_off_hour)
        query = select(ledger).order_by(ledger.c.position).execution_options(yield_per=_ROWS_AT_ONCE)
        for row in connection.execute(query):
            replay.take(row)
            for report in reports.get(replay.position, ()):
                _check_report(report, replay=replay)
        for report in reports.get(0, ()):
            _check_report(report, replay=_Replay(gates=gates, cut_off_hour=cut_off_hour))
        _check_heads(connection, replay=replay)
        counters = _check_projections(connection, replay=replay)
        centre_records = _check_centre_journal(connection)
    unprojected = sum(row[1] == "unprojected" for row in replay.quarantine.values())
    return Verified(
        ledger_records=replay.position,
        ledger_hash=replay.hash.hex(),
        chains=len(replay.chains),
        crossings=len(replay.projection.states),
        counters=counters,
        quarantined=len(replay.quarantine) - unprojected,
        unprojected=unprojected,
        centre_records=centre_records,
        report_revisions=sum(map(len, reports.values())),
    )


def _read(row: Any) -> ReceivedRecord:  # noqa: ANN401 - a database row has no type of its own
    """Read the stored bytes and hold the columns beside them against what they say."""
    try:
        received = read_record(row.bytes)
    except ReceptionError as error:
        raise DifferenceError(
            table="ledger", key=(row.position, "bytes"), expected="a record of version 1", found="something else"
        ) from error
    envelope = received.envelope
    for name in ("edge_id", "incarnation", "sequence", "record_id", "type"):
        expected = getattr(envelope, name)
        _equal("ledger", key=(row.position, name), expected=expected, found=getattr(row, name))
    crossing_id = received.body.crossing_id if received.body is not None else None
    if row.disposition != "unprojected":
        _equal("ledger", key=(row.position, "crossing_id"), expected=crossing_id, found=row.crossing_id)
    return received


def _check_heads(connection: Connection, *, replay: _Replay) -> None:
    head = connection.execute(select(ledger_head)).one()
    _equal("ledger_head", key="position", expected=replay.position, found=head.position)
    _equal("ledger_head", key="hash", expected=replay.hash, found=head.hash)
    expected = {chain: (*chain, head.sequence, head.hash) for chain, head in replay.chains.items()}
    columns = [edge_head.c[name] for name in ("edge_id", "incarnation", "sequence", "hash")]
    found = {row[:2]: tuple(row) for row in connection.execute(select(*columns).where(edge_head.c.sequence > 0))}
    _compare("edge_head", expected=expected, found=found)


def _check_projections(connection: Connection, *, replay: _Replay) -> int:
    """Compare crossings, counters and quarantine row by row; return how many counters there are."""
    states = replay.projection.states.values()
    rows = (_plain(crossing_row(state)) for state in states)
    _compare("crossing", expected={row[:1]: row for row in rows}, found=_rows(connection, table=crossing))
    _compare("record_quarantine", expected=replay.quarantine, found=_rows(connection, table=record_quarantine))
    counts = {_plain(key): (*_plain(key), count) for key, count in fold(states).items()}
    stored = {key: row for key, row in _rows(connection, table=day_count).items() if row[-1] != 0}
    _compare("day_count", expected=counts, found=stored)
    return len(counts)


def _check_centre_journal(connection: Connection) -> int:
    head, reviews = ChainHead(), {}
    for row in connection.execute(select(centre_journal).order_by(centre_journal.c.sequence)):
        key = row.sequence
        own_hash = record_hash(row.bytes)
        _equal("centre_journal", key=(key, "hash"), expected=own_hash, found=row.hash)
        try:
            received = read_record(row.bytes)
            envelope = received.envelope
            head = extend(head, sequence=envelope.sequence, previous_hash=envelope.previous_hash, own_hash=own_hash)
        except (ReceptionError, ChainBrokenError) as error:
            raise DifferenceError(table="centre_journal", key=key, expected="the next record", found=error) from error
        _equal("centre_journal", key=(key, "edge_id"), expected=CENTRE_EDGE_ID, found=envelope.edge_id)
        if isinstance(received.body, CaseReviewed):
            review = review_of(received.body, sequence=key, reviewed_at=envelope.recorded_at)
            reviews[key,] = _plain(msgspec.structs.astuple(review))
    _compare("case_review", expected=reviews, found=_rows(connection, table=case_review))
    return head.sequence


def _reports(connection: Connection) -> dict[int, list[DailyReport]]:
    """Check each frozen revision's hash; return the reports by the ledger position they were drawn at."""
    by_position: dict[int, list[DailyReport]] = {}
    query = select(report_revision).order_by(report_revision.c.report_day, report_revision.c.revision)
    for row in connection.execute(query):
        key = (row.report_day, row.revision)
        digest = hashlib.sha256(row.snapshot).hexdigest()
        _equal("report_revision", key=(*key, "sha256"), expected=digest, found=row.sha256)
        report = decode_report(row.snapshot)
        _equal("report_revision", key=(*key, "report_day"), expected=row.report_day, found=report.report_day)
        _equal(
            "report_revision", key=(*key, "ledger_position"), expected=row.ledger_position, found=report.ledger_records
        )
        by_position.setdefault(report.ledger_records, []).append(report)
    return by_position


def _check_report(report: DailyReport, *, replay: _Replay) -> None:
    """Count the report's day anew at the very position of the ledger that it was drawn at."""
    key = (report.report_day, report.revision)
    _equal("report_revision", key=(*key, "ledger_hash"), expected=replay.hash.hex(), found=report.ledger_hash)
    of_day = (state for state in replay.projection.states.values() if state.report_day == report.report_day)
    totals = dict.fromkeys(Figure, 0)
    for counted, count in fold(of_day).items():
        totals[counted.figure] += count
    for figure, expected in totals.items():
        _equal("report_revision", key=(*key, figure.value), expected=expected, found=getattr(report.totals, figure))


def _rows(connection: Connection, *, table: Table) -> dict[object, Row]:
    """Read a whole table by its primary key."""
    width = len(table.primary_key.columns)
    return {_plain(row[:width]): _plain(row) for row in connection.execute(select(table))}


def _plain(row: Iterable[object]) -> Row:
    """Bring values to the form that both databases give back."""
    return tuple(
        value.astimezone(UTC) if isinstance(value, datetime) else str(value) if isinstance(value, str) else value
        for value in row
    )


def _compare(table: str, *, expected: Mapping[Any, Row], found: Mapping[Any, Row]) -> None:
    """Compare two tables by key, in the order of the keys, so that the first difference is always the same."""
    for key in sorted(expected.keys() | found.keys(), key=str):
        _equal(table, key=key, expected=expected.get(key), found=found.get(key))


def _equal(table: str, *, key: object, expected: object, found: object) -> None:
    if expected != found:
        raise DifferenceError(table=table, key=key, expected=expected, found=found)


def _text(value: object) -> str:
    """Write a value for a person; of a crossing's state only its hash, because it is about a traveller."""
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, bytes):
        return value.hex() if len(value) == hashlib.sha256().digest_size else hashlib.sha256(value).hexdigest()
    if value is None:
        return "nothing"
    return value.isoformat() if isinstance(value, date) else str(value)
