"""What an edge finds out about itself at its start, and how a chain that cannot be delivered is carried over.

A database, the identity files beside it and the centre can each come back from another time than the
others. Nothing of this stops a lane: the edge opens, writes on, notes what it found (``sync_notice``),
and asks the centre for a new incarnation as soon as it can.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from checkpoint.store.high_water import HighWater
from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.journal import Origin, RandomBytes, append
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import journal, journal_head, sync_notice
from checkpoint.store.writer import Transaction
from sync.agreement.records import RecordRecovered
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.chain import ChainHead
from sync.exchange.envelope import body_of, decode_record

FOUND = "identity_found"
RECOVERED_AT_ONCE = 20
"""How many records are carried over in one commit: a lane waits for no more than these."""

_NOTE = insert_into(sync_notice, omitting=("number",))
_OPEN_OF_KIND = compiled(
    select(sync_notice.c.detail)
    .where(sync_notice.c.kind == bindparam("of_kind"), sync_notice.c.settled_at.is_(None))
    .order_by(sync_notice.c.number.desc())
)
_SETTLE = compiled(
    update(sync_notice)
    .where(sync_notice.c.kind == bindparam("of_kind"), sync_notice.c.settled_at.is_(None))
    .values(settled_at=bindparam("at"))
)
_ABANDON = compiled(
    update(journal_head)
    .where(journal_head.c.incarnation == bindparam("of_incarnation"), journal_head.c.abandoned_after.is_(None))
    .values(
        abandoned_after=func.min(bindparam("after"), journal_head.c.sequence),
        recovered_to=func.min(bindparam("after"), journal_head.c.sequence),
    )
)
_UNFINISHED = (
    compiled(
        select(journal_head.c.incarnation, journal_head.c.recovered_to)
        .where(journal_head.c.abandoned_after.is_not(None), journal_head.c.abandoned_at.is_(None))
        .order_by(journal_head.c.incarnation)
    )
    + " LIMIT 1"
)
_NEXT = (
    compiled(
        select(journal.c.sequence, journal.c.type, journal.c.bytes)
        .where(journal.c.incarnation == bindparam("of_incarnation"), journal.c.sequence > bindparam("after"))
        .order_by(journal.c.sequence)
    )
    + f" LIMIT {RECOVERED_AT_ONCE}"
)
_RECOVERED_TO = compiled(
    update(journal_head)
    .where(journal_head.c.incarnation == bindparam("of_incarnation"))
    .values(recovered_to=bindparam("to"))
)
_FINISH = compiled(
    update(journal_head)
    .where(journal_head.c.incarnation == bindparam("of_incarnation"))
    .values(abandoned_at=bindparam("at"))
)


class StartFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Why this edge needs a new incarnation. ``incarnation`` is the chain that it cannot be sure of.

    ``own_sequence`` is how far that chain reached when this was found; ``missing`` records after it are
    known to have been written once and are not here.
    """

    reason: IncarnationReason
    incarnation: int
    own_sequence: int
    missing: int = 0

    @property
    def high_water(self) -> int:
        """The newest sequence that is known to have been written in this chain."""
        return self.own_sequence + self.missing


class FilesSay(msgspec.Struct, frozen=True, kw_only=True):
    """What the identity files say about the journal."""

    incarnation: int
    granted: int = 0
    high_water: HighWater | None = None
    is_elsewhere: bool = False


