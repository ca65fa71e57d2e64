"""One person after another through a lane with a real database: what is written, and what cannot be."""

import msgspec
import pytest

from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.deciding import (
    change_details,
    choose_reading,
    close_crossing,
    discard_draft,
    except_person,
    measure_person,
)
from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.presenting import present_person
from checkpoint.actions.rechecking import recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import admit_person, discharge_person
from checkpoint.actions.view import Surroundings, lane_view
from checkpoint.lane import LaneError, LaneFault, Phase
from sync.agreement.gate_records.isolation import HandoverDeparted
from sync.agreement.records import (
    SEALED_WORDS,
    CrossingCorrected,
    CrossingScreened,
    CrossingWithdrawn,
    TemperatureRechecked,
    TravellerIsolated,
)
from sync.agreement.vocabulary import (
    ClockKind,
    Disposition,
    Outcome,
    PurposeOfCrossing,
    ReasonCode,
    Sex,
    Symptom,
    TravellerCategory,
)
from sync.exchange.sealing import EpisodeKey, SealedIdentity, associated_bytes, open_sealed, unwrap_episode_key
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

PASSPORT_OF_A_WOMAN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3412156ZE184226B<<<<<14"


def by_hand(edge, temperature_c):
    return edge.do(measure_person, temperature_c=temperature_c, device_kind="infrared_thermometer", site="forehead")


def isolated(edge, number=PASS):
    """Bring one person to the isolation room and return the crossing."""
    edge.present(number)
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.clock.forward(minutes=5)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.6, site="axillary")
    return crossing_id


@demand("R008")
def test_a_measured_person_is_cleared_with_one_record_and_the_lane_is_empty(edge):
    edge.present()
    assert edge.sheet.state.phase is Phase.AWAITING_READING
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    sheet = edge.do(close_crossing, draft_id=edge.draft_id)
    assert sheet.state.phase is Phase.EMPTY
    (screened,) = edge.bodies()
    assert isinstance(screened, CrossingScreened)
    assert screened.disposition is Disposition.CLEARED
    assert screened.facts.measurements[0].temperature_c == NORMAL_C
    assert sheet.saved.sequence == 1 == edge.check_chain().sequence
    assert edge.rows("SELECT disposition, temperature_c FROM crossing") == [("cleared", NORMAL_C)]
    assert edge.rows("SELECT bound_to FROM device_reading") == [(screened.crossing_id,)]


def test_the_sex_of_the_document_stands_in_the_open_part_and_nothing_where_it_says_none(edge):
    for text in (PASSPORT_OF_A_WOMAN, PASS):
        edge.present(text)
        edge.scan_face(NORMAL_C)
        edge.do(close_crossing, draft_id=edge.draft_id)
        edge.clock.forward(seconds=30)

    assert [body.facts.sex for body in edge.bodies()] == [Sex.FEMALE, None]


def test_the_gate_that_an_order_sends_people_to_is_named_in_each_language(edge):
    sheet = edge.present()
    sent_on = msgspec.structs.replace(sheet.assessment, redirect_to="hoanh-mo")
    edge.gate.sheets[LANE] = msgspec.structs.replace(sheet, assessment=sent_on)

    verdict = lane_view(edge.gate, LANE, around=Surroundings()).verdict

    assert verdict.redirect_to == "hoanh-mo"
    assert set(verdict.redirect_to_names) == {"vi", "en", "zh"}
    assert "Hoành Mô" in verdict.redirect_to_names["vi"]


@demand("R008")
def test_nobody_is_cleared_without_a_reading_and_nothing_is_written(edge):
    edge.present()
    with pytest.raises(LaneError):
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.journal() == []


@demand("R008")
def test_a_coded_exception_names_officer_and_reason_in_the_record(edge):
    edge.present()
    edge.do(except_person, draft_id=edge.draft_id, code="infant", age_years=0, reason="Trẻ sơ sinh ngủ trên tay mẹ")
    edge.do(close_crossing, draft_id=edge.draft_id)
    screened = edge.bodies()[0]
    assert screened.facts.measurements == ()
    assert screened.exception.officer_ref == "canbo"
    assert screened.exception.reason == SEALED_WORDS
    assert edge.identities()[0].remarks == "Trẻ sơ sinh ngủ trên tay mẹ"
    assert edge.rows("SELECT exception_reason FROM crossing") == [("Trẻ sơ sinh ngủ trên tay mẹ",)]


