"""The edge's read-only mirror of the centre's journal, and what of it concerns this gate.

Every entry is kept with its hash, so that the chain can be followed on. Bytes are kept only of what
this gate needs: policies and erasures. A case decision becomes a row of ``case_decision`` if the
person crossed here, and is otherwise forgotten: what was decided about other gates' people is not
this gate's to hold.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import case_decision, centre_cursor, centre_mirror, crossing
from checkpoint.store.writer import Transaction
from sync.agreement.vocabulary import CaseClass
from sync.exchange.chain import GENESIS_HASH


class MirrorHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far the mirror reaches, and when the centre last answered.

    ``issued_at`` is the centre's clock in its last good answer, ``answered_at`` this edge's clock when
    that answer came; both are ``None`` before the first one.
    """

    centre_incarnation: int = 0
    sequence: int = 0
    hash: bytes = GENESIS_HASH
    epoch: str = ""
    issued_at: datetime | None = None
    answered_at: datetime | None = None


class MirrorStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a running gate knows of its mirror; replaced as a whole after each commit.

    ``refused`` names the policies whose newest document of the centre could not be put in force here;
    ``scrub_due`` counts erased episodes of which bytes may still lie in the database's gaps.
    """

    head: MirrorHead = MirrorHead()
    refused: frozenset[str] = frozenset()
    scrub_due: int = 0


class MirrorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the centre as the mirror keeps it. ``fault`` says why it changes nothing here."""

    centre_incarnation: int
    sequence: int
    record_id: str
    type: str
    hash: bytes
    bytes: bytes | None
    fault: str | None = None


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a CDC reviewer decided about a person who was referred here."""

    crossing_id: str
    record_id: str
    case_class: CaseClass
    note: str
    decided_at: datetime


_CURSOR = (
    "only",
    "centre_incarnation",
    "sequence",
    "hash",
    "epoch",
    "issued_at",
    "answered_at",
)
_WRITE_HEAD = compiled(
    insert(centre_cursor)
    .values(dict.fromkeys(_CURSOR))
    .on_conflict_do_update(
        index_elements=["only"], set_={name: getattr(insert(centre_cursor).excluded, name) for name in _CURSOR[1:]}
    )
)
_KEEP = insert_into(centre_mirror)
_AN_EARLIER_CENTRE = 1_000_000
_SET_ASIDE = f"UPDATE centre_mirror SET centre_incarnation = centre_incarnation - {_AN_EARLIER_CENTRE}"  # noqa: S608  # a number of ours
_BEGIN_ANEW = "UPDATE centre_cursor SET centre_incarnation = 0, sequence = 0, hash = :no_hash, epoch = ''"
_TIMES = "SELECT issued_at, answered_at FROM centre_cursor"
_DECISION = tuple(str(column.name) for column in case_decision.columns)
_DECIDE = compiled(
    insert(case_decision)
    .values(dict.fromkeys(_DECISION))
    .on_conflict_do_update(
        index_elements=["crossing_id"],
        set_={name: getattr(insert(case_decision).excluded, name) for name in _DECISION[1:]},
    )
)
_KNOWN = compiled(select(crossing.c.crossing_id).where(crossing.c.crossing_id == bindparam("crossing_id")))


def load_head(connection: Connection) -> MirrorHead:
    """Return how far the mirror reaches; an empty one before the centre ever answered."""
    row = connection.execute(select(centre_cursor)).one_or_none()
    if row is None:
        return MirrorHead()
    return MirrorHead(
        centre_incarnation=row.centre_incarnation,
        sequence=row.sequence,
        hash=row.hash,
        epoch=row.epoch,
        issued_at=from_text(row.issued_at),
        answered_at=from_text(row.answered_at),
    )


def write_head(transaction: Transaction, head: MirrorHead) -> None:
    """Move the cursor: in the transaction that applies what it passes over."""
    if head.issued_at is None or head.answered_at is None:
        msg = "a mirror's head is written with an answer, and an answer has its times"
        raise ValueError(msg)
    fields = msgspec.structs.asdict(head)
    times = {"issued_at": to_text(head.issued_at), "answered_at": to_text(head.answered_at)}
    transaction.execute(_WRITE_HEAD, {"only": 1, **fields, **times})


def set_aside(transaction: Transaction) -> MirrorHead:
    """Keep what another centre said as history, and begin its successor's journal from nothing; return the new head.

    The records of before keep their order and count as older than anything the new centre says; when the
    last answer came stays known, because the policy in force is as old as that.
    """
    transaction.execute(_SET_ASIDE)
    transaction.execute(_BEGIN_ANEW, {"no_hash": GENESIS_HASH})
    row = transaction.execute(_TIMES).fetchone()
    if row is None:
        return MirrorHead()
    return MirrorHead(issued_at=from_text(row[0]), answered_at=from_text(row[1]))


def keep_entry(transaction: Transaction, entry: MirrorEntry, *, received_at: datetime) -> None:
    """Keep one record of the centre."""
    transaction.execute(_KEEP, {**msgspec.structs.asdict(entry), "received_at": to_text(received_at)})


def kept_records(connection: Connection, *, of_type: str) -> list[bytes]:
    """Return the kept bytes of one type of record, in the centre's order."""
    return [record for _, record in records_as_received(connection, of_type=of_type)]


def records_as_received(connection: Connection, *, of_type: str) -> list[tuple[datetime, bytes]]:
    """Return the kept bytes of one type of record with when this edge received each, in the centre's order."""
    statement = (
        select(centre_mirror.c.received_at, centre_mirror.c.bytes)
        .where(centre_mirror.c.type == of_type, centre_mirror.c.bytes.is_not(None))
        .order_by(centre_mirror.c.centre_incarnation, centre_mirror.c.sequence)
    )
    return [(from_text(row.received_at), row.bytes) for row in connection.execute(statement)]


def kept_records_about(connection: Connection, *, types: Iterable[str]) -> list[bytes]:
    """Return the kept bytes of some types of record, in order, of the present centre alone.

    What another centre said before is set aside: it vouches for nobody any more.
    """
    statement = (
        select(centre_mirror.c.bytes)
        .where(
            centre_mirror.c.type.in_(list(types)),
            centre_mirror.c.bytes.is_not(None),
            centre_mirror.c.centre_incarnation > 0,
        )
        .order_by(centre_mirror.c.centre_incarnation, centre_mirror.c.sequence)
    )
    return [row.bytes for row in connection.execute(statement)]


def knows_crossing(transaction: Transaction, crossing_id: str) -> bool:
    """Tell whether a crossing was made at this edge."""
    return transaction.execute(_KNOWN, {"crossing_id": crossing_id}).fetchone() is not None


def put_decision(transaction: Transaction, decision: CaseDecision) -> None:
    """Keep the newest decision about one crossing."""
    fields = msgspec.structs.asdict(decision)
    fields |= {"case_class": decision.case_class.value, "decided_at": to_text(decision.decided_at)}
    transaction.execute(_DECIDE, fields)


def decisions_about(connection: Connection, crossing_ids: Iterable[str]) -> dict[str, CaseDecision]:
    """Return what was decided about these crossings, by crossing."""
    statement = select(case_decision).where(case_decision.c.crossing_id.in_(list(crossing_ids)))
    return {
        row.crossing_id: CaseDecision(
            crossing_id=row.crossing_id,
            record_id=row.record_id,
            case_class=CaseClass(row.case_class),
            note=row.note,
            decided_at=from_text(row.decided_at),
        )
        for row in connection.execute(statement)
    }
