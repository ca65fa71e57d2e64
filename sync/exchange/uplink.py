"""The uplink of an edge: carries the journal to the centre, driven by ``protocol.py``.

Sends only what is durably in the journal, reads the journal through ``OutgoingJournal`` (which the
edge's store implements), and takes a record as delivered only by the centre's signed receipt.
One step does at most one request. ``run`` loops until told to stop; a lane never waits for it.
Time, chance and random bytes are arguments, so that a simulation replays byte for byte.
"""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from random import SystemRandom

from sync.exchange.batching import BatchSource, JournalBatches
from sync.exchange.chain import GENESIS_HASH
from sync.exchange.ends import (
    Abandonment,
    ChainAtCentre,
    Finding,
    OutgoingChain,
    OutgoingJournal,
    OutgoingRecord,
    RefusedError,
    TransportError,
    UplinkIdentity,
    UplinkTransport,
)
from sync.exchange.messages import (
    Evidence,
    HeadAnswer,
    HeadQuestion,
    IncarnationGrant,
    IncarnationQuestion,
    PushAnswer,
    PushHeaders,
    Testimony,
    WitnessError,
    check_grant,
    check_nonce,
)
from sync.exchange.phases import (
    AskHead,
    AskIncarnation,
    GrantReceived,
    HeadReceived,
    JournalSeen,
    Pause,
    PauseEnded,
    Phase,
    Push,
    ReceiptReceived,
    Renewal,
    RequestRefused,
    ResumeOrdered,
    Testify,
    TestimonyOrdered,
    TestimonyTaken,
    TransportFailed,
    UplinkAction,
    UplinkEvent,
    UplinkState,
)
from sync.exchange.protocol import advance, unfinished
from sync.exchange.signatures import SignatureError

__all__ = [
    "Abandonment",
    "Finding",
    "OutgoingChain",
    "OutgoingJournal",
    "OutgoingRecord",
    "RefusedError",
    "TransportError",
    "Uplink",
    "UplinkIdentity",
    "UplinkTransport",
]
IDLE_LOOK_S = 1.0
"""How often an idle uplink looks for new records, when nobody nudges it."""
HALTED_LOOK_S = 5.0
NONCE_BYTES = 16
_CHANCE = SystemRandom()


