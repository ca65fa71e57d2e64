"""The uplink's state table: what to do next, given where we are and what just happened.

Pure: no I/O; the clock and the draw of chance are arguments. The centre's head is the cursor: it is
asked for at the start, after every doubt (a cut connection, a gap, a changed epoch), and nothing is
taken as delivered before the centre's receipt says so. Chains are delivered in the order in which they
were begun. A refusal is not signed and decides nothing for good; the signed head does. Nothing here can
stop a lane.

    idle -> asking_head -> pushing -> idle           the way of a good day
            any transport fault  -> backing_off -> asking_head
            another history      -> renewing         a new incarnation; what cannot be delivered is re-entered
            a receipt denied     -> testifying       the centre is shown its own signature
            a stranger's refusal -> halted           shown red, asked again every five minutes

``RULES`` holds every transition; ``table`` lists them, and ``advance`` takes no other.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from sync.exchange.chain import ChainHead
from sync.exchange.histories import choose_chain, contradiction_in, renewal_for
from sync.exchange.messages import BATCH_LIMIT_RECORDS, RenewalReason
from sync.exchange.phases import (
    BACK_OFF_CAP_S,
    HALT_RETRY,
    HEARTBEAT,
    NO_LINK,
    NO_LINK_CAP_S,
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
    Rest,
    ResumeOrdered,
    Shown,
    Testify,
    TestimonyOrdered,
    TestimonyTaken,
    TransportFailed,
    UplinkAction,
    UplinkEvent,
    UplinkState,
    back_off_s,
)

TRIES_ON_A_BROKEN_LINE = 3
Step = tuple[UplinkState, UplinkAction]
Outcome = tuple[Phase, type[UplinkAction]]
_Event = TypeVar("_Event", bound=UplinkEvent)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision may use of the world: the time, and chance."""

    now: datetime
    draw: Callable[[], float]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """In each of ``phases``, ``event`` is decided by ``decide`` and leads to one of ``outcomes``, never elsewhere."""

    phases: tuple[Phase, ...]
    event: type
    decide: Callable[..., Step]
    outcomes: frozenset[Outcome]


class ProtocolError(AssertionError):
    """The table was left: a fault of this program. The uplink stops; the lane does not."""


def advance(
    state: UplinkState,
    *,
    event: UplinkEvent,
    now: datetime,
    draw: Callable[[], float],
) -> Step:
    """Return the next state and what to do. Events that do not fit the phase change nothing."""
    rule = _LOOK_UP.get((state.phase, type(event)))
    if rule is None:
        return state, Rest()
    following, action = rule.decide(state, event, Moment(now=now, draw=draw))
    if (following.phase, type(action)) not in rule.outcomes:
        message = f"{state.phase} + {type(event).__name__} led to {following.phase} + {type(action).__name__}"
        raise ProtocolError(message)
    return following, action


def unfinished(state: UplinkState) -> UplinkAction | None:
    """Return the request that the phase waits for: asked again when a step was interrupted."""
    match state.phase:
        case Phase.ASKING_HEAD:
            return AskHead(incarnation=state.incarnation)
        case Phase.RENEWING if state.renewal is not None:
            return AskIncarnation(renewal=state.renewal)
        case Phase.TESTIFYING if state.showing is not None:
            return Testify(showing=state.showing, incarnation=state.incarnation)
        case _:
            return None


def table() -> Iterator[tuple[str, str, str, str]]:
    """List every transition as (phase, event, next phase, action), sorted; no other can happen."""
    for (phase, event), rule in sorted(_LOOK_UP.items(), key=lambda entry: (entry[0][0], entry[0][1].__name__)):
        for following, action in sorted(rule.outcomes, key=lambda outcome: (outcome[0], outcome[1].__name__)):
            yield phase.value, event.__name__, following.value, action.__name__


def _go(state: UplinkState, *, phase: Phase, now: datetime, **changes: object) -> UplinkState:
    since = state.since if phase is state.phase else now
    return msgspec.structs.replace(state, phase=phase, since=since, **changes)


def _has_passed(span: timedelta, *, since: datetime | None, now: datetime) -> bool:
    """Whether it is time again; a clock that was set back must not make anything wait for years."""
    return since is None or abs(now - since) >= span


