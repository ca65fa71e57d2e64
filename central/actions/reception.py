"""Taking what edges send: who are you, where do we stand, and is this batch yours and next.

The answer to a push is given only after the commit. Every refusal carries a code that the edge's
state table knows, and where it helps the centre's head, so that doubt always ends at the same place.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.doorway import Doorway, PushRefusedError, check_incarnation
from central.reception import ReceivedBatch, ReceptionError, receive_batch
from central.store import CentralStore
from central.store.alarms import Alarm, AlarmKind
from central.store.edges import FrozenError
from central.store.epochs import Epoch
from central.store.ingest import Appended, ForkError, GapError, RecordTakenError
from sync.exchange.messages import (
    COURIER_EPOCH,
    HeadAnswer,
    HeadQuestion,
    IncarnationGrant,
    IncarnationQuestion,
    PushAnswer,
    PushHeaders,
    Receipt,
)

_LOG = structlog.get_logger(__name__)

__all__ = ["PushRefusedError", "Reception"]


class Reception:
    """The centre's side of the uplink protocol."""

    def __init__(
        self,
        store: CentralStore,
        *,
        signing_key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        doorway: Doorway | None = None,
    ) -> None:
        """``clock`` gives ``received_at``: aware UTC."""
        self._store = store
        self._key = signing_key
        self._clock = clock
        self.doorway = doorway or Doorway(store, clock=clock)
        self._spent: deque[ReceivedBatch] = deque(maxlen=1)

    def answer_head(self, question: HeadQuestion, *, signature: str) -> HeadAnswer:
        """Say how far this edge's chain has come; raise ``PushRefusedError``."""
        _, edge = self.doorway.admit(question, signature=signature)
        check_incarnation(question.incarnation, edge=edge)
        now = self._clock()
        heard = self._store.handshakes.hear(question, caller=edge, now=now)
        receipt = Receipt(
            epoch=heard.epoch.name,
            edge_id=edge.edge_id,
            incarnation=question.incarnation,
            sequence=heard.head.sequence,
            hash=heard.head.hash.hex(),
            ledger_position=heard.ledger_position,
            received_at=now,
            nonce=question.nonce,
        )
        answer = HeadAnswer(
            epoch=heard.epoch.name,
            edge_id=edge.edge_id,
            incarnation=question.incarnation,
            sequence=heard.head.sequence,
            hash=heard.head.hash.hex(),
            receipt=receipt.signed(key=self._key),
            is_frozen=heard.is_frozen,
            newest_incarnation=heard.newest_incarnation,
            down_sequence=heard.down_sequence,
            ledger_head=self._store.witnesses.newest(heard.epoch.name),
        )
        return answer.signed(key=self._key)

    def take_push(self, headers: PushHeaders, *, signature: str, body: bytes, by_courier: bool = False) -> PushAnswer:
        """Verify, append, project, count, commit, answer; raise ``PushRefusedError``.

        A batch from a courier's package names the epoch ``courier``: it was packed without a link.
        """
        door, edge = self.doorway.admit(headers, signature=signature, body=body)
        check_incarnation(headers.incarnation, edge=edge)
        if headers.epoch != (COURIER_EPOCH if by_courier else door.epoch.name):
            raise PushRefusedError(code="wrong_epoch", http_code=409, epoch=door.epoch.name)
        try:
            batch = receive_batch(headers, body=body)
        except ReceptionError as error:
            raise PushRefusedError(code=error.code, http_code=error.http_code) from error
        self._spent.append(batch)
        received_at = self._clock()
        try:
            appended = self._store.append(
                batch, point_of_entry_id=edge.point_of_entry_id, received_at=received_at, kind=edge.kind
            )
        except GapError as gap:
            raise PushRefusedError(code="gap", http_code=409, head=gap.head) from gap
        except FrozenError as frozen:
            raise PushRefusedError(code="frozen_incarnation", http_code=409, head=frozen.head) from frozen
        except ForkError as fork:
            self._freeze(headers, fork=fork, now=received_at)
            raise PushRefusedError(code="fork", http_code=409, head=fork.head) from fork
        except RecordTakenError as error:
            raise PushRefusedError(code="record_refused", http_code=422) from error
        return self._answer(headers, epoch=door.epoch, appended=appended, received_at=received_at)

    def forget_spent(self) -> None:
        """Let go of the last batch. Its thousands of objects are taken apart after the answer, not before it."""
        self._spent.clear()

    def grant_incarnation(self, question: IncarnationQuestion, *, signature: str) -> IncarnationGrant:
        """Issue the next incarnation, written into the centre's own journal; raise ``PushRefusedError``."""
        self.doorway.admit(question, signature=signature)
        now = self._clock()
        granted = self._store.handshakes.grant(question, now=now)
        _LOG.warning(
            "incarnation granted", edge_id=question.edge, incarnation=granted.incarnation, reason=question.reason
        )
        return IncarnationGrant(
            edge_id=question.edge,
            incarnation=granted.incarnation,
            previous_incarnation=question.incarnation,
            epoch=granted.epoch.name,
            issued_at=now,
            nonce=question.nonce,
        ).signed(key=self._key)

    def _freeze(self, headers: PushHeaders, *, fork: ForkError, now: datetime) -> None:
        """Two histories under one number: keep the alarm first, then take no more of either."""
        _LOG.error("fork", edge_id=headers.edge, incarnation=headers.incarnation, sequence=fork.sequence)
        self._store.edges.raise_alarm(
            Alarm(
                kind=AlarmKind.FORK,
                edge_id=headers.edge,
                incarnation=headers.incarnation,
                sequence=fork.sequence,
                expected_hash=fork.expected,
                found_hash=fork.found,
                raised_at=now,
            )
        )
        self._store.handshakes.freeze(headers.edge, incarnation=headers.incarnation, now=now)

    def _answer(self, headers: PushHeaders, *, epoch: Epoch, appended: Appended, received_at: datetime) -> PushAnswer:
        """The receipt is for this batch's last record, also when the centre holds more already."""
        receipt = Receipt(
            epoch=epoch.name,
            edge_id=headers.edge,
            incarnation=headers.incarnation,
            sequence=headers.last,
            hash=headers.head_hash,
            ledger_position=appended.answers[-1].ledger_position,
            received_at=received_at,
            nonce=headers.nonce,
        )
        return PushAnswer(
            epoch=epoch.name,
            sequence=appended.head.sequence,
            hash=appended.head.hash.hex(),
            dispositions=appended.answers,
            receipt=receipt.signed(key=self._key),
        )
