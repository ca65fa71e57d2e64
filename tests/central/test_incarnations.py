"""Who writes under which number: doubles, forks, new incarnations, and a centre that went back in time."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from central.actions.witnessing import Witnessing
from central.store import CentralStore
from central.store.alarms import STANDING_AT_MOST
from central.store.engine import reading, writing
from central.store.epochs import INCARNATIONS_PER_EPOCH, EpochFile
from central.store.tables import centre_journal, edge, edge_head
from sync.agreement.records import IncarnationOpened, RecordRecovered
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.messages import SignedHead
from tests.central.edges import ask_as, bear_witness, renew
from tests.central.pushes import body_of_batch as batch_of
from tests.central.pushes import push, refusal_of, send, words_of
from tests.sync.exchange.journals import EdgeJournal, screened

ONE, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def witnessing(store, centre_key, clock):
    return Witnessing(store, signing_key=centre_key, clock=clock)


def kinds(store: CentralStore) -> list[str]:
    return [alarm.kind for alarm in store.alarms.standing()]


def test_two_programs_with_one_key_are_found_within_one_handshake(reception, journal, store):
    ask_as(reception, journal, instance=ONE, start_number=4)
    ask_as(reception, journal, instance=ONE, start_number=4)
    assert kinds(store) == []

    ask_as(reception, journal, instance=OTHER, start_number=4)
    assert kinds(store) == ["identity_duplicate"]
    ask_as(reception, journal, instance=OTHER, start_number=4)
    assert kinds(store) == ["identity_duplicate"]


def test_a_restart_is_no_double_and_a_run_from_before_it_is(reception, journal, store):
    ask_as(reception, journal, instance=ONE, start_number=4)
    ask_as(reception, journal, instance=OTHER, start_number=5)
    assert kinds(store) == []
    ask_as(reception, journal, instance=ONE, start_number=4)
    (alarm,) = store.alarms.standing()
    assert (alarm.kind, alarm.detail) == ("identity_duplicate", {"last_start_number": 5, "start_number": 4})


def test_a_double_that_somebody_cleared_comes_back_while_it_lasts(reception, journal, store, clock):
    ask_as(reception, journal, instance=ONE, start_number=4)
    ask_as(reception, journal, instance=OTHER, start_number=4)
    (alarm,) = store.alarms.standing()
    store.alarms.clear(alarm.alarm_id, by="quantri", reason="đã xem", now=clock())
    assert kinds(store) == []

    ask_as(reception, journal, instance=OTHER, start_number=4)
    assert kinds(store) == ["identity_duplicate"]
    assert [each.cleared_by for each in store.alarms.every()] == ["quantri", None]


def test_a_copy_that_starts_again_for_ever_does_not_bury_the_other_alarms(reception, journal, store):
    ask_as(reception, journal, instance=ONE, start_number=9)
    for number in range(30):
        ask_as(reception, journal, instance=f"{number:032x}", start_number=4)

    assert kinds(store) == ["identity_duplicate"] * STANDING_AT_MOST
    assert len(store.alarms.every()) == STANDING_AT_MOST


def test_a_head_that_contradicts_ours_freezes_the_chain_for_both_holders(reception, journal, store):
    journal.write(screened("c1"))
    journal.write(screened("c2"))
    push(reception, journal)
    clone = EdgeJournal(journal.edge_id, key=journal.key)
    clone.write(screened("other"))

    answer = ask_as(reception, clone)

    assert answer.is_frozen
    assert kinds(store) == ["fork"]
    journal.write(screened("c3"))
    assert ask_as(reception, journal).is_frozen
    headers = words_of(journal, first=3, last=3, epoch=answer.epoch)
    body = batch_of(journal, first=3, last=3)
    refused = refusal_of(send, reception, headers, body=body, journal=journal)
    assert (refused.http_code, refused.refusal.code, refused.refusal.sequence) == (409, "frozen_incarnation", 2)


def test_each_incarnation_is_new_and_stands_in_the_centres_own_journal(reception, journal, store):
    first, second = renew(reception, journal), renew(reception, journal, nonce="again")
    assert (first.incarnation, second.incarnation) == (2, 3)
    assert ask_as(reception, journal).newest_incarnation == 3
    with reading(store.engine) as connection:
        rows = connection.execute(select(centre_journal.c.bytes).order_by(centre_journal.c.sequence)).scalars()
        _, *bodies = [body_of(decode_record(row)) for row in rows]  # the first: the edge was enrolled
    assert [(body.edge_id, body.incarnation, body.reason.value) for body in bodies] == [
        ("mong-cai-1", 2, "restored_database"),
        ("mong-cai-1", 3, "restored_database"),
    ]
    assert store.verify().centre_records == 3


def test_the_lost_range_of_a_restored_edge_is_stated_as_a_number(reception, journal, store):
    for number in range(3):
        journal.write(screened(f"c{number}"))
    push(reception, journal)

    renew(reception, journal, own_sequence=2, high_water=7)

    (alarm,) = store.alarms.standing()
    assert alarm.kind == "edge_restored"
    assert {name: alarm.detail[name] for name in ("lost_from", "lost_to", "lost_records")} == {
        "lost_from": 4,
        "lost_to": 7,
        "lost_records": 4,
    }


def test_a_new_chain_says_why_it_was_opened_and_what_came_again(reception, journal, store):
    journal.write(screened("c1"))
    push(reception, journal)
    grant = renew(reception, journal)
    fresh = EdgeJournal(journal.edge_id, key=journal.key, incarnation=grant.incarnation)
    fresh.write(
        IncarnationOpened(
            reason=IncarnationReason.RESTORED_DATABASE,
            previous_incarnation=1,
            previous_sequence=1,
            high_water=4,
            lost_records=3,
        )
    )
    fresh.write(RecordRecovered(original_incarnation=1, original_sequence=1, original=journal.entries[0].record))
    push(reception, fresh)

    (standing,) = store.figures.standings()
    assert (standing.incarnation, standing.opened_reason) == (2, "restored_database")
    assert (standing.lost_records, standing.recovered_records) == (3, 1)
    store.verify()


def test_a_receipt_that_the_database_forgot_begins_a_new_epoch_at_once(reception, witnessing, journal, store):
    journal.write(screened("c1"))
    answer = push(reception, journal)
    with writing(store.engine) as connection:  # a backup from before the push
        connection.execute(update(edge_head).values(sequence=0, hash=bytes(32)))
        drop_append_only(connection)
        connection.execute(text("DELETE FROM ledger"))

    answered = bear_witness(reception, witnessing, journal, receipt=answer.receipt)

    assert answered.is_accepted
    assert answered.epoch != answer.epoch
    assert ask_as(reception, journal).epoch == answered.epoch
    (alarm,) = store.alarms.standing()
    assert (alarm.kind, alarm.detail) == ("centre_restored", {"witness": "mong-cai-1"})
    again = bear_witness(reception, witnessing, journal, receipt=answer.receipt)
    assert again.epoch == answered.epoch


def test_a_receipt_that_is_held_changes_nothing(reception, witnessing, journal, store):
    journal.write(screened("c1"))
    answer = push(reception, journal)
    answered = bear_witness(reception, witnessing, journal, receipt=answer.receipt)
    assert (answered.is_accepted, answered.epoch) == (True, answer.epoch)
    assert kinds(store) == []


def test_what_this_centre_never_signed_is_no_testimony(reception, witnessing, journal, store, clock):
    stranger = SignedHead(
        epoch="9-forged",
        position=9,
        hash="a" * 64,
        centre_sequence=0,
        centre_hash="0" * 64,
        issued_at=clock(),
        signature="0" * 128,
    )
    answered = bear_witness(reception, witnessing, journal, ledger_head=stranger)
    assert not answered.is_accepted
    assert kinds(store) == []


def test_numbers_after_a_restore_begin_beyond_everything_issued_before(reception, witnessing, journal, store):
    grants = [renew(reception, journal, nonce=str(number)) for number in range(3)]
    with writing(store.engine) as connection:  # the backup knows of the first grant only
        connection.execute(update(edge).values(incarnation=2))
        drop_append_only(connection)
        connection.execute(delete(centre_journal).where(centre_journal.c.sequence > 1))

    answered = bear_witness(reception, witnessing, journal, grant=grants[-1])

    after = renew(reception, journal, incarnation=2, nonce="after")
    assert answered.epoch == after.epoch != grants[0].epoch
    assert after.incarnation == INCARNATIONS_PER_EPOCH + 1 > max(grant.incarnation for grant in grants)
    store.verify()


def test_an_edge_never_gets_a_number_that_it_had_whatever_the_centre_forgot(reception, journal):
    assert renew(reception, journal, incarnation=41).incarnation == 42


def test_an_operator_renews_the_epoch_and_the_number_outlives_the_database(store, tmp_path: Path, clock):
    first = store.edges.epochs.present(now=clock())
    assert first.number == 1
    remembering = CentralStore(store.engine, cut_off_hour=17, identity_folder=tmp_path)
    renewed = remembering.testimonies.renew(by="operator", reason="phục hồi từ bản sao lưu", now=clock())
    assert (renewed.number, EpochFile(tmp_path).highest()) == (2, 2)
    with writing(store.engine) as connection:  # restored once more, from the same backup
        connection.execute(text("UPDATE centre SET centre_incarnation = 1"))
    assert remembering.testimonies.renew(by="operator", reason="lần nữa", now=clock()).number == 3
    assert kinds(store) == ["centre_restored", "centre_restored"]


def drop_append_only(connection) -> None:
    """Be the superuser who puts an older backup in place: triggers do not stop that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in rows:
        connection.execute(text(f"DROP TRIGGER {name}"))
