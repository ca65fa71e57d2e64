"""What an attacker may try on the push, one named test each: refused, alarmed, and nothing changed."""

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError

from central.store.edges import Edge, add_edge
from central.store.engine import writing
from central.store.tables import ledger
from sync.agreement.records import CaseReviewed, CrossingScreened, CrossingWithdrawn
from sync.agreement.vocabulary import CaseClass, Disposition
from sync.exchange.chain import record_hash
from sync.exchange.messages import PUSH_PURPOSE, pack_batch
from sync.exchange.sealing import EpisodeKey
from sync.exchange.signatures import sign
from tests.central.edges import renew
from tests.central.pushes import (
    ask,
    body_of_batch,
    counted_anew,
    counters,
    push,
    refusal_of,
    send,
    words_of,
)
from tests.sync.exchange.journals import EdgeJournal, screened


@pytest.fixture
def pushed(reception, journal):
    """A journal of three records, of which the centre has two."""
    for number in (1, 2, 3):
        journal.write(screened(f"c{number}"))
    push(reception, journal, first=1, last=2)
    return journal


@pytest.fixture
def unchanged(store, pushed):
    """Whatever the attack was, the ledger and the figures are as they were."""
    before = counters(store)
    yield
    assert store.edges.ledger_position() == 2
    assert counters(store) == before == counted_anew(store)
    assert store.verify().ledger_records == 2


def next_push(reception, journal, **changes):
    headers = words_of(journal, first=3, last=3, epoch=ask(reception, journal).epoch)
    return msgspec.structs.replace(headers, **changes), body_of_batch(journal, first=3, last=3)


def test_a_bad_signature_is_refused(reception, pushed, unchanged):
    headers, body = next_push(reception, pushed)
    stranger = Ed25519PrivateKey.generate()
    forged = sign(PUSH_PURPOSE, fields=headers.signed_fields(body), key=stranger)
    for signature in (forged, "", "zz", "00" * 64):
        refused = refusal_of(reception.take_push, headers, signature=signature, body=body)
        assert (refused.http_code, refused.refusal.code) == (401, "bad_signature")


def test_a_tampered_body_is_refused(reception, pushed, unchanged):
    headers, body = next_push(reception, pushed)
    signature = sign(PUSH_PURPOSE, fields=headers.signed_fields(body), key=pushed.key)
    other = pack_batch([pushed.entries[2].record.replace(b'"tourist"', b'"official"')])
    refused = refusal_of(reception.take_push, headers, signature=signature, body=other)
    assert refused.refusal.code == "bad_signature"


@pytest.mark.parametrize("field", ["edge", "incarnation", "first", "last", "head_hash", "epoch", "nonce"])
def test_each_signed_header_is_covered_by_the_signature(reception, pushed, other_journal, unchanged, field):
    headers, body = next_push(reception, pushed)
    signature = sign(PUSH_PURPOSE, fields=headers.signed_fields(body), key=pushed.key)
    value = getattr(headers, field)
    changed = {"edge": other_journal.edge_id}.get(field, value + (-1 if isinstance(value, int) else "0"))
    refused = refusal_of(
        reception.take_push, msgspec.structs.replace(headers, **{field: changed}), signature=signature, body=body
    )
    assert refused.refusal.code in {"bad_signature", "wrong_incarnation"}


def test_whoever_has_not_the_key_learns_nothing_of_an_edge(reception, pushed, other_journal, store, clock, unchanged):
    """No such name, another's key, unconfirmed, revoked: one answer, in every kind of question."""
    with writing(store.engine) as connection:
        unconfirmed = Edge(
            edge_id="new-1",
            point_of_entry_id="mong-cai",
            public_key=EdgeJournal("new-1").public_key,
            incarnation=1,
            enrolled_at=clock(),
        )
        add_edge(connection, unconfirmed, by="quantri")
    store.edges.revoke(other_journal.edge_id, now=clock())
    stranger = Ed25519PrivateKey.generate()
    answers = set()
    for name in ("lao-cai-1", "new-1", other_journal.edge_id, pushed.edge_id):
        forged = EdgeJournal(name, key=stranger)
        forged.write(screened("x"))
        refused = [refusal_of(ask, reception, forged), refusal_of(renew, reception, forged)]
        answers |= {(each.http_code, msgspec.json.encode(each.refusal)) for each in refused}
    (answer,) = answers
    assert answer[0] == 401
    assert b"bad_signature" in answer[1]


