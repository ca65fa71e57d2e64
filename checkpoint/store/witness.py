"""Heads of the centre's ledger that this edge holds under the centre's signature: what it can no longer deny."""

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.instants import to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import witnessed_head
from checkpoint.store.writer import Transaction, Writer
from sync.exchange.messages import SignedHead, WitnessError, check_witness

KEPT_HEADS = 10_000
"""About a week of one head a minute. The newest one answers for all before it, because the ledger is a chain."""
_PRUNED_EVERY = 100

_KEEP = compiled(
    insert(witnessed_head)
    .values(dict.fromkeys(("epoch", "position", "bytes", "issued_at")))
    .on_conflict_do_update(
        index_elements=["epoch", "position"],
        set_={name: getattr(insert(witnessed_head).excluded, name) for name in ("bytes", "issued_at")},
    )
)
_PRUNE = (
    f"DELETE FROM witnessed_head WHERE issued_at < (SELECT min(issued_at) FROM (SELECT issued_at FROM witnessed_head"  # noqa: S608  # a constant
    f" ORDER BY issued_at DESC LIMIT {KEPT_HEADS}))"
)
_NEWEST = (
    compiled(
        select(witnessed_head.c.bytes).order_by(witnessed_head.c.issued_at.desc(), witnessed_head.c.position.desc())
    )
    + " LIMIT :most"
)


class HeldHeads:
    """The signed heads in the edge's database; the newest one is kept in memory too."""

    def __init__(self, writer: Writer, *, readers: Engine) -> None:
        """Read the newest one."""
        self._writer = writer
        self._readers = readers
        self._last = next(iter(self.newest(limit=1)), None)
        self._noted = 0

    def last(self) -> SignedHead | None:
        """Return the newest head held."""
        return self._last

    def newest(self, *, limit: int) -> list[SignedHead]:
        """Return the newest heads, newest first."""
        with self._readers.connect() as connection:
            rows = connection.exec_driver_sql(_NEWEST, {"most": limit}).all()
        return [msgspec.json.decode(row.bytes, type=SignedHead) for row in rows]

    def note(self, head: SignedHead) -> None:
        """Keep a head durably; raise ``WitnessError`` if it cannot be true together with one that is held."""
        check_witness(head, held=self._last)
        if self._last is not None and (head.epoch, head.position, head.hash, head.centre_sequence) == (
            self._last.epoch,
            self._last.position,
            self._last.hash,
            self._last.centre_sequence,
        ):
            return
        self._require_same(head)
        row = {
            "epoch": head.epoch,
            "position": head.position,
            "bytes": msgspec.json.encode(head),
            "issued_at": to_text(head.issued_at),
        }
        self._writer.submit(lambda transaction: self._keep(transaction, row)).result(COMMIT_TIMEOUT_S)
        self._last = head

    def _keep(self, transaction: Transaction, row: dict[str, object]) -> None:
        transaction.execute(_KEEP, row)
        self._noted += 1
        if self._noted % _PRUNED_EVERY == 0:
            transaction.execute(_PRUNE)

    def _require_same(self, head: SignedHead) -> None:
        """Compare with what is held of this very position, also from before another epoch came and went."""
        at = select(witnessed_head.c.bytes).where(
            witnessed_head.c.epoch == head.epoch, witnessed_head.c.position == head.position
        )
        with self._readers.connect() as connection:
            content = connection.execute(at).scalar_one_or_none()
        held = None if content is None else msgspec.json.decode(content, type=SignedHead)
        if held is not None and held.hash != head.hash:
            raise WitnessError(held, contradiction="another_ledger")