@demand("R008")
def test_a_pass_that_tells_no_age_needs_the_age_said_before_a_small_child_goes_unmeasured(edge):
    edge.present()
    words = {"draft_id": edge.draft_id, "code": "infant", "reason": "Trẻ sơ sinh ngủ trên tay mẹ"}
    sheet = edge.do(except_person, **words)
    assert [one.code for one in sheet.assessment.reasons] == [ReasonCode.EXCEPTION_NOT_FITTING]
    with pytest.raises(ActionRefusedError, match="verdict_not_cleared"):
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.do(except_person, **words, age_years=41).assessment.outcome is Outcome.WAIT
    assert edge.do(except_person, **words, age_years=1).assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=words["draft_id"])
    assert edge.bodies()[0].facts.age_years == 1


@demand("R008")
def test_an_age_that_is_said_never_stands_against_the_birth_date_on_the_document(edge):
    document = {"kind": "passport", "document_number": "C1234567", "date_of_birth": "1980-02-29"}
    edge.do(present_person, document=document, has_declaration=True)
    sheet = edge.do(except_person, draft_id=edge.draft_id, code="infant", age_years=1, reason="bế trên tay")
    assert sheet.assessment.outcome is Outcome.WAIT
    assert sheet.state.person.age_years > 40


@demand("R021")
def test_a_raised_reading_is_written_at_once_before_anybody_presses_a_key(edge):
    edge.present()
    sheet = edge.scan_face(RAISED_C)
    assert sheet.state.phase is Phase.AWAITING_RECHECK
    (screened,) = edge.bodies()
    assert screened.disposition is Disposition.PENDING
    assert screened.assessment.reasons[0].code is ReasonCode.RAISED_READING
    assert [clock.kind.value for clock in screened.clocks] == ["recheck"]
    with pytest.raises(LaneError):
        edge.do(close_crossing, draft_id=edge.draft_id)


@demand("R021", "R023")
def test_a_normal_clinical_recheck_clears_and_stops_the_clocks(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.clock.forward(minutes=3)
    sheet = edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.8, site="axillary")
    assert sheet.state.phase is Phase.EMPTY
    assert sheet.closed.disposition is Disposition.CLEARED
    assert [type(body) for body in edge.bodies()] == [CrossingScreened, TemperatureRechecked]
    assert edge.rows("SELECT disposition, recheck_c FROM crossing") == [("cleared", 36.8)]
    assert edge.rows("SELECT count(*) FROM running_clock WHERE stopped_at IS NULL") == [(0,)]


@demand("R019", "R021", "R023")
def test_a_confirmed_fever_takes_a_place_and_starts_its_clocks_in_the_same_commit(edge):
    crossing_id = isolated(edge)
    assert [type(body) for body in edge.bodies()] == [CrossingScreened, TemperatureRechecked, TravellerIsolated]
    recheck, isolation = edge.bodies()[1:]
    assert recheck.disposition is Disposition.REFERRED
    assert isolation.place_id == "C1"
    assert recheck.clocks
    assert isolation.clocks == (), "a place is no decision: what isolation starts is started by the signed order"
    assert edge.rows("SELECT place_id, crossing_id FROM isolation_place WHERE crossing_id IS NOT NULL") == [
        ("C1", crossing_id)
    ]
    assert edge.rows("SELECT disposition, place_id FROM crossing") == [("isolated", "C1")]
    assert edge.rows("SELECT count(*) FROM running_clock WHERE stopped_at IS NULL")[0][0] == len(recheck.clocks)


