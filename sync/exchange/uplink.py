"""The uplink of an edge: carries the journal to the centre, driven by ``protocol.py``.

Sends only what is durably in the journal, reads the journal through ``OutgoingJournal`` (which the
edge's store implements), and takes a record as delivered only by the centre's signed receipt.
One step does at most one request. ``run`` loops until told to stop; a lane never waits for it.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from random import SystemRandom
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.chain import GENESIS_HASH, ChainHead
from sync.exchange.messages import (
    BODY_LIMIT_BYTES,
    HeadAnswer,
    HeadQuestion,
    PushAnswer,
    PushHeaders,
    Receipt,
    Refusal,
    check_receipt,
    pack_batch,
)
from sync.exchange.protocol import (
    AskHead,
    HeadReceived,
    Pause,
    PauseEnded,
    Phase,
    Push,
    ReceiptReceived,
    RecordsPending,
    RequestRefused,
    ResumeOrdered,
    TransportFailed,
    UplinkAction,
    UplinkEvent,
    UplinkState,
    advance,
)
from sync.exchange.sealing import EpisodeKey
from sync.exchange.signatures import SignatureError

IDLE_LOOK_S = 1.0
"""How often an idle uplink looks for new records, when nobody nudges it."""
HALTED_LOOK_S = 5.0
_CHANCE = SystemRandom()


class TransportError(OSError):
    """No answer of the centre came back: retry later. Never says whether the batch arrived."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        """``reason`` is a slug for the lane screen; ``retry_after_s`` what a server asked for."""
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class RefusedError(Exception):
    """The centre answered and refused."""

    def __init__(self, refusal: Refusal, *, retry_after_s: float | None = None) -> None:
        """Keep the centre's code."""
        self.refusal = refusal
        self.retry_after_s = retry_after_s
        super().__init__(refusal.code)


class OutgoingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One journal entry on its way: its bytes, its hash, and its episode's wrapped key if it is sealed."""

    sequence: int
    record: bytes
    hash: bytes
    episode_key: EpisodeKey | None = None