def _ask(state: UplinkState, *, now: datetime) -> Step:
    return _go(state, phase=Phase.ASKING_HEAD, now=now), AskHead(incarnation=state.incarnation)


def _idle(state: UplinkState, *, now: datetime, **changes: object) -> Step:
    return _go(state, phase=Phase.IDLE, now=now, **changes), Rest()


def _halt(state: UplinkState, *, reason: str, now: datetime) -> Step:
    return _go(state, phase=Phase.HALTED, now=now, reason=reason, head=None), Rest()


def _renew(state: UplinkState, *, renewal: Renewal, now: datetime) -> Step:
    state = _go(state, phase=Phase.RENEWING, now=now, renewal=renewal, reason=renewal.reason.value, head=None)
    return state, AskIncarnation(renewal=renewal)


def _testify(state: UplinkState, *, showing: Shown, reason: str, now: datetime) -> Step:
    state = _go(state, phase=Phase.TESTIFYING, now=now, showing=showing, reason=reason, head=None)
    return state, Testify(showing=showing, incarnation=state.incarnation)


def _fail(state: UplinkState, *, event: TransportFailed, moment: Moment) -> Step:
    """Back off; what was in flight is in doubt, so the head is asked for afterwards."""
    failures = state.failures + 1
    cap_s = NO_LINK_CAP_S if event.reason == NO_LINK else BACK_OFF_CAP_S
    delay_s = back_off_s(failures, draw=moment.draw, retry_after_s=event.retry_after_s, cap_s=cap_s)
    is_slow = state.phase is Phase.PUSHING and event.reason == "timeout"
    limit = max(1, state.batch_limit // 2) if is_slow else state.batch_limit
    state = _go(
        state,
        phase=Phase.BACKING_OFF,
        now=moment.now,
        failures=failures,
        reason=event.reason,
        head=None,
        batch_limit=limit,
    )
    return state, Pause(delay_s=delay_s)


def _look(state: UplinkState, event: JournalSeen, moment: Moment) -> Step:
    chain = choose_chain(event.chains, state=state, finding=event.finding)
    if chain.incarnation != state.incarnation:
        state = msgspec.structs.replace(state, incarnation=chain.incarnation, head=None)
    if state.head is None or _has_passed(HEARTBEAT, since=state.heard_at, now=moment.now):
        return _ask(state, now=moment.now)
    if event.finding is not None:
        high_water = max(event.finding.high_water, chain.head.sequence)
        renewal = Renewal(reason=event.finding.reason, high_water=high_water, centre_sequence=state.head.sequence)
        return _renew(state, renewal=renewal, now=moment.now)
    if chain.head.sequence <= state.head.sequence:
        return _idle(state, now=moment.now, failures=0)
    push = Push(incarnation=chain.incarnation, after=state.head, limit=state.batch_limit, epoch=state.epoch)
    return _go(state, phase=Phase.PUSHING, now=moment.now), push


def _look_while_halted(state: UplinkState, _event: JournalSeen, moment: Moment) -> Step:
    if _has_passed(HALT_RETRY, since=state.since, now=moment.now):
        return _ask(state, now=moment.now)
    return state, Rest()


def _ask_again(state: UplinkState, _event: UplinkEvent, moment: Moment) -> Step:
    return _ask(state, now=moment.now)


def _take_head(state: UplinkState, event: HeadReceived, moment: Moment) -> Step:
    """Accept the centre's head as the cursor, unless our journal or our receipts say otherwise."""
    answer, chain, now = event.answer, event.chain, moment.now
    state = _hear(state, event=event, now=now)
    if event.contradicts is not None and event.contradicts != state.shown_head:
        state = msgspec.structs.replace(state, shown_head=event.contradicts)
        return _testify(state, showing="ledger_head", reason="ledger_contradicted", now=now)
    contradiction = contradiction_in(event)
    if contradiction is not None and chain.is_abandoned:
        return _idle(state, now=now, head=chain.head, settled=state.settled | {chain.incarnation})
    if contradiction is not None:
        return _renew(state, renewal=renewal_for(contradiction, event=event), now=now)
    if chain.delivered_epoch == answer.epoch and chain.delivered and answer.sequence < chain.delivered.sequence:
        return _testify(state, showing="receipt", reason="receipt_denied", now=now)
    if chain.is_current and answer.newest_incarnation > chain.incarnation and not state.has_renewed_for_newer:
        renewal = Renewal(reason=RenewalReason.RESTORED_IDENTITY, centre_sequence=answer.sequence, is_for_newer=True)
        return _renew(state, renewal=renewal, now=now)
    is_settled = not chain.is_current and answer.sequence >= chain.head.sequence
    settled = state.settled | {chain.incarnation} if is_settled else state.settled
    head = ChainHead(sequence=answer.sequence, hash=bytes.fromhex(answer.hash))
    return _idle(state, now=now, head=head, settled=settled)


def _hear(state: UplinkState, *, event: HeadReceived, now: datetime) -> UplinkState:
    """Remember what every head answer says. In a new epoch no chain counts as delivered."""
    epoch = event.answer.epoch
    has_changed = bool(state.epoch) and state.epoch != epoch
    return msgspec.structs.replace(
        state,
        incarnation=event.chain.incarnation,
        epoch=epoch,
        heard_at=now,
        reason="",
        has_shown_grant=False,
        has_epoch_changed=state.has_epoch_changed or has_changed,
        settled=frozenset() if has_changed else state.settled,
    )


def _take_receipt(state: UplinkState, event: ReceiptReceived, moment: Moment) -> Step:
    receipt = event.receipt
    return _idle(
        state,
        now=moment.now,
        head=ChainHead(sequence=receipt.sequence, hash=bytes.fromhex(receipt.hash)),
        failures=0,
        reason="",
        batch_limit=min(BATCH_LIMIT_RECORDS, state.batch_limit * 2),
        last_receipt_at=receipt.received_at,
    )


def _take_grant(state: UplinkState, event: GrantReceived, moment: Moment) -> Step:
    """Go on under the new incarnation; what the centre holds of it is asked like of any other."""
    is_for_newer = state.renewal is not None and state.renewal.is_for_newer
    return _idle(
        state,
        now=moment.now,
        incarnation=event.grant.incarnation,
        renewal=None,
        failures=0,
        reason="",
        has_renewed_for_newer=state.has_renewed_for_newer or is_for_newer,
    )


def _take_testimony(state: UplinkState, event: TestimonyTaken, moment: Moment) -> Step:
    """A denied receipt halts; a denied grant is replaced; a denied ledger head was noticed, and all goes on."""
    showing, answer = state.showing, event.answer
    state = msgspec.structs.replace(state, showing=None, failures=0)
    if showing == "receipt" and (not answer.is_accepted or answer.epoch == state.epoch):
        return _halt(state, reason="receipt_denied", now=moment.now)
    if showing == "grant" and not answer.is_accepted:
        return _renew(state, renewal=Renewal(reason=RenewalReason.RESTORED_IDENTITY), now=moment.now)
    return _ask(state, now=moment.now)


def _order_testimony(state: UplinkState, event: TestimonyOrdered, moment: Moment) -> Step:
    if event.witness == state.shown_head:
        return state, Rest()
    state = msgspec.structs.replace(state, shown_head=event.witness)
    return _testify(state, showing="ledger_head", reason="journal_contradicted", now=moment.now)


def _refused(state: UplinkState, event: RequestRefused, moment: Moment) -> Step:
    failed = TransportFailed(reason=event.code, retry_after_s=event.retry_after_s)
    match event.code:
        case "gap" | "wrong_epoch" | "fork" | "frozen_incarnation" | "busy" | "unavailable" | "too_many_attempts":
            return _fail(state, event=failed, moment=moment)
        case "bad_signature" | "malformed" if state.failures < TRIES_ON_A_BROKEN_LINE:
            # Bytes that changed on the way look like this too; a key that is really wrong halts soon enough.
            return _fail(state, event=failed, moment=moment)
        case "too_large" if state.phase is Phase.PUSHING and state.batch_limit > 1:
            sent = min(state.batch_limit, event.batch_records or state.batch_limit)
            return _idle(state, now=moment.now, batch_limit=max(1, sent // 2))
        case "wrong_incarnation" if state.phase is Phase.ASKING_HEAD:
            return _refused_incarnation(state, event=event, now=moment.now)
        case "wrong_incarnation":
            return _fail(state, event=failed, moment=moment)
        case _:
            return _halt(state, reason=event.code, now=moment.now)


def _refused_incarnation(state: UplinkState, *, event: RequestRefused, now: datetime) -> Step:
    """The centre does not know our incarnation: show it its own grant, or ask for another number."""
    if event.has_grant and not state.has_shown_grant:
        state = msgspec.structs.replace(state, has_shown_grant=True)
        return _testify(state, showing="grant", reason=event.code, now=now)
    return _renew(state, renewal=Renewal(reason=RenewalReason.RESTORED_IDENTITY), now=now)


def _failed(state: UplinkState, event: TransportFailed, moment: Moment) -> Step:
    return _fail(state, event=event, moment=moment)


def _rule(
    *phases: Phase,
    event: type[_Event],
    decide: Callable[[UplinkState, _Event, Moment], Step],
    outcomes: Iterable[Outcome],
) -> Rule:
    return Rule(phases=phases, event=event, decide=decide, outcomes=frozenset(outcomes))


_ASKS: Outcome = (Phase.ASKING_HEAD, AskHead)
_PUSHES: Outcome = (Phase.PUSHING, Push)
_RESTS: Outcome = (Phase.IDLE, Rest)
_PAUSES: Outcome = (Phase.BACKING_OFF, Pause)
_RENEWS: Outcome = (Phase.RENEWING, AskIncarnation)
_TESTIFIES: Outcome = (Phase.TESTIFYING, Testify)
_HALTS: Outcome = (Phase.HALTED, Rest)
_ASKING, _PUSHING, _RENEWING, _TESTIFYING = Phase.ASKING_HEAD, Phase.PUSHING, Phase.RENEWING, Phase.TESTIFYING

RULES = (
    _rule(Phase.IDLE, event=JournalSeen, decide=_look, outcomes=(_ASKS, _PUSHES, _RENEWS, _RESTS)),
    _rule(Phase.HALTED, event=JournalSeen, decide=_look_while_halted, outcomes=(_ASKS, _HALTS)),
    # A step that was interrupted between the request and its receipt: what was in flight is in doubt.
    _rule(_PUSHING, event=JournalSeen, decide=_ask_again, outcomes=(_ASKS,)),
    _rule(_ASKING, event=HeadReceived, decide=_take_head, outcomes=(_RESTS, _RENEWS, _TESTIFIES)),
    _rule(_PUSHING, event=ReceiptReceived, decide=_take_receipt, outcomes=(_RESTS,)),
    _rule(_RENEWING, event=GrantReceived, decide=_take_grant, outcomes=(_RESTS,)),
    _rule(_TESTIFYING, event=TestimonyTaken, decide=_take_testimony, outcomes=(_ASKS, _RENEWS, _HALTS)),
    _rule(Phase.IDLE, event=TestimonyOrdered, decide=_order_testimony, outcomes=(_TESTIFIES, _RESTS)),
    _rule(_ASKING, event=RequestRefused, decide=_refused, outcomes=(_PAUSES, _HALTS, _TESTIFIES, _RENEWS)),
    _rule(_PUSHING, event=RequestRefused, decide=_refused, outcomes=(_PAUSES, _HALTS, _RESTS)),
    _rule(_RENEWING, _TESTIFYING, event=RequestRefused, decide=_refused, outcomes=(_PAUSES, _HALTS)),
    _rule(_ASKING, _PUSHING, _RENEWING, _TESTIFYING, event=TransportFailed, decide=_failed, outcomes=(_PAUSES,)),
    _rule(Phase.BACKING_OFF, event=PauseEnded, decide=_ask_again, outcomes=(_ASKS,)),
    _rule(Phase.HALTED, event=ResumeOrdered, decide=_ask_again, outcomes=(_ASKS,)),
)
_LOOK_UP: dict[tuple[Phase, type], Rule] = {(phase, rule.event): rule for rule in RULES for phase in rule.phases}