class DatabaseSays(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says about itself: its growing chain, and its hash where the high water mark stands."""

    is_new: bool
    incarnation: int
    head: ChainHead
    hash_at_mark: bytes | None = None
    open_finding: StartFinding | None = None


def compare(files: FilesSay, *, database: DatabaseSays) -> StartFinding | None:
    """Return what does not fit, or ``None``; what was found before and still stands is not found again."""
    if database.is_new:
        return _of_new_database(files)
    if files.incarnation > database.incarnation:
        return _of_older_database(files)
    if files.incarnation < database.incarnation and files.granted != database.incarnation:
        return _found(IncarnationReason.RESTORED_IDENTITY, database=database)
    mark = files.high_water
    if mark is not None and mark.incarnation == database.incarnation:
        gap = max(0, mark.sequence - database.head.sequence)
        is_forgotten = mark.missing > 0 and database.open_finding is None
        is_another = gap == 0 and database.hash_at_mark not in {None, mark.hash}
        if gap or is_forgotten or is_another:
            return _found(IncarnationReason.RESTORED_DATABASE, database=database, missing=mark.missing + gap)
    return _found(IncarnationReason.COPIED, database=database) if files.is_elsewhere else None


def _of_new_database(files: FilesSay) -> StartFinding | None:
    mark = files.high_water
    has_written = mark is not None and mark.sequence + mark.missing > 0
    if files.incarnation == 1 and not has_written:
        return None
    missing = mark.sequence + mark.missing if mark is not None and mark.incarnation == files.incarnation else 0
    return StartFinding(
        reason=IncarnationReason.REIMAGED, incarnation=files.incarnation, own_sequence=0, missing=missing
    )


def _of_older_database(files: FilesSay) -> StartFinding:
    """The database knows nothing of the chain in which this identity wrote last."""
    found = _of_new_database(files)
    missing = 0 if found is None else found.missing
    return StartFinding(
        reason=IncarnationReason.RESTORED_DATABASE, incarnation=files.incarnation, own_sequence=0, missing=missing
    )


def _found(reason: IncarnationReason, *, database: DatabaseSays, missing: int = 0) -> StartFinding:
    """Put a new finding together with an open one about the same chain: the first gap is the deepest."""
    before, own = database.open_finding, database.head.sequence
    if before is not None and before.incarnation == database.incarnation:
        own, missing = min(own, before.own_sequence), max(missing, before.missing)
    return StartFinding(reason=reason, incarnation=database.incarnation, own_sequence=own, missing=missing)


def open_finding(transaction: Transaction) -> StartFinding | None:
    """Return the newest finding that no new incarnation has settled."""
    row = transaction.execute(_OPEN_OF_KIND, {"of_kind": FOUND}).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=StartFinding)


def read_finding(connection: Connection) -> StartFinding | None:
    """The same over a reader's connection."""
    row = connection.exec_driver_sql(_OPEN_OF_KIND, {"of_kind": FOUND}).first()
    return None if row is None else msgspec.json.decode(row[0], type=StartFinding)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should see, and whether a new incarnation or a person settled it."""

    kind: str
    at: datetime
    detail: msgspec.Raw
    settled_at: datetime | None = None


def read_notices(connection: Connection, *, limit: int) -> list[Notice]:
    """Return the newest notices, newest first."""
    rows = connection.execute(select(sync_notice).order_by(sync_notice.c.number.desc()).limit(limit))
    return [
        Notice(
            kind=row.kind,
            at=from_text(row.at),
            detail=msgspec.Raw(row.detail.encode()),
            settled_at=from_optional_text(row.settled_at),
        )
        for row in rows
    ]


def note_finding(transaction: Transaction, finding: StartFinding, *, at: datetime) -> None:
    """Keep what was found, durably, before anything else is written."""
    row = {"kind": FOUND, "at": to_text(at), "detail": msgspec.json.encode(finding).decode(), "settled_at": None}
    transaction.execute(_NOTE, row)


def settle_findings(transaction: Transaction, *, at: datetime) -> None:
    """Note that a new incarnation answers what was found."""
    transaction.execute(_SETTLE, {"of_kind": FOUND, "at": to_text(at)})


def note_notice(transaction: Transaction, kind: str, *, detail: Mapping[str, str | int], at: datetime) -> bool:
    """Keep something that a person should see; the same notice again, while it is open, changes nothing."""
    words = msgspec.json.encode(dict(detail), order="sorted").decode()
    if any(row[0] == words for row in transaction.execute(_OPEN_OF_KIND, {"of_kind": kind}).fetchall()):
        return False
    transaction.execute(_NOTE, {"kind": kind, "at": to_text(at), "detail": words, "settled_at": None})
    return True


def latest_notice(transaction: Transaction, kind: str) -> dict[str, str | int] | None:
    """Return what the open notice of a kind says, of which there is one at a time."""
    row = transaction.execute(_OPEN_OF_KIND, {"of_kind": kind}).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=dict[str, str | int])


def replace_notice(transaction: Transaction, kind: str, *, detail: Mapping[str, str | int], at: datetime) -> None:
    """Keep a notice that takes the place of the one before of its kind, which stays to be read."""
    transaction.execute(_SETTLE, {"of_kind": kind, "at": to_text(at)})
    note_notice(transaction, kind, detail=detail, at=at)


def abandon_chain(transaction: Transaction, incarnation: int, *, after: int) -> None:
    """Decide that a chain is not delivered any more after a sequence; what follows is carried over in steps."""
    transaction.execute(_ABANDON, {"of_incarnation": incarnation, "after": after})


def recover_some(transaction: Transaction, *, origin: Origin, random_bytes: RandomBytes) -> bool:
    """Carry over the next records of an abandoned chain into the growing one; return False when there are none.

    Each is appended with its original bytes, so that it counts once however often it arrives. A kill
    between two steps loses nothing: the next step goes on where the last commit ended.
    """
    unfinished = transaction.execute(_UNFINISHED).fetchone()
    if unfinished is None:
        return False
    incarnation, recovered_to = unfinished
    rows = transaction.execute(_NEXT, {"of_incarnation": incarnation, "after": recovered_to}).fetchall()
    for sequence, type_name, record in rows:
        body = _carried(record, incarnation=incarnation, sequence=sequence, type_name=type_name)
        append(transaction, body, origin=origin, random_bytes=random_bytes)
    if rows:
        transaction.execute(_RECOVERED_TO, {"of_incarnation": incarnation, "to": rows[-1][0]})
    if len(rows) < RECOVERED_AT_ONCE:
        transaction.execute(_FINISH, {"of_incarnation": incarnation, "at": to_text(origin.recorded_at)})
    return True


def _carried(record: bytes, *, incarnation: int, sequence: int, type_name: str) -> RecordRecovered:
    """Wrap a record; one that was carried over before stays what it is, so that no wrapping grows."""
    if type_name == RecordRecovered.type_name:
        inner = body_of(decode_record(record))
        if isinstance(inner, RecordRecovered):
            return inner
    return RecordRecovered(original_incarnation=incarnation, original_sequence=sequence, original=record)
