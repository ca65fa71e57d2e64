"""The way down: the centre's own journal page by page, and how far each edge has come."""

import pytest

from central.actions.downlink import Downlink
from central.store.centre_journal import append
from central.store.engine import writing
from sync.agreement.records import PolicyIssued
from sync.exchange.chain import GENESIS_HASH, ChainHead, verify_chain
from sync.exchange.messages import DOWN_LIMIT_BYTES, DownQuestion
from tests.central.edges import ask_as
from tests.central.pushes import refusal_of


@pytest.fixture
def downlink(store, centre_key, clock):
    return Downlink(store, signing_key=centre_key, clock=clock)


@pytest.fixture
def ask_down(downlink, reception, journal, centre_key):
    def ask(after: int = 0, after_hash: bytes = GENESIS_HASH, *, incarnation: int = 1):
        question = DownQuestion(
            edge=journal.edge_id,
            incarnation=1,
            nonce="n",
            centre_incarnation=incarnation,
            after=after,
            after_hash=after_hash.hex(),
        )
        signature = question.signature(key=journal.key)
        answer = downlink.answer(question, signature=signature, doorway=reception.doorway)
        answer.check(public_key=centre_key.public_key().public_bytes_raw())
        return answer

    return ask


def issue(store, clock, *, count: int = 1, size: int = 10) -> None:
    with writing(store.engine) as connection:
        for version in range(count):
            body = PolicyIssued(policy_id="order", version=version, document="x" * size, issued_by="cdc")
            append(connection, body, officer_ref="cdc", now=clock())


def test_an_edge_follows_the_journal_and_the_centre_remembers_how_far(ask_down, store, clock, reception, journal):
    enrolled = ask_down()
    assert (enrolled.last, enrolled.length, len(enrolled.records)) == (1, 1, 1), "the edge itself was taken in"
    issue(store, clock, count=2)
    assert ask_as(reception, journal).down_sequence == 3

    page = ask_down()

    assert (page.after, page.last, page.length, page.epoch) == (0, 3, 3, store.edges.epoch(now=clock()))
    followed = verify_chain(page.records)
    assert followed == ChainHead(sequence=3, hash=bytes.fromhex(page.head_hash))
    (cursor,) = store.down.cursors()
    assert (cursor.incarnation, cursor.sequence) == (1, 0)
    assert ask_down(3, followed.hash).records == ()
    (cursor,) = store.down.cursors()
    assert cursor.has(incarnation=1, sequence=3)
    assert not cursor.has(incarnation=1, sequence=4)


def test_an_answer_without_news_is_as_fresh_as_the_clock(ask_down, clock):
    first, second = ask_down(), ask_down()
    assert second.issued_at > first.issued_at


def test_a_long_journal_comes_in_pages_that_fit(ask_down, store, clock):
    issue(store, clock, count=25, size=30_000)
    head, pages = ChainHead(), 0
    while head.sequence < 26:
        page = ask_down(head.sequence, head.hash)
        assert sum(map(len, page.records)) <= DOWN_LIMIT_BYTES
        head = verify_chain(page.records, after_sequence=head.sequence, after_hash=head.hash)
        pages += 1
    assert pages == 2


def test_a_restored_centre_goes_on_in_a_chain_of_its_own(ask_down, store, clock):
    issue(store, clock)
    old = ask_down()
    renewed = store.testimonies.renew(by="operator", reason="phục hồi", now=clock())
    issue(store, clock)

    rest = ask_down(1, verify_chain(old.records[:1]).hash)
    assert (rest.centre_incarnation, rest.last, rest.epoch) == (1, 2, "")
    first = ask_down(2, bytes.fromhex(old.head_hash))
    assert (first.centre_incarnation, first.after, first.last, first.epoch) == (2, 0, 2, renewed.name)
    fresh = ask_down()
    assert (fresh.centre_incarnation, fresh.last) == (1, 2)
    assert store.verify().centre_records == 4


def test_an_edge_that_holds_another_history_is_told_so(ask_down, store, clock):
    issue(store, clock)
    for after, after_hash in ((2, bytes(32)), (9, b"x" * 32)):
        refused = refusal_of(ask_down, after, after_hash)
        assert (refused.http_code, refused.refusal.code, refused.refusal.sequence) == (409, "fork", 2)
    (cursor,) = store.down.cursors()
    assert cursor.sequence == 0


def test_the_beginning_of_a_life_that_this_centre_never_had_is_no_place_behind_its_orders(ask_down, store, clock):
    issue(store, clock, count=2)
    refused = refusal_of(ask_down, incarnation=7)
    assert (refused.http_code, refused.refusal.code) == (409, "fork")
    (cursor,) = store.down.cursors()
    assert not cursor.has(incarnation=1, sequence=2)
