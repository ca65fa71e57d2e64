"""Laws of the uplink's state table, whatever happens in whatever order."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.vocabulary import IncarnationReason
from sync.exchange import messages, phases
from sync.exchange.chain import ChainHead
from sync.exchange.ends import Finding, OutgoingChain
from sync.exchange.messages import HeadAnswer, IncarnationGrant, Receipt, RefusalCode
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
    RequestRefused,
    Rest,
    ResumeOrdered,
    TransportFailed,
    UplinkState,
    back_off_s,
)
from sync.exchange.protocol import RULES, advance, choose_chain, table, unfinished

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REQUESTS = (AskHead, Push, AskIncarnation, phases.Testify)
CODES = RefusalCode.__args__
EPOCHS = st.sampled_from(["epoch-1", "epoch-2"])


def hash_of(sequence: int, *, history: str = "ours") -> bytes:
    return bytes(32) if sequence == 0 else f"{history}-{sequence}".encode().ljust(32, b".")[:32]


def receipt_of(sequence: int, *, epoch: str = "epoch-1", incarnation: int = 1) -> Receipt:
    return Receipt(
        epoch=epoch,
        edge_id="mong-cai-1",
        incarnation=incarnation,
        sequence=sequence,
        hash=hash_of(sequence).hex(),
        ledger_position=sequence,
        received_at=NOW,
        nonce="n",
    )


def chain_of(
    length: int, *, incarnation: int = 1, delivered: int | None = None, epoch: str = "epoch-1", **more
) -> OutgoingChain:
    receipt = None if delivered is None else receipt_of(delivered, epoch=epoch, incarnation=incarnation)
    head = ChainHead(sequence=length, hash=hash_of(length))
    return OutgoingChain(incarnation=incarnation, head=head, receipt=receipt, **more)


def head_of(
    sequence: int, *, epoch: str = "epoch-1", incarnation: int = 1, history: str = "ours", **more
) -> HeadAnswer:
    return HeadAnswer(
        epoch=epoch,
        edge_id="mong-cai-1",
        incarnation=incarnation,
        sequence=sequence,
        hash=hash_of(sequence, history=history).hex(),
        receipt=receipt_of(sequence, epoch=epoch, incarnation=incarnation),
        **more,
    )


def heard(answer: HeadAnswer, *, chain: OutgoingChain, **more) -> HeadReceived:
    is_known = answer.sequence <= chain.head.sequence
    return HeadReceived(answer=answer, own_hash=hash_of(answer.sequence) if is_known else None, chain=chain, **more)


chains = st.builds(
    lambda length, delivered, epoch: chain_of(
        length, delivered=None if delivered is None else min(delivered, length), epoch=epoch
    ),
    st.integers(0, 9),
    st.none() | st.integers(0, 9),
    EPOCHS,
)
answers = st.builds(
    lambda sequence, epoch, history, is_frozen, newest: head_of(
        sequence, epoch=epoch, history=history, is_frozen=is_frozen, newest_incarnation=newest
    ),
    st.integers(0, 12),
    EPOCHS,
    st.sampled_from(["ours", "theirs"]),
    st.booleans(),
    st.integers(1, 3),
)
findings = st.none() | st.just(Finding(reason=IncarnationReason.RESTORED_DATABASE, high_water=12))
grants = st.builds(
    lambda number: IncarnationGrant(
        edge_id="mong-cai-1", incarnation=number, previous_incarnation=1, epoch="epoch-1", issued_at=NOW, nonce="n"
    ),
    st.integers(2, 9),
)
waits = st.none() | st.floats(0.0, 10_000.0)
events = st.one_of(
    st.builds(lambda chain, finding: JournalSeen(chains=(chain,), finding=finding), chains, findings),
    st.builds(
        lambda answer, chain, denied: heard(answer, chain=chain, contradicts=denied),
        answers,
        chains,
        st.none() | st.just(("epoch-1", 3)),
    ),
    st.builds(
        lambda sequence, epoch: ReceiptReceived(receipt=receipt_of(sequence, epoch=epoch)), st.integers(1, 9), EPOCHS
    ),
    st.builds(lambda grant: GrantReceived(grant=grant), grants),
    st.builds(
        lambda epoch, is_accepted: phases.TestimonyTaken(
            answer=messages.TestimonyAnswer(epoch=epoch, is_accepted=is_accepted, nonce="n")
        ),
        EPOCHS,
        st.booleans(),
    ),
    st.just(phases.TestimonyOrdered(witness=("epoch-1", 4))),
    st.builds(
        lambda code, wait, has_grant: RequestRefused(code=code, retry_after_s=wait, has_grant=has_grant),
        st.sampled_from(CODES),
        waits,
        st.booleans(),
    ),
    st.builds(
        lambda reason, wait: TransportFailed(reason=reason, retry_after_s=wait),
        st.sampled_from(["no_link", "timeout", "not_the_centre", "link_cut"]),
        waits,
    ),
    st.just(PauseEnded()),
    st.just(ResumeOrdered()),
)
moments = st.tuples(events, st.floats(-1e9, 1e9), st.floats(0.0, 1.0, exclude_max=True))


@settings(max_examples=400, deadline=None)
@given(st.lists(moments, max_size=40))
def test_no_order_of_events_breaks_a_law_of_the_table(story):
    state, now, head_epoch = UplinkState(since=NOW), NOW, None
    for event, passed_s, chance in story:
        now += timedelta(seconds=passed_s / 1e3)
        before = state
        state, action = advance(before, event=event, now=now, draw=lambda drawn=chance: drawn)
        if isinstance(event, HeadReceived) and before.phase is Phase.ASKING_HEAD:
            head_epoch = event.answer.epoch
        if isinstance(action, Push):
            assert before.phase is Phase.IDLE, "one batch in flight"
            assert head_epoch == action.epoch == state.epoch, "no push without a head of this epoch"
            assert action.after == before.head
            assert 1 <= action.limit <= 500
        if isinstance(action, REQUESTS):
            assert state.phase in {Phase.ASKING_HEAD, Phase.PUSHING, Phase.RENEWING, Phase.TESTIFYING}
        if isinstance(action, Pause):
            assert 1.0 <= action.delay_s <= 300.0
            assert action.delay_s >= min(getattr(event, "retry_after_s", None) or 0.0, 299.0)
            assert state.head is None, "what was in flight is in doubt"
        if state.phase is not before.phase and before.phase is Phase.PUSHING and not isinstance(event, ReceiptReceived):
            assert state.head is None or isinstance(event, RequestRefused)
        if before.head != state.head and state.head is not None:
            assert isinstance(event, HeadReceived | ReceiptReceived), "only the centre's word moves the cursor"


@settings(max_examples=200, deadline=None)
@given(st.lists(moments, max_size=30), st.floats(300.0, 3e8))
def test_from_wherever_it_stands_a_healthy_centre_is_asked_again_within_five_minutes(story, later_s):
    state, now = UplinkState(since=NOW), NOW
    for event, passed_s, chance in story:
        now += timedelta(seconds=passed_s / 1e3)
        state, _ = advance(state, event=event, now=now, draw=lambda drawn=chance: drawn)
    action = unfinished(state)
    if state.phase is Phase.BACKING_OFF:
        state, action = advance(state, event=PauseEnded(), now=now, draw=lambda: 0.0)
    if action is None:
        look = JournalSeen(chains=(chain_of(9),))
        state, action = advance(state, event=look, now=now + timedelta(seconds=later_s), draw=lambda: 0.0)
    assert isinstance(action, REQUESTS)


@pytest.mark.parametrize("code", ["bad_signature", "malformed"])
def test_what_a_broken_line_may_have_done_is_tried_again_a_few_times_before_the_uplink_halts(code):
    state, seen = UplinkState(phase=Phase.ASKING_HEAD, since=NOW), []
    for _ in range(4):
        state, _ = advance(state, event=RequestRefused(code=code), now=NOW, draw=lambda: 0.0)
        seen.append(state.phase)
        state = msgspec.structs.replace(state, phase=Phase.ASKING_HEAD)
    assert seen == [Phase.BACKING_OFF, Phase.BACKING_OFF, Phase.BACKING_OFF, Phase.HALTED]


def test_a_batch_that_was_too_large_is_halved_by_what_was_in_it():
    pushing = UplinkState(phase=Phase.PUSHING, since=NOW, batch_limit=500)
    refused = RequestRefused(code="too_large", batch_records=3)
    assert advance(pushing, event=refused, now=NOW, draw=lambda: 0.0)[0].batch_limit == 1


@pytest.mark.parametrize("code", ["unknown_edge", "not_confirmed", "revoked_edge"])
def test_a_halted_uplink_asks_again_by_itself_after_five_minutes_even_if_the_clock_was_set_back(code):
    asking = UplinkState(phase=Phase.ASKING_HEAD, since=NOW)
    halted, _ = advance(asking, event=RequestRefused(code=code), now=NOW, draw=lambda: 0.0)
    assert (halted.phase, halted.reason) == (Phase.HALTED, code)
    look = JournalSeen(chains=(chain_of(3),))
    for seconds in (1, 299):
        assert advance(halted, event=look, now=NOW + timedelta(seconds=seconds), draw=lambda: 0.0)[1] == Rest()
    for jump in (timedelta(minutes=5), timedelta(days=-3650), timedelta(days=3650)):
        asked, action = advance(halted, event=look, now=NOW + jump, draw=lambda: 0.0)
        assert (asked.phase, action) == (Phase.ASKING_HEAD, AskHead(incarnation=halted.incarnation))


def test_a_link_that_comes_back_is_used_within_five_seconds_however_long_it_was_away():
    for failures in range(1, 100):
        state = UplinkState(phase=Phase.ASKING_HEAD, since=NOW, failures=failures)
        _, pause = advance(state, event=TransportFailed(reason="no_link"), now=NOW, draw=lambda: 0.999)
        assert 1.0 <= pause.delay_s < 5.0


def test_a_busy_centre_is_left_in_peace_as_long_as_it_asks_for_up_to_five_minutes():
    assert back_off_s(1, draw=lambda: 0.0, retry_after_s=20.0) == 21.0
    assert back_off_s(1, draw=lambda: 0.9, retry_after_s=86_400.0) == 300.0
    assert back_off_s(1, draw=lambda: 0.0, retry_after_s=-5.0) == 1.0


def test_a_batch_that_takes_too_long_is_halved_and_grows_again_with_each_receipt():
    state = UplinkState(phase=Phase.PUSHING, since=NOW)
    for half in (250, 125, 62):
        state, _ = advance(state, event=TransportFailed(reason="timeout"), now=NOW, draw=lambda: 0.0)
        assert state.batch_limit == half
        state = msgspec.structs.replace(state, phase=Phase.PUSHING)
    state, _ = advance(state, event=ReceiptReceived(receipt=receipt_of(3)), now=NOW, draw=lambda: 0.0)
    assert state.batch_limit == 124


ASKING = UplinkState(phase=Phase.ASKING_HEAD, since=NOW, epoch="epoch-1")


@pytest.mark.parametrize(
    ("answer", "chain", "reason", "known"),
    [
        (head_of(9), chain_of(5, delivered=4), IncarnationReason.CENTRE_IS_AHEAD, 4),
        (head_of(9), chain_of(5), IncarnationReason.CENTRE_IS_AHEAD, 0),
        (head_of(4, history="theirs"), chain_of(9, delivered=2), IncarnationReason.FORK, 2),
        (head_of(4, is_frozen=True), chain_of(9, delivered=2), IncarnationReason.FROZEN, 4),
        (head_of(4, history="theirs"), chain_of(9, delivered=2, epoch="epoch-0"), IncarnationReason.FORK, 0),
    ],
    ids=["ahead", "ahead, never receipted", "fork", "frozen", "the receipt is of another epoch"],
)
def test_another_history_asks_for_a_new_incarnation_and_re_enters_what_is_not_known_to_be_held(
    answer, chain, reason, known
):
    state, action = advance(ASKING, event=heard(answer, chain=chain), now=NOW, draw=lambda: 0.0)
    assert state.phase is Phase.RENEWING
    assert isinstance(action, AskIncarnation)
    assert action.renewal.reason is reason
    assert [(each.incarnation, each.last_known_sequence) for each in action.renewal.abandon] == [(1, known)]


def test_what_the_edge_found_at_its_start_says_why_and_how_much_was_there():
    finding = Finding(reason=IncarnationReason.REIMAGED, high_water=70)
    _, action = advance(ASKING, event=heard(head_of(50), chain=chain_of(0), finding=finding), now=NOW, draw=lambda: 0.0)
    assert (action.renewal.reason, action.renewal.high_water, action.renewal.centre_sequence) == ("reimaged", 70, 50)


def test_a_finding_waits_for_the_head_and_then_asks_although_nothing_contradicts():
    look = JournalSeen(chains=(chain_of(5),), finding=Finding(reason=IncarnationReason.COPIED))
    state, action = advance(UplinkState(since=NOW), event=look, now=NOW, draw=lambda: 0.0)
    assert isinstance(action, AskHead)
    state, _ = advance(state, event=heard(head_of(5), chain=chain_of(5)), now=NOW, draw=lambda: 0.0)
    _, action = advance(state, event=look, now=NOW, draw=lambda: 0.0)
    assert (action.renewal.reason, action.renewal.abandon) == ("copied", ())


def test_a_centre_that_denies_its_own_receipt_is_shown_it_and_believed_only_in_a_new_epoch():
    chain = chain_of(9, delivered=7)
    state, action = advance(ASKING, event=heard(head_of(4), chain=chain), now=NOW, draw=lambda: 0.0)
    assert action == phases.Testify(showing="receipt", incarnation=1)
    for epoch, is_accepted, phase in (
        ("epoch-2", True, Phase.ASKING_HEAD),
        ("epoch-1", True, Phase.HALTED),
        ("epoch-1", False, Phase.HALTED),
    ):
        answer = messages.TestimonyAnswer(epoch=epoch, is_accepted=is_accepted, nonce="n")
        assert advance(state, event=phases.TestimonyTaken(answer=answer), now=NOW, draw=lambda: 0.0)[0].phase is phase


def test_a_restored_centre_in_a_new_epoch_is_fed_again_from_where_it_stands():
    chain = chain_of(9, delivered=9)
    state, _ = advance(ASKING, event=heard(head_of(4, epoch="epoch-2"), chain=chain), now=NOW, draw=lambda: 0.0)
    assert (state.phase, state.has_epoch_changed) == (Phase.IDLE, True)
    _, action = advance(state, event=JournalSeen(chains=(chain,)), now=NOW, draw=lambda: 0.0)
    assert (action.after.sequence, action.epoch) == (4, "epoch-2")


def test_a_denied_ledger_head_is_shown_once_and_the_push_goes_on():
    chain, denied = chain_of(9), ("epoch-1", 3)
    state, action = advance(ASKING, event=heard(head_of(4), chain=chain, contradicts=denied), now=NOW, draw=lambda: 0.0)
    assert action == phases.Testify(showing="ledger_head", incarnation=1)
    refused = messages.TestimonyAnswer(epoch="epoch-1", is_accepted=False, nonce="n")
    state, _ = advance(state, event=phases.TestimonyTaken(answer=refused), now=NOW, draw=lambda: 0.0)
    state, _ = advance(state, event=heard(head_of(4), chain=chain, contradicts=denied), now=NOW, draw=lambda: 0.0)
    assert isinstance(advance(state, event=JournalSeen(chains=(chain,)), now=NOW, draw=lambda: 0.0)[1], Push)


def test_an_incarnation_that_the_centre_forgot_is_proved_by_its_grant_and_else_replaced():
    refused = RequestRefused(code="wrong_incarnation", has_grant=True)
    state, action = advance(ASKING, event=refused, now=NOW, draw=lambda: 0.0)
    assert action == phases.Testify(showing="grant", incarnation=0)
    answer = messages.TestimonyAnswer(epoch="epoch-1", is_accepted=False, nonce="n")
    _, action = advance(state, event=phases.TestimonyTaken(answer=answer), now=NOW, draw=lambda: 0.0)
    assert isinstance(action, AskIncarnation)
    _, action = advance(ASKING, event=RequestRefused(code="wrong_incarnation"), now=NOW, draw=lambda: 0.0)
    assert isinstance(action, AskIncarnation)


def test_two_clones_do_not_drive_each_other_to_ever_new_incarnations():
    state, asked = ASKING, 0
    for newest in range(2, 7):
        answer = head_of(4, incarnation=state.incarnation or 1, newest_incarnation=newest + 1)
        chain = chain_of(4, incarnation=state.incarnation or 1)
        state, action = advance(state, event=heard(answer, chain=chain), now=NOW, draw=lambda: 0.0)
        if isinstance(action, AskIncarnation):
            asked += 1
            grant = IncarnationGrant(
                edge_id="mong-cai-1",
                incarnation=newest,
                previous_incarnation=1,
                epoch="epoch-1",
                issued_at=NOW,
                nonce="n",
            )
            state, _ = advance(state, event=GrantReceived(grant=grant), now=NOW, draw=lambda: 0.0)
        state = msgspec.structs.replace(state, phase=Phase.ASKING_HEAD)
    assert asked == 1


def test_old_chains_are_delivered_first_and_an_abandoned_one_is_left_when_another_holds_its_number():
    old = chain_of(5, incarnation=1, is_current=False)
    abandoned = chain_of(3, incarnation=2, is_current=False, is_abandoned=True)
    current = chain_of(7, incarnation=4)
    state = UplinkState(since=NOW)
    assert choose_chain((old, abandoned, current), state=state, finding=None) is old
    state = msgspec.structs.replace(ASKING, incarnation=1)
    state, _ = advance(state, event=heard(head_of(5), chain=old), now=NOW, draw=lambda: 0.0)
    assert choose_chain((old, abandoned, current), state=state, finding=None) is abandoned
    state = msgspec.structs.replace(state, phase=Phase.ASKING_HEAD)
    theirs = heard(head_of(9, incarnation=2), chain=abandoned)
    state, action = advance(state, event=theirs, now=NOW, draw=lambda: 0.0)
    assert (action, choose_chain((old, abandoned, current), state=state, finding=None)) == (Rest(), current)
    finding = Finding(reason=IncarnationReason.COPIED)
    fresh = UplinkState(since=NOW)
    assert choose_chain((old, abandoned, current), state=fresh, finding=finding) is current


def test_an_unsigned_refusal_never_makes_an_edge_leave_its_chain():
    for code in CODES:
        for phase in (Phase.ASKING_HEAD, Phase.PUSHING):
            state = UplinkState(phase=phase, since=NOW, head=ChainHead(), epoch="epoch-1")
            _, action = advance(state, event=RequestRefused(code=code), now=NOW, draw=lambda: 0.0)
            if isinstance(action, AskIncarnation):
                assert action.renewal.abandon == ()


def test_the_table_lists_every_transition_once_and_reaches_every_phase():
    rows = list(table())
    assert len(rows) == len(set(rows))
    assert {following for _, _, following, _ in rows} == {phase.value for phase in Phase}
    assert len(RULES) <= 20
    assert ("pushing", "ReceiptReceived", "idle", "Rest") in rows
    assert not [row for row in rows if row[3] == "Push" and row[0] != "idle"]


def test_in_a_new_epoch_the_chains_that_were_delivered_before_are_asked_for_again():
    old, current = chain_of(3, incarnation=1), chain_of(2, incarnation=2)
    state = UplinkState(
        phase=Phase.ASKING_HEAD, since=NOW, incarnation=2, epoch="epoch-1", settled=frozenset({1}), head=None
    )
    answer = head_of(0, epoch="epoch-2", incarnation=2)

    state, _ = advance(state, event=heard(answer, chain=current), now=NOW, draw=lambda: 0.0)

    assert state.settled == frozenset()
    look = JournalSeen(chains=(old, current))
    assert advance(state, event=look, now=NOW, draw=lambda: 0.0)[1] == AskHead(incarnation=1)
