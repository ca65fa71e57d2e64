"""The second look at the ledger: every record decoded and hashed, crossing by crossing, and made into what it says.

The records of one crossing come together and in order, so that only one crossing is in memory; any
number of workers can each take a range of crossings. What a record became at its arrival is history:
one that was held is applied where a replay applied it (``quarantine``), or not at all.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, groupby, islice, starmap
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from central.ledger import CrossingState
from central.reception import ReceivedRecord, ReceptionError, read_record
from central.store.bulk import Row
from central.store.crossing_story import NOBODY, Checked, Scope, Story
from central.store.differences import DifferenceError, plain, require_equal, require_same_rows
from central.store.gate_check import GateBench
from central.store.plain_records import read_plain
from central.store.projection import HELD_REASONS, Judgement, crossing_row
from central.store.province_check import Place, note_reported
from central.store.quarantine import Replay
from central.store.streams import in_chunks, rows_by_keys, streaming
from central.store.tables import crossing, ledger, record_quarantine, record_replay, recovered_record
from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.chain import record_hash

HELD = frozenset({RecordDisposition.QUARANTINED.value, RecordDisposition.UNPROJECTED.value})
_PROJECTED = RecordDisposition.PROJECTED.value
_NAMES = (
    "position", "edge_id", "incarnation", "sequence", "record_id", "type", "crossing_id", "hash", "bytes",
    "disposition",
)  # fmt: skip
_CROSSING = itemgetter(_NAMES.index("crossing_id"))
_COLUMNS = [ledger.c[name] for name in _NAMES]
_SAID = ("edge_id", "incarnation", "sequence", "record_id", "type")


def check_crossings(connection: Connection, *, scope: Scope) -> Checked:
    """Check the records of the crossings in a range. Raises ``DifferenceError``."""
    bench = _Bench(connection, scope=scope)
    with streaming(connection, _records(scope)) as records:
        for chunk in in_chunks(starmap(bench.end_of, groupby(records, key=_CROSSING)), size=_GROUPS_AT_ONCE):
            bench.compare(chunk)
    bench.compare([bench.take(crossing_id, iter(())) for crossing_id in list(bench.replays)])
    bench.found.settle(scope.reports)
    return bench.found


def check_other_records(connection: Connection, *, scope: Scope) -> Checked:
    """Check the records that are about no crossing, or about none that can be read. Raises ``DifferenceError``."""
    bench = _Bench(connection, scope=scope, is_about_crossings=False)
    query = select(*_COLUMNS).where(ledger.c.crossing_id.is_(None)).order_by(ledger.c.position)
    with streaming(connection, query) as records:
        for chunk in in_chunks(records):
            for row in chunk:
                bench.take(None, iter((row,)))
            bench.compare([])
    bench.repeat_other_replays()
    bench.compare([])
    return bench.found


_GROUPS_AT_ONCE = 500
_PLAIN_RECORDS = 32
"""A crossing of as many records is read one after the other: only few are ever in memory."""


def _records(scope: Scope) -> Select[Any]:
    query = select(*_COLUMNS).where(ledger.c.crossing_id.is_not(None))
    if scope.first is not None:
        query = query.where(ledger.c.crossing_id >= scope.first)
    if scope.until is not None:
        query = query.where(ledger.c.crossing_id < scope.until)
    return query.order_by(ledger.c.crossing_id, ledger.c.position)


class _Bench:
    """One worker's state: the tables small enough to hold, and what was found so far."""

    def __init__(self, connection: Connection, *, scope: Scope, is_about_crossings: bool = True) -> None:
        self._connection = connection
        self._scope = scope
        self.found = Checked()
        self._gate = GateBench(connection, cut_off_hour=scope.cut_off_hour)
        self.found.gate = self._gate.found
        self.replays = _replays(connection, scope=scope) if is_about_crossings else {}
        self._replayed = set(connection.execute(select(record_replay.c.position)).scalars())
        self._recovered: dict[tuple[str, UUID], int] = {
            (row.edge_id, row.record_id): row.position for row in connection.execute(select(recovered_record))
        }
        self._held: dict[object, tuple[Row, bool]] = {}

    def end_of(self, crossing_id: str, rows: Iterator[Row]) -> tuple[str | None, CrossingState | None]:
        """Go through the records of one crossing, the short way if they are plain; return its end."""
        first = list(islice(rows, _PLAIN_RECORDS))
        state = None
        if len(first) < _PLAIN_RECORDS and crossing_id not in self.replays:
            state = self._plainly(first)
        return (crossing_id, state) if state is not None else self.take(crossing_id, chain(first, rows))

    def _plainly(self, rows: list[Row]) -> CrossingState | None:
        """Return the crossing that plain records make; ``None`` where more than the plain rule is needed."""
        state: CrossingState | None = None
        steps = []
        for row in rows:
            record = read_plain(row) if row[9] == _PROJECTED and row[0] not in self._replayed else None
            if record is None or (record.edge_id, record.record_id) in self._recovered:
                return None
            sender = self._scope.senders.get(record.edge_id, NOBODY)
            state = record.applied_to(state, sender=sender, cut_off_hour=self._scope.cut_off_hour)
            if state is None:
                return None
            steps.append((row[0], state))
        if state is not None:
            self.found.note(steps, reports=self._scope.reports.get(state.report_day, ()))
        return state

    def take(self, crossing_id: str | None, rows: Iterator[Row]) -> tuple[str | None, CrossingState | None]:
        """Go through the records of one crossing; return its end."""
        story = Story(self._scope, crossing_id=crossing_id)
        waiting = self.replays.pop(crossing_id, [])
        held: dict[int, tuple[ReceivedRecord, str]] = {}
        for row in rows:
            while waiting and waiting[0].at_position < row[0]:
                self._replay(waiting.pop(0), story=story, held=held)
            story.come_to(row[0])
            received = _read(row)
            self._judge(row, received=received, story=story)
            if row[0] in self._replayed:
                held[row[0]] = (received, row[9])
            self.found.records += 1
        for replay in waiting:
            self._replay(replay, story=story, held=held)
        story.close(self.found)
        return crossing_id, story.state

    def _judge(self, row: Row, *, received: ReceivedRecord, story: Story) -> None:
        """Hold what the ledger says became of a record against the rules, and apply it if it was applied."""
        position, disposition = row[0], row[9]
        sender = self._scope.senders.get(row[1], NOBODY)
        is_known = received.refusal is None and self._is_known(received, position=position)
        if is_known:
            require_equal("ledger", key=(position, "disposition"), expected="exists", found=disposition)
            return
        if disposition in HELD:
            self._check_held(row, judgement=story.try_out(received, sender=sender))
        else:
            judgement = story.apply(received, sender=sender)
            expected = judgement.disposition.value
            if expected != disposition:
                require_equal("ledger", key=(position, "disposition"), expected=expected, found=disposition)
            if judgement.disposition is RecordDisposition.PROJECTED:
                note_reported(self.found.reported, received, place=Place(position, 0, position))
                self._gate.take(received, position=position)
        self._note_recovered(received, position=position)

    def _check_held(self, row: Row, *, judgement: Judgement) -> None:
        """A record that was held is still held for a reason there is, or was replayed."""
        position, disposition = row[0], row[9]
        is_certain = judgement.disposition.value == disposition
        if position in self._replayed:
            return
        self._held[position,] = (position, disposition, judgement.reason), is_certain
        self.found.held += 1
        self.found.awaiting_replay += judgement.disposition is RecordDisposition.PROJECTED

    def _is_known(self, received: ReceivedRecord, *, position: int) -> bool:
        """Whether the ledger had this record already: in its own chain, or inside another."""
        envelope = received.subject.envelope
        key = (envelope.edge_id, envelope.record_id)
        if self._recovered.get(key, position) < position:
            return True
        if received.original is None:
            return False
        earlier = select(ledger.c.position).where(
            ledger.c.edge_id == key[0], ledger.c.record_id == key[1], ledger.c.position < position
        )
        return self._connection.execute(earlier.limit(1)).scalar_one_or_none() is not None

    def _note_recovered(self, received: ReceivedRecord, *, position: int) -> None:
        if received.original is None:
            return
        envelope = received.subject.envelope
        found = self._recovered.get((envelope.edge_id, envelope.record_id))
        key = (envelope.edge_id, str(envelope.record_id))
        require_equal("recovered_record", key=key, expected=position, found=found)
        self.found.recovered += 1

    def _replay(self, replay: Replay, *, story: Story, held: Mapping[int, tuple[ReceivedRecord, str]]) -> None:
        """Repeat a replay where it took effect."""
        story.come_to(replay.at_position + 1, replay=replay.number)
        received, disposition = held.get(replay.position) or self._fetch(replay)
        key = ("position", replay.number)
        require_equal("record_replay", key=key, expected=disposition, found=replay.disposition)
        require_equal("record_replay", key=key, expected=received.crossing_id, found=replay.crossing_id)
        sender = self._scope.senders.get(received.envelope.edge_id, NOBODY)
        judgement = story.apply(received, sender=sender)
        if received.refusal is not None or judgement.disposition is not RecordDisposition.PROJECTED:
            raise DifferenceError(
                table="record_replay", key=key, expected="a record that can be projected", found=judgement.reason
            )
        place = Place(replay.at_position, replay.number, replay.position)
        note_reported(self.found.reported, received, place=place)
        self._gate.take(received, position=replay.position)
        self.found.replays += 1

    def repeat_other_replays(self) -> None:
        """Repeat the replays of records that are about no crossing."""
        for replays in _replays(self._connection, scope=None).values():
            for replay in replays:
                self._replay(replay, story=Story(self._scope, crossing_id=None), held={})

    def _fetch(self, replay: Replay) -> tuple[ReceivedRecord, str]:
        """Read a held record that did not name its crossing when it arrived: its type was too new."""
        query = select(*_COLUMNS).where(ledger.c.position == replay.position)
        row = self._connection.execute(query).one_or_none()
        if row is None or row.position > replay.at_position:
            key = ("position", replay.number)
            raise DifferenceError(table="record_replay", key=key, expected="a held record", found=replay.position)
        return _read(tuple(row)), row.disposition

    def compare(self, chunk: list[tuple[str | None, CrossingState | None]]) -> None:
        """Hold the crossings of a chunk, and the records held in it, against their tables."""
        self._compare_held()
        self._gate.compare()
        ids = [crossing_id for crossing_id, _ in chunk if crossing_id is not None]
        stored = {row[0]: row for row in rows_by_keys(self._connection, crossing.c.crossing_id, values=ids)}
        expected = {state.crossing_id: crossing_row(state) for _, state in chunk if state is not None}
        require_same_rows("crossing", expected=expected, found=stored)
        self.found.crossings += len(expected)

    def _compare_held(self) -> None:
        positions = [row[0] for row, _ in self._held.values()]
        rows = rows_by_keys(self._connection, record_quarantine.c.position, values=positions)
        stored: dict[object, Row] = {(row[0],): row for row in map(plain, rows)}
        for key, (row, is_certain) in self._held.items():
            found = stored.get(key)
            if found is None and not is_certain:
                # Neither held nor replayed, and nothing is wrong with it: the ledger's own word was changed.
                require_equal("ledger", key=(row[0], "disposition"), expected="projected", found=row[1])
            if found is not None and not is_certain and found[2] in HELD_REASONS:
                row = (*row[:2], found[2])  # noqa: PLW2901 - judged by older rules: any of their reasons may stand
            require_equal("record_quarantine", key=key, expected=row, found=found)
        self._held.clear()


