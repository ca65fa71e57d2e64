"""A declaration at the lane: it meets its person, serves once, is asked about; it accuses and refuses nobody."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkpoint.actions.deciding import close_crossing, discard_draft
from checkpoint.actions.declaring import (
    ask_about_declaration,
    forget_past_declarations,
    set_declaration_aside,
    take_scan,
)
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.lane import Phase
from checkpoint.store.declarations import put_declaration
from checkpoint.store.erasure import purge_episode
from sync.agreement.declaration import DeclarationChannel, packed, read_answers, strictest_terms, write_code
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.local_time import local_date
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.agreement.vocabulary import Outcome, Symptom
from sync.exchange.declaring import kept_declaration, service_seal
from tests.checkpoint.actions.test_slips import enrol
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.checkpoint.rehearsal.marked import DrillEdge
from tests.demands import demand
from tests.sync.agreement.declarations import form

PASSPORT = {
    "kind": "passport",
    "document_number": "C1234567",
    "full_name": "NGUYEN THI PHUONG THAO",
    "date_of_birth": "1990-05-17",
    "sex": "female",
    "nationality": "VNM",
    "issuing_state": "VNM",
}


@pytest.fixture
def edge(tmp_path):
    one = Edge(tmp_path)
    yield one
    one.close()


def scan(edge, text=None, **fields):
    command = msgspec.convert({"text": text, **fields} if text else fields, PresentCommand)
    return edge.gate.perform(lambda turn: take_scan(turn, LANE, command), officer_ref="canbo").result(10)


def declared(edge, *, at=None, seal="own", is_exercise=False, **changes):
    """The code that this person's phone shows, declared at ``at``."""
    at = at or edge.clock()
    answers = form(today=local_date(at).isoformat(), **changes)
    declaration = read_answers(answers, today=local_date(at), valid_for_days=7, language="vi")
    keys = {"own": edge.gate.identity.signing_key, "stranger": Ed25519PrivateKey.generate(), "none": None}
    fields = packed(declaration, declared_at=at, channel=DeclarationChannel.PHONE)
    return write_code(fields, seal=service_seal(keys[seal]) if keys[seal] else None, is_exercise=is_exercise)


def show_passport(edge, **changes):
    return scan(edge, document=PASSPORT | changes)


def flags(sheet):
    return [doubt.flag.value for doubt in sheet.declaration.doubts]


def close(edge):
    return edge.do(close_crossing, draft_id=edge.draft_id)


def reasons(sheet):
    return [reason.code.value for reason in sheet.assessment.reasons]


@demand("R025", "R076")
def test_a_declaration_before_the_document_waits_and_presents_nobody_alone(edge):
    waiting = scan(edge, declared(edge))
    assert waiting.state.phase is Phase.EMPTY
    assert edge.bodies() == []
    sheet = show_passport(edge)
    assert sheet.declaration.is_taken
    assert sheet.state.person.has_declaration
    assert sheet.state.person.visited_areas == ("CN-45-0681",)


@demand("R025", "R076")
def test_a_declaration_after_the_document_is_written_down_with_codes_open_and_the_person_sealed(edge):
    show_passport(edge)
    sheet = scan(edge, declared(edge, symptom_cough="yes"))
    assert sheet.state.person.symptoms == (Symptom.COUGH,)
    (received,) = edge.bodies()
    assert isinstance(received, DeclarationReceived)
    assert received.given_for == edge.draft_id
    assert received.is_verified
    assert received.valid_until - received.declared_at == timedelta(days=7)
    assert b"Th\xe1\xba\xa3o" not in edge.journal()[0]
    (identity,) = edge.identities()
    assert identity.full_name == "Nguyễn Thị Phương Thảo"
    assert identity.telephone == "+84 912 345 678"
    assert edge.envelopes()[0].sealing.episode_id == received.declaration_id


def test_the_same_code_again_changes_nothing(edge):
    show_passport(edge)
    code = declared(edge)
    first = scan(edge, code)
    assert scan(edge, code).declaration == first.declaration
    assert len(edge.bodies()) == 1


def test_a_cleared_crossing_carries_what_was_declared(edge):
    show_passport(edge)
    scan(edge, declared(edge))
    edge.scan_face(NORMAL_C)
    close(edge)
    _, screened = edge.bodies()
    assert screened.facts.has_declaration
    assert (screened.facts.visited_areas, screened.areas_visited) == ((), 1)
    assert edge.identities()[-1].visited_areas == ("CN-45-0681",)
    assert edge.sheet.declaration is None


@demand("R076")
def test_a_declaration_serves_one_crossing_and_the_second_waits_with_the_clause(edge):
    code = declared(edge)
    show_passport(edge)
    scan(edge, code)
    edge.scan_face(NORMAL_C)
    close(edge)
    edge.clock.forward(minutes=30)
    with pytest.raises(ActionRefusedError, match="declaration_used"):
        scan(edge, code)
    show_passport(edge)
    sheet = scan(edge, code)
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.WAIT
    assert reasons(edge.sheet)[0] == "declaration_used"
    assert edge.sheet.assessment.reasons[0].citation.clause == "khoản 6 Điều 22"
    with pytest.raises(ActionRefusedError, match="verdict_not_cleared"):
        close(edge)
    assert not sheet.state.person.has_declaration


