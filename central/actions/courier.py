"""A gate without a link: its courier's package is taken like its pushes, and answered on the same stick.

The package is read twice: once whole, to see that its seal fits, then batch by batch. Each batch goes
through the very door of a push, so a package that was taken before, or overtaken by the link, changes
nothing. What the gate asked about its heads is answered from what the ledger holds; the start of its
program is not held against the alarm of a copied identity, because a courier may be days late.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.doorway import PushRefusedError, check_incarnation
from central.actions.downlink import Downlink
from central.actions.reception import Reception
from central.store import CentralStore
from central.store.edges import Edge
from sync.exchange.chain import ChainHead
from sync.exchange.courier import CourierError, batches_in, check_package, read_head
from sync.exchange.messages import (
    CourierBatch,
    CourierPackage,
    CourierRefusal,
    CourierReturn,
    DownAnswer,
    HeadQuestion,
    IncarnationGrant,
    Receipt,
)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a package: batches in it, batches taken; ``answer`` goes back with the courier."""

    answer: CourierReturn
    batches: int
    taken: int


class CourierDesk:
    """Takes packages at one centre."""

    def __init__(self, store: CentralStore, *, signing_key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> None:
        """Use the same reception and the same way down as the wire."""
        self._store = store
        self._key = signing_key
        self._clock = clock
        self._reception = Reception(store, signing_key=signing_key, clock=clock)
        self._downlink = Downlink(store, signing_key=signing_key, clock=clock)

    def take(self, path: Path) -> Taken:
        """Take every batch of a package that is whole; raise ``CourierError`` before anything is taken."""
        head = _head_of(path)
        edge = self._edge(head.edge)
        with path.open("rb") as lines:
            count = check_package(lines, public_key=edge.public_key)
        receipts: list[Receipt] = []
        refusals: list[CourierRefusal] = []
        with path.open("rb") as lines:
            for batch in batches_in(lines, count=count):
                self._take_batch(batch, receipts=receipts, refusals=refusals)
        answer = CourierReturn(
            edge_id=edge.edge_id,
            made_at=head.made_at,
            receipts=(*receipts, *self._head_receipts(head, edge=edge)),
            refusals=tuple(refusals),
            down=self._down(head),
            ledger_head=self._store.witnesses.newest(self._store.edges.epoch(now=self._clock())),
            grant=self._grant(head, edge=edge),
        )
        return Taken(answer=answer.signed(key=self._key), batches=count, taken=len(receipts))

    def _edge(self, edge_id: str) -> Edge:
        edge = self._store.edges.find(edge_id)
        if edge is None or edge.confirmed_at is None or edge.revoked_at is not None:
            msg = f"{edge_id} is not an edge of this centre, not confirmed yet, or revoked"
            raise CourierError(msg)
        return edge

    def _take_batch(self, batch: CourierBatch, *, receipts: list[Receipt], refusals: list[CourierRefusal]) -> None:
        """Take one batch, unless one of its chain before it was refused: what follows would be a gap."""
        words = batch.headers
        if any(refused.incarnation == words.incarnation for refused in refusals):
            return
        try:
            answer = self._reception.take_push(words, signature=batch.signature, body=batch.body, by_courier=True)
        except PushRefusedError as refused:
            refusals.append(
                CourierRefusal(
                    incarnation=words.incarnation, first=words.first, last=words.last, refusal=refused.refusal
                )
            )
        else:
            receipts.append(answer.receipt)

    def _grant(self, head: CourierPackage, *, edge: Edge) -> IncarnationGrant | msgspec.UnsetType:
        """Give the number that the gate asked for. The same package again gives another: only one is ever used."""
        asked = head.incarnation_question
        if asked is None or asked.question.edge != edge.edge_id:
            return msgspec.UNSET
        try:
            return self._reception.grant_incarnation(asked.question, signature=asked.signature)
        except PushRefusedError:
            return msgspec.UNSET

    def _head_receipts(self, head: CourierPackage, *, edge: Edge) -> list[Receipt]:
        """Say where the ledger stands with each chain that the gate asked about."""
        receipts = []
        for asked in head.head_questions:
            try:
                _, asking = self._reception.doorway.admit(asked.question, signature=asked.signature)
                check_incarnation(asked.question.incarnation, edge=asking)
            except PushRefusedError:
                continue
            if asking.edge_id == edge.edge_id:
                receipts.append(self._receipt(asked.question, edge=edge))
        return receipts

    def _receipt(self, question: HeadQuestion, *, edge: Edge) -> Receipt:
        now = self._clock()
        stored: ChainHead = self._store.edges.head(edge.edge_id, incarnation=question.incarnation, now=now)
        return Receipt(
            epoch=self._store.edges.epoch(now=now),
            edge_id=edge.edge_id,
            incarnation=question.incarnation,
            sequence=stored.sequence,
            hash=stored.hash.hex(),
            ledger_position=self._store.edges.ledger_position(),
            received_at=now,
            nonce=question.nonce,
        ).signed(key=self._key)

    def _down(self, head: CourierPackage) -> DownAnswer | None:
        if head.down_question is None:
            return None
        asked = head.down_question
        try:
            return self._downlink.answer(asked.question, signature=asked.signature, doorway=self._reception.doorway)
        except PushRefusedError:
            return None


def _head_of(path: Path) -> CourierPackage:
    with path.open("rb") as lines:
        return read_head(next(iter(lines), b""))
