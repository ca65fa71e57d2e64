"""What gates write beside crossings is projected in the batch's own transaction, verified, rebuilt and erased."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from central.actions.erasing import erase_people
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.gate_figures import GateFigure
from central.gate_records import GATE_RECORDS
from central.reception import ReceivedRecord
from central.settings import load_settings
from central.store import projection
from central.store.engine import reading, writing
from central.store.erased_file import ErasureFile
from central.store.erasure import UnknownEpisodesError
from central.store.gate_projection import count_rows, counts_of, draw, hour_rows, rebuild_gate_tables
from central.store.gate_tables import coverage_hour, gate_count, gate_record
from central.store.projection import Projection, Sender
from central.store.tables import episode_key
from central.store.verification import DifferenceError
from sync.agreement.gate_records.coverage import CoverageReconciled
from sync.agreement.gate_records.groups import (
    SAID_LATER,
    TAKEN_BACK,
    ConveyanceOccupantSeen,
    ConveyancePresented,
    GroupMemberMissing,
    GroupMemberSeen,
    GroupOpened,
)
from sync.agreement.gate_records.handheld import HandheldActTaken
from sync.agreement.gate_records.shift import PaperLineVoided, PaperSheetsPrinted, ShiftHandedOver, ShiftTakenOver
from sync.agreement.records import RECORD_TYPES, TravellerIdentity
from sync.agreement.vocabulary import Disposition, RecordDisposition, Symptom
from sync.exchange.envelope import decode_record
from tests.central.conftest import CUT_OFF_HOUR, enrolled
from tests.central.gate_samples import HOUR, a_shift, company, declared, lane, reconciled, slip
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.visitors import HandClock
from tests.sync.agreement.frozen import samples
from tests.sync.agreement.threshold_samples import threshold_samples
from tests.sync.exchange.journals import MORNING, EdgeJournal, identifier, screened

PERSON = TravellerIdentity(full_name="VÒNG A SÁNG", document_number="T0000009", visited_areas=("CN-45-06",))
TABLES = (gate_record, gate_count, coverage_hour)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url, tmp_path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def journal(centre, clock) -> EdgeJournal:
    known = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    known.province_key = centre.keys.sealing.public_key()
    return known


@pytest.fixture
def reception(centre, clock) -> Reception:
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


def sent(reception, journal, *bodies, nonce="nonce-1") -> list[RecordDisposition]:
    for body in bodies:
        is_of_a_person = body.crossing_id is not None or hasattr(body, "declaration_id")
        journal.write(body, who=PERSON if is_of_a_person else None)
    return [answer.disposition for answer in push(reception, journal, nonce=nonce).dispositions]


def contents(centre) -> dict[str, list]:
    with reading(centre.store.engine) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in TABLES
        }


def counted(centre) -> dict[tuple[str, str], int]:
    return {(figure, detail): count for _, _, figure, detail, count in contents(centre)["gate_count"]}


def keys_of(centre, episode_id: str) -> int:
    query = select(func.count()).select_from(episode_key).where(episode_key.c.episode_id == episode_id)
    with reading(centre.store.engine) as connection:
        return connection.execute(query).scalar_one()


def test_each_record_is_projected_and_counted_once(centre, reception, journal):
    dispositions = sent(reception, journal, screened("c1"), *a_shift())
    assert set(dispositions) == {RecordDisposition.PROJECTED}
    counts = counted(centre)
    assert counts[GateFigure.DECLARATIONS, "phone"] == counts[GateFigure.DECLARED_SYMPTOMS, ""] == 1
    assert counts[GateFigure.DECLARED_SYMPTOM, "cough"] == counts[GateFigure.DECLARED_AREAS, ""] == 1
    assert (counts[GateFigure.SLIPS_ISSUED, "esc_pos"], counts[GateFigure.SLIPS_CHECKED, "slip_expired"]) == (1, 1)
    assert (counts[GateFigure.SHIFTS_OPENED, "planned"], counts[GateFigure.SHIFTS_CLOSED, ""]) == (1, 1)
    assert counts[GateFigure.OWN_TEMPERATURES, "start"] == counts[GateFigure.OWN_TEMPERATURES_RAISED, "end"] == 1
    assert counts[GateFigure.PAPER_LINES_PRINTED, ""] == 20
    push(reception, journal, first=1, nonce="again")
    assert counted(centre) == counts, "the same batch again changes nothing"
    verified = centre.store.verify()
    assert (verified.gate_records, verified.unprojected, verified.quarantined) == (12, 0, 0)


def test_of_one_hour_the_newest_revision_counts_whatever_comes_first(centre, reception, journal):
    newer = reconciled(lane("lane-1", seen=12, logged=12), revision=3)
    sent(reception, journal, reconciled(lane("lane-1", seen=12, logged=9), lane("lane-2", seen=1, logged=1)))
    sent(reception, journal, newer, reconciled(lane("lane-1", seen=12, logged=11), revision=2), nonce="n2")
    (row,) = contents(centre)["coverage_hour"]
    assert (row[2], b'"lane-2"' in row[4]) == (3, False)
    later = reconciled(lane("lane-1", seen=2, logged=2), starts_at=HOUR + timedelta(hours=1))
    sent(reception, journal, later, nonce="n3")
    assert len(contents(centre)["coverage_hour"]) == 2
    assert centre.store.verify().gate_records == 4


def test_a_rebuild_and_a_replay_give_the_same_rows_byte_for_byte(centre, reception, journal, monkeypatch, clock):
    sent(reception, journal, screened("c1"), *a_shift())
    erase_people(centre, ["c1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    before = contents(centre)
    assert before["gate_record"]
    with writing(centre.store.engine) as connection:
        connection.execute(delete(gate_record))
        connection.execute(update(gate_count).values(count=99))
    assert rebuild_gate_tables(centre.store.engine, cut_off_hour=CUT_OFF_HOUR) == 12
    assert contents(centre) == before
    centre.store.verify()


def test_what_came_before_the_centre_could_read_it_is_projected_when_it_opens(
    centre, reception, journal, monkeypatch, clock
):
    with monkeypatch.context() as older:
        older.setattr(projection, "GATE_RECORDS", ())
        assert set(sent(reception, journal, *a_shift())) == {RecordDisposition.UNPROJECTED}
    assert centre.store.verify().awaiting_replay == 12
    again = open_centre(centre.settings, clock=clock)
    try:
        assert len(contents(again)["gate_record"]) == 12
        replayed = contents(again)
        verified = again.store.verify()
        assert (verified.replayed, verified.unprojected, verified.gate_records) == (12, 0, 12)
        rebuild_gate_tables(again.store.engine, cut_off_hour=CUT_OFF_HOUR)
        assert contents(again) == replayed
    finally:
        again.store.close()


def test_erasing_a_crossing_destroys_its_declarations_key_and_rows_and_leaves_the_counters(centre, reception, journal):
    sent(reception, journal, screened("c1"), screened("c2"), *a_shift("c1"), declared("c2"))
    assert keys_of(centre, "d-c1") == keys_of(centre, "d-c2") == 1
    before = counted(centre)
    erased = erase_people(centre, ["c1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    assert erased.episode_ids == ("c1", "d-c1")
    assert (keys_of(centre, "c1"), keys_of(centre, "d-c1"), keys_of(centre, "d-c2")) == (0, 0, 1)
    rows = contents(centre)["gate_record"]
    assert {row[5] for row in rows} == {None, "c2"}
    assert counted(centre) == before
    noted = ErasureFile(centre.settings.data_path / "identity").orders()
    assert [order.episode_ids for order in noted] == [("c1", "d-c1")], "no backup of the keys brings it back"
    assert centre.store.verify().gate_records == len(rows)


MEMBER, CONVEYANCE, GROUP = (str(identifier(name)) for name in ("member", "conveyance", "group"))


def in_company(journal, *crossing_ids: str) -> None:
    """These came in one vehicle; the first is a member of a group, who was missing before, and was on a handheld."""
    known = {type(body): body for body in company(crossing_ids[0])}
    plate = TravellerIdentity(full_name="", document_number="", vehicle_plate="14C-55512")
    journal.write(known[ConveyancePresented], who=plate)
    journal.write(known[GroupOpened], who=TravellerIdentity(full_name="HƯỚNG DẪN", document_number=""))
    journal.write(known[GroupMemberMissing], who=PERSON)
    for crossing_id in crossing_ids:
        journal.write(screened(crossing_id), who=PERSON)
        journal.write(msgspec.structs.replace(known[ConveyanceOccupantSeen], given_for=crossing_id))
    journal.write(known[GroupMemberSeen])
    journal.write(known[HandheldActTaken])


def erase_one(centre, crossing_id: str) -> tuple[str, ...]:
    asked = {"legal_basis": "Luật 91/2025/QH15", "requested_by": "YC-1", "username": "cdc"}
    return erase_people(centre, [crossing_id], **asked).episode_ids


def test_erasing_a_crossing_reaches_its_place_on_a_list_and_its_vehicle_once_nobody_else_came_in_it(
    centre, reception, journal
):
    in_company(journal, "c1", "c2")
    push(reception, journal)
    before = counted(centre)
    assert [keys_of(centre, name) for name in ("c1", MEMBER, CONVEYANCE, GROUP)] == [1, 1, 1, 1]

    assert erase_one(centre, "c1") == ("c1", MEMBER)
    assert [keys_of(centre, name) for name in ("c1", MEMBER, CONVEYANCE, GROUP)] == [0, 0, 1, 1]
    assert {row[5] for row in contents(centre)["gate_record"]} == {None, "c2"}
    assert erase_one(centre, "c2") == ("c2", CONVEYANCE)
    assert [keys_of(centre, name) for name in (CONVEYANCE, GROUP)] == [0, 1]
    push(reception, journal, first=1, nonce="again")
    assert [keys_of(centre, name) for name in ("c1", MEMBER, CONVEYANCE, GROUP)] == [0, 0, 0, 1]
    assert counted(centre) == before
    centre.store.verify()


def test_a_vehicle_of_which_more_is_said_later_is_counted_once(centre, reception, journal):
    [came] = [body for body in company("c1") if isinstance(body, ConveyancePresented)]
    plate = TravellerIdentity(full_name="", document_number="", vehicle_plate="14C-55512")
    journal.write(came, who=plate)
    push(reception, journal)
    before = counted(centre)
    journal.write(msgspec.structs.replace(came, findings=(*came.findings, SAID_LATER)), who=plate)
    push(reception, journal, first=2, nonce="n2")
    assert before
    assert counted(centre) == before
    assert [row[6] for row in contents(centre)["gate_record"]] == [CONVEYANCE, CONVEYANCE]
    centre.store.verify()


def test_a_vehicle_that_was_entered_by_mistake_is_counted_as_none(centre, reception, journal):
    [came] = [body for body in company("c1") if isinstance(body, ConveyancePresented)]
    plate = TravellerIdentity(full_name="", document_number="", vehicle_plate="14C-55512")
    before = counted(centre)
    journal.write(came, who=plate)
    push(reception, journal)
    with_it = counted(centre)
    journal.write(msgspec.structs.replace(came, findings=(*came.findings, SAID_LATER, TAKEN_BACK)), who=plate)
    push(reception, journal, first=2, nonce="n2")
    [figure] = set(with_it) - set(before)
    assert counted(centre).get(figure, 0) == 0
    centre.store.verify()


def test_company_that_comes_after_its_crossing_was_erased_brings_no_key_and_no_row(centre, reception, journal):
    journal.write(screened("c0"), who=PERSON)
    push(reception, journal)
    erase_one(centre, "c0")
    in_company(journal, "c0")
    push(reception, journal, first=2, nonce="n2")
    assert [keys_of(centre, name) for name in ("c0", MEMBER, CONVEYANCE, GROUP)] == [0, 0, 0, 1]
    push(reception, journal, first=2, nonce="n3")
    assert [keys_of(centre, name) for name in ("c0", MEMBER, CONVEYANCE, GROUP)] == [0, 0, 0, 1]
    assert {row[5] for row in contents(centre)["gate_record"]} == {None}
    centre.store.verify()


def test_the_sealed_notes_of_a_handover_are_erased_by_its_own_name(centre, reception, journal):
    left = {"open_drafts": 0, "open_alarms": 1, "isolated": 1, "in_transit": 0, "device_faults": (), "has_notes": True}
    noted = TravellerIdentity(full_name="", document_number="", remarks="anh Vòng A Sáng còn ở phòng cách ly")
    journal.write(ShiftHandedOver(handover_id="s1", shift_id="s1", **left), who=noted)
    push(reception, journal)
    assert keys_of(centre, "s1") == 1
    with pytest.raises(UnknownEpisodesError):
        erase_people(centre, ["s2"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    erase_people(centre, ["s1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    assert keys_of(centre, "s1") == 0
    push(reception, journal, first=1, nonce="again")
    assert keys_of(centre, "s1") == 0
    centre.store.verify()


def test_a_declaration_that_comes_after_its_crossing_was_erased_brings_no_key_and_no_row(centre, reception, journal):
    sent(reception, journal, screened("c1"))
    erase_people(centre, ["c1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    sent(reception, journal, declared("c1", symptoms=(Symptom.COUGH,)), slip("c1"), nonce="n2")
    assert keys_of(centre, "d-c1") == 0
    push(reception, journal, first=1, nonce="n3")
    assert keys_of(centre, "d-c1") == 0
    assert contents(centre)["gate_record"] == []
    assert counted(centre)[GateFigure.DECLARATIONS, "phone"] == 1
    centre.store.verify()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_changed_a_missing_and_a_strange_row_are_named(centre, reception, journal, table):
    sent(reception, journal, screened("c1"), *a_shift())
    rows = contents(centre)[table.name]
    first = dict(zip(table.columns.keys(), rows[0], strict=True))
    here = [column == first[column.name] for column in table.primary_key.columns]
    changes = {"gate_record": {"type": "slip_issuee"}, "gate_count": {"count": 2}, "coverage_hour": {"revision": 9}}
    for damage in (update(table).where(*here).values(changes[table.name]), delete(table).where(*here)):
        with writing(centre.store.engine) as connection:
            connection.execute(damage)
        with pytest.raises(DifferenceError) as named:
            centre.store.verify()
        assert named.value.table == table.name
        with writing(centre.store.engine) as connection:
            connection.execute(delete(table).where(*here))
            connection.execute(insert(table).values(first))
    centre.store.verify()
    strange = first | ({"position": 9999} if "position" in table.primary_key.columns else {"edge_id": "nowhere"})
    with writing(centre.store.engine) as connection:
        connection.execute(insert(table).values(strange))
    with pytest.raises(DifferenceError) as named:
        centre.store.verify()
    assert named.value.table == table.name


def test_a_record_that_names_no_possible_crossing_or_time_is_held(centre, reception, journal):
    long_ago = MORNING.replace(year=1001)
    bodies = (slip("c" * 65), slip("a b"), reconciled(lane("l", seen=1, logged=1), starts_at=long_ago))
    assert set(sent(reception, journal, *bodies)) == {RecordDisposition.QUARANTINED}
    assert contents(centre) == {table.name: [] for table in TABLES}
    assert centre.store.verify().quarantined == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_erased_persons_places_and_keys_stand_in_no_file_of_the_centre(centre, reception, journal):
    """PostgreSQL overwrites by VACUUM, and its own log keeps wrapped keys until it is recycled: see the store."""
    sealed = TravellerIdentity(
        full_name="VÒNG A SÁNG", document_number="T9", destination="nhà chị Nông Thị Lành", visited_areas=("Lục Chắn",)
    )
    journal.write(screened("c1", disposition=Disposition.PENDING), who=sealed)
    journal.write(declared("c1", areas=1), who=sealed)
    in_company(journal, "c1")
    push(reception, journal)
    keys = [entry.episode_key for entry in journal.entries if entry.episode_key]
    assert {MEMBER, CONVEYANCE, GROUP} <= {key.episode_id for key in keys}
    wrapped = [key.wrapped["province"] for key in keys if key.episode_id != GROUP]  # others came with the group
    folder = centre.settings.data_path
    files = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    assert any(wrapped[1] in content for content in files.values()), "the scan would find the declaration's key"
    erase_people(centre, ["c1"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    centre.store.close()
    words = [*wrapped, *(word.encode() for word in ("VÒNG A SÁNG", "Nông Thị Lành", "Lục Chắn"))]
    found = [path for path in folder.parent.rglob("*") if path.is_file() for word in words if word in path.read_bytes()]
    assert found == []


def as_received(body, *, edge_id="mong-cai-1", number=0) -> ReceivedRecord:
    journal = EdgeJournal(edge_id)
    record = journal.write(body, at=MORNING + timedelta(minutes=number))
    return ReceivedRecord(envelope=decode_record(record), record=record, hash=b"", body=body)


BODIES = st.sampled_from(
    [*a_shift("c1"), *a_shift("c2"), *company("c3"), reconciled(lane("l", seen=3, logged=3), revision=2)]
)


@given(st.lists(BODIES, max_size=30), st.integers(0, 30), st.randoms(use_true_random=False))
def test_counters_add_up_over_any_cut_and_hours_over_any_order(bodies, cut, chance):
    placed = [(number, as_received(body, number=number)) for number, body in enumerate(bodies, start=1)]
    whole = draw(placed, cut_off_hour=CUT_OFF_HOUR)
    parts = counts_of(whole[:cut])
    parts.update(counts_of(whole[cut:]))
    assert parts == counts_of(whole)
    shuffled = chance.sample(whole, k=len(whole))
    assert hour_rows(shuffled) == hour_rows(whole)
    assert sorted(count_rows(counts_of(shuffled))) == sorted(count_rows(counts_of(whole)))


NOT_OF_A_GATE = {
    "record_recovered": "what it carries is projected as the record that it is",
    "case_reviewed": "written by the centre itself, into its own journal",
    "follow_up_opened": "written by the centre itself, into its own journal",
    "contact_followed_up": "written by the centre itself, into its own journal",
    "exercise_opened": "no record of a drill is read at the centre: see test_exercises",
    "exercise_inject_played": "no record of a drill is read at the centre: see test_exercises",
    "exercise_closed": "no record of a drill is read at the centre: see test_exercises",
    "policy_issued": "written by the centre itself, into its own journal",
    "episodes_erased": "written by the centre itself, into its own journal",
    "incarnation_granted": "written by the centre itself, into its own journal",
    "edge_enrolled": "written by the centre itself, into its own journal",
    "edge_confirmed": "written by the centre itself, into its own journal",
    "edge_revoked": "written by the centre itself, into its own journal",
    "epoch_renewed": "written by the centre itself, into its own journal",
    "express_settled": "written by the centre itself, into its own journal",
    "figures_reported": "projected when a province sends it: see test_federation",
    "case_notified": "projected when a province sends it: see test_federation",
}
"""Types of which a gate's record is not projected, each with the reason."""
SAMPLES = samples()


