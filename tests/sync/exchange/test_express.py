"""A referral goes out at once; what the centre did not sign for goes again."""

from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.ends import RefusedError, TransportError, UplinkIdentity
from sync.exchange.envelope import decode_record
from sync.exchange.express import LOOK_S, ExpressLane
from sync.exchange.messages import ExpressAnswer, Refusal, unpack_batch
from tests.sync.exchange.journals import EdgeJournal, screened

CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class UrgentJournal(EdgeJournal):
    def urgent(self, *, limit):
        waiting = [each for each in self.entries if record_id(each) not in self.expressed]
        return waiting[::-1][:limit]


class Desk:
    """Takes what it is sent, at most ``most`` records at once."""

    def __init__(self, *, most=100):
        self.most, self.seen, self.faults, self.key = most, [], [], CENTRE_KEY

    def express(self, headers, *, body, key):
        if self.faults:
            raise self.faults.pop(0)
        headers.check(body, signature=headers.signature(body, key=key), public_key=key.public_key().public_bytes_raw())
        lines, _ = unpack_batch(body, limit=100)
        if len(lines) > self.most:
            raise RefusedError(Refusal(code="too_large"))
        self.seen += [str(decode_record(line).record_id) for line in lines]
        return ExpressAnswer(nonce=headers.nonce, taken=tuple(self.seen)).signed(key=self.key)


def record_id(entry):
    return str(decode_record(entry.record).record_id)


@pytest.fixture
def journal():
    written = UrgentJournal("mong-cai-1")
    for number in range(9):
        written.write(screened(f"c{number}"))
    return written


def lane_of(journal, desk):
    identity = UplinkIdentity(
        edge_id=journal.edge_id,
        incarnation=1,
        signing_key=journal.key,
        centre_public_key=CENTRE_KEY.public_key().public_bytes_raw(),
    )
    return ExpressLane(identity, journal=journal, transport=desk, draw=lambda: 0.9, random_bytes=Random(1).randbytes)


def test_urgent_records_go_newest_first_in_one_request_and_then_the_lane_rests(journal):
    desk = Desk()
    lane = lane_of(journal, desk)
    assert [lane.step(), lane.step()] == [0.0, LOOK_S]
    assert desk.seen == [record_id(each) for each in reversed(journal.entries)]
    assert set(journal.expressed) == set(desk.seen)


def test_a_link_that_comes_back_carries_the_referral_within_five_seconds_however_long_it_was_away(journal):
    desk = Desk()
    desk.faults = [TransportError(reason=each) for each in ["no_link", "timeout", "not_the_centre", "link_cut"] * 10]
    lane = lane_of(journal, desk)
    pauses = [lane.step() for _ in range(40)]
    assert all(1.0 <= pause_s < 5.0 for pause_s in pauses)
    assert lane.step() == 0.0
    assert journal.expressed


def test_a_batch_that_is_too_large_or_too_slow_is_halved_until_it_passes(journal):
    desk = Desk(most=2)
    lane = lane_of(journal, desk)
    for _ in range(60):
        lane.step()
    assert len(journal.expressed) == 9


def test_a_busy_centre_is_waited_for_and_a_refusal_is_tried_ever_more_rarely(journal):
    desk = Desk()
    desk.faults = [RefusedError(Refusal(code="busy"), retry_after_s=20.0)]
    desk.faults += [RefusedError(Refusal(code="not_confirmed"))] * 12
    lane = lane_of(journal, desk)
    assert lane.step() >= 20.0
    assert max(lane.step() for _ in range(12)) > 100.0
    assert lane.state.reason == "not_confirmed"


@pytest.mark.parametrize("forgery", ["another key", "another question", "nothing taken"])
def test_what_was_not_signed_for_stays_urgent(journal, forgery):
    desk = Desk()
    if forgery == "another key":
        desk.key = Ed25519PrivateKey.generate()
    else:
        nonce = {"another question": "x"}.get(forgery)
        desk.express = lambda headers, *, body, key: ExpressAnswer(
            nonce=nonce or headers.nonce, taken=("somebody-elses",)
        ).signed(key=CENTRE_KEY)
    lane = lane_of(journal, desk)
    assert lane.step() >= 1.0
    assert journal.expressed == []
    assert lane.state.reason == ("nothing_taken" if forgery == "nothing taken" else "forged_receipt")