@demand("R019")
def test_when_the_room_is_full_the_person_stays_referred_and_the_reason_is_told(edge):
    isolated(edge, "QN 100001")
    first = edge.rows("SELECT crossing_id FROM isolation_place WHERE place_id = 'C1'")[0][0]
    isolated(edge, "QN 100002")
    crossing_id = isolated(edge, "QN 100003")
    assert edge.sheet.closed.disposition is Disposition.REFERRED
    assert edge.sheet.closed.room_reason == "room_full"
    assert edge.rows("SELECT disposition FROM crossing ORDER BY entry DESC LIMIT 1") == [("referred",)]
    edge.hand_over(first)
    assert isinstance(edge.bodies()[-1], HandoverDeparted)
    assert isolated(edge, "QN 100004") != crossing_id
    assert edge.sheet.closed.place_id == "C1"


@demand("R019")
def test_who_waits_for_a_place_is_shown_until_a_place_is_free_and_not_after_leaving(edge):
    first, second = isolated(edge, "QN 100001"), isolated(edge, "QN 100002")
    waiting = isolated(edge, "QN 100003")
    assert [person.crossing_id for person in isolation_view(edge.gate).waiting] == [waiting]
    with pytest.raises(ActionRefusedError) as refused:
        edge.gate.perform(lambda turn: admit_person(turn, first), officer_ref="canbo").result(10)
    assert refused.value.code == "not_referred"
    edge.hand_over(first)
    referral = edge.gate.perform(lambda turn: admit_person(turn, waiting), officer_ref="canbo").result(10)
    assert referral.place_id == "C1"
    view = isolation_view(edge.gate)
    assert view.waiting == ()
    assert {place.person.crossing_id for place in view.places} == {second, waiting}


def test_the_room_is_found_without_reading_a_million_crossings(edge):
    plan = edge.rows("EXPLAIN QUERY PLAN SELECT * FROM crossing WHERE is_open = 1 ORDER BY entry")
    assert any("ix_crossing_open" in row[3] for row in plan)
    plan = edge.rows("EXPLAIN QUERY PLAN SELECT * FROM crossing WHERE person_key = 'k' ORDER BY presented_at DESC")
    assert any("ix_crossing_person_key" in row[3] for row in plan)


def test_a_discharge_frees_the_place_stops_every_clock_and_may_be_asked_twice(edge):
    crossing_id = isolated(edge)
    words = {"disposition": "cleared", "destination": "Nơi cư trú", "reason": "Hết sốt, có kết quả"}
    first = edge.about(discharge_person, crossing_id, **words)
    again = edge.about(discharge_person, crossing_id, **words)
    assert again.sequence == first.sequence == edge.check_chain().sequence
    assert edge.rows("SELECT count(*) FROM running_clock WHERE stopped_at IS NULL") == [(0,)]
    assert edge.rows("SELECT count(*) FROM isolation_place WHERE crossing_id IS NOT NULL") == [(0,)]


def test_a_first_clinical_fever_is_isolated_without_another_measurement(edge):
    edge.present()
    edge.do(measure_person, temperature_c=38.9, device_kind="clinical_thermometer", site="axillary")
    assert [type(body) for body in edge.bodies()] == [CrossingScreened, TravellerIsolated]
    assert edge.sheet.closed.disposition is Disposition.ISOLATED


def test_two_readings_are_shown_and_the_officer_chooses(edge):
    edge.present()
    edge.scan_face(36.5, key="one")
    edge.scan_face(36.7, key="two")
    state = edge.sheet.state
    assert state.phase is Phase.CHOOSE_READING
    edge.do(choose_reading, reading_id=state.candidates[1].reading_id)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.bodies()[0].facts.measurements[0].temperature_c == 36.7
    assert edge.rows("SELECT delivery_key FROM device_reading WHERE bound_to IS NOT NULL") == [("two",)]


def test_the_same_delivery_is_stored_and_used_once(edge):
    edge.present()
    edge.scan_face(36.5, key="one")
    edge.scan_face(36.5, key="one")
    assert edge.sheet.state.phase is Phase.VERDICT
    assert edge.rows("SELECT count(*) FROM device_reading") == [(1,)]


