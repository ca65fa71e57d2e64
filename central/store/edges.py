"""Who may send, and how far each has come: edges, their heads, the centre's epoch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select, text, update

from central.store.alarms import Alarm, AlarmKind, Alarms
from central.store.centre_journal import append
from central.store.columns import UtcTime
from central.store.engine import reading, writing
from central.store.epochs import EpochFile, Epochs
from central.store.tables import edge, edge_head, ledger_head
from sync.agreement.exercise import is_exercise_name
from sync.agreement.trust_records import EdgeEnrolled, EdgeRevoked
from sync.agreement.vocabulary import RevocationReason
from sync.exchange.chain import GENESIS_HASH, ChainHead

FORK_ALARM = AlarmKind.FORK
OPERATOR = "operator"
DRILL_REFUSED = "an edge of a drill has no centre: what it writes counts nowhere; enrol the real edge"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled edge. ``incarnation`` is the newest that the centre has issued to it.

    Nothing is taken from it before a person confirmed its key, and nothing more after a revocation.
    ``last_start_number`` and ``last_instance`` say which run of its program spoke last.
    """

    edge_id: str
    point_of_entry_id: str
    public_key: bytes
    incarnation: int
    enrolled_at: datetime
    revoked_at: datetime | None = None
    confirmed_at: datetime | None = None
    kind: str = "edge"
    site_sealing_key: bytes | None = None
    last_instance: str | None = None
    last_start_number: int | None = None


_FIND = select(*(edge.c[name] for name in Edge.__struct_fields__)).where(edge.c.edge_id == bindparam("wanted"))


class EnrolmentError(ValueError):
    """The edge is known with another key or gate; a person must decide, so nothing was changed."""


class ChainStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far the centre has one chain, and whether it takes more of it."""

    head: ChainHead
    is_frozen: bool


class Edges:
    """Enrolment by an operator, heads, and the epoch. Each call is one transaction."""

    def __init__(self, engine: Engine, *, epoch_file: EpochFile | None = None) -> None:
        """Over an opened, migrated database. ``epoch_file`` outlives a restored database."""
        self._engine = engine
        self._alarms = Alarms(engine)
        self.epochs = Epochs(engine, file=epoch_file or EpochFile(None))

    def epoch(self, *, now: datetime) -> str:
        """Return the centre's epoch, made once; a restored centre gets a new one."""
        return self.epochs.present(now=now).name

    def began_at(self, *, now: datetime) -> datetime:
        """Return when this centre began: the moment its first epoch was made."""
        return self.epochs.present(now=now).began_at

    def find(self, edge_id: str) -> Edge | None:
        """Return an enrolled edge, revoked or not."""
        with reading(self._engine) as connection:
            return find_edge(connection, edge_id)

    def enrol(
        self, edge_id: str, *, point_of_entry_id: str, public_key: bytes, now: datetime, kind: str = "edge"
    ) -> Edge:
        """Register an edge by its key, confirmed at once: the operator held the key in hand.

        The same words again change nothing. Raises ``EnrolmentError``.
        """
        known = self.find(edge_id)
        if known is None:
            self.epoch(now=now)
            added = Edge(
                edge_id=edge_id,
                point_of_entry_id=point_of_entry_id,
                public_key=public_key,
                incarnation=1,
                enrolled_at=now,
                confirmed_at=now,
                kind=kind,
            )
            with writing(self._engine) as connection:
                add_edge(connection, added, by=OPERATOR)
            known = self.find(edge_id)
        if known is None or (known.point_of_entry_id, known.public_key) != (point_of_entry_id, public_key):
            msg = f"{edge_id} is enrolled with another key or point of entry; revoke it first"
            raise EnrolmentError(msg)
        return known

    def revoke(
        self,
        edge_id: str,
        *,
        now: datetime,
        by: str = OPERATOR,
        reason: RevocationReason = RevocationReason.OTHER,
        words: str = "",
    ) -> bool:
        """Refuse everything this edge signs from the next request on; tell whether that is new.

        The centre's journal keeps the code alone; ``words`` stand beside the edge, where they can be taken away.
        """
        self.epoch(now=now)
        told = ": ".join(part for part in (reason.value, words) if part)
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(edge)
                .where(edge.c.edge_id == edge_id, edge.c.revoked_at.is_(None))
                .values(revoked_at=now, revoked_by=by, revoked_reason=told)
            )
            if changed.rowcount == 1:
                append(connection, EdgeRevoked(edge_id=edge_id, reason=reason), officer_ref=by, now=now)
            return changed.rowcount == 1

    def head(self, edge_id: str, *, incarnation: int, now: datetime) -> ChainHead:
        """Return how far a chain has come, and note that its edge called."""
        with writing(self._engine) as connection:
            return note_standing(connection, edge_id=edge_id, incarnation=incarnation, now=now).head

    def raise_alarm(self, raised: Alarm, *, is_once_enough: bool = False) -> bool:
        """Keep an alarm; the same alarm again changes nothing while it stands."""
        return self._alarms.add(raised, is_once_enough=is_once_enough)

    def alarms(self) -> list[Alarm]:
        """Return every alarm, oldest first."""
        return self._alarms.every()

    def ledger_position(self) -> int:
        """Return how many records the ledger holds."""
        with reading(self._engine) as connection:
            return int(connection.execute(select(ledger_head.c.position)).scalar_one())