def _read(row: Row) -> ReceivedRecord:
    """Read the stored bytes and hold the columns beside them against what they say."""
    position, disposition = row[0], row[9]
    try:
        received = read_record(row[8])
    except ReceptionError as error:
        require_equal("ledger", key=(position, "hash"), expected=record_hash(row[8]), found=row[7])
        raise DifferenceError(
            table="ledger", key=(position, "bytes"), expected="a record of version 1", found="something else"
        ) from error
    if received.hash != row[7]:
        require_equal("ledger", key=(position, "hash"), expected=received.hash, found=row[7])
    envelope = received.envelope
    said = (envelope.edge_id, envelope.incarnation, envelope.sequence, envelope.record_id, envelope.type)
    if said != row[1:6]:
        for name, expected, found in zip(_SAID, said, row[1:6], strict=True):
            require_equal("ledger", key=(position, name), expected=expected, found=found)
    if row[6] != received.crossing_id and (disposition != RecordDisposition.UNPROJECTED or row[6] is not None):
        require_equal("ledger", key=(position, "crossing_id"), expected=received.crossing_id, found=row[6])
    return received


def _replays(connection: Connection, *, scope: Scope | None) -> dict[str | None, list[Replay]]:
    """Read the replays of the worker's crossings, in their order; without a scope those of no crossing."""
    named = record_replay.c.crossing_id
    query = select(*(record_replay.c[name] for name in Replay.__struct_fields__))
    query = query.where(named.is_(None) if scope is None else named.is_not(None))
    if scope is not None and scope.first is not None:
        query = query.where(named >= scope.first)
    if scope is not None and scope.until is not None:
        query = query.where(named < scope.until)
    found: dict[str | None, list[Replay]] = {}
    for row in connection.execute(query.order_by(record_replay.c.number)).mappings():
        found.setdefault(row["crossing_id"], []).append(Replay(**row))
    return found
