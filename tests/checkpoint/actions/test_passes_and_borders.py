"""Passes of two borders, a child who grows up or goes with a new pass, labels that are worth nothing any more."""

from datetime import date
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.holding import ChildFields, LinkCommand, add_child_to, give_label, link_persons
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.registering import RegisterError, read_register
from checkpoint.actions.relabelling import WithdrawLabelCommand, withdraw_label
from checkpoint.actions.searching import holder_card
from checkpoint.store.holders import Holder, find_holder, import_holders
from sync.agreement.vocabulary import Outcome, PassRegime, ReasonCode
from tests.checkpoint.actions.test_register import act, passed, registered
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, PASS
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand

OF_CHINA, OF_LAOS = "GTHVN02-TQ 00123456", "GTHVN-L 00123456"


def label_of(edge, holder_id: str) -> str:
    return edge.gate.perform(lambda turn: give_label(turn, holder_id)).result(10)


def child_on(edge, holder_id: str, *, born_on: str, name: str = "Chìu A Bảo") -> str:
    child_id = str(uuid4())
    act(edge, add_child_to, ChildFields, holder_id, child_id=child_id, full_name=name, date_of_birth=born_on)
    return child_id


def name_at(edge) -> str:
    return edge.sheet.state.person.identity.full_name


@demand("R009")
def test_passes_of_two_borders_with_the_same_digits_are_two_people(edge):
    registered(edge, OF_CHINA, "Chìu A Múi")
    registered(edge, OF_LAOS, "Lò Thị Xôm", regime="laos")
    seen = {}
    for text in (OF_CHINA, OF_LAOS, OF_CHINA):
        edge.present(text)
        seen.setdefault(text, []).append(
            (name_at(edge), edge.sheet.state.person.person_key, edge.sheet.crossings_today)
        )
        edge.scan_face(NORMAL_C)
        edge.do(close_crossing, draft_id=edge.draft_id)
        edge.clock.forward(minutes=20)
    (first, again), (other,) = seen[OF_CHINA], seen[OF_LAOS]
    assert (first[0], other[0]) == ("Chìu A Múi", "Lò Thị Xôm")
    assert first[1] == again[1] != other[1]
    assert (other[2], again[2]) == (0, 1)


def test_a_number_typed_without_its_model_finds_whoever_alone_has_it(edge):
    registered(edge, OF_LAOS, "Lò Thị Xôm", regime="laos")
    edge.present(OF_LAOS)
    key = edge.sheet.state.person.person_key
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(minutes=20)
    edge.present("00123456")
    assert (name_at(edge), edge.sheet.state.person.person_key) == ("Lò Thị Xôm", key)


def test_a_register_of_an_older_program_is_still_found_and_renewed(edge):
    def older(transaction):
        kept = Holder(pass_number="00123456", full_name="Lò Thị Xôm", holder_id=str(uuid4()), regime=PassRegime.LAOS)
        import_holders(transaction, [kept])
        transaction.execute("UPDATE holder SET pass_number = '00123456'", {})
        listed = read_register(
            ["pass_number,full_name,expires_on,regime", "00123456,Lò Thị Xôm,2027-05-01,laos"], today=date(2026, 11, 22)
        )
        return import_holders(transaction, listed), find_holder(transaction, "GTHVNL00123456")

    count, found = edge.gate.perform(lambda turn: older(turn.transaction)).result(10)
    assert (count.added, count.changed) == (0, 1)
    assert found.expires_on == date(2027, 5, 1)


def test_a_child_who_has_turned_sixteen_is_stopped_at_the_scan_of_the_label(edge):
    mother = registered(edge, expires_on="2027-11-01")
    child = child_on(edge, mother, born_on="2010-11-23")
    label = label_of(edge, child)
    edge.present(label)
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=edge.draft_id)

    edge.clock.forward(days=1)
    edge.present(label)
    edge.scan_face(NORMAL_C)
    assert "child_too_old" in edge.sheet.warnings
    assert edge.sheet.assessment.outcome is Outcome.WAIT
    assert ReasonCode.DOCUMENT_EXPIRED in {one.code for one in edge.sheet.assessment.reasons}


@demand("R009")
def test_children_go_with_the_new_pass_and_keep_label_and_history(edge):
    older = registered(edge, expires_on="2026-11-30")
    child = child_on(edge, older, born_on="2018-03-02")
    grown = child_on(edge, older, born_on="2010-12-01", name="Chìu A Lớn")
    label = label_of(edge, child)
    passed(edge, label)
    edge.clock.forward(days=20)
    newer = registered(edge, "QN 555001", replaces_holder_id=older, expires_on="2027-11-01")

    assert [one.person_id for one in holder_card(edge.gate, newer).children] == [child]
    assert [one.person_id for one in holder_card(edge.gate, older).children] == [grown]
    sheet = edge.present(label)
    assert [past.temperature_c for past in sheet.history] == [NORMAL_C]
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED


