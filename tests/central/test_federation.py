"""A province reports to the nation by an edge's own protocol: sums and cases without a person, each once."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from central.actions.desk import review_case
from central.actions.express import ExpressLane
from central.actions.federating import case_reference
from central.actions.freezing import freeze
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.forwarding import Forwarding
from central.settings import FederationSettings, load_settings
from central.store.engine import reading
from central.store.projection import PROVINCE
from central.store.provinces import provinces_on
from central.store.tables import federation_journal, ledger, province_case
from sync.agreement.records import FigureReported, FiguresReported, TravellerIdentity
from sync.agreement.vocabulary import CaseClass, Disposition
from sync.exchange.messages import ExpressHeaders, pack_batch
from sync.exchange.signatures import public_text
from tests.central.conftest import enrolled
from tests.central.pushes import counters, push, refusal_of
from tests.central.running import write_settings
from tests.central.visitors import HandClock
from tests.sync.exchange.journals import MORNING, EdgeJournal, rechecked, screened

DAY = date(2026, 11, 22)
PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")


class Loopback:
    """The uplink's two requests, straight into a reception."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def ask_head(self, question, *, key):
        return self._reception.answer_head(question, signature=question.signature(key=key))

    def push(self, headers, *, body, key):
        return self._reception.take_push(headers, signature=headers.signature(body, key=key), body=body)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def nation(tmp_path: Path, clock):
    folder = tmp_path / "nation"
    folder.mkdir()
    settings = write_settings(folder, database_url=f"sqlite:///{folder / 'central.db'}", port=0)
    opened = open_centre(load_settings(settings), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def province(database_url: str, tmp_path: Path, clock, nation):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    key = public_text(nation.keys.signing)
    federated = type(settings)(
        centre=settings.centre, federation=FederationSettings(national_url="http://x", national_public_key=key)
    )
    opened = open_centre(federated, clock=clock)
    nation.store.edges.enrol(
        opened.settings.centre.centre_id,
        point_of_entry_id=opened.settings.centre.centre_id,
        public_key=opened.keys.federation.public_key().public_bytes_raw(),
        now=clock(),
        kind=PROVINCE,
    )
    yield opened
    opened.store.close()


@pytest.fixture
def forwarding(province, nation, clock) -> Forwarding:
    made = Forwarding(province)
    reception = Reception(nation.store, signing_key=nation.keys.signing, clock=clock)
    made.uplink._transport = Loopback(reception)  # the wire itself is tested with the edges
    return made


@pytest.fixture
def screened_day(province, clock) -> EdgeJournal:
    """One cleared traveller and one confirmed case of Móng Cái, reviewed, the day frozen."""
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=province.store, clock=clock)
    journal.province_key = province.keys.sealing.public_key()
    journal.write(screened("c1", temperature_c=36.4), who=PERSON)
    journal.write(screened("crossing-two", disposition=Disposition.PENDING), who=PERSON)
    journal.write(rechecked("crossing-two", disposition=Disposition.REFERRED))
    push(Reception(province.store, signing_key=province.keys.signing, clock=clock), journal)
    review_case(province, "crossing-two", case_class=CaseClass.CONFIRMED, note="", reviewer="cdc")
    clock.now = MORNING + timedelta(hours=12)
    freeze(province, DAY, by="test")
    return journal


def carry(forwarding: Forwarding) -> None:
    forwarding.look()
    for _ in range(6):
        forwarding.uplink.step()


@pytest.mark.usefixtures("screened_day")
def test_the_nation_sees_the_sums_of_the_frozen_report_and_the_case_without_its_person(forwarding, nation, province):
    carry(forwarding)

    (day,) = provinces_on(nation.store.engine, DAY)
    assert (day.edge_id, day.revision) == (province.settings.centre.centre_id, 1)
    assert (day.figures["crossings"], day.figures["cleared"], day.figures["referred"]) == (2, 1, 1)
    with reading(nation.store.engine) as connection:
        (case,) = connection.execute(select(province_case)).all()
        records = b"".join(connection.execute(select(ledger.c.bytes)).scalars())
    assert (case.case_class, case.age_band, case.nationality) == ("confirmed", "40-49", "VNM")
    assert case.case_ref == case_reference("crossing-two", key=province.keys.case_reference)
    for secret in (b"crossing-two", b"key-of", PERSON.full_name.encode(), PERSON.document_number.encode(), b"lane-1"):
        assert secret not in records


