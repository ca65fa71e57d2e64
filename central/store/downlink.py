"""The centre's own journal as edges read it: page by page, one incarnation after the other; and their cursors."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, bindparam, select, update

from central.store.centre_journal import hash_at, head_of, incarnations, records_after
from central.store.engine import reading, writing
from central.store.epochs import epoch_of
from central.store.tables import centre, edge
from sync.exchange.chain import GENESIS_HASH, ChainHead
from sync.exchange.messages import DOWN_LIMIT_BYTES, DOWN_LIMIT_RECORDS, DownQuestion

_CENTRE = select(centre)
_MOVE_CURSOR = (
    update(edge)
    .where(edge.c.edge_id == bindparam("caller"))
    .values(
        down_incarnation=bindparam("new_incarnation"),
        down_sequence=bindparam("new_sequence"),
        down_at=bindparam("now"),
    )
)


class AnotherHistoryError(Exception):
    """The edge holds a record of the centre that the centre does not have; ``head`` is the centre's own."""

    def __init__(self, head: ChainHead) -> None:
        """Keep the head of the chain that was asked for."""
        self.head = head
        super().__init__(f"the centre's chain stands at {head.sequence}")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The records after ``after`` of one incarnation; ``epoch`` is empty while it is an earlier one."""

    epoch: str
    incarnation: int
    after: int
    head_hash: bytes
    length: int
    records: tuple[bytes, ...]


class DownCursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far an edge has taken the centre's journal, and when it asked last."""

    edge_id: str
    point_of_entry_id: str
    incarnation: int
    sequence: int
    asked_at: datetime | None

    def has(self, *, incarnation: int, sequence: int) -> bool:
        """Tell whether the edge holds this record of the centre."""
        return (self.incarnation, self.sequence) >= (incarnation, sequence)


class Down:
    """Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def page(self, question: DownQuestion, *, now: datetime) -> Page:
        """Return the next records and remember the edge's cursor; raises ``AnotherHistoryError``."""
        with writing(self._engine) as connection:
            epoch = epoch_of(connection.execute(_CENTRE).one())
            is_ours = _note_cursor(connection, question=question, present=epoch.number, now=now)
            if not is_ours and question.centre_incarnation >= epoch.number:
                raise AnotherHistoryError(head_of(connection, incarnation=question.centre_incarnation))
            place = _next_place(connection, question=question, present=epoch.number, is_ours=is_ours)
            incarnation, after, after_hash = place
            found = records_after(
                connection, after, incarnation=incarnation, limit=DOWN_LIMIT_RECORDS, limit_bytes=DOWN_LIMIT_BYTES
            )
            return Page(
                epoch=epoch.name if incarnation == epoch.number else "",
                incarnation=incarnation,
                after=after,
                head_hash=found[-1][1] if found else after_hash,
                length=head_of(connection, incarnation=incarnation).sequence,
                records=tuple(record for record, _ in found),
            )

    def cursors(self) -> list[DownCursor]:
        """Return how far every edge that may still ask has come."""
        query = (
            select(
                edge.c.edge_id,
                edge.c.point_of_entry_id,
                edge.c.down_incarnation.label("incarnation"),
                edge.c.down_sequence.label("sequence"),
                edge.c.down_at.label("asked_at"),
            )
            .where(edge.c.revoked_at.is_(None), edge.c.kind == "edge")
            .order_by(edge.c.edge_id)
        )
        with reading(self._engine) as connection:
            return [DownCursor(**row) for row in connection.execute(query).mappings()]


def _note_cursor(connection: Connection, *, question: DownQuestion, present: int, now: datetime) -> bool:
    """Believe the edge's place only if its hash is ours; then it is how far the edge has come.

    The beginning of a life that this database never saw is no place of ours: it would count as behind every order.
    """
    if question.centre_incarnation > present:
        return False
    known = (
        GENESIS_HASH
        if question.after == 0
        else hash_at(connection, question.after, incarnation=question.centre_incarnation)
    )
    if known is None or known.hex() != question.after_hash:
        return False
    place = {"caller": question.edge, "new_incarnation": question.centre_incarnation, "new_sequence": question.after}
    connection.execute(_MOVE_CURSOR, {**place, "now": now})
    return True


def _next_place(
    connection: Connection, *, question: DownQuestion, present: int, is_ours: bool
) -> tuple[int, int, bytes]:
    """Stay in the chain that was asked for until its end, then go on with the next one from its beginning.

    Of a life that a restore took back, an edge may hold records that nobody has any more: its place there
    is behind every later life, so it too goes on with the next one.
    """
    asked = question.centre_incarnation
    is_at_end = not is_ours or question.after >= head_of(connection, incarnation=asked).sequence
    following = [number for number in incarnations(connection) if number > asked]
    if not is_ours and not following:
        following = [present]
    if is_at_end and following and asked < present:
        return following[0], 0, GENESIS_HASH
    return asked, question.after, bytes.fromhex(question.after_hash)