def test_a_label_that_was_withdrawn_is_unknown_and_the_next_print_is_another(edge):
    mother = registered(edge)
    for one in (mother, child_on(edge, mother, born_on="2018-03-02")):
        stolen = label_of(edge, one)
        act(edge, withdraw_label, WithdrawLabelCommand, one, reason="bị sao chép")
        with pytest.raises(ActionRefusedError, match="label_unknown"):
            edge.present(stolen)
        renewed = label_of(edge, one)
        assert renewed != stolen
        edge.present(renewed)
        edge.scan_face(NORMAL_C)
        edge.do(close_crossing, draft_id=edge.draft_id)
        edge.clock.forward(minutes=20)
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'label_withdrawn'") == [(2,)]


def test_two_who_are_linked_already_are_not_linked_again(edge):
    def link(left, right):
        keys = {"left_person_key": left * 64, "right_person_key": right * 64}
        act(edge, link_persons, LinkCommand, link_id=str(uuid4()), **keys, reason="both_documents_seen")

    link("a", "b")
    link("b", "c")
    for left, right in ("ab", "ba", "ac"):
        with pytest.raises(ActionRefusedError, match="linked_already"):
            link(left, right)


@pytest.mark.parametrize("born", ["2026-11-23", "1890-01-01"])
def test_a_list_with_an_impossible_birth_is_refused_with_line_and_column(born):
    lines = ["pass_number,full_name,expires_on,date_of_birth", f"{PASS},A Múi,2027-05-01,{born}"]
    with pytest.raises(RegisterError, match="line 2: the column date_of_birth"):
        list(read_register(lines, today=date(2026, 11, 22)))


def erased(edge, crossing_id: str) -> None:
    centre = HandCentre()
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)


def names_left(edge) -> set[str]:
    both = "SELECT full_name FROM holder UNION SELECT full_name FROM accompanying_child"
    return {name for (name,) in edge.rows(both)}


@pytest.mark.parametrize(
    ("shown", "left"),
    [(OF_CHINA, {"Lò Thị Xôm"}), (OF_LAOS, {"Chìu A Múi"}), ("gthvn-l 0012 3456", {"Chìu A Múi"})],
)
def test_an_erasure_takes_the_holder_of_the_very_pass_and_nobody_of_another_border(edge, shown, left):
    registered(edge, OF_CHINA, "Chìu A Múi")
    registered(edge, OF_LAOS, "Lò Thị Xôm", regime="laos")
    passed(edge, shown)
    erased(edge, edge.rows("SELECT crossing_id FROM crossing")[0][0])
    assert names_left(edge) == left


@pytest.mark.parametrize("is_parent_known_here", [True, False])
def test_an_erased_child_is_forgotten_and_the_parent_is_not(edge, is_parent_known_here):
    mother = registered(edge, full_name="Phùn Thị Sẻn", expires_on="2027-11-01")
    child = child_on(edge, mother, born_on="2018-03-02")
    child_on(edge, mother, born_on="2020-03-02", name="Chìu A Nhị")
    if is_parent_known_here:
        passed(edge, PASS)
        edge.clock.forward(minutes=20)
    passed(edge, label_of(edge, child))
    [(crossing_id,)] = edge.rows("SELECT crossing_id FROM crossing WHERE full_name = 'Chìu A Bảo'")
    erased(edge, crossing_id)
    assert names_left(edge) == {"Phùn Thị Sẻn", "Chìu A Nhị"}


def test_an_erased_child_is_forgotten_on_the_pass_that_replaced_the_one_it_crossed_with(edge):
    older = registered(edge, full_name="Phùn Thị Sẻn", expires_on="2026-11-30")
    child = child_on(edge, older, born_on="2018-03-02")
    passed(edge, label_of(edge, child))
    registered(edge, "QN 555001", full_name="Phùn Thị Sẻn", replaces_holder_id=older, expires_on="2027-11-01")
    erased(edge, edge.rows("SELECT crossing_id FROM crossing")[0][0])
    assert names_left(edge) == {"Phùn Thị Sẻn"}


def test_whoever_was_erased_with_a_passport_takes_nobody_along_from_the_register(edge):
    registered(edge, PASS, "Chìu A Múi")
    given = {"kind": "passport", "document_number": "QN100123", "full_name": "Lò Văn Inh", "issuing_state": "VNM"}
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(minutes=20)
    command = msgspec.convert({"document": given, "has_declaration": True}, PresentCommand)
    edge.gate.perform(lambda turn: present_person(turn, LANE, command), officer_ref="canbo").result(10)
    crossing_id = edge.draft_id
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=crossing_id)
    erased(edge, crossing_id)
    assert names_left(edge) == {"Chìu A Múi"}
