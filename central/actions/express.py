"""The express lane: a referral is at the desk at once, whatever lies before it in its gate's journal."""

from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.doorway import Doorway, PushRefusedError
from central.reception import ReceivedRecord, ReceptionError, read_record
from central.store import CentralStore
from central.store.edges import Edge
from central.store.projection import PROVINCE
from central.store.provisional import ExpressFullError
from sync.exchange.messages import (
    EXPRESS_LIMIT_RECORDS,
    BatchError,
    ExpressAnswer,
    ExpressHeaders,
    unpack_batch,
)

FULL_RETRY_S = 60.0


class ExpressLane:
    """Takes urgent records out of their order; they count nowhere before the ledger has them."""

    def __init__(self, store: CentralStore, *, signing_key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> None:
        """Nothing is taken yet."""
        self._store = store
        self._key = signing_key
        self._clock = clock

    def take(self, headers: ExpressHeaders, *, signature: str, body: bytes, doorway: Doorway) -> ExpressAnswer:
        """Keep the records as provisional cases, commit, answer; raise ``PushRefusedError``."""
        _, edge = doorway.admit(headers, signature=signature, body=body)
        try:
            lines, keys = unpack_batch(body, limit=EXPRESS_LIMIT_RECORDS)
            records = [read_record(line) for line in lines]
        except BatchError as error:
            http_code = 413 if error.is_too_large else 400
            raise PushRefusedError("too_large" if error.is_too_large else "malformed", http_code=http_code) from error
        except ReceptionError as error:
            raise PushRefusedError(code=error.code, http_code=error.http_code) from error
        _check_own(records, edge=edge)
        try:
            taken = self._store.provisional.take(edge.edge_id, records=records, keys=keys, now=self._clock())
        except ExpressFullError as error:
            raise PushRefusedError(code="busy", http_code=429, retry_after_s=FULL_RETRY_S) from error
        return ExpressAnswer(nonce=headers.nonce, taken=taken).signed(key=self._key)


def _check_own(records: list[ReceivedRecord], *, edge: Edge) -> None:
    """Whoever signed speaks for itself only, and only of chains that it was given."""
    if not records:
        raise PushRefusedError(code="malformed", http_code=400)
    if edge.kind == PROVINCE:  # a person's crossing stays in its province
        raise PushRefusedError(code="record_refused", http_code=422)
    for record in records:
        if record.envelope.edge_id != edge.edge_id or record.envelope.incarnation > edge.incarnation:
            raise PushRefusedError(code="record_refused", http_code=422)