class Uplink:
    """Drives the state table with a journal and a transport. One instance per edge, one thread."""

    def __init__(
        self,
        identity: UplinkIdentity,
        *,
        journal: OutgoingJournal,
        transport: UplinkTransport,
        clock: Callable[[], datetime],
        draw: Callable[[], float] = _CHANCE.random,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        batches: BatchSource | None = None,
        down_sequence: Callable[[], int] = int,
    ) -> None:
        """Start idle, knowing nothing of the centre: the first step asks for its head.

        ``down_sequence`` says how far the edge has taken the centre's journal.
        """
        self._identity = identity
        self._journal = journal
        self._transport = transport
        self._clock = clock
        self._draw = draw
        self._random_bytes = random_bytes
        self._batches = batches or JournalBatches(journal)
        self._down_sequence = down_sequence
        self._awake = threading.Event()
        self._resume = threading.Event()
        self._testimony = threading.Event()
        self._granted: tuple[IncarnationGrant, Renewal, tuple[ChainAtCentre, ...]] | None = None
        self._state = UplinkState(since=clock())

    @property
    def state(self) -> UplinkState:
        """Where the uplink stands, for the lane screen and ``/api/health``."""
        return self._state

    def nudge(self) -> None:
        """Say that there are new records: an idle uplink looks at once. A back-off is never cut short."""
        self._awake.set()

    def order_resume(self) -> None:
        """Let a halted uplink try again, on a person's order."""
        self._resume.set()
        self._awake.set()

    def order_testimony(self) -> None:
        """Show the centre the last ledger head held: its journal contradicts what it gave before."""
        self._testimony.set()
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set; call ``nudge`` after setting it, to end a pause."""
        while not stop.is_set():
            self._wait(self.step(), stop=stop)

    def step(self) -> float:
        """Do at most one request; return how many seconds may pass before the next step."""
        action = unfinished(self._state) or self._next_action()
        match action:
            case AskHead():
                event = self._ask_head(action)
            case Push():
                event = self._push(action)
            case AskIncarnation():
                event = self._ask_incarnation(action.renewal)
            case Testify():
                event = self._testify(action)
            case Pause(delay_s=delay_s):
                return delay_s
            case _:
                return HALTED_LOOK_S if self._state.phase is Phase.HALTED else IDLE_LOOK_S
        following = self._advance(event)
        return following.delay_s if isinstance(following, Pause) else 0.0

    def _wait(self, pause_s: float, *, stop: threading.Event) -> None:
        """Wait; new records end an idle wait, an order to resume a halt, and only time a back-off."""
        ends_s = time.monotonic() + pause_s
        while not stop.is_set() and (remaining_s := ends_s - time.monotonic()) > 0.0:
            if self._awake.wait(remaining_s):
                self._awake.clear()
                if self._state.phase is not Phase.BACKING_OFF:
                    return

    def _next_action(self) -> UplinkAction:
        if self._state.phase is Phase.BACKING_OFF:
            return self._advance(PauseEnded())
        if self._resume.is_set():
            self._resume.clear()
            if self._state.phase is Phase.HALTED:
                return self._advance(ResumeOrdered())
        if self._testimony.is_set() and self._state.phase is Phase.IDLE:
            self._testimony.clear()
            held = self._journal.last_ledger_head()
            if held is not None:
                action = self._advance(TestimonyOrdered(witness=(held.epoch, held.position)))
                if isinstance(action, Testify):
                    return action
        return self._advance(JournalSeen(chains=tuple(self._journal.chains()), finding=self._journal.finding()))

    def _advance(self, event: UplinkEvent) -> UplinkAction:
        self._state, action = advance(self._state, event=event, now=self._clock(), draw=self._draw)
        return action

    def _nonce(self) -> str:
        return self._random_bytes(NONCE_BYTES).hex()

    def _chain(self, incarnation: int) -> OutgoingChain:
        """Return this chain as it is now; the current one if it is not there (any more)."""
        chains = self._journal.chains()
        return next((chain for chain in chains if chain.incarnation == incarnation), chains[-1])

    def _ask_head(self, action: AskHead) -> UplinkEvent:
        chain = self._chain(action.incarnation)
        try:
            answer = self._head_of(chain)
        except (TransportError, RefusedError, SignatureError) as error:
            return _event_of(error, has_grant=chain.grant is not None)
        own_hash = self._own_hash(answer)
        if own_hash is not None and own_hash.hex() == answer.hash:
            self._note_head_receipt(answer, chain=chain)
        return HeadReceived(
            answer=answer,
            own_hash=own_hash,
            chain=chain,
            finding=self._journal.finding(),
            contradicts=self._note_witness(answer),
        )

    def _head_of(self, chain: OutgoingChain) -> HeadAnswer:
        """Ask where the centre stands with a chain, and check that it was the centre who answered."""
        me, witness = self._identity, self._journal.last_ledger_head()
        question = HeadQuestion(
            edge=me.edge_id,
            incarnation=chain.incarnation,
            nonce=self._nonce(),
            instance=me.instance,
            start_number=me.start_number,
            own_sequence=chain.head.sequence,
            own_hash=chain.head.hash.hex(),
            witness_position=0 if witness is None else witness.position,
            witness_hash="" if witness is None else witness.hash,
            down_sequence=self._down_sequence(),
        )
        answer = self._transport.ask_head(question, key=me.signing_key)
        answer.check(question, public_key=me.centre_public_key)
        return answer

    def _ask_earlier(self) -> tuple[ChainAtCentre, ...]:
        """Ask about the chains of whose loss nothing was delivered; of one it refuses the centre tells nothing."""
        told = []
        for chain in self._journal.unstated():
            with suppress(RefusedError):
                answer = self._head_of(chain)
                own_hash = self._own_hash(answer)
                is_ours = own_hash is not None and own_hash.hex() == answer.hash
                told.append(
                    ChainAtCentre(
                        incarnation=chain.incarnation,
                        sequence=answer.sequence,
                        is_ours=is_ours,
                        is_frozen=answer.is_frozen,
                    )
                )
        return tuple(told)

    def _own_hash(self, answer: HeadAnswer) -> bytes | None:
        if answer.sequence == 0:
            return GENESIS_HASH
        return self._journal.hash_at(answer.sequence, incarnation=answer.incarnation)

    def _note_head_receipt(self, answer: HeadAnswer, *, chain: OutgoingChain) -> None:
        """Keep the receipt, but never a lower one of the same epoch: the higher one is the evidence."""
        is_denial = (
            chain.delivered is not None
            and chain.delivered_epoch == answer.epoch
            and answer.sequence < chain.delivered.sequence
        )
        if answer.sequence > 0 and not is_denial:
            self._journal.note_receipt(answer.receipt)

    def _note_witness(self, answer: HeadAnswer) -> tuple[str, int] | None:
        """Keep the ledger's signed head; return (epoch, position) of an older one that it denies."""
        if answer.ledger_head is None:
            return None
        try:
            self._journal.note_ledger_head(answer.ledger_head)
        except WitnessError as error:
            detail: dict[str, str | int] = {"epoch": error.held.epoch, "position": error.held.position}
            self._journal.notice("ledger_contradicted", detail=detail | {"contradiction": error.contradiction})
            return error.held.epoch, error.held.position
        return None

    def _push(self, push: Push) -> UplinkEvent:
        me = self._identity
        batch = self._batches.batch_after(push.after, incarnation=push.incarnation, limit=push.limit)
        if batch is None:
            return TransportFailed(reason="records_gone")
        headers = PushHeaders(
            edge=me.edge_id,
            incarnation=push.incarnation,
            first=batch.first,
            last=batch.last,
            head_hash=batch.head_hash.hex(),
            epoch=push.epoch,
            nonce=self._nonce(),
        )
        is_accepted = False
        try:
            answer = self._transport.push(headers, body=batch.body, key=me.signing_key)
            check_push_answer(answer, headers=headers, public_key=me.centre_public_key)
            is_accepted = True
        except (TransportError, RefusedError, SignatureError) as error:
            return _event_of(error, batch_records=batch.last - batch.first + 1)
        finally:
            if not is_accepted:
                self._batches.discard()
        self._journal.note_receipt(answer.receipt)
        return ReceiptReceived(receipt=answer.receipt)

    def _ask_incarnation(self, renewal: Renewal) -> UplinkEvent:
        """Ask, check, adopt. A grant that could not be adopted is kept, and adopted by the next step."""
        if self._granted is None:
            me, current = self._identity, self._journal.chains()[-1]
            question = IncarnationQuestion(
                edge=me.edge_id,
                incarnation=current.incarnation,
                nonce=self._nonce(),
                own_sequence=current.head.sequence,
                high_water=max(renewal.high_water, current.head.sequence),
                reason=renewal.reason,
                instance=me.instance,
                start_number=me.start_number,
            )
            try:
                earlier = self._ask_earlier()
                grant = self._transport.ask_incarnation(question, key=me.signing_key)
                check_grant(grant, question=question, public_key=me.centre_public_key)
            except (TransportError, RefusedError, SignatureError) as error:
                return _event_of(error)
            self._granted = grant, renewal, earlier
        grant, renewal, earlier = self._granted
        self._journal.adopt(
            grant,
            abandon=renewal.abandon,
            reason=renewal.reason,
            centre_sequence=renewal.centre_sequence,
            earlier=earlier,
        )
        self._granted = None
        return GrantReceived(grant=grant)

    def _testify(self, action: Testify) -> UplinkEvent:
        me, chain = self._identity, self._chain(action.incarnation)
        evidence = _evidence(action, chain=chain, journal=self._journal)
        if evidence is None:
            return TransportFailed(reason="nothing_to_show")
        self._journal.notice(self._state.reason, detail={"incarnation": chain.incarnation, "epoch": self._state.epoch})
        words = Testimony(edge=me.edge_id, incarnation=chain.incarnation, nonce=self._nonce())
        try:
            answer = self._transport.testify(words, evidence=evidence, key=me.signing_key)
            check_nonce(words.nonce, answered=answer.nonce)
            answer.check(public_key=me.centre_public_key)
        except (TransportError, RefusedError, SignatureError) as error:
            return _event_of(error)
        return TestimonyTaken(answer=answer)