def test_who_has_the_key_is_told_what_is_the_matter(reception, store, clock):
    with writing(store.engine) as connection:
        journal = EdgeJournal("new-1")
        words = {"point_of_entry_id": "mong-cai", "public_key": journal.public_key, "enrolled_at": clock()}
        add_edge(connection, Edge(edge_id="new-1", incarnation=1, **words), by="quantri")
    assert refusal_of(ask, reception, journal).refusal.code == "not_confirmed"
    store.edges.revoke("new-1", now=clock())
    assert refusal_of(ask, reception, journal).refusal.code == "revoked_edge"


def test_a_revoked_edge_is_refused_at_once(reception, pushed, store, clock, unchanged):
    store.edges.revoke(pushed.edge_id, now=clock())
    assert refusal_of(push, reception, pushed).refusal.code == "revoked_edge"


def test_a_replayed_push_changes_nothing(reception, pushed, store, unchanged):
    answer = push(reception, pushed, first=1, last=2, nonce="nonce-1")
    assert {each.disposition.value for each in answer.dispositions} == {"exists"}


def test_a_push_for_another_centre_or_before_a_restore_is_refused(reception, pushed, unchanged):
    headers, body = next_push(reception, pushed, epoch="0" * 32)
    refused = refusal_of(send, reception, headers, body=body, journal=pushed)
    assert (refused.http_code, refused.refusal.code) == (409, "wrong_epoch")


def test_an_incarnation_that_was_never_issued_is_refused(reception, pushed, unchanged):
    headers, body = next_push(reception, pushed, incarnation=2)
    refused = refusal_of(send, reception, headers, body=body, journal=pushed)
    assert (refused.http_code, refused.refusal.code) == (409, "wrong_incarnation")


def test_records_of_another_edge_under_the_own_signature_are_refused(reception, pushed, other_journal, unchanged):
    other_journal.write(screened("x", gate="hoanh-mo"))
    headers = msgspec.structs.replace(
        words_of(other_journal, first=1, last=1, epoch=ask(reception, pushed).epoch), edge=pushed.edge_id
    )
    body = body_of_batch(other_journal, first=1, last=1)
    refused = refusal_of(send, reception, headers, body=body, journal=pushed)
    assert (refused.http_code, refused.refusal.code) == (422, "record_refused")


def test_another_record_at_a_known_sequence_is_a_fork_with_an_alarm(reception, pushed, store, unchanged):
    clone = EdgeJournal(pushed.edge_id, key=pushed.key)
    clone.append(pushed.entries[0].record)
    clone.write(screened("forged"))
    headers = words_of(clone, first=1, last=2, epoch=ask(reception, pushed).epoch)
    body = body_of_batch(clone, first=1, last=2)
    refused = refusal_of(send, reception, headers, body=body, journal=clone)

    assert (refused.http_code, refused.refusal.code) == (409, "fork")
    assert refusal_of(send, reception, headers, body=body, journal=clone).refusal.code == "frozen_incarnation"
    assert ask(reception, pushed).is_frozen
    (alarm,) = store.edges.alarms()
    assert (alarm.kind, alarm.sequence) == ("fork", 2)
    assert alarm.expected_hash == pushed.entries[1].hash
    assert alarm.found_hash == clone.entries[1].hash


def test_a_next_record_on_another_history_is_a_fork(reception, pushed, store, unchanged):
    clone = EdgeJournal(pushed.edge_id, key=pushed.key)
    for number in (1, 2, 3):
        clone.write(screened(f"other-{number}"))
    assert refusal_of(push, reception, clone, first=3, last=3).refusal.code == "fork"
    assert [alarm.sequence for alarm in store.edges.alarms()] == [2]


def test_records_out_of_order_within_a_batch_are_refused(reception, journal):
    for number in (1, 2):
        journal.write(screened(f"c{number}"))
    headers = words_of(journal, first=1, last=2, epoch=ask(reception, journal).epoch)
    body = pack_batch([journal.entries[1].record, journal.entries[0].record])
    assert refusal_of(send, reception, headers, body=body, journal=journal).refusal.code == "chain_broken"