@demand("R076")
def test_an_expired_declaration_waits_with_the_clause_until_it_is_set_aside_or_a_good_one_comes(edge):
    old = declared(edge, at=edge.clock() - timedelta(days=7, seconds=1))
    show_passport(edge)
    sheet = scan(edge, old)
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.WAIT
    assert reasons(edge.sheet)[0] == "declaration_expired"
    scan(edge, declared(edge))
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    assert sheet.declaration.fault is not None


def test_a_declaration_on_the_last_second_of_its_days_holds(edge):
    last = declared(edge, at=edge.clock() - timedelta(days=7))
    show_passport(edge)
    assert scan(edge, last).declaration.is_taken


def test_another_persons_declaration_waits_and_is_set_aside_without_a_dead_end(edge):
    show_passport(edge)
    sheet = scan(edge, declared(edge, document_number="K7654321", full_name="Trần Văn Hùng", birth_year="1971"))
    edge.scan_face(NORMAL_C)
    assert reasons(edge.sheet)[0] == "declaration_of_another"
    edge.do(set_declaration_aside, declaration_id=sheet.declaration.declaration_id)
    assert edge.sheet.declaration is None
    assert "declaration_of_another" not in reasons(edge.sheet)
    assert DeclarationReceived not in {type(body) for body in edge.bodies()}


def test_a_discarded_presentation_gives_its_declaration_back(edge):
    code = declared(edge)
    show_passport(edge)
    scan(edge, code)
    edge.do(discard_draft, draft_id=edge.draft_id, reason="nhầm người")
    show_passport(edge)
    assert scan(edge, code).declaration.is_taken


def test_a_taken_declaration_that_is_set_aside_counts_as_none_and_may_serve_again(edge):
    code = declared(edge)
    show_passport(edge)
    sheet = scan(edge, code)
    edge.do(set_declaration_aside, declaration_id=sheet.declaration.declaration_id)
    assert not edge.sheet.state.person.has_declaration
    assert scan(edge, code).declaration.is_taken


@demand("R077")
def test_no_fever_declared_and_a_raised_reading_is_a_question_and_no_accusation(edge):
    show_passport(edge)
    scan(edge, declared(edge))
    assert "no_fever_but_raised" not in flags(edge.sheet)
    edge.scan_face(RAISED_C)
    assert flags(edge.sheet)[0] == "no_fever_but_raised"
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK
    edge.do(
        ask_about_declaration,
        declaration_id=edge.sheet.declaration.declaration_id,
        resolution="explained",
        words="mới sốt sáng nay, người nhà nói",
    )
    checked = edge.bodies()[-1]
    assert isinstance(checked, DeclarationChecked)
    assert [flag.value for flag in checked.flags] == ["no_fever_but_raised"]
    assert edge.identities()[-1].remarks == "mới sốt sáng nay, người nhà nói"
    assert "sáng nay".encode() not in edge.journal()[-1]
    assert edge.sheet.declaration.is_checked
    edge.check_chain()


@demand("R077")
@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"full_name": "Lê Thị Hoa"}, "name_differs"),
        ({"document_number": "C1234568"}, "number_differs"),
        ({"birth_year": "1991"}, "birth_year_differs"),
        ({"sex": "male"}, "sex_differs"),
        ({"nationality": "CHN"}, "nationality_differs"),
        ({"direction": "exit"}, "direction_differs"),
        ({"crossing_on": "2026-11-25"}, "crossing_day_differs"),
        ({"area_1": ""}, "no_area_but_entering"),
    ],
)
def test_what_differs_is_flagged_and_the_person_still_passes(edge, changes, flag):
    show_passport(edge)
    assert flags(scan(edge, declared(edge, **changes))) == [flag]
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED


@demand("R077")
def test_a_person_who_crossed_here_and_declares_no_place_is_asked(edge):
    show_passport(edge)
    edge.scan_face(NORMAL_C)
    scan(edge, declared(edge))
    close(edge)
    edge.clock.forward(days=3)
    show_passport(edge)
    (doubt,) = scan(edge, declared(edge, area_1="")).declaration.doubts
    assert (doubt.flag.value, doubt.known) == ("no_area_but_crossed", "2026-11-22")


def test_the_crossing_that_is_being_rechecked_is_no_earlier_one(edge):
    show_passport(edge)
    edge.scan_face(RAISED_C)
    assert flags(scan(edge, declared(edge, area_1="", direction="entry"))) == [
        "no_fever_but_raised",
        "no_area_but_entering",
    ]