@pytest.mark.usefixtures("screened_day")
def test_every_report_and_review_is_sent_once_however_often_the_look_is_repeated(forwarding, nation, province, clock):
    carry(forwarding)
    carry(forwarding)
    review_case(province, "crossing-two", case_class=CaseClass.DISCARDED, note="âm tính", reviewer="cdc")
    carry(forwarding)

    with reading(nation.store.engine) as connection:
        types = list(connection.execute(select(ledger.c.type).order_by(ledger.c.position)).scalars())
        classes = list(
            connection.execute(select(province_case.c.case_class).order_by(province_case.c.reviewed_at)).scalars()
        )
    assert sorted(types) == ["case_notified", "case_notified", "figures_reported"]
    assert sorted(classes) == ["confirmed", "discarded"]
    assert nation.store.verify().ledger_records == 3


@pytest.mark.usefixtures("screened_day")
def test_what_a_province_says_is_taken_from_a_province_only(forwarding, nation):
    with nation.store.engine.begin() as connection:
        connection.execute(text("UPDATE edge SET kind = 'edge'"))

    carry(forwarding)

    assert provinces_on(nation.store.engine, DAY) == []
    with reading(nation.store.engine) as connection:
        dispositions = set(connection.execute(select(ledger.c.disposition)).scalars())
    assert dispositions == {"quarantined"}


@pytest.mark.usefixtures("screened_day")
def test_a_provinces_own_journal_for_the_nation_cannot_be_changed(forwarding, province):
    carry(forwarding)

    with pytest.raises(Exception, match="append-only"), province.store.engine.begin() as connection:
        connection.execute(federation_journal.delete())


def test_a_crossing_that_a_province_sends_on_is_held_and_shown_to_nobody(store, reception, clock, centre_key):
    journal = EdgeJournal("quang-ninh")
    store.edges.enrol(
        "quang-ninh", point_of_entry_id="mong-cai", public_key=journal.public_key, now=clock(), kind=PROVINCE
    )
    journal.write(screened("c1", disposition=Disposition.PENDING))
    lane = ExpressLane(store, signing_key=centre_key, clock=clock)
    question = ExpressHeaders(edge="quang-ninh", incarnation=1, nonce="express")
    body = pack_batch([journal.entries[0].record])
    refused = refusal_of(
        lane.take,
        question,
        signature=question.signature(body, key=journal.key),
        body=body,
        doorway=reception.doorway,
    )
    assert refused.refusal.code == "record_refused"

    push(reception, journal)

    assert store.desk.cases(now=clock()) == []
    assert counters(store) == {}
    assert store.verify().quarantined == 1


@pytest.mark.parametrize("changes", [{"revision": 2**40}, {"figure": "a\0b"}, {"figure": "x" * 5000}, {"count": 2**62}])
def test_what_no_table_can_hold_is_held_and_does_not_hold_the_province_up(database_url, tmp_path, clock, changes):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    journal = EdgeJournal("quang-ninh")
    opened.store.edges.enrol(
        "quang-ninh", point_of_entry_id="quang-ninh", public_key=journal.public_key, now=clock(), kind=PROVINCE
    )
    words = {"revision": 1, "figure": "crossings", "count": 1} | changes
    figure = FigureReported(
        point_of_entry_id=None, direction=None, category=None, figure=words["figure"], count=words["count"]
    )
    body = FiguresReported(report_day=DAY, revision=words["revision"], ledger_position=1, figures=(figure,))
    journal.write(body)
    push(Reception(opened.store, signing_key=opened.keys.signing, clock=clock), journal)
    assert opened.store.verify().quarantined == 1
    opened.store.close()
