"""What comes down is the centre's, in order, whole and not older than before; anything else is not taken."""

from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.records import CaseReviewed
from sync.agreement.vocabulary import CaseClass, ClockQuality
from sync.exchange.chain import GENESIS_HASH, record_hash
from sync.exchange.down_rules import DownlinkError, check_down, question_after
from sync.exchange.downlink import LOOK_S, Downlink
from sync.exchange.ends import CentreRecord, MirrorPosition, RefusedError, TransportError, UplinkIdentity
from sync.exchange.envelope import RecordStamp, encode_record
from sync.exchange.messages import DownAnswer, Refusal
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, identifier

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
IDENTITY = UplinkIdentity(
    edge_id="mong-cai-1",
    incarnation=1,
    signing_key=Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))),
    centre_public_key=CENTRE_KEY.public_key().public_bytes_raw(),
)


class Mirror:
    """Implements ``MirrorJournal``."""

    def __init__(self):
        self.at = MirrorPosition()
        self.records = []
        self.taken = 0

    def position(self):
        return self.at

    def take(self, answer, records):
        self.taken += 1
        self.records += records
        self.at = MirrorPosition(
            incarnation=answer.centre_incarnation,
            sequence=answer.last,
            hash=bytes.fromhex(answer.head_hash),
            epoch=answer.epoch,
            issued_at=answer.issued_at,
        )


class Centre:
    """Answers as the contract says: one chain after the other, at most ``page`` records at once."""

    def __init__(self, *, page=3):
        self.chains = {1: []}
        self.epoch, self.page, self.now, self.requests = "epoch-1", page, NOW, 0

    def write(self, number=1, *, label=""):
        for _ in range(number):
            incarnation = max(self.chains)
            chain = self.chains[incarnation]
            stamp = RecordStamp(
                record_id=identifier(f"{incarnation}/{len(chain)}/{label}"),
                edge_id="centre",
                incarnation=incarnation,
                sequence=len(chain) + 1,
                previous_hash=record_hash(chain[-1]) if chain else GENESIS_HASH,
                observed_at=MORNING,
                recorded_at=MORNING,
                boot_id="b",
                monotonic_ns=1,
                clock_quality=ClockQuality.SYNCHRONISED,
            )
            body = CaseReviewed(crossing_id=f"c{len(chain)}", case_class=CaseClass.SUSPECTED, note="", reviewer_ref="r")
            chain.append(encode_record(body, stamp=stamp))

    def restore(self, length):
        incarnation = max(self.chains)
        self.chains[incarnation] = self.chains[incarnation][:length]
        self.chains[incarnation + 1] = []
        self.epoch = f"epoch-{incarnation + 1}"

    def ask_down(self, question, *, key):
        self.requests += 1
        self.now += timedelta(seconds=1)
        return self.answer(question).signed(key=CENTRE_KEY)

    def answer(self, question):
        incarnation, after = question.centre_incarnation, question.after
        while incarnation < max(self.chains) and after >= len(self.chains[incarnation]):
            incarnation, after = incarnation + 1, 0
        chain = self.chains[incarnation]
        is_same = incarnation == question.centre_incarnation
        if is_same and after and (after > len(chain) or record_hash(chain[after - 1]).hex() != question.after_hash):
            raise RefusedError(Refusal(code="fork"))
        records = tuple(chain[after : after + self.page])
        last = after + len(records)
        return DownAnswer(
            epoch=self.epoch if incarnation == max(self.chains) else "",
            edge_id=question.edge,
            centre_incarnation=incarnation,
            after=after,
            last=last,
            head_hash=(record_hash(chain[last - 1]) if last else GENESIS_HASH).hex(),
            length=len(chain),
            issued_at=self.now,
            nonce=question.nonce,
            records=records,
        )


def downlink_of(mirror, centre, **more):
    return Downlink(
        IDENTITY,
        journal=mirror,
        transport=centre,
        clock=lambda: NOW,
        draw=lambda: 0.5,
        random_bytes=Random(1).randbytes,
        **more,
    )


def test_the_whole_journal_comes_down_page_by_page_and_then_the_edge_waits():
    mirror, centre = Mirror(), Centre()
    centre.write(8)
    downlink = downlink_of(mirror, centre)
    assert [downlink.step() for _ in range(3)] == [0.0, 0.0, LOOK_S]
    assert [each.record for each in mirror.records] == centre.chains[1]
    assert [each.sequence for each in mirror.records] == list(range(1, 9))


def test_an_answer_without_news_still_says_how_old_the_policy_is():
    mirror, centre = Mirror(), Centre()
    downlink = downlink_of(mirror, centre)
    ages = []
    for _ in range(3):
        assert downlink.step() == LOOK_S
        ages.append(mirror.at.issued_at)
    assert ages == sorted(set(ages))
    assert (mirror.records, downlink.state.heard_at) == ([], NOW)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["write", "restore", "step"]), st.integers(0, 7)), max_size=20))
def test_the_mirror_never_goes_back_and_follows_the_centre_through_its_restores(story):
    mirror, centre = Mirror(), Centre()
    downlink = downlink_of(mirror, centre)
    for deed, number in story:
        if deed == "write":
            centre.write(number)
        elif deed == "restore":
            centre.restore(min(number, len(centre.chains[max(centre.chains)])))
        before = mirror.at
        downlink.step()
        assert (mirror.at.incarnation, mirror.at.sequence) >= (before.incarnation, before.sequence)
    for _ in range(60):
        downlink.step()
    newest = max(centre.chains)
    assert [each.record for each in mirror.records if each.incarnation == newest] == centre.chains[newest]
    assert downlink.state.failures == 0


QUESTION_AT = 5


