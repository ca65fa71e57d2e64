"""The express lane: a referral reaches the CDC desk at once, however long the queue of the ledger is.

Runs beside the push, on a connection of its own. What it sends travels in the chain as well; the centre
shows it as provisional until the ledger catches up. Losing an express loses nothing.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from random import SystemRandom

import msgspec

from sync.exchange.batching import pack_records
from sync.exchange.ends import (
    ExpressJournal,
    ExpressTransport,
    OutgoingRecord,
    RefusedError,
    TransportError,
    UplinkIdentity,
)
from sync.exchange.envelope import decode_record
from sync.exchange.messages import (
    EXPRESS_LIMIT_BYTES,
    EXPRESS_LIMIT_RECORDS,
    ExpressAnswer,
    ExpressHeaders,
    check_nonce,
)
from sync.exchange.phases import NO_LINK_CAP_S, back_off_s
from sync.exchange.signatures import SignatureError

LOOK_S = 1.0
"""How often the journal is looked at for urgent records, when nobody nudges."""
NONCE_BYTES = 16
_CHANCE = SystemRandom()


class ExpressState(msgspec.Struct, frozen=True, kw_only=True):
    """Failures in a row, how many records are tried at once, and why the last try failed."""

    failures: int = 0
    limit: int = EXPRESS_LIMIT_RECORDS
    reason: str = ""


class ExpressLane:
    """Sends urgent records out of their order. One instance per edge, one thread."""

    def __init__(
        self,
        identity: UplinkIdentity,
        *,
        journal: ExpressJournal,
        transport: ExpressTransport,
        draw: Callable[[], float] = _CHANCE.random,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Start with nothing sent."""
        self._identity = identity
        self._journal = journal
        self._transport = transport
        self._draw = draw
        self._random_bytes = random_bytes
        self._awake = threading.Event()
        self._state = ExpressState()

    @property
    def state(self) -> ExpressState:
        """How the lane stands, for health and metrics."""
        return self._state

    def nudge(self) -> None:
        """Say that there may be urgent records."""
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set; call ``nudge`` after setting it, to end a pause."""
        while not stop.is_set():
            pause_s = self.step()
            if self._state.failures > 0:
                stop.wait(pause_s)
            elif pause_s > 0.0:
                self._awake.wait(pause_s)
            self._awake.clear()

    def step(self) -> float:
        """Do at most one request; return how many seconds may pass before the next step."""
        records = self._journal.urgent(limit=self._state.limit)
        if not records:
            self._state = ExpressState()
            return LOOK_S
        try:
            taken = self._send(records)
        except (TransportError, RefusedError, SignatureError) as error:
            return self._fail(error)
        self._journal.note_express(taken)
        if not taken:
            return self._fail(TransportError("nothing_taken"))
        self._state = ExpressState(limit=min(EXPRESS_LIMIT_RECORDS, self._state.limit * 2))
        return 0.0

    def _send(self, records: Sequence[OutgoingRecord]) -> tuple[str, ...]:
        """Send as many as fit; return those that the centre says it took, of those that were sent."""
        me = self._identity
        batch = pack_records(records, limit_bytes=EXPRESS_LIMIT_BYTES)
        headers = ExpressHeaders(
            edge=me.edge_id, incarnation=me.incarnation, nonce=self._random_bytes(NONCE_BYTES).hex()
        )
        answer = self._transport.express(headers, body=batch.body, key=me.signing_key)
        check_express_answer(answer, headers=headers, public_key=me.centre_public_key)
        sent = {str(decode_record(each.record).record_id) for each in records}
        return tuple(record_id for record_id in answer.taken if record_id in sent)

    def _fail(self, error: TransportError | RefusedError | SignatureError) -> float:
        """Back off. A link that is down burdens nobody, and a referral must not wait for it."""
        failures = self._state.failures + 1
        is_refused = isinstance(error, RefusedError)
        reason, retry_after_s = _reason_of(error)
        limit = max(1, self._state.limit // 2) if reason in {"timeout", "too_large"} else self._state.limit
        self._state = ExpressState(failures=failures, limit=limit, reason=reason)
        if is_refused or retry_after_s is not None:
            return back_off_s(failures, draw=self._draw, retry_after_s=retry_after_s)
        return back_off_s(failures, draw=self._draw, cap_s=NO_LINK_CAP_S)


def check_express_answer(answer: ExpressAnswer, *, headers: ExpressHeaders, public_key: bytes) -> None:
    """Raise ``SignatureError`` unless the centre answered this very request."""
    check_nonce(headers.nonce, answered=answer.nonce)
    answer.check(public_key=public_key)


def _reason_of(error: TransportError | RefusedError | SignatureError) -> tuple[str, float | None]:
    if isinstance(error, RefusedError):
        return error.refusal.code, error.retry_after_s
    if isinstance(error, TransportError):
        return error.reason, error.retry_after_s
    return "forged_receipt", None
