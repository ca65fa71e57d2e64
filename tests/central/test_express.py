"""The express lane: a referral is at the desk before its journal, counts nowhere, and is confirmed by the ledger."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from central.actions.express import ExpressLane
from central.reception import read_record
from central.report.daily_report import build_report, decode_report, encode_report, says_the_same
from central.store.engine import reading, writing
from central.store.settlement import NothingToSettleError, StillExpectedError
from central.store.snapshots import ReportFrame
from central.store.tables import centre_journal, provisional_case
from sync.agreement.records import IncarnationOpened, RecordRecovered, TravellerIdentity
from sync.agreement.vocabulary import Disposition, IncarnationReason, RevocationReason, SettlementReason
from sync.exchange.sealing import SealedIdentity, associated_bytes, open_sealed, unwrap_episode_key
from tests.central.conftest import CUT_OFF_HOUR
from tests.central.edges import express, renew
from tests.central.pushes import counted_anew, counters, push, refusal_of
from tests.sync.exchange.journals import EdgeJournal, rechecked, screened


@pytest.fixture
def lane(store, centre_key, clock):
    return ExpressLane(store, signing_key=centre_key, clock=clock)


@pytest.fixture
def backlog(journal):
    """Nine people, then one with a fever: records 10 and 11."""
    for number in range(9):
        journal.write(screened(f"c{number}", temperature_c=36.5))
    journal.write(screened("fever", disposition=Disposition.PENDING))
    journal.write(rechecked("fever", disposition=Disposition.REFERRED))
    return journal


def shown(store, clock):
    return {case.crossing.crossing_id: case for case in store.desk.cases(now=clock())}


def test_a_referral_is_at_the_desk_before_everything_that_lies_before_it(reception, lane, backlog, store, clock):
    assert len(express(reception, lane, backlog, 10, 11)) == 2

    case = shown(store, clock)["fever"]
    assert case.crossing.disposition is Disposition.REFERRED
    assert case.provisional_since is not None
    assert counters(store) == {}
    file = store.desk.case_file("fever")
    assert [record.ledger_position for record in file.records] == [None, None]
    assert store.verify().ledger_records == 0


def test_the_ledger_confirms_it_in_the_transaction_that_takes_it(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10, 11)
    push(reception, backlog, last=10)
    assert shown(store, clock)["fever"].provisional_since is not None
    push(reception, backlog)

    assert shown(store, clock)["fever"].provisional_since is None
    assert counters(store) == counted_anew(store)
    assert [record.ledger_position for record in store.desk.case_file("fever").records] == [10, 11]
    assert store.alarms.standing() == []


def test_what_the_ledger_has_already_is_taken_and_not_shown_twice(reception, lane, backlog, store, clock):
    push(reception, backlog)
    assert len(express(reception, lane, backlog, 10, 11)) == 2
    assert shown(store, clock)["fever"].provisional_since is None
    with reading(store.engine) as connection:
        assert connection.execute(select(provisional_case)).all() == []


def test_sent_twice_it_is_shown_once(reception, lane, backlog, store, clock):
    assert express(reception, lane, backlog, 10) == express(reception, lane, backlog, 10)
    assert len(store.provisional.cases()) == 1


def test_other_bytes_under_the_same_number_are_a_conflict(reception, lane, backlog, store):
    express(reception, lane, backlog, 10)
    twin = EdgeJournal(backlog.edge_id, key=backlog.key)
    for entry in backlog.entries[:9]:
        twin.append(entry.record)
    twin.write(screened("another", disposition=Disposition.PENDING))

    assert express(reception, lane, twin, 10) == ()
    assert [alarm.kind for alarm in store.alarms.standing()] == ["express_conflict"]

    push(reception, twin)
    assert [alarm.kind for alarm in store.alarms.standing()] == ["express_conflict"]
    assert store.provisional.cases() == []


def test_a_record_that_comes_again_under_a_new_incarnation_confirms_its_original(
    reception, lane, backlog, store, clock
):
    express(reception, lane, backlog, 10)
    grant = renew(reception, backlog)
    fresh = EdgeJournal(backlog.edge_id, key=backlog.key, incarnation=grant.incarnation)
    original = backlog.entries[9].record
    fresh.write(RecordRecovered(original_incarnation=1, original_sequence=10, original=original))
    push(reception, fresh)
    assert shown(store, clock)["fever"].provisional_since is None


def test_an_hour_without_the_ledger_is_an_alarm_once(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10)
    assert store.provisional.raise_overdue(now=clock()) == 0
    clock.now += timedelta(hours=1, minutes=1)
    assert store.provisional.raise_overdue(now=clock()) == 1
    (alarm,) = store.alarms.standing()
    assert (alarm.kind, alarm.edge_id, alarm.sequence) == ("express_unconfirmed", "mong-cai-1", 10)
    store.alarms.clear(alarm.alarm_id, by="quantri", reason="cửa khẩu mất mạng", now=clock())
    assert store.provisional.raise_overdue(now=clock()) == 0


def test_all_that_is_late_of_one_edge_is_one_alarm_and_only_what_comes_late_after_it_is_another(
    reception, lane, backlog, store, clock
):
    express(reception, lane, backlog, 10, 11)
    clock.now += timedelta(hours=1, minutes=1)
    assert store.provisional.raise_overdue(now=clock()) == 1
    express(reception, lane, backlog, 9)
    clock.now += timedelta(hours=1, minutes=1)
    assert store.provisional.raise_overdue(now=clock()) == 0, "one stands"
    (alarm,) = store.alarms.standing()
    assert (alarm.sequence, alarm.detail["records"]) == (10, 2)
    store.alarms.clear(alarm.alarm_id, by="quantri", reason="cửa khẩu mất mạng", now=clock())

    assert store.provisional.raise_overdue(now=clock()) == 1
    (alarm,) = store.alarms.standing()
    assert (alarm.sequence, alarm.detail["records"]) == (9, 3)


def test_nobody_sends_for_another_edge_and_no_bomb_comes_in(reception, lane, journal, other_journal):
    other_journal.write(screened("x", gate="hoanh-mo"))
    journal.entries = other_journal.entries
    refused = refusal_of(express, reception, lane, journal, 1)
    assert (refused.http_code, refused.refusal.code) == (422, "record_refused")
    journal.entries = []
    assert refusal_of(express, reception, lane, journal).refusal.code == "malformed"


def test_the_desk_can_open_who_it_is_before_the_ledger_has_the_record(reception, lane, journal, store, province_key):
    person = TravellerIdentity(full_name="NGUYỄN VĂN THỬ", document_number="T1234567")
    journal.province_key = province_key.public_key()
    journal.write(screened("fever", disposition=Disposition.PENDING), who=person)
    express(reception, lane, journal, 1)

    sealed = store.desk.sealed_person("fever")
    key = unwrap_episode_key(sealed.episode_key, recipient="province", private_key=province_key)
    envelope = sealed.envelope
    opened = open_sealed(
        SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce),
        episode_key=key,
        associated=associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id),
    )
    assert opened == person


@pytest.fixture
def province_key():
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.generate()


def settle(store, clock, crossing_id="fever", reason=SettlementReason.UNIT_GONE):
    return store.desk.settle(crossing_id, reason=reason, by="cdc", now=clock())


def test_a_case_of_a_destroyed_gate_is_settled_by_a_reviewer_and_counted(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10, 11)
    with pytest.raises(StillExpectedError):
        settle(store, clock)
    assert "fever" in shown(store, clock), "a gate that may still send loses nothing"

    store.edges.revoke(backlog.edge_id, now=clock(), reason=RevocationReason.DESTROYED)
    assert store.desk.case_file("fever").may_settle_as == (SettlementReason.UNIT_GONE,)
    settled = settle(store, clock)

    assert shown(store, clock) == {}
    assert store.provisional.unreadable() == 0
    clock.now += timedelta(hours=2)
    assert store.provisional.raise_overdue(now=clock.now) == 0
    file = store.desk.case_file("fever")
    assert (file.settled_at is not None, len(file.records)) == (True, 2), "what came stays to be looked at"
    (only,) = store.desk.express_only(since=settled.report_day, until=settled.report_day)
    assert (only.crossing_id, only.point_of_entry_id, only.reason) == ("fever", "mong-cai", "unit_gone")
    with pytest.raises(NothingToSettleError):
        settle(store, clock)
    with reading(store.engine) as connection:
        newest = select(centre_journal.c.bytes).order_by(centre_journal.c.sequence.desc()).limit(1)
        assert read_record(bytes(connection.execute(newest).scalar_one())).body == settled
    assert store.verify().ledger_records == 0


def test_a_record_in_a_range_that_the_gate_stated_as_lost_is_settled(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10, 11)
    push(reception, backlog, last=8)
    granted = renew(reception, backlog, own_sequence=8, high_water=11)
    after = EdgeJournal(backlog.edge_id, key=backlog.key, incarnation=granted.incarnation)
    after.write(
        IncarnationOpened(
            reason=IncarnationReason.RESTORED_DATABASE,
            previous_incarnation=1,
            previous_sequence=8,
            high_water=11,
            lost_records=3,
        )
    )
    with pytest.raises(StillExpectedError):
        settle(store, clock, reason=SettlementReason.RANGE_LOST)
    push(reception, after)
    with pytest.raises(StillExpectedError):
        settle(store, clock, reason=SettlementReason.UNIT_GONE)
    assert settle(store, clock, reason=SettlementReason.RANGE_LOST).record_ids != ()
    assert shown(store, clock) == {}


def test_a_settled_record_that_comes_nevertheless_counts_as_any_other(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10, 11)
    with writing(store.engine) as connection:
        connection.execute(update(provisional_case).values(settled_at=clock(), settled_reason="range_lost"))
    push(reception, backlog)
    assert counters(store) == counted_anew(store)
    file = store.desk.case_file("fever")
    assert (file.settled_at, file.provisional_since) == (None, None)


def test_the_report_names_a_case_that_is_known_by_express_alone(reception, lane, backlog, store, clock):
    express(reception, lane, backlog, 10, 11)
    store.edges.revoke(backlog.edge_id, now=clock(), reason=RevocationReason.DESTROYED)
    day = store.desk.case_file("fever").crossing.report_day
    frame = ReportFrame(report_day=day, cut_off_hour=CUT_OFF_HOUR, taken_at=clock(), gates=())
    before = build_report(store.snapshot(frame), revision=1)
    settle(store, clock)
    after = build_report(store.snapshot(frame), revision=2, previous=before)
    assert not says_the_same(before, after), "a settled case is worth a revision"
    assert [(row.crossing_id, row.reason) for row in after.express_only] == [("fever", "unit_gone")]
    assert (after.totals.crossings, after.identities_hold) == (0, True)
    assert decode_report(encode_report(after)) == after
