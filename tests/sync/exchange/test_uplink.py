"""The uplink delivers everything once, whatever the network does, and never believes a stranger."""

import random
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.exchange.batching import BatchesAhead, JournalBatches
from sync.exchange.chain import GENESIS_HASH, record_hash
from sync.exchange.messages import HeadAnswer, PushAnswer, Receipt, Refusal, sign_receipt, unpack_batch
from sync.exchange.protocol import Phase, back_off_s
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import RefusedError, TransportError, Uplink, UplinkIdentity
from tests.sync.exchange.journals import EdgeJournal, screened

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class ModelCentre:
    """The smallest honest centre: a list of records per chain. ``faults`` says how each request ends."""

    def __init__(self, faults=()):
        self.records = []
        self.epoch = "epoch-1"
        self.faults = list(faults)
        self.requests = 0
        self.incarnation_questions = []
        self.receipt_key = CENTRE_KEY

    def _fault(self):
        self.requests += 1
        return self.faults.pop(0) if self.faults else "none"

    def _head(self):
        return len(self.records), self.records[-1].hash if self.records else GENESIS_HASH

    def ask_head(self, question, *, key):
        if self._fault() != "none":
            raise TransportError(reason="no_link")
        sequence, digest = self._head()
        receipt = self._receipt(question, sequence=sequence, digest=digest.hex())
        return HeadAnswer(
            epoch=self.epoch,
            edge_id=question.edge,
            incarnation=1,
            sequence=sequence,
            hash=digest.hex(),
            receipt=receipt,
        ).signed(key=self.receipt_key)

    def ask_incarnation(self, question, *, key):
        self.incarnation_questions.append(question)
        raise TransportError(reason="no_link")

    def push(self, headers, *, body, key):
        fault = self._fault()
        if fault == "lost":
            raise TransportError(reason="timeout")
        if headers.epoch != self.epoch:
            raise RefusedError(Refusal(code="wrong_epoch"))
        if fault == "busy":
            raise RefusedError(Refusal(code="busy"), retry_after_s=5)
        if headers.first > len(self.records) + 1:
            raise RefusedError(Refusal(code="gap"))
        lines, _ = unpack_batch(body)
        assert len(lines) == headers.last - headers.first + 1
        self.records += [Stored(line) for line in lines[len(self.records) + 1 - headers.first :]]
        if fault == "answer lost":
            raise TransportError(reason="timeout")
        receipt = self._receipt(headers, sequence=headers.last, digest=headers.head_hash)
        return PushAnswer(
            epoch=self.epoch, sequence=headers.last, hash=headers.head_hash, dispositions=(), receipt=receipt
        )

    def _receipt(self, words, *, sequence, digest):
        unsigned = Receipt(
            epoch=self.epoch, edge_id=words.edge, incarnation=1, sequence=sequence, hash=digest,
            ledger_position=sequence, received_at=NOW, nonce=words.nonce, signature="",
        )  # fmt: skip
        return sign_receipt(unsigned, key=self.receipt_key)


class Stored:
    def __init__(self, record):
        self.record, self.hash = record, record_hash(record)


def journal_of(length):
    journal = EdgeJournal("mong-cai-1")
    for number in range(length):
        journal.write(screened(f"c{number}"))
    return journal


def uplink_to(centre, journal, *, batches=None):
    identity = UplinkIdentity(
        edge_id=journal.edge_id,
        incarnation=1,
        signing_key=journal.key,
        centre_public_key=CENTRE_KEY.public_key().public_bytes_raw(),
    )
    looks = count(1)
    return Uplink(
        identity,
        journal=journal,
        transport=centre,
        clock=lambda: NOW + next(looks) * timedelta(seconds=20),
        draw=random.Random(1).random,
        batches=batches,
    )


def steps(uplink, times):
    return [uplink.step() for _ in range(times)]


