"""Drawing again from the ledger what gates wrote beside crossings, and holding the three tables against it.

Rows are compared as the ledger goes by, a chunk at a time; only the counters and the newest revision of each
hour are kept to the end.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, exists, func, select

from central.gate_records import GATE_RECORDS, GateCountKey, HourKey, counts_of
from central.reception import ReceivedRecord
from central.store.bulk import Row
from central.store.differences import DifferenceError, plain, require_equal, require_same_rows
from central.store.gate_projection import count_rows, draw, hour_rows
from central.store.gate_tables import coverage_hour, gate_count, gate_record
from central.store.streams import rows_by_keys
from central.store.tables import erased_episode, ledger


class GateFound(msgspec.Struct, kw_only=True):
    """What the records said: how many rows, the counters, and the newest revision of each hour."""

    rows: int = 0
    counts: Counter[GateCountKey] = msgspec.field(default_factory=Counter)
    hours: dict[HourKey, Row] = msgspec.field(default_factory=dict)

    def add(self, other: "GateFound") -> None:
        """Take in what another worker found."""
        self.rows += other.rows
        self.counts.update(other.counts)
        for key, row in other.hours.items():
            self._put_hour(key, row)

    def _put_hour(self, key: HourKey, row: Row) -> None:
        known = self.hours.get(key)
        if known is None or (row[2], row[3]) > (known[2], known[3]):
            self.hours[key] = row


class GateBench:
    """Takes the records that took effect, and compares their rows a chunk at a time."""

    def __init__(self, connection: Connection, *, cut_off_hour: int) -> None:
        """Read who was erased: of them there is no row."""
        self._connection = connection
        self._cut_off_hour = cut_off_hour
        self._erased = frozenset(connection.execute(select(erased_episode.c.episode_id)).scalars())
        self._waiting: dict[object, Row] = {}
        self.found = GateFound()

    def take(self, received: ReceivedRecord, *, position: int) -> None:
        """Note what a record that was projected made."""
        if not isinstance(received.subject.body, GATE_RECORDS):
            return
        drawn = draw([(position, received)], cut_off_hour=self._cut_off_hour)
        self.found.counts.update(counts_of(drawn))
        hours = GateFound(hours=hour_rows(drawn))
        self.found.add(hours)
        for row, _ in drawn:
            if row.crossing_id not in self._erased:
                self._waiting[row.position] = plain(row)

    def compare(self) -> None:
        """Hold the rows taken since the last time against the table."""
        stored = rows_by_keys(self._connection, gate_record.c.position, values=list(self._waiting))
        require_same_rows("gate_record", expected=self._waiting, found={row[0]: plain(row) for row in stored})
        self.found.rows += len(self._waiting)
        self._waiting.clear()


def check_gate_tables(connection: Connection, *, found: GateFound) -> None:
    """Compare counters and hours, and name a row that no record explains. Raises ``DifferenceError``."""
    _check_size(connection, expected=found.rows)
    expected = {row[:-1]: row for row in map(plain, count_rows(found.counts))}
    stored = {row[:-1]: row for row in map(plain, connection.execute(select(gate_count))) if row[-1] != 0}
    require_same_rows("gate_count", expected=expected, found=stored)
    require_same_rows("coverage_hour", expected=_by_hour(found.hours), found=_stored_hours(connection))


def _by_hour(hours: Mapping[HourKey, Row]) -> dict[object, Row]:
    return {row[:2]: row for row in map(plain, hours.values())}


def _stored_hours(connection: Connection) -> dict[object, Row]:
    return {row[:2]: row for row in map(plain, connection.execute(select(coverage_hour)))}


def _check_size(connection: Connection, *, expected: int) -> None:
    found = connection.execute(select(func.count()).select_from(gate_record)).scalar_one()
    if found == expected:
        return
    own = gate_record.c.position
    strange = select(own).where(~exists().where(ledger.c.position == own)).order_by(own).limit(1)
    key = connection.execute(strange).scalar_one_or_none()
    if key is None:
        require_equal("gate_record", key="count", expected=expected, found=found)
    raise DifferenceError(table="gate_record", key=key, expected=None, found="a row")
