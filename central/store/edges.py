"""Who may send, how far each has come, and what went wrong: edges, heads and alarms."""

import secrets
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, Row, bindparam, func, insert, select, text, update

from central.store.bulk import insert_missing_rows
from central.store.engine import reading, writing
from central.store.tables import UtcTime, alarm, centre, edge, ledger_head
from sync.exchange.chain import GENESIS_HASH, ChainHead

FORK_ALARM = "fork"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled edge. ``incarnation`` is the newest that the centre has issued to it."""

    edge_id: str
    point_of_entry_id: str
    public_key: bytes
    incarnation: int
    enrolled_at: datetime
    revoked_at: datetime | None = None


class EnrolmentError(ValueError):
    """The edge is known with another key or gate; a person must decide, so nothing was changed."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something that no honest edge does; hashes are raw."""

    kind: str
    edge_id: str
    incarnation: int
    sequence: int
    expected_hash: bytes
    found_hash: bytes
    raised_at: datetime


class Edges:
    """Enrolment, heads and alarms. Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def epoch(self, *, now: datetime) -> str:
        """Return the centre's epoch, made once; a restored centre gets a new one by an operator's word."""
        return str(self._centre(now=now).epoch)

    def began_at(self, *, now: datetime) -> datetime:
        """Return when this centre began: the moment its epoch was made."""
        began: datetime = self._centre(now=now).created_at
        return began

    def _centre(self, *, now: datetime) -> Row[tuple[int, str, datetime]]:
        with reading(self._engine) as connection:
            found = connection.execute(select(centre)).one_or_none()
        if found is not None:
            return found
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=centre, rows=[(1, secrets.token_hex(16), now)])
            return connection.execute(select(centre)).one()

    def find(self, edge_id: str) -> Edge | None:
        """Return an enrolled edge, revoked or not."""
        with reading(self._engine) as connection:
            row = connection.execute(select(edge).where(edge.c.edge_id == edge_id)).mappings().one_or_none()
        return None if row is None else Edge(**row)

    def enrol(self, edge_id: str, *, point_of_entry_id: str, public_key: bytes, now: datetime) -> Edge:
        """Register an edge; the same words again change nothing. Raises ``EnrolmentError``."""
        known = self.find(edge_id)
        if known is None:
            with writing(self._engine) as connection:
                insert_missing_rows(
                    connection, table=edge, rows=[(edge_id, point_of_entry_id, public_key, 1, now, None)]
                )
            known = self.find(edge_id)
        if known is None or (known.point_of_entry_id, known.public_key) != (point_of_entry_id, public_key):
            msg = f"{edge_id} is enrolled with another key or point of entry; revoke it first"
            raise EnrolmentError(msg)
        return known

    def revoke(self, edge_id: str, *, now: datetime) -> None:
        """Refuse everything this edge signs from the next request on."""
        with writing(self._engine) as connection:
            connection.execute(update(edge).where(edge.c.edge_id == edge_id).values(revoked_at=now))

    def head(self, edge_id: str, *, incarnation: int, now: datetime) -> ChainHead:
        """Return how far a chain has come, and note that its edge called."""
        with writing(self._engine) as connection:
            return note_contact(connection, edge_id=edge_id, incarnation=incarnation, now=now)

    def raise_alarm(self, raised: Alarm) -> None:
        """Keep an alarm; the same alarm again changes nothing."""
        values = msgspec.structs.asdict(raised)
        with writing(self._engine) as connection:
            known = select(func.count()).select_from(alarm)
            for name in ("kind", "edge_id", "incarnation", "sequence", "found_hash"):
                known = known.where(alarm.c[name] == values[name])
            if not connection.execute(known).scalar_one():
                connection.execute(insert(alarm).values(**values))

    def alarms(self) -> list[Alarm]:
        """Return every alarm, oldest first."""
        columns = [column for column in alarm.c if column.name != "alarm_id"]
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).order_by(alarm.c.alarm_id)).mappings().all()
        return [Alarm(**row) for row in rows]

    def ledger_position(self) -> int:
        """Return how many records the ledger holds."""
        with reading(self._engine) as connection:
            return int(connection.execute(select(ledger_head.c.position)).scalar_one())


_NOTE_CONTACT = text(
    "INSERT INTO edge_head (edge_id, incarnation, sequence, hash, last_contact_at)"
    " VALUES (:edge_id, :incarnation, 0, :hash, :now)"
    " ON CONFLICT (edge_id, incarnation) DO UPDATE SET last_contact_at = excluded.last_contact_at"
    " RETURNING sequence, hash"
).bindparams(bindparam("now", type_=UtcTime()))


def note_contact(connection: Connection, *, edge_id: str, incarnation: int, now: datetime) -> ChainHead:
    """Lock a chain's head row, made on the first contact, and note the contact."""
    row = connection.execute(
        _NOTE_CONTACT,
        {"edge_id": edge_id, "incarnation": incarnation, "hash": GENESIS_HASH, "now": now},
    ).one()
    return ChainHead(sequence=row.sequence, hash=row.hash)
