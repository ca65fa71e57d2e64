"""The way down: the centre's own journal, page by page, signed, with the moment at which it was true."""

from collections.abc import Callable
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.doorway import Doorway, PushRefusedError
from central.store import CentralStore
from central.store.alarms import Alarm, AlarmKind
from central.store.downlink import AnotherHistoryError
from sync.exchange.messages import DownAnswer, DownQuestion

_LOG = structlog.get_logger(__name__)


class Downlink:
    """Answers what edges ask of the centre's journal, and remembers how far each has come."""

    def __init__(self, store: CentralStore, *, signing_key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> None:
        """Nothing is read yet."""
        self._store = store
        self._key = signing_key
        self._clock = clock

    def answer(self, question: DownQuestion, *, signature: str, doorway: Doorway) -> DownAnswer:
        """Return the next records; an answer without any still says how old the policy is at most."""
        _, edge = doorway.admit(question, signature=signature)
        now = self._clock()
        try:
            page = self._store.down.page(question, now=now)
        except AnotherHistoryError as error:
            self._raise_denied(question, error=error, now=now)
            raise PushRefusedError(code="fork", http_code=409, head=error.head) from error
        return DownAnswer(
            epoch=page.epoch,
            edge_id=edge.edge_id,
            centre_incarnation=page.incarnation,
            after=page.after,
            last=page.after + len(page.records),
            head_hash=page.head_hash.hex(),
            length=page.length,
            issued_at=now,
            nonce=question.nonce,
            records=page.records,
        ).signed(key=self._key)

    def _raise_denied(self, question: DownQuestion, *, error: AnotherHistoryError, now: datetime) -> None:
        """Tell a person: the edge's word proves nothing by itself, and only a new epoch lets it go on."""
        _LOG.critical("journal denied", edge_id=question.edge, after=question.after, held=error.head.sequence)
        self._store.edges.raise_alarm(
            Alarm(
                kind=AlarmKind.CENTRE_RESTORED,
                edge_id=question.edge,
                incarnation=question.centre_incarnation,
                sequence=question.after,
                expected_hash=bytes.fromhex(question.after_hash),
                found_hash=error.head.hash,
                raised_at=now,
                detail={"witness": question.edge, "by": "downlink"},
            ),
            is_once_enough=True,
        )