def test_an_unbound_reading_is_kept_with_its_reason(edge):
    edge.scan_face(36.5)
    assert edge.rows("SELECT bound_to, not_bound_because FROM device_reading") == [(None, "nobody_there")]


@demand("R010")
def test_category_purpose_and_direction_can_be_changed_before_closing(edge):
    edge.present()
    invited = {"employer": "Công ty Dệt Thử Nghiệm", "project": "Nhà máy sợi số 2"}
    edge.do(change_details, category="expert", purpose="project_expert", direction="exit", **invited)
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    facts = edge.bodies()[0].facts
    assert (facts.category, facts.purpose, facts.direction) == ("expert", "project_expert", "exit")


@demand("R102")
def test_the_mode_of_entry_of_the_lane_stands_in_every_record(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.bodies()[0].facts.mode_of_entry.value == "road"


def test_the_open_part_of_a_record_holds_no_name_and_no_number_and_the_sealed_part_opens(edge):
    document = {"kind": "passport", "document_number": "C12345678", "full_name": "Chìu A Múi", "nationality": "VNM"}
    edge.present(text=None, document=document, address="Phường Móng Cái 1")
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    (record,), (envelope,) = edge.journal(), edge.envelopes()
    for secret in ("Chìu A Múi", "C12345678", "Móng Cái 1"):
        assert secret.encode() not in record
    kept = msgspec.json.decode(edge.rows("SELECT bytes FROM episode_key")[0][0], type=EpisodeKey)
    identity = open_sealed(
        SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce),
        episode_key=unwrap_episode_key(kept, recipient="site", private_key=edge.gate.identity.site_key),
        associated=associated_bytes(str(envelope.record_id), edge_id="mong-cai-1"),
    )
    assert (identity.full_name, identity.document_number) == ("Chìu A Múi", "C12345678")
    assert envelope.sealing.episode_id == crossing_id