def test_what_another_edge_of_the_gate_signed_is_believed_once_the_centre_vouches_for_it(edge, tmp_path):
    other = Edge(tmp_path / "other")
    code = declared(other)
    show_passport(edge)
    assert not scan(edge, code).declaration.read.is_verified
    edge.do(discard_draft, draft_id=edge.draft_id, reason="thử lại")
    centre = HandCentre()
    enrol(centre, other, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    show_passport(edge)
    held = scan(edge, code)
    assert (held.declaration.read.is_verified, flags(held)) == (True, [])
    other.close()


def test_chinese_characters_beside_pinyin_say_nothing_against_the_name(edge):
    show_passport(edge, document_number="E11223344", full_name="WANG XIAOMING", nationality="CHN", issuing_state="CHN")
    code = declared(edge, full_name="王小明", document_number="E11223344", nationality="CHN")
    assert flags(scan(edge, code)) == []


@pytest.mark.parametrize("seal", ["stranger", "none"])
def test_a_code_that_no_known_service_signed_is_taken_like_paper_and_the_officer_is_told(edge, seal):
    show_passport(edge)
    sheet = scan(edge, declared(edge, seal=seal))
    assert flags(sheet) == ["not_signed"]
    assert not edge.bodies()[0].is_verified


def test_a_damaged_code_is_refused_with_its_reason_and_the_lane_stands_as_it_was(edge):
    before = show_passport(edge)
    with pytest.raises(ActionRefusedError, match="declaration_damaged"):
        scan(edge, declared(edge)[:-9] + ":")
    assert edge.sheet == before


@pytest.mark.parametrize("seal", ["own", "stranger", "none"])
def test_a_declaration_of_a_drill_never_comes_to_a_real_lane_nor_a_real_one_to_a_drill(edge, tmp_path, seal):
    show_passport(edge)
    with pytest.raises(ActionRefusedError, match="declaration_exercise"):
        scan(edge, declared(edge, seal=seal, is_exercise=True))
    assert edge.sheet.declaration is None
    assert edge.bodies() == []
    (tmp_path / "drill").mkdir()
    drill = DrillEdge(tmp_path / "drill")
    show_passport(drill)
    with pytest.raises(ActionRefusedError, match="declaration_exercise"):
        scan(drill, declared(drill, seal=seal))
    assert scan(drill, declared(drill, seal=seal, is_exercise=True)).declaration is not None
    drill.close()


def test_a_restart_in_the_middle_keeps_the_declaration_at_the_lane(edge):
    show_passport(edge)
    sheet = scan(edge, declared(edge, birth_year="1991"))
    edge.restart()
    assert edge.sheet == sheet


def test_one_declaration_is_not_at_two_lanes(edge):
    code = declared(edge)
    show_passport(edge)
    scan(edge, code)
    command = msgspec.convert({"document": PASSPORT | {"full_name": "NGUYEN THI PHUONG THAO"}}, PresentCommand)
    other = PresentCommand(text=code)
    edge.gate.perform(lambda turn: take_scan(turn, "lane-2", command)).result(10)
    sheet = edge.gate.perform(lambda turn: take_scan(turn, "lane-2", other)).result(10)
    assert sheet.declaration.fault.value == "declaration_used"


@demand("R076")
def test_a_kept_declaration_is_unreadable_in_its_table_and_gone_when_the_term_is_over(edge):
    at = edge.clock()
    declaration = read_answers(form(), today=local_date(at), valid_for_days=7, language="vi")
    terms = strictest_terms(edge.gate.policy.rules_at(at).of_type(DeclarationTerms))
    terms = msgspec.structs.replace(terms, kept_for_days=90)
    kept = kept_declaration(
        declaration,
        channel=DeclarationChannel.KIOSK,
        at=at,
        terms=terms,
        key=edge.gate.identity.signing_key,
        recipients=edge.gate.recipients,
    )
    edge.gate.perform(lambda turn: put_declaration(turn.transaction, kept)).result(10)
    ((sealed,),) = edge.rows("SELECT sealed FROM declaration")
    assert "Thảo".encode() not in sealed
    edge.clock.forward(days=89, hours=23)
    assert forget_past_declarations(edge.gate) == 0
    edge.clock.forward(hours=2)
    assert forget_past_declarations(edge.gate) == 1
    assert edge.rows("SELECT * FROM declaration") == []


def test_the_key_of_a_used_declaration_goes_when_its_term_is_over_and_the_chain_stays(edge):
    show_passport(edge)
    scan(edge, declared(edge))
    edge.scan_face(NORMAL_C)
    close(edge)
    assert edge.identities()[0] is not None
    edge.clock.forward(days=100)
    forget_past_declarations(edge.gate)
    assert edge.identities()[0] is None
    assert edge.identities()[1] is not None
    edge.check_chain()


def test_the_uses_of_commands_are_only_for_the_declaration_at_the_lane(edge):
    show_passport(edge)
    for command, fields in ((set_declaration_aside, {}), (ask_about_declaration, {"resolution": "explained"})):
        with pytest.raises(ActionRefusedError, match="no_declaration"):
            edge.do(command, declaration_id=str(uuid4()), **fields)


def test_who_is_erased_is_erased_with_the_declaration(edge):
    show_passport(edge)
    scan(edge, declared(edge))
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    close(edge)
    assert edge.identities()[0] is not None
    edge.gate.perform(lambda turn: purge_episode(turn.transaction, crossing_id)).result(10)
    assert edge.identities()[0] is None
    edge.check_chain()