def bombs():
    compress = zstandard.ZstdCompressor(level=3).compress
    yield compress(bytes(1 << 28)), 413
    yield compress(b'{"v":1}' + b"\n" * (1 << 20)), 400
    yield compress(b"\n".join([b'{"v":1}'] * 501)), 413
    yield compress(b'{"v":' + b"[" * 50_000), 422
    yield b"not zstd at all", 400
    yield compress(b'{"v":1}')[:-3], 400
    yield compress(b'{"v":1}') * 2, 400


@pytest.mark.parametrize(("body", "http_code"), list(bombs()), ids=range(7))
def test_a_bomb_or_rubbish_is_refused_within_bounds(reception, pushed, unchanged, body, http_code):
    headers, _ = next_push(reception, pushed)
    refused = refusal_of(send, reception, headers, body=body, journal=pushed)
    assert refused.http_code == http_code


@pytest.mark.parametrize(
    "spelling",
    [
        lambda record: record.replace(b'"v":1,', b'"v":1, '),
        lambda record: record.replace(b'"lane_id":"lane-1"', b'"lane_id":"lane-9","lane_id":"lane-1"', 1),
        lambda record: record.replace(b'"monotonic_ns":3', b'"monotonic_ns":3.0', 1),
        lambda record: record.replace(b'"boot_id":"boot-1"', b'"boot_id":"boot-\\u0031"'),
        lambda record: record[:-1] + b',"extra":1}',
    ],
    ids=["space", "doubled key", "float", "escape", "extra key"],
)
def test_another_spelling_of_a_record_is_refused(reception, pushed, unchanged, spelling):
    record = spelling(pushed.entries[2].record)
    assert record != pushed.entries[2].record
    headers, _ = next_push(reception, pushed, head_hash=record_hash(record).hex())
    refused = refusal_of(send, reception, headers, body=pack_batch([record]), journal=pushed)
    assert (refused.http_code, refused.refusal.code) == (422, "record_refused")


def test_a_record_for_another_gate_is_kept_in_quarantine_and_never_counted(reception, journal, store):
    journal.write(screened("c1", gate="hoanh-mo"))
    journal.write(screened("c2"))
    answer = push(reception, journal)
    assert [each.disposition.value for each in answer.dispositions] == ["quarantined", "projected"]
    assert {key.point_of_entry_id for key in counters(store)} == {"mong-cai"}


def test_an_edge_cannot_touch_another_edges_crossing_nor_write_reviews(reception, journal, other_journal, store):
    journal.write(screened("c1"))
    push(reception, journal)
    before = counters(store)
    other_journal.write(CrossingWithdrawn(crossing_id="c1", withdraws_record_id="r", reason="phá"))
    other_journal.write(screened("c1", gate="hoanh-mo"))
    other_journal.write(CaseReviewed(crossing_id="c1", case_class=CaseClass.DISCARDED, note="", reviewer_ref="x"))
    answer = push(reception, other_journal)
    assert {each.disposition.value for each in answer.dispositions} == {"quarantined"}
    assert counters(store) == before
    assert store.verify().quarantined == 3


_THIS_VERSION = b'"type_version":%d' % CrossingScreened.type_version


def test_poison_is_appended_and_does_not_hold_up_the_rest(reception, journal, store):
    good = journal.write(screened("c1"))
    journal.write(screened("c2"))
    poison = journal.entries.pop().record
    for bad in (
        poison.replace(b'"age_years":41', b'"age_years":"x"'),
        poison.replace(b'"crossing_id":"c2"', b'"crossing_id":"' + b"a" * 3000 + b'"'),
        poison.replace(b'"crossing_id":"c2"', b'"crossing_id":"a\\u0000b"'),
        poison.replace(b'"crossing_screened"', b'"crossing_dreamt"'),
        poison.replace(_THIS_VERSION, b'"type_version":99'),
    ):
        assert bad != poison
        journal.append(relinked(bad, journal))
    journal.write(screened("c3", disposition=Disposition.REFUSED))
    answer = push(reception, journal)

    assert [each.disposition.value for each in answer.dispositions] == [
        "projected", "quarantined", "quarantined", "quarantined", "unprojected", "unprojected", "projected",
    ]  # fmt: skip
    verified = store.verify()
    assert (verified.quarantined, verified.unprojected, verified.crossings) == (3, 2, 2)
    assert good == journal.entries[0].record