def test_a_correction_and_a_withdrawal_are_new_records_that_name_the_first(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    before = edge.journal()
    edge.about(correct_details, crossing_id, reason="Ghi nhầm mục đích", purpose="medical")
    edge.about(withdraw_crossing, crossing_id, reason="Ghi hai lần")
    assert edge.journal()[: len(before)] == before
    corrected, withdrawn = edge.bodies()[1:]
    assert isinstance(corrected, CrossingCorrected)
    assert corrected.purpose is PurposeOfCrossing.MEDICAL
    assert isinstance(withdrawn, CrossingWithdrawn)
    assert withdrawn.withdraws_record_id == str(edge.envelopes()[0].record_id)
    assert edge.rows("SELECT purpose, disposition FROM crossing") == [("medical", "withdrawn")]
    with pytest.raises(ActionRefusedError) as refused:
        edge.about(correct_details, crossing_id, reason="Sửa nữa", purpose="other")
    assert refused.value.code == "crossing_withdrawn"


def test_an_open_alarm_cannot_be_withdrawn(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    with pytest.raises(ActionRefusedError) as refused:
        edge.about(withdraw_crossing, edge.draft_id, reason="Không muốn đo lại")
    assert refused.value.code == "not_withdrawable"


def test_a_draft_made_in_error_is_discarded_with_its_reason_in_the_access_log(edge):
    edge.present()
    draft_id = edge.draft_id
    edge.do(discard_draft, draft_id=draft_id, reason="Đặt nhầm giấy")
    assert edge.sheet.state.phase is Phase.EMPTY
    assert edge.rows("SELECT action, subject, reason FROM access_log") == [
        ("draft_discarded", draft_id, "Đặt nhầm giấy")
    ]
    assert edge.rows("SELECT count(*) FROM episode_key") == [(0,)]


def test_a_command_about_a_person_who_is_gone_is_refused(edge):
    edge.present()
    gone = edge.draft_id
    edge.do(discard_draft, draft_id=gone, reason="Đặt nhầm giấy")
    edge.present(OTHER_PASS)
    with pytest.raises(ActionRefusedError) as refused:
        edge.do(change_details, draft_id=gone, category="expert")
    assert refused.value.code == "draft_is_gone"


def test_a_request_that_comes_twice_because_its_answer_was_lost_changes_nothing(edge):
    edge.present()
    edge.present()
    by_hand(edge, 36.5)
    by_hand(edge, 36.5)
    edge.present()
    draft_id = edge.draft_id
    edge.do(close_crossing, draft_id=draft_id)
    edge.do(close_crossing, draft_id=draft_id)
    assert edge.check_chain().sequence == 1


def test_a_reading_that_became_too_old_for_the_policy_does_not_clear(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.clock.forward(hours=2)
    with pytest.raises(ActionRefusedError) as refused:
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert refused.value.code == LaneFault.NOT_CLEARED.value
    assert edge.journal() == []


@demand("R002")
def test_a_draft_a_pending_alarm_and_the_room_survive_a_restart_without_any_uplink(edge):
    isolated(edge, OTHER_PASS)
    edge.present()
    edge.restart()
    assert edge.sheet.state.phase is Phase.AWAITING_READING
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.restart()
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK
    edge.clock.forward(days=1)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.5, site="ear")
    assert edge.sheet.closed.place_id == "C2"
    edge.check_chain()


def test_a_draft_that_this_program_cannot_read_does_not_keep_the_gate_shut(edge):
    edge.present()
    edge.gate.store.writer.submit(
        lambda transaction: transaction.execute("UPDATE lane_draft SET bytes = x'7b'")
    ).result(10)
    edge.restart()
    assert edge.sheet.state.phase is Phase.EMPTY
    edge.present()
    edge.scan_face(NORMAL_C)
    assert edge.do(close_crossing, draft_id=edge.draft_id).saved is not None


def test_a_deadline_goes_on_from_its_first_start_however_often_the_person_is_assessed_anew(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    first = edge.sheet.clocks
    assert first[0].kind is ClockKind.RECHECK
    edge.clock.forward(minutes=4)
    edge.do(change_details, draft_id=edge.draft_id, symptoms=["cough"])
    assert edge.sheet.clocks == first
    edge.restart()
    edge.clock.forward(minutes=4)
    edge.do(change_details, draft_id=edge.draft_id, symptoms=["cough", "sore_throat"])
    assert edge.sheet.clocks == first == edge.bodies()[0].clocks


def test_a_person_with_an_alarm_is_led_aside_and_rechecked_there_while_the_lane_goes_on(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    before = edge.rows("SELECT kind, started_at, due_at FROM running_clock")
    emptied = edge.do(set_aside_person, draft_id=crossing_id)
    again = edge.do(set_aside_person, draft_id=crossing_id)
    (waiting,) = isolation_view(edge.gate).waiting
    assert emptied.state.phase is again.state.phase is Phase.EMPTY
    assert (waiting.crossing_id, waiting.lane_id, waiting.disposition) == (crossing_id, LANE, "pending")
    assert edge.rows("SELECT kind, started_at, due_at FROM running_clock") == before
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.6, site="axillary")
    assert edge.rows("SELECT disposition FROM crossing") == [("isolated",)]


def test_only_a_written_alarm_can_be_led_aside(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    with pytest.raises(LaneError) as refused:
        edge.do(set_aside_person, draft_id=crossing_id)
    assert refused.value.code is LaneFault.MOVE_NOT_ALLOWED


def test_what_is_changed_while_the_recheck_is_awaited_is_written_as_a_correction_and_counted(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id, first = edge.draft_id, edge.sheet.saved
    edge.do(change_details, draft_id=crossing_id, category="driver_or_crew", telephone="0900 000 111")
    edge.do(change_details, draft_id=crossing_id, symptoms=["cough"])
    screened, corrected = edge.bodies()
    assert corrected.corrects_record_id == first.record_id
    assert (corrected.category, corrected.purpose) == (TravellerCategory.DRIVER_OR_CREW, None)
    assert edge.rows("SELECT category FROM crossing") == [("driver_or_crew",)]
    counts = [edge.gate.tally.count(one, at=edge.clock()) for one in (screened.facts.category, corrected.category)]
    assert counts == [0, 1]
    assert opened_person(edge, edge.envelopes()[1]).telephone == "0900 000 111"
    edge.restart()
    edge.clock.forward(minutes=5)
    sheet = edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.6, site="axillary")
    assert sheet.closed.disposition is Disposition.CLEARED
    edge.check_chain()
    rechecked = edge.bodies()[-1]
    assert (rechecked.symptoms, rechecked.areas_visited, rechecked.has_declaration) == ((Symptom.COUGH,), None, None)


def opened_person(edge, envelope):
    """Open the sealed part of a record with the site's key."""
    (content,) = edge.rows(f"SELECT bytes FROM episode_key WHERE crossing_id = '{envelope.sealing.episode_id}'")[0]
    wrapped = msgspec.json.decode(content, type=EpisodeKey)
    key = unwrap_episode_key(wrapped, recipient="site", private_key=edge.gate.identity.site_key)
    sealed = SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce)
    associated = associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id)
    return open_sealed(sealed, episode_key=key, associated=associated)


def test_who_waits_because_the_room_is_full_can_be_handed_over_and_takes_nobodys_place(edge):
    for number in (PASS, OTHER_PASS):
        isolated(edge, number)
    waiting = isolated(edge, "QN 100125")
    assert [person.crossing_id for person in isolation_view(edge.gate).waiting] == [waiting]
    for disposition in ("pending", "referred"):
        with pytest.raises(ActionRefusedError, match="disposition_not_allowed"):
            edge.about(discharge_person, waiting, disposition=disposition, destination="Bệnh viện", reason="hết chỗ")
    edge.hand_over(waiting)
    view = isolation_view(edge.gate)
    assert view.waiting == ()
    assert all(place.person is not None for place in view.places)
    (travelling,) = view.in_transit
    assert travelling.crossing_id == waiting
    assert [clock.kind for clock in travelling.clocks] == [ClockKind.TRANSFER_ARRIVAL], "nobody is lost on the road"
    assert edge.bodies()[-1].place_id == ""
    edge.check_chain()


@pytest.mark.parametrize("way_on", ["present_again", "by_hand", "exception", "discard"])
def test_a_lane_whose_reading_became_too_old_can_go_on(edge, way_on):
    edge.present()
    edge.scan_face(NORMAL_C)
    draft_id = edge.draft_id
    edge.clock.forward(hours=2)
    edge.restart()
    if way_on == "present_again":
        assert edge.present().state.phase is Phase.AWAITING_READING
        edge.scan_face(NORMAL_C)
    elif way_on == "by_hand":
        by_hand(edge, NORMAL_C)
    elif way_on == "exception":
        edge.do(except_person, draft_id=draft_id, code="device_failure", reason="máy hỏng", is_fallback_tried=True)
    else:
        edge.do(discard_draft, draft_id=draft_id, reason="người đã bỏ đi")
        edge.present(OTHER_PASS)
        edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert [body.disposition for body in edge.bodies()] == [Disposition.CLEARED]
    assert edge.rows("SELECT not_bound_because FROM device_reading ORDER BY reading_number")[0] == ("stale",)


def test_an_alarm_never_grows_stale(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    edge.clock.forward(days=2)
    edge.present()
    with pytest.raises(LaneError):
        edge.do(discard_draft, draft_id=edge.draft_id, reason="người đã bỏ đi")
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK


def test_the_candidate_that_was_not_chosen_keeps_its_reason(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.scan_face(RAISED_C)
    edge.do(choose_reading, reading_id=edge.sheet.state.candidates[0].reading_id)
    edge.do(close_crossing, draft_id=edge.draft_id)
    reasons = edge.rows("SELECT not_bound_because FROM device_reading ORDER BY reading_number")
    assert reasons == [(None,), ("not_chosen",)]


def test_a_reason_of_spaces_is_none(edge):
    edge.present()
    with pytest.raises(msgspec.ValidationError):
        edge.do(except_person, draft_id=edge.draft_id, code="device_failure", reason="  . ")
