"""The desk's case file over a long life: records that came again or were replayed, and a centre's later epochs."""

import msgspec
import pytest

import central.reception
from central.actions.desk import reveal_person, review_case
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.quarantine import replay_quarantine
from sync.agreement.records import RecordRecovered, TravellerIdentity
from sync.agreement.vocabulary import CaseClass, Disposition, LookReason
from tests.central.conftest import enrolled
from tests.central.edges import renew
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import EdgeJournal, rechecked, screened

PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url, tmp_path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def reception(centre, clock) -> Reception:
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


@pytest.fixture
def journal(centre, clock) -> EdgeJournal:
    known = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    known.province_key = centre.keys.sealing.public_key()
    return known


def recovered_case(journal: EdgeJournal, reception: Reception) -> EdgeJournal:
    """A person with a fever, whose records only come inside others, in the edge's next chain."""
    journal.write(screened("c1", disposition=Disposition.PENDING), who=PERSON)
    journal.write(rechecked("c1", disposition=Disposition.REFERRED))
    grant = renew(reception, journal)
    after = EdgeJournal(journal.edge_id, incarnation=grant.incarnation, key=journal.key)
    for entry in journal.entries:
        after.write(RecordRecovered(original_incarnation=1, original_sequence=entry.sequence, original=entry.record))
        after.entries[-1] = msgspec.structs.replace(after.entries[-1], episode_key=entry.episode_key)
    push(reception, after)
    return after


def test_a_person_whose_records_came_again_in_a_new_chain_can_be_seen_like_any_other(centre, journal, reception):
    recovered_case(journal, reception)

    person = reveal_person(centre, "c1", reason=LookReason.CASE_INVESTIGATION, username="cdc")
    file = centre.store.desk.case_file("c1")

    assert person == PERSON
    assert [record.envelope.type for record in file.records] == ["crossing_screened", "temperature_rechecked"]
    assert [record.ledger_position for record in file.records] == [1, 2]
    with signed_in(centre, username="cdc", role="cdc") as desk:
        lines = desk.get("/api/desk/c1").json()["timeline"]
    assert [line["type"] for line in lines] == ["crossing_screened", "temperature_rechecked"]


def test_a_person_whose_record_was_replayed_later_can_be_seen_like_any_other(
    centre, journal, reception, clock, monkeypatch
):
    journal.write(screened("c1", disposition=Disposition.PENDING), who=PERSON)
    with monkeypatch.context() as older_program:
        older_program.setattr(central.reception, "body_of", lambda _: None)
        push(reception, journal)
    replay_quarantine(centre.store.engine, cut_off_hour=centre.store.cut_off_hour, now=clock())

    assert reveal_person(centre, "c1", reason=LookReason.CASE_INVESTIGATION, username="cdc") == PERSON
    assert [record.ledger_position for record in centre.store.desk.case_file("c1").records] == [1]


def test_the_class_of_a_case_is_that_of_its_last_review_also_after_a_new_epoch(centre, journal, reception, clock):
    journal.write(screened("c1", disposition=Disposition.PENDING))
    journal.write(rechecked("c1", disposition=Disposition.REFERRED))
    push(reception, journal)
    for each in (CaseClass.SUSPECTED, CaseClass.PROBABLE):
        review_case(centre, "c1", case_class=each, note="", reviewer="cdc")
    centre.store.testimonies.renew(by="operator", reason="phục hồi", now=clock())
    review_case(centre, "c1", case_class=CaseClass.CONFIRMED, note="", reviewer="cdc")

    (case,) = centre.store.desk.cases(now=clock())

    assert case.case_class is CaseClass.CONFIRMED
    assert centre.store.desk.case_file("c1").reviews[-1].case_class is CaseClass.CONFIRMED