class OutgoingJournal(Protocol):
    """What the uplink needs of the edge's store. Every call sees only committed entries."""

    def head(self) -> ChainHead:
        """Return the journal's own head."""

    def pending_after(self, sequence: int, *, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` entries after ``sequence``, in order, without gaps."""

    def hash_at(self, sequence: int) -> bytes | None:
        """Return the hash of the entry at ``sequence``, or ``None`` if there is none."""

    def note_receipt(self, receipt: Receipt) -> None:
        """Keep the centre's receipt durably."""


class UplinkTransport(Protocol):
    """The two requests. Both raise ``TransportError`` or ``RefusedError``."""

    def ask_head(self, question: HeadQuestion, *, key: Ed25519PrivateKey) -> HeadAnswer:
        """Ask where the centre stands."""

    def push(self, headers: PushHeaders, *, body: bytes, key: Ed25519PrivateKey) -> PushAnswer:
        """Send one batch."""


class UplinkIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, and whose receipts are believed. ``centre_public_key`` is 32 raw bytes (Ed25519)."""

    edge_id: str
    incarnation: int
    signing_key: Ed25519PrivateKey
    centre_public_key: bytes


class Uplink:
    """Drives the state table with a journal and a transport. One instance per chain, one thread."""

    def __init__(
        self,
        identity: UplinkIdentity,
        *,
        journal: OutgoingJournal,
        transport: UplinkTransport,
        clock: Callable[[], datetime],
        draw: Callable[[], float] = _CHANCE.random,
    ) -> None:
        """Start idle, knowing nothing of the centre: the first step asks for its head."""
        self._identity = identity
        self._journal = journal
        self._transport = transport
        self._clock = clock
        self._draw = draw
        self._awake = threading.Event()
        self._state = UplinkState(since=clock())

    @property
    def state(self) -> UplinkState:
        """Where the uplink stands, for the lane screen and ``/api/health``."""
        return self._state

    def nudge(self) -> None:
        """Say that there are new records, or that the link is up again: the pause ends at once."""
        self._awake.set()

    def order_resume(self) -> None:
        """Let a halted uplink try again, on a person's order."""
        self._advance(ResumeOrdered())
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set; call ``nudge`` after setting it, to end a pause."""
        while not stop.is_set():
            pause_s = self.step()
            if pause_s > 0.0:
                self._awake.wait(pause_s)
            self._awake.clear()

    def step(self) -> float:
        """Do at most one request; return how many seconds may pass before the next step."""
        action = self._next_action()
        match action:
            case AskHead():
                event = self._ask_head()
            case Push():
                event = self._push(action)
            case Pause(delay_s=delay_s):
                return delay_s
            case _:
                return HALTED_LOOK_S if self._state.phase is Phase.HALTED else IDLE_LOOK_S
        following = self._advance(event)
        return following.delay_s if isinstance(following, Pause) else 0.0

    def _next_action(self) -> UplinkAction:
        if self._state.phase is Phase.BACKING_OFF:
            return self._advance(PauseEnded())
        if self._state.phase is Phase.ASKING_HEAD:
            return AskHead()
        return self._advance(RecordsPending(journal_head=self._journal.head()))

    def _advance(self, event: UplinkEvent) -> UplinkAction:
        self._state, action = advance(self._state, event=event, now=self._clock(), draw=self._draw)
        return action

    def _ask_head(self) -> UplinkEvent:
        me = self._identity
        question = HeadQuestion(edge=me.edge_id, incarnation=me.incarnation, nonce=secrets.token_hex(16))
        try:
            answer = self._transport.ask_head(question, key=me.signing_key)
            said = (answer.receipt.sequence, answer.receipt.hash, answer.receipt.epoch)
            self._check(
                answer.receipt, nonce=question.nonce, is_as_said=said == (answer.sequence, answer.hash, answer.epoch)
            )
        except (TransportError, RefusedError, SignatureError) as error:
            return _event_of(error)
        own_hash = GENESIS_HASH if answer.sequence == 0 else self._journal.hash_at(answer.sequence)
        if answer.sequence > 0 and own_hash is not None and own_hash.hex() == answer.hash:
            self._journal.note_receipt(answer.receipt)
        return HeadReceived(answer=answer, own_hash=own_hash)

    def _push(self, push: Push) -> UplinkEvent:
        me = self._identity
        batch, body = self._pack(push)
        headers = PushHeaders(
            edge=me.edge_id,
            incarnation=me.incarnation,
            first=batch[0].sequence,
            last=batch[-1].sequence,
            head_hash=batch[-1].hash.hex(),
            epoch=push.epoch,
            nonce=secrets.token_hex(16),
        )
        try:
            answer = self._transport.push(headers, body=body, key=me.signing_key)
            said = (answer.receipt.sequence, answer.receipt.hash, answer.receipt.epoch)
            self._check(
                answer.receipt, nonce=headers.nonce, is_as_said=said == (headers.last, headers.head_hash, push.epoch)
            )
        except (TransportError, RefusedError, SignatureError) as error:
            return _event_of(error)
        self._journal.note_receipt(answer.receipt)
        return ReceiptReceived(receipt=answer.receipt)

    def _pack(self, push: Push) -> tuple[Sequence[OutgoingRecord], bytes]:
        """Take as many records as fit into one body; a single record always fits."""
        batch = self._journal.pending_after(push.after.sequence, limit=push.limit)
        while True:
            keys = {entry.episode_key.episode_id: entry.episode_key for entry in batch if entry.episode_key}
            body = pack_batch((entry.record for entry in batch), episode_keys=keys.values())
            if len(body) <= BODY_LIMIT_BYTES or len(batch) == 1:
                return batch, body
            batch = batch[: len(batch) // 2]

    def _check(self, receipt: Receipt, *, nonce: str, is_as_said: bool) -> None:
        """A receipt counts only if the centre signed it for this chain and this very request."""
        check_receipt(receipt, public_key=self._identity.centre_public_key)
        me = self._identity
        if not is_as_said or (receipt.edge_id, receipt.incarnation, receipt.nonce) != (
            me.edge_id,
            me.incarnation,
            nonce,
        ):
            message = "the receipt is for another request"
            raise SignatureError(message)


def _event_of(error: TransportError | RefusedError | SignatureError) -> UplinkEvent:
    """Say to the state table what went wrong."""
    if isinstance(error, RefusedError):
        return RequestRefused(code=error.refusal.code, retry_after_s=error.retry_after_s)
    if isinstance(error, TransportError):
        return TransportFailed(reason=error.reason, retry_after_s=error.retry_after_s)
    return TransportFailed(reason="forged_receipt")
