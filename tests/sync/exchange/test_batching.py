"""Packing ahead changes when a batch is packed, never which one is sent: one in flight, nothing stale."""

import threading

import pytest

from sync.exchange.batching import BatchesAhead, JournalBatches
from sync.exchange.chain import ChainHead
from sync.exchange.messages import unpack_batch
from tests.sync.exchange.journals import EdgeJournal, screened
from tests.sync.exchange.test_uplink import ModelCentre, journal_of, steps, uplink_to

LIMIT = 10


class Watched(JournalBatches):
    """Remembers what was asked for, and on which thread."""

    def __init__(self, journal):
        super().__init__(journal)
        self.asked = []
        self.faults = []

    def batch_after(self, after, *, incarnation, limit):
        self.asked.append((after.sequence, limit, threading.current_thread() is threading.main_thread()))
        if self.faults and after.sequence == self.faults[0]:
            self.faults.pop(0)
            message = "the journal could not be read"
            raise OSError(message)
        return super().batch_after(after, incarnation=incarnation, limit=limit)


@pytest.fixture
def journal():
    filled = EdgeJournal()
    for number in range(35):
        filled.write(screened(f"c-{number}"))
    return filled


@pytest.fixture
def source(journal):
    return Watched(journal)


@pytest.fixture
def ahead(source):
    packing = BatchesAhead(source)
    yield packing
    packing.close()


def following(batch):
    return ChainHead(sequence=batch.last, hash=batch.head_hash)


def drain(batches):
    found, after = [], ChainHead()
    while (batch := batches.batch_after(after, incarnation=1, limit=LIMIT)) is not None:
        found.append(batch)
        after = following(batch)
    return found


def test_a_backlog_goes_out_in_the_same_batches_whether_they_are_packed_ahead_or_not(journal, ahead):
    assert drain(ahead) == drain(JournalBatches(journal))


def test_while_a_batch_is_in_flight_the_next_is_packed_on_another_thread(source, ahead):
    first = ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    second = ahead.batch_after(following(first), incarnation=1, limit=LIMIT)
    assert (second.first, second.last) == (11, 20)
    assert source.asked[:2] == [(0, LIMIT, True), (10, LIMIT, False)]


def test_what_was_packed_ahead_is_thrown_away_when_the_batch_before_it_was_not_accepted(source, ahead):
    first = ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    ahead.discard()
    ahead.batch_after(following(first), incarnation=1, limit=LIMIT)
    assert [after for after, _, is_own in source.asked if is_own] == [0, 10]


@pytest.mark.parametrize(("after", "limit"), [(0, LIMIT), (10, 5), (20, LIMIT)])
def test_a_batch_packed_for_another_place_or_size_is_never_given(journal, ahead, after, limit):
    ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    place = ChainHead(sequence=after, hash=journal.entries[after - 1].hash) if after else ChainHead()
    asked = ahead.batch_after(place, incarnation=1, limit=limit)
    assert (asked.first, asked.last) == (after + 1, after + limit)


def test_a_batch_after_another_history_at_the_same_number_is_packed_anew(source, ahead):
    ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    ahead.batch_after(ChainHead(sequence=10, hash=bytes(32)), incarnation=1, limit=LIMIT)
    assert (10, LIMIT, True) in source.asked


def test_records_written_while_the_last_batch_was_in_flight_are_not_missed(journal, ahead):
    last = drain(ahead)[-1]
    assert (last.first, last.last) == (31, 35)
    journal.write(screened("c-late"))
    late = ahead.batch_after(following(last), incarnation=1, limit=LIMIT)
    assert (late.first, late.last) == (36, 36)


def test_without_a_backlog_nothing_is_packed_ahead(source, ahead):
    ahead.batch_after(ChainHead(), incarnation=1, limit=100)
    ahead.discard()
    assert source.asked == [(0, 100, True)]


def test_a_fault_of_packing_ahead_shows_only_if_it_is_there_again(source, ahead):
    source.faults = [10]
    first = ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    second = ahead.batch_after(following(first), incarnation=1, limit=LIMIT)
    assert (second.first, second.last) == (11, 20)


@pytest.mark.parametrize("fault", ["lost", "answer lost", "busy"])
def test_an_uplink_discards_what_it_packed_ahead_unless_the_centre_plainly_accepted(fault):
    centre, journal, discarded = ModelCentre(faults=["none", fault]), journal_of(1100), []

    class Telling(BatchesAhead):
        def discard(self):
            discarded.append(centre.requests)
            super().discard()

    steps(uplink_to(centre, journal, batches=Telling(JournalBatches(journal))), 20)
    assert discarded == [2], "the first push failed, and no other request did"
    assert [each.record for each in centre.records] == [entry.record for entry in journal.entries]


def test_closing_waits_for_what_is_being_packed_and_ends_the_thread_that_packs(source):
    others, begun, may_end = packing_threads(), threading.Event(), threading.Event()
    pack = source.batch_after

    def pack_slowly(after, **asked):
        if after.sequence:
            begun.set()
            assert may_end.wait(10)
        return pack(after, **asked)

    source.batch_after = pack_slowly
    ahead = BatchesAhead(source)
    ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT)
    assert begun.wait(10)
    closing = threading.Thread(target=ahead.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive(), "the journal is still being read"
    may_end.set()
    closing.join(10)
    assert not closing.is_alive()
    assert source.asked[-1] == (LIMIT, LIMIT, False)
    assert packing_threads() == others
    ahead.close()


def packing_threads():
    return {each for each in threading.enumerate() if each.name.startswith("packing")}


def test_one_batch_holds_what_the_journal_holds(journal, ahead):
    lines, _ = unpack_batch(ahead.batch_after(ChainHead(), incarnation=1, limit=LIMIT).body)
    assert lines == [entry.record for entry in journal.entries[:LIMIT]]