IMPOSSIBLE_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T08:00:00")


@pytest.mark.parametrize("at", IMPOSSIBLE_TIMES)
def test_a_deadline_at_an_impossible_time_is_kept_in_quarantine_and_holds_nothing_up(reception, journal, store, at):
    journal.write(screened("c1", disposition=Disposition.PENDING))
    record = msgspec.json.decode(journal.entries.pop().record)
    record["open"]["clocks"] = [{"kind": "recheck", "started_at": at, "due_at": at, "clause": "x"}]
    journal.append(msgspec.json.encode(record))
    journal.write(screened("c2"))
    answer = push(reception, journal)
    assert [each.disposition.value for each in answer.dispositions] == ["quarantined", "projected"]
    assert store.verify().quarantined == 1


@pytest.mark.parametrize("at", IMPOSSIBLE_TIMES[:2])
def test_a_clock_that_runs_in_an_impossible_year_does_not_hold_its_edge_up(reception, journal, store, at):
    journal.write(screened("c1"))
    record = journal.entries.pop().record
    journal.append(msgspec.json.encode(msgspec.json.decode(record) | {"observed_at": at}))
    assert [each.disposition.value for each in push(reception, journal).dispositions] == ["quarantined"]
    journal.write(screened("c2"))
    assert push(reception, journal, first=2).sequence == 2
    assert store.verify().quarantined == 1


def test_hashes_and_names_that_are_none_are_refused_before_the_database(reception, journal, store):
    journal.write(screened("c1"))
    record = msgspec.json.decode(journal.entries.pop().record)
    for text_of_hash in ("z" * 64, " " * 64, "A" * 64):
        journal.append(msgspec.json.encode(record | {"previous_hash": text_of_hash}))
        refused = refusal_of(push, reception, journal)
        assert (refused.http_code, refused.refusal.code) == (422, "record_refused")
        journal.entries.pop()
    journal.write(screened("c1"))
    stray_key = EpisodeKey(episode_id="a\x00b", wrapped={"province": b"x"})
    body = pack_batch([journal.entries[0].record], episode_keys=[stray_key])
    headers = words_of(journal, first=1, last=1, epoch=ask(reception, journal).epoch)
    assert refusal_of(send, reception, headers, body=body, journal=journal).refusal.code == "malformed"
    assert store.edges.ledger_position() == 0


def relinked(record, journal):
    """Give a record the next place in the journal, as an edge gone wrong would write it."""
    fields = msgspec.json.decode(record)
    head = journal.head()
    fields |= {"sequence": head.sequence + 1, "previous_hash": head.hash.hex()}
    fields["record_id"] = f"00000000-0000-4000-8000-{head.sequence:012d}"
    return msgspec.json.encode(fields)


def test_a_push_beyond_the_gap_names_the_head(reception, pushed, unchanged):
    for number in range(4, 7):
        pushed.write(screened(f"c{number}"))
    refused = refusal_of(push, reception, pushed, first=5, last=6)
    assert (refused.http_code, refused.refusal.code, refused.refusal.sequence) == (409, "gap", 2)


@pytest.mark.parametrize("change", [update(ledger).values(type="x"), delete(ledger)], ids=["update", "delete"])
def test_the_service_itself_cannot_rewrite_the_ledger(store, unchanged, change):
    with pytest.raises(DatabaseError, match="append-only"), writing(store.engine) as connection:
        connection.execute(change)


def test_nobody_empties_the_ledger_by_truncate(store, unchanged):
    with pytest.raises(DatabaseError), writing(store.engine) as connection:
        connection.execute(text("TRUNCATE ledger CASCADE"))


def test_records_in_another_order_are_no_chain_although_the_last_one_is_the_signed_head(reception, journal, store):
    for name in ("c1", "c2", "c3"):
        journal.write(screened(name))
    first, second, third = (entry.record for entry in journal.entries)
    body = pack_batch([first, third, second])
    headers = words_of(journal, first=1, last=3, epoch=ask(reception, journal).epoch)
    headers = msgspec.structs.replace(headers, head_hash=record_hash(second).hex())

    assert refusal_of(send, reception, headers, body=body, journal=journal).refusal.code == "chain_broken"
    assert store.edges.ledger_position() == 0
