"""Taking what edges send: who are you, where do we stand, and is this batch yours and next.

The answer to a push is given only after the commit. Every refusal carries a code that the edge's
state table knows, and where it helps the centre's head, so that doubt always ends at the same place.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.reception import ReceptionError, receive_batch
from central.store import CentralStore
from central.store.edges import FORK_ALARM, Alarm, Edge
from central.store.ingest import Appended, ForkError, GapError, RecordTakenError
from sync.exchange.chain import ChainHead
from sync.exchange.messages import (
    HeadAnswer,
    HeadQuestion,
    PushAnswer,
    PushHeaders,
    Receipt,
    Refusal,
    RefusalCode,
    sign_receipt,
)
from sync.exchange.signatures import SignatureError

_LOG = structlog.get_logger(__name__)


class PushRefusedError(Exception):
    """A request of an edge was not taken; ``refusal`` goes back as JSON with ``http_code``."""

    def __init__(self, code: RefusalCode, *, http_code: int, head: ChainHead | None = None, epoch: str = "") -> None:
        """Add the centre's head where the edge needs it to go on."""
        self.http_code = http_code
        self.refusal = Refusal(
            code=code,
            sequence=None if head is None else head.sequence,
            hash=None if head is None else head.hash.hex(),
            epoch=epoch or None,
        )
        super().__init__(code)


class Reception:
    """The centre's side of the uplink protocol."""

    def __init__(self, store: CentralStore, *, signing_key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> None:
        """``clock`` gives ``received_at``: aware UTC."""
        self._store = store
        self._key = signing_key
        self._clock = clock
        self._epoch = store.edges.epoch(now=clock())

    def answer_head(self, question: HeadQuestion, *, signature: str) -> HeadAnswer:
        """Say how far this edge's chain has come; raise ``PushRefusedError``."""
        edge = self._edge(question.edge, incarnation=question.incarnation)
        try:
            question.check(signature=signature, public_key=edge.public_key)
        except SignatureError as error:
            raise PushRefusedError(code="bad_signature", http_code=401) from error
        now = self._clock()
        head = self._store.edges.head(edge.edge_id, incarnation=question.incarnation, now=now)
        unsigned = Receipt(
            epoch=self._epoch,
            edge_id=edge.edge_id,
            incarnation=question.incarnation,
            sequence=head.sequence,
            hash=head.hash.hex(),
            ledger_position=self._store.edges.ledger_position(),
            received_at=now,
            nonce=question.nonce,
            signature="",
        )
        return HeadAnswer(
            epoch=self._epoch,
            edge_id=edge.edge_id,
            incarnation=question.incarnation,
            sequence=head.sequence,
            hash=head.hash.hex(),
            receipt=sign_receipt(unsigned, key=self._key),
        )

    def take_push(self, headers: PushHeaders, *, signature: str, body: bytes) -> PushAnswer:
        """Verify, append, project, count, commit, answer; raise ``PushRefusedError``."""
        edge = self._edge(headers.edge, incarnation=headers.incarnation)
        try:
            headers.check(body, signature=signature, public_key=edge.public_key)
        except SignatureError as error:
            raise PushRefusedError(code="bad_signature", http_code=401) from error
        if headers.epoch != self._epoch:
            raise PushRefusedError(code="wrong_epoch", http_code=409, epoch=self._epoch)
        try:
            batch = receive_batch(headers, body=body)
        except ReceptionError as error:
            raise PushRefusedError(code=error.code, http_code=error.http_code) from error
        received_at = self._clock()
        try:
            appended = self._store.append(batch, point_of_entry_id=edge.point_of_entry_id, received_at=received_at)
        except GapError as gap:
            raise PushRefusedError(code="gap", http_code=409, head=gap.head) from gap
        except ForkError as fork:
            self._alarm(headers, fork=fork, now=received_at)
            raise PushRefusedError(code="fork", http_code=409, head=fork.head) from fork
        except RecordTakenError as error:
            raise PushRefusedError(code="record_refused", http_code=422) from error
        return self._answer(headers, appended=appended, received_at=received_at)

    def _edge(self, edge_id: str, *, incarnation: int) -> Edge:
        edge = self._store.edges.find(edge_id)
        if edge is None:
            raise PushRefusedError(code="unknown_edge", http_code=401)
        if edge.revoked_at is not None:
            raise PushRefusedError(code="revoked_edge", http_code=401)
        if not 1 <= incarnation <= edge.incarnation:
            raise PushRefusedError(code="wrong_incarnation", http_code=409)
        return edge

    def _alarm(self, headers: PushHeaders, *, fork: ForkError, now: datetime) -> None:
        _LOG.error("fork", edge_id=headers.edge, incarnation=headers.incarnation, sequence=fork.sequence)
        self._store.edges.raise_alarm(
            Alarm(
                kind=FORK_ALARM,
                edge_id=headers.edge,
                incarnation=headers.incarnation,
                sequence=fork.sequence,
                expected_hash=fork.expected,
                found_hash=fork.found,
                raised_at=now,
            )
        )

    def _answer(self, headers: PushHeaders, *, appended: Appended, received_at: datetime) -> PushAnswer:
        """The receipt is for this batch's last record, also when the centre holds more already."""
        unsigned = Receipt(
            epoch=self._epoch,
            edge_id=headers.edge,
            incarnation=headers.incarnation,
            sequence=headers.last,
            hash=headers.head_hash,
            ledger_position=appended.answers[-1].ledger_position,
            received_at=received_at,
            nonce=headers.nonce,
            signature="",
        )
        return PushAnswer(
            epoch=self._epoch,
            sequence=appended.head.sequence,
            hash=appended.head.hash.hex(),
            dispositions=appended.answers,
            receipt=sign_receipt(unsigned, key=self._key),
        )
