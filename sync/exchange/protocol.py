"""The uplink's state table: what to do next, given where we are and what just happened.

Pure: no I/O; the clock and the draw of chance are arguments. The centre's head is the cursor: it is
asked for at the start, after every doubt (a cut connection, a gap, a changed epoch), and nothing is
taken as delivered before the centre's receipt says so. Nothing here can stop a lane.

    idle -> asking_head -> pushing -> idle          the way of a good day
            any transport fault -> backing_off -> asking_head
            a fork, a foreign head, a refusal       -> halted (shown red, retried by a person's word)
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sync.exchange.chain import ChainHead
from sync.exchange.messages import BATCH_LIMIT_RECORDS, HeadAnswer, Receipt, RefusalCode

BACK_OFF_FLOOR_S = 1.0
BACK_OFF_CAP_S = 300.0
HEARTBEAT = timedelta(seconds=60)
"""How often an idle edge asks for the head: a quiet gate is not a silent one, and a restored centre is noticed."""


class Phase(StrEnum):
    """Where the uplink stands; the slugs are shown at the lane."""

    IDLE = "idle"
    ASKING_HEAD = "asking_head"
    PUSHING = "pushing"
    BACKING_OFF = "backing_off"
    HALTED = "halted"


class UplinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the uplink remembers between two steps. ``head`` is what the centre holds."""

    phase: Phase = Phase.IDLE
    since: datetime
    epoch: str = ""
    head: ChainHead | None = None
    failures: int = 0
    batch_limit: int = BATCH_LIMIT_RECORDS
    reason: str = ""
    last_receipt_at: datetime | None = None
    has_epoch_changed: bool = False


class RecordsPending(msgspec.Struct, frozen=True, kw_only=True):
    """Time to look: the journal's own head, and the hash it has where the centre's head stands."""

    journal_head: ChainHead


class HeadReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The centre said where it stands; ``own_hash`` is our hash there (``None``: we have no such record)."""

    answer: HeadAnswer
    own_hash: bytes | None


class ReceiptReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt whose signature and words were checked."""

    receipt: Receipt


class RequestRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The centre answered, and said no."""

    code: RefusalCode
    retry_after_s: float | None = None


class TransportFailed(msgspec.Struct, frozen=True, kw_only=True):
    """No answer of ours came back: no link, a cut, a captive portal's page, a broken gateway."""

    reason: str
    retry_after_s: float | None = None


class PauseEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The back-off has passed, or the link was seen to be up again."""


class ResumeOrdered(msgspec.Struct, frozen=True, kw_only=True):
    """A person ordered a halted uplink to try again."""


UplinkEvent = (
    RecordsPending | HeadReceived | ReceiptReceived | RequestRefused | TransportFailed | PauseEnded | ResumeOrdered
)


class AskHead(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the centre for its head of this chain."""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Send up to ``limit`` records after ``after.sequence``."""

    after: ChainHead
    limit: int
    epoch: str


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Wait ``delay_s``, then report ``PauseEnded``."""

    delay_s: float


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to do until there are new records (or, when halted, a person's order)."""


UplinkAction = AskHead | Push | Pause | Rest


def back_off_s(failures: int, *, draw: Callable[[], float], retry_after_s: float | None = None) -> float:
    """Return the pause before the next try: full jitter from 1 s up to 2^failures s, at most 5 min.

    ``draw`` returns a number in [0, 1). What the centre asked for by Retry-After is a lower bound.

    >>> back_off_s(1, draw=lambda: 0.5), back_off_s(30, draw=lambda: 0.999999) <= 300
    (1.5, True)
    >>> back_off_s(1, draw=lambda: 0.5, retry_after_s=20.0)
    21.5
    """
    ceiling_s = min(BACK_OFF_CAP_S, BACK_OFF_FLOOR_S * 2.0 ** min(failures, 16))
    jittered_s = BACK_OFF_FLOOR_S + draw() * (ceiling_s - BACK_OFF_FLOOR_S)
    return jittered_s if retry_after_s is None else min(retry_after_s, BACK_OFF_CAP_S) + jittered_s


def advance(
    state: UplinkState,
    *,
    event: UplinkEvent,
    now: datetime,
    draw: Callable[[], float],
) -> tuple[UplinkState, UplinkAction]:
    """Return the next state and what to do. Events that do not fit the phase change nothing."""
    match event:
        case TransportFailed():
            step = _fail(state, event=event, now=now, draw=draw)
        case RequestRefused():
            step = _refused(state, event=event, now=now, draw=draw)
        case ResumeOrdered() if state.phase is Phase.HALTED:
            step = _ask(state, now=now)
        case PauseEnded() if state.phase is Phase.BACKING_OFF:
            step = _ask(state, now=now)
        case RecordsPending() if state.phase is Phase.IDLE:
            step = _look(state, event=event, now=now)
        case HeadReceived() if state.phase is Phase.ASKING_HEAD:
            step = _take_head(state, event=event, now=now)
        case ReceiptReceived() if state.phase is Phase.PUSHING:
            step = _take_receipt(state, receipt=event.receipt, now=now)
        case _:
            step = state, Rest()
    return step


def _go(state: UplinkState, *, phase: Phase, now: datetime, **changes: object) -> UplinkState:
    since = state.since if phase is state.phase else now
    return msgspec.structs.replace(state, phase=phase, since=since, **changes)


def _ask(state: UplinkState, *, now: datetime) -> tuple[UplinkState, UplinkAction]:
    return _go(state, phase=Phase.ASKING_HEAD, now=now), AskHead()


def _halt(state: UplinkState, *, reason: str, now: datetime) -> tuple[UplinkState, UplinkAction]:
    return _go(state, phase=Phase.HALTED, now=now, reason=reason), Rest()


def _look(state: UplinkState, *, event: RecordsPending, now: datetime) -> tuple[UplinkState, UplinkAction]:
    if state.head is None:
        return _ask(state, now=now)
    if event.journal_head.sequence <= state.head.sequence:
        return _ask(state, now=now) if now - state.since >= HEARTBEAT else (state, Rest())
    push = Push(after=state.head, limit=state.batch_limit, epoch=state.epoch)
    return _go(state, phase=Phase.PUSHING, now=now), push


def _take_head(state: UplinkState, *, event: HeadReceived, now: datetime) -> tuple[UplinkState, UplinkAction]:
    """Accept the centre's head as the cursor, unless our journal says otherwise at that place."""
    answer = event.answer
    if event.own_hash is None:
        return _halt(state, reason="centre_is_ahead", now=now)
    if event.own_hash.hex() != answer.hash:
        return _halt(state, reason="fork", now=now)
    changed = state.has_epoch_changed or (bool(state.epoch) and state.epoch != answer.epoch)
    head = ChainHead(sequence=answer.sequence, hash=event.own_hash)
    state = _go(
        state,
        phase=Phase.IDLE,
        now=now,
        head=head,
        epoch=answer.epoch,
        failures=0,
        reason="",
        has_epoch_changed=changed,
    )
    return state, Rest()


def _take_receipt(state: UplinkState, *, receipt: Receipt, now: datetime) -> tuple[UplinkState, UplinkAction]:
    head = ChainHead(sequence=receipt.sequence, hash=bytes.fromhex(receipt.hash))
    state = _go(
        state,
        phase=Phase.IDLE,
        now=now,
        head=head,
        epoch=receipt.epoch,
        failures=0,
        reason="",
        batch_limit=min(BATCH_LIMIT_RECORDS, state.batch_limit * 2),
        last_receipt_at=receipt.received_at,
    )
    return state, Rest()


def _refused(
    state: UplinkState, *, event: RequestRefused, now: datetime, draw: Callable[[], float]
) -> tuple[UplinkState, UplinkAction]:
    match event.code:
        case "gap" | "wrong_epoch":
            failed = TransportFailed(reason=event.code, retry_after_s=event.retry_after_s)
            state = msgspec.structs.replace(state, head=None)
            return _fail(state, event=failed, now=now, draw=draw)
        case "too_large" if state.batch_limit > 1:
            smaller = _go(state, phase=Phase.IDLE, now=now, batch_limit=max(1, state.batch_limit // 2))
            return smaller, Rest()
        case "busy" | "unavailable":
            failed = TransportFailed(reason=event.code, retry_after_s=event.retry_after_s)
            return _fail(state, event=failed, now=now, draw=draw)
        case _:
            return _halt(state, reason=event.code, now=now)


def _fail(
    state: UplinkState, *, event: TransportFailed, now: datetime, draw: Callable[[], float]
) -> tuple[UplinkState, UplinkAction]:
    """Back off; what was in flight is in doubt, so the head is asked for afterwards."""
    failures = state.failures + 1
    delay_s = back_off_s(failures, draw=draw, retry_after_s=event.retry_after_s)
    state = _go(state, phase=Phase.BACKING_OFF, now=now, failures=failures, reason=event.reason, head=None)
    return state, Pause(delay_s=delay_s)