@pytest.mark.parametrize("type_name", sorted({name for name, _ in RECORD_TYPES}))
def test_every_record_type_is_projected_from_a_gate_or_says_why_not(type_name):
    """A type that nobody taught the centre to read would wait in quarantine for ever."""
    (body,) = (SAMPLES[key] for key in RECORD_TYPES if key[0] == type_name)
    projection = Projection(cut_off_hour=CUT_OFF_HOUR)
    sender = Sender(point_of_entry_id="mong-cai")
    if body.crossing_id is not None and type_name != "crossing_screened":
        opened = as_received(screened(body.crossing_id, disposition=Disposition.PENDING))
        assert projection.take(opened, sender=sender).disposition is RecordDisposition.PROJECTED
    judgement = projection.take(as_received(body, number=1), sender=sender)
    assert (judgement.disposition is RecordDisposition.PROJECTED) == (type_name not in NOT_OF_A_GATE), judgement
    assert (type(body) in GATE_RECORDS) == bool(projection.of_gates)


def test_every_type_beside_crossings_names_and_counts_what_it_is_about():
    bodies = (*a_shift(), *company(), *threshold_samples(), SAMPLES["device_condition_changed", 1])
    spoken = {type(body) for body in bodies}
    assert set(GATE_RECORDS) - spoken == {ShiftHandedOver, ShiftTakenOver}
    rows = {type(body): row for row, body in drawn_of(bodies)}
    uncounted = {type(body) for body in bodies if not counts_of(drawn_of([body]))}
    assert uncounted == {CoverageReconciled}, "it has a table of its own"
    nameless = {body for body, row in rows.items() if (row.crossing_id, row.reference) == (None, None)}
    assert nameless == {PaperSheetsPrinted, PaperLineVoided, CoverageReconciled}
    about_a_crossing = {body for body, row in rows.items() if row.crossing_id == "c1"}
    assert {body for body in spoken if {"given_for", "kept_crossing_id"} & set(body.__struct_fields__)} <= (
        about_a_crossing
    )