@settings(max_examples=100, deadline=None)
@given(
    faults=st.lists(st.sampled_from(["none", "lost", "answer lost", "busy"]), max_size=12),
    length=st.integers(0, 1100),
    restored_after=st.none() | st.integers(0, 3),
    is_packed_ahead=st.booleans(),
)
def test_every_record_arrives_once_in_order_whatever_is_lost(faults, length, restored_after, is_packed_ahead):
    centre, journal = ModelCentre(faults), journal_of(min(length, 40) if length < 1000 else length)
    batches = BatchesAhead(JournalBatches(journal)) if is_packed_ahead else None
    uplink = uplink_to(centre, journal, batches=batches)
    for number in range(80):
        if number == restored_after:
            centre.records, centre.epoch = centre.records[: len(centre.records) // 2], "epoch-2"
        uplink.step()
    assert [each.record for each in centre.records] == [each.record for each in journal.entries]
    assert len(journal.entries) == (journal.receipts[-1].sequence if journal.receipts else 0)
    assert uplink.state.phase is Phase.IDLE


def test_the_pause_grows_with_full_jitter_between_one_second_and_five_minutes():
    for failures in range(1, 40):
        shortest, longest = back_off_s(failures, draw=lambda: 0.0), back_off_s(failures, draw=lambda: 1.0)
        assert shortest == 1.0
        assert longest == min(300.0, 2.0**failures)
    assert back_off_s(1, draw=lambda: 0.0, retry_after_s=30.0) == 31.0


def test_a_silent_centre_is_asked_rarely_and_at_once_when_the_link_is_back():
    centre, journal = ModelCentre(["lost"] * 12), journal_of(3)
    uplink = uplink_to(centre, journal)
    pauses = steps(uplink, 12)
    assert all(pause_s >= 1.0 for pause_s in pauses)
    assert uplink.state.phase is Phase.BACKING_OFF
    steps(uplink, 3)
    assert len(centre.records) == 3


@pytest.mark.parametrize("ahead", [True, False], ids=["centre is ahead", "another history"])
def test_a_restored_or_cloned_edge_stops_pushing_and_asks_for_a_new_incarnation(ahead):
    centre, journal = ModelCentre(), journal_of(3)
    steps(uplink_to(centre, journal), 4)
    restored = journal_of(2) if ahead else journal_of(0)
    if not ahead:
        for number in range(5):
            restored.write(screened(f"other-{number}"))
    uplink = uplink_to(centre, restored)
    steps(uplink, 4)
    assert {question.reason for question in centre.incarnation_questions} == {"centre_is_ahead" if ahead else "fork"}
    assert len(centre.records) == 3


def test_a_forged_receipt_is_no_receipt():
    centre, journal = ModelCentre(), journal_of(3)
    uplink = uplink_to(centre, journal)
    uplink.step()
    centre.receipt_key = Ed25519PrivateKey.generate()
    steps(uplink, 4)
    assert journal.receipts == []
    assert (uplink.state.phase, uplink.state.reason) == (Phase.BACKING_OFF, "forged_receipt")


def test_a_receipt_of_another_push_is_no_receipt():
    centre, journal = ModelCentre(), journal_of(3)
    honest = centre.push
    centre.push = lambda headers, *, body, key: honest(
        msgspec.structs.replace(headers, nonce="older"), body=body, key=key
    )
    uplink = uplink_to(centre, journal)
    steps(uplink, 2)
    assert journal.receipts == []
    assert uplink.state.reason == "forged_receipt"


def test_a_push_whose_answer_was_lost_is_receipted_by_the_next_head():
    centre, journal = ModelCentre(["none", "answer lost"]), journal_of(3)
    steps(uplink_to(centre, journal), 3)
    assert centre.requests == 3
    assert journal.receipts[-1].sequence == 3


def test_a_quiet_edge_calls_every_minute_so_that_it_is_not_taken_for_silent():
    centre, journal = ModelCentre(), journal_of(0)
    steps(uplink_to(centre, journal), 30)
    assert 8 <= centre.requests <= 16


def portal(request):
    return httpx.Response(200, html="<html>Chào mừng! Đăng nhập Wi-Fi</html>")


def gateway(request):
    return httpx.Response(502, html="<h1>Bad gateway</h1>", headers={"Retry-After": "7"})


def endless(request):
    return httpx.Response(200, content=b"x" * 2_000_000, headers={"content-type": "application/json"})


def half(request):
    return httpx.Response(200, json={"epoch": "e"})


def redirect(request):
    return httpx.Response(302, headers={"Location": "http://127.0.0.1/login"})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (portal, "not_the_centre"),
        (gateway, "unavailable"),
        (endless, "not_the_centre"),
        (half, "not_the_centre"),
        (redirect, "not_the_centre"),
    ],
    ids=["captive portal", "gateway", "endless", "half", "redirect"],
)
def test_a_strange_answer_is_a_transport_fault_and_never_a_receipt(answer, reason):
    journal = journal_of(1)
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        uplink = uplink_to(HttpTransport("http://centre.invalid", client=client), journal)
        pause_s = steps(uplink, 2)[-1]
    assert (uplink.state.phase, uplink.state.reason) == (Phase.BACKING_OFF, reason)
    assert journal.receipts == []
    assert pause_s >= (7 if answer is gateway else 1)


def test_a_batch_too_large_for_the_centre_is_halved():
    centre, journal = ModelCentre(), journal_of(8)
    honest, sizes = centre.push, []

    def strict(headers, *, body, key):
        sizes.append(headers.last - headers.first + 1)
        if sizes[-1] > 2:
            raise RefusedError(Refusal(code="too_large"))
        return honest(headers, body=body, key=key)

    centre.push = strict
    uplink = uplink_to(centre, journal)
    steps(uplink, 40)
    assert len(centre.records) == 8
    assert timedelta(0) <= uplink.state.last_receipt_at - NOW