def find_edge(connection: Connection, edge_id: str) -> Edge | None:
    """Return an enrolled edge, revoked or not."""
    row = connection.execute(_FIND, {"wanted": edge_id}).mappings().one_or_none()
    return None if row is None else Edge(**row)


def add_edge(connection: Connection, added: Edge, *, by: str) -> None:
    """Insert an edge and say so in the centre's journal; the primary key refuses a second one of the same name.

    Raises ``EnrolmentError`` for an edge of a drill.
    """
    if is_exercise_name(added.edge_id):
        raise EnrolmentError(DRILL_REFUSED)
    is_confirmed = added.confirmed_at is not None
    values = msgspec.structs.asdict(added)
    connection.execute(insert(edge).values(**values, confirmed_by=by if is_confirmed else None))
    enrolled = EdgeEnrolled(
        edge_id=added.edge_id,
        point_of_entry_id=added.point_of_entry_id,
        kind=added.kind,
        public_key=added.public_key.hex(),
        is_confirmed=is_confirmed,
    )
    append(connection, enrolled, officer_ref=by, now=added.enrolled_at)


_NOTE = (
    "INSERT INTO edge_head (edge_id, incarnation, sequence, hash, last_contact_at)"
    " VALUES ({}, {}, 0, {}, {})"
    " ON CONFLICT (edge_id, incarnation) DO UPDATE SET last_contact_at = excluded.last_contact_at"
    " RETURNING sequence, hash, frozen_at"
)
_NOTE_CONTACT = text(_NOTE.format(":edge_id", ":incarnation", ":hash", ":now")).bindparams(
    bindparam("now", type_=UtcTime())
)
_NOTE_RAW = _NOTE.format("%(edge_id)s", "%(incarnation)s", "%(hash)s", "%(now)s").encode()


class FrozenError(Exception):
    """Nobody pushes under this incarnation any more: two histories of it were seen. ``head`` stays."""

    def __init__(self, head: ChainHead) -> None:
        """Keep the centre's head."""
        self.head = head
        super().__init__(f"the chain is frozen at {head.sequence}")


def note_contact(connection: Connection, *, edge_id: str, incarnation: int, now: datetime) -> ChainHead:
    """Lock a chain's head row, made on the first contact, before records are added to it.

    Raises ``FrozenError`` where nothing may be added any more.
    """
    return head_to_extend(note_standing(connection, edge_id=edge_id, incarnation=incarnation, now=now))


def head_to_extend(standing: ChainStanding) -> ChainHead:
    """Return the head of a chain that may go on; raises ``FrozenError`` for one that may not."""
    if standing.is_frozen:
        raise FrozenError(standing.head)
    return standing.head


def note_standing(connection: Connection, *, edge_id: str, incarnation: int, now: datetime) -> ChainStanding:
    """Note that an edge called, lock its chain's head row, and tell how far it is and whether it is frozen."""
    _, contact = contact_question(edge_id, incarnation=incarnation, now=now)
    return standing_of(connection.execute(_NOTE_CONTACT, contact).one())


def contact_question(edge_id: str, *, incarnation: int, now: datetime) -> tuple[bytes, dict[str, object]]:
    """Return what ``note_standing`` asks PostgreSQL, for those who ask it together with other questions."""
    return _NOTE_RAW, {"edge_id": edge_id, "incarnation": incarnation, "hash": GENESIS_HASH, "now": now}


def standing_of(row: Sequence[Any]) -> ChainStanding:
    """Read the answer to ``contact_question``."""
    sequence, own_hash, frozen_at = row
    return ChainStanding(head=ChainHead(sequence=sequence, hash=own_hash), is_frozen=frozen_at is not None)


def freeze_chain(connection: Connection, *, edge_id: str, incarnation: int, now: datetime) -> None:
    """Take nothing more under this incarnation; what is there stays."""
    connection.execute(
        update(edge_head)
        .where(edge_head.c.edge_id == edge_id, edge_head.c.incarnation == incarnation)
        .where(edge_head.c.frozen_at.is_(None))
        .values(frozen_at=now)
    )