def drawn_of(bodies):
    placed = ((number, as_received(body, number=number)) for number, body in enumerate(bodies, start=1))
    return draw(placed, cut_off_hour=CUT_OFF_HOUR)


def test_company_handhelds_and_the_register_are_counted_apart(centre, reception, journal):
    dispositions = sent(reception, journal, screened("c1"), *company("c1"))
    assert set(dispositions) == {RecordDisposition.PROJECTED}
    counts = counted(centre)
    assert counts[GateFigure.CONVEYANCES, "truck"] == counts[GateFigure.CONVEYANCE_OCCUPANTS, "co_driver"] == 1
    assert (counts[GateFigure.GROUP_HEADS, "tour"], counts[GateFigure.GROUPS_CLOSED, "incomplete"]) == (40, 1)
    assert counts[GateFigure.GROUP_MEMBERS_SEEN, "document_number"] == counts[GateFigure.GROUP_MEMBERS_LATE, ""] == 1
    assert counts[GateFigure.GROUP_MEMBERS_MISSING, "crosses_later"] == 1
    assert (counts[GateFigure.HANDHELD_ACTS, "shifted"], counts[GateFigure.HANDHELD_ACTS_DIFFERENT, "recheck"]) == (
        1,
        1,
    )
    assert counts[GateFigure.PASSES_REGISTERED, "china"] == counts[GateFigure.PASS_STATES_CHANGED, "lost"] == 1
    assert counts[GateFigure.VERDICTS_OVERRIDDEN, "medical_emergency"] == 1
    assert centre.store.verify().gate_records == len(company())
    before = contents(centre)
    rebuild_gate_tables(centre.store.engine, cut_off_hour=CUT_OFF_HOUR)
    assert contents(centre) == before