@pytest.fixture
def stood():
    mirror, centre = Mirror(), Centre(page=5)
    centre.write(QUESTION_AT)
    downlink_of(mirror, centre).step()
    centre.write(3)
    return mirror, centre


def test_only_the_right_answer_is_taken(stood):
    mirror, centre = stood
    records = check(mirror, centre.answer)
    assert [each.sequence for each in records] == [6, 7, 8]
    assert all(isinstance(each, CentreRecord) for each in records)


def check(mirror, answer_of, *, key=CENTRE_KEY):
    question = question_after(mirror.at, identity=IDENTITY, nonce="this-question")
    answer = answer_of(question).signed(key=key)
    return check_down(answer, question=question, position=mirror.at, public_key=IDENTITY.centre_public_key)


def changed(**changes):
    return lambda centre: lambda question: msgspec.structs.replace(centre.answer(question), **changes)


def without_one(centre):
    def answer_of(question):
        answer = centre.answer(question)
        return msgspec.structs.replace(answer, records=answer.records[1:])

    return answer_of


def cut_off(centre):
    def answer_of(question):
        answer = centre.answer(question)
        return msgspec.structs.replace(answer, records=answer.records[:-1])

    return answer_of


def exchanged(centre):
    def answer_of(question):
        other = Centre(page=5)
        other.write(8, label="another history")
        return msgspec.structs.replace(centre.answer(question), records=tuple(other.chains[1][5:]))

    return answer_of


@pytest.mark.parametrize(
    ("forged", "reason", "is_contradiction"),
    [
        (changed(nonce="an-older-question"), "forged_answer", False),
        (changed(edge_id="hoanh-mo-1"), "forged_answer", False),
        (changed(after=2), "forged_answer", False),
        (changed(issued_at=NOW - timedelta(days=1)), "stale", False),
        (changed(length=4), "goes_backwards", True),
        (changed(centre_incarnation=2), "unannounced_incarnation", True),
        (changed(centre_incarnation=2, after=0), "unannounced_incarnation", True),
        (changed(last=7), "other_history", True),
        (changed(records=(b"{}",)), "chain_broken", True),
        (without_one, "chain_broken", True),
        (cut_off, "other_history", True),
        (exchanged, "chain_broken", True),
    ],
)
def test_an_answer_that_breaks_one_rule_is_refused_by_its_name(stood, forged, reason, is_contradiction):
    mirror, centre = stood
    with pytest.raises(DownlinkError) as refused:
        check(mirror, forged(centre))
    assert (refused.value.reason, refused.value.is_contradiction) == (reason, is_contradiction)


@demand("R003")
def test_an_answer_of_somebody_else_or_with_one_changed_word_is_forged(stood):
    mirror, centre = stood
    stranger = Ed25519PrivateKey.generate()
    with pytest.raises(DownlinkError, match="forged_answer"):
        check(mirror, centre.answer, key=stranger)
    question = question_after(mirror.at, identity=IDENTITY, nonce="this-question")
    honest = centre.answer(question).signed(key=CENTRE_KEY)
    words = {"epoch": "epoch-9", "length": 9, "last": 9, "issued_at": NOW, "centre_incarnation": 9, "after": 9}
    for name, value in words.items():
        forged = msgspec.structs.replace(honest, **{name: value})
        with pytest.raises(DownlinkError, match="forged_answer"):
            check_down(forged, question=question, position=mirror.at, public_key=IDENTITY.centre_public_key)


def test_a_clock_of_the_centre_that_was_corrected_comes_with_a_new_epoch(stood):
    mirror, centre = stood
    assert check(mirror, changed(issued_at=NOW - timedelta(days=1), epoch="epoch-2")(centre))


@pytest.mark.parametrize("how", ["the centre refuses", "the edge refuses"])
def test_a_contradiction_reaches_the_uplink_and_the_mirror_stays(stood, how):
    mirror, centre = stood
    heard, before = [], mirror.at
    if how == "the centre refuses":
        centre.chains[1] = centre.chains[1][:2]
    else:
        honest = centre.answer
        centre.answer = lambda question: msgspec.structs.replace(honest(question), length=1)
    downlink = downlink_of(mirror, centre, on_contradiction=heard.append)
    assert 1.0 <= downlink.step() <= 300.0
    assert (heard, mirror.at) == (["fork" if how == "the centre refuses" else "goes_backwards"], before)


def test_a_link_that_is_away_is_tried_every_few_seconds_and_a_portal_ever_more_rarely():
    mirror, centre = Mirror(), Centre()
    downlink = downlink_of(mirror, centre)

    def failing(reason):
        def ask_down(question, *, key):
            raise TransportError(reason=reason)

        return ask_down

    centre.ask_down = failing("no_link")
    assert max(downlink.step() for _ in range(12)) <= 4.0
    centre.ask_down = failing("not_the_centre")
    assert downlink.step() > 100.0
    assert downlink.state.reason == "not_the_centre"


def test_an_answer_without_news_from_an_earlier_life_of_the_centre_does_not_take_the_mirror_back():
    position = MirrorPosition(incarnation=2, sequence=3, hash=b"h" * 32, epoch="2-now", issued_at=NOW)
    question = question_after(position, identity=IDENTITY, nonce="n")
    answer = DownAnswer(
        epoch="1-then",
        edge_id=IDENTITY.edge_id,
        centre_incarnation=1,
        after=3,
        last=3,
        head_hash=position.hash.hex(),
        length=3,
        issued_at=NOW,
        nonce="n",
    ).signed(key=CENTRE_KEY)
    with pytest.raises(DownlinkError, match="goes_backwards"):
        check_down(answer, question=question, position=position, public_key=IDENTITY.centre_public_key)
