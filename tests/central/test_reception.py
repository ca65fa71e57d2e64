"""A push is taken whole or not at all: ledger, crossings, counters and heads move in one commit."""

from sync.agreement.records import CrossingWithdrawn
from sync.agreement.vocabulary import Disposition, RecordDisposition
from sync.exchange.messages import check_receipt
from tests.central.pushes import ask, counted_anew, counters, push, refusal_of
from tests.sync.exchange.journals import isolated, rechecked, screened


def totals(store):
    sums = {}
    for key, count in counters(store).items():
        sums[key.figure.value] = sums.get(key.figure.value, 0) + count
    return sums


def test_a_push_is_counted_and_answered_with_a_signed_receipt(reception, journal, store, centre_key):
    journal.write(screened("c1", temperature_c=36.4))
    journal.write(screened("c2", disposition=Disposition.PENDING))
    journal.write(rechecked("c2", disposition=Disposition.PENDING))
    journal.write(isolated("c2"))
    journal.write(screened("c3"))
    answer = push(reception, journal)

    assert [each.disposition for each in answer.dispositions] == [RecordDisposition.PROJECTED] * 5
    assert [each.ledger_position for each in answer.dispositions] == [1, 2, 3, 4, 5]
    check_receipt(answer.receipt, public_key=centre_key.public_key().public_bytes_raw())
    assert answer.receipt.hash == journal.entries[-1].hash.hex() == ask(reception, journal).hash
    assert totals(store) == {
        "crossings": 3,
        "measured": 2,
        "not_measured": 1,
        "suspected": 1,
        "confirmed": 1,
        "cleared": 2,
        "isolated": 1,
        "with_exception": 1,
    }
    assert counters(store) == counted_anew(store)


def test_the_same_batch_again_exists_and_changes_nothing(reception, journal, store):
    journal.write(screened("c1"))
    journal.write(CrossingWithdrawn(crossing_id="c1", withdraws_record_id="r", reason="ghi hai lần"))
    first = push(reception, journal)
    before = counters(store)
    again = push(reception, journal, first=1, last=2)

    assert [each.disposition for each in again.dispositions] == [RecordDisposition.EXISTS] * 2
    assert [each.ledger_position for each in again.dispositions] == [
        each.ledger_position for each in first.dispositions
    ]
    assert counters(store) == before
    assert store.edges.ledger_position() == 2


def test_an_overlapping_batch_adds_only_what_is_new(reception, journal, store):
    for number in range(1, 6):
        journal.write(screened(f"c{number}"))
    push(reception, journal, first=1, last=3)
    answer = push(reception, journal, first=2, last=5)

    assert [each.disposition.value for each in answer.dispositions] == ["exists", "exists", "projected", "projected"]
    assert totals(store)["crossings"] == 5


def test_a_gap_is_answered_with_the_head_and_nothing_is_written(reception, journal, store):
    for number in range(1, 5):
        journal.write(screened(f"c{number}"))
    push(reception, journal, first=1, last=1)
    refused = refusal_of(push, reception, journal, first=3, last=4)

    assert (refused.http_code, refused.refusal.code) == (409, "gap")
    assert (refused.refusal.sequence, refused.refusal.hash) == (1, journal.entries[0].hash.hex())
    assert store.edges.ledger_position() == 1