def check_push_answer(answer: PushAnswer, *, headers: PushHeaders, public_key: bytes) -> None:
    """Raise ``SignatureError`` unless the centre signed a receipt for this very push."""
    receipt = answer.receipt
    receipt.check(public_key=public_key)
    said = (receipt.edge_id, receipt.incarnation, receipt.sequence, receipt.hash, receipt.epoch, receipt.nonce)
    if said != (headers.edge, headers.incarnation, headers.last, headers.head_hash, headers.epoch, headers.nonce):
        message = "the receipt is for another request"
        raise SignatureError(message)


def _evidence(action: Testify, *, chain: OutgoingChain, journal: OutgoingJournal) -> Evidence | None:
    match action.showing:
        case "receipt" if chain.receipt is not None:
            return Evidence(receipt=chain.receipt)
        case "grant" if chain.grant is not None:
            return Evidence(grant=chain.grant)
        case "ledger_head" if (held := journal.last_ledger_head()) is not None:
            return Evidence(ledger_head=held)
        case _:
            return None


def _event_of(
    error: TransportError | RefusedError | SignatureError, *, has_grant: bool = False, batch_records: int = 0
) -> UplinkEvent:
    """Say to the state table what went wrong."""
    if isinstance(error, RefusedError):
        return RequestRefused(
            code=error.refusal.code,
            retry_after_s=error.retry_after_s,
            has_grant=has_grant,
            batch_records=batch_records,
        )
    if isinstance(error, TransportError):
        return TransportFailed(reason=error.reason, retry_after_s=error.retry_after_s)
    return TransportFailed(reason="forged_receipt")
