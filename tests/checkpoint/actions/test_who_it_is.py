"""Whose document it is: nobody becomes somebody else by a number, and nobody becomes two by the way it was read."""

from datetime import date
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.holding import MovePassCommand, RegisterCommand, move_pass, register_pass
from checkpoint.actions.next_person import follow_on, scan_person
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.searching import away_list
from checkpoint.store.holders import Holder, import_holders
from sync.agreement.vocabulary import PassRegime
from tests.checkpoint.edges import LANE, PASS
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

CITIZEN = "022190000019||Nguyễn Thị Ánh Hường|05031990|Nữ|Móng Cái|15042021"


def registered(edge, number: str = PASS, **more) -> str:
    holder_id = str(uuid4())
    words = {"holder_id": holder_id, "pass_number": number, "full_name": "Chìu A Múi", **more}
    command = msgspec.convert(words, RegisterCommand, strict=False)
    edge.gate.perform(lambda turn: register_pass(turn, command), officer_ref="canbo").result(10)
    return holder_id


def scan(edge, text: str):
    body = PresentCommand(text=text, has_declaration=True)
    return edge.gate.perform(lambda turn: scan_person(turn, LANE, body), officer_ref="canbo").result(10)


def cleared(edge) -> None:
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.gate.perform(lambda turn: follow_on(turn, LANE), officer_ref="canbo").result(10)
    edge.clock.forward(minutes=20)


def document(kind: str, number: str, **more) -> dict:
    return {"kind": kind, "document_number": number, "full_name": "ABDULLAH BIN ALI", "nationality": "MYS", **more}


def keys(edge) -> list[str]:
    return [key for (key,) in edge.rows("SELECT person_key FROM crossing ORDER BY entry")]


def test_twelve_digits_on_another_states_passport_are_nobodys_personal_number_here(edge):
    edge.present(CITIZEN)
    cleared(edge)
    foreign = document("passport", "A12345678", issuing_state="MYS", personal_number="022190000019")
    edge.present(None, document=foreign)
    cleared(edge)
    citizen, foreigner = keys(edge)
    assert citizen
    assert citizen != foreigner


def test_the_number_of_a_visa_is_nobodys_passport(edge):
    edge.present(None, document=document("passport", "C12345678", issuing_state="VNM", nationality="VNM"))
    cleared(edge)
    edge.present(None, document=document("visa", "C12345678", issuing_state="VNM"))
    assert edge.sheet.crossings_today == 0


@demand("R009")
def test_one_pass_read_in_two_ways_is_one_person(edge):
    registered(edge)
    scan(edge, "qn100123")
    sheet = scan(edge, "GTHVN02-TQ QN 100123")
    assert sheet.next_person is None
    cleared(edge)
    assert edge.sheet.state.presentation is None
    assert len(keys(edge)) == 1


@pytest.mark.parametrize("misread", ["KDP-000G40R40M30E2094", "KDP-000G40R40M30E209", "kdp 000g"])
def test_a_label_that_was_misread_is_no_pass(edge, misread):
    with pytest.raises(ActionRefusedError, match="label_misread"):
        edge.present(misread)
    assert edge.sheet.state.presentation is None


@pytest.mark.parametrize("between", ["\n", ""])
def test_the_codes_of_two_cards_are_not_the_first_ones(edge, between):
    with pytest.raises(ActionRefusedError, match="document_unreadable"):
        edge.present(CITIZEN + between + CITIZEN.replace("022190000019", "022190000020"))


@pytest.mark.parametrize("born", ["2062-05-01", "1850-01-01"])
def test_an_impossible_birth_is_refused_and_gives_no_age(edge, born):
    with pytest.raises(ActionRefusedError, match="birth_impossible"):
        edge.present(None, document=document("passport", "C1234567", issuing_state="VNM", date_of_birth=born))
    registered(edge, date_of_birth="2062-05-01")
    edge.present(PASS)
    assert edge.sheet.state.person.age_years is None


@demand("R009")
@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({"issued_on": "2025-01-01", "expires_on": "2027-12-31"}, "document_expired"),
        ({"issued_on": "2020-01-01"}, "document_expired"),
        ({"issued_on": "2026-06-01", "expires_on": "2027-05-31"}, None),
    ],
)
def test_a_pass_holds_for_twelve_months_whatever_its_list_says(edge, dates, state):
    registered(edge, **dates)
    edge.present(PASS)
    codes = [one.code.value for one in edge.scan_face(NORMAL_C).assessment.reasons]
    assert ("document_expired" in codes) == (state is not None)
    assert edge.sheet.state.person.document_expires_on <= date(2027, 5, 31)


def test_a_pass_that_begins_later_is_told(edge):
    registered(edge, issued_on="2027-01-01", expires_on="2027-12-31")
    assert "not_yet_valid" in edge.present(PASS).warnings


@demand("R009")
def test_a_pass_that_is_cancelled_while_its_holder_stands_here_clears_nobody(edge):
    holder_id = registered(edge)
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    move = msgspec.convert({"move": "cancel", "reason": "misused"}, MovePassCommand, strict=False)
    edge.gate.perform(lambda turn: move_pass(turn, holder_id, move), officer_ref="canbo").result(10)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.rows("SELECT disposition FROM crossing") == [("refused",)]


def test_whoever_is_held_with_a_fever_at_the_exit_has_not_left(edge):
    edge.present(PASS, direction="exit")
    edge.scan_face(RAISED_C)
    edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.9, site="axillary")
    assert away_list(edge.gate, date(2026, 11, 22)) == []


def listed(name: str, born: str, **more) -> Holder:
    return Holder(pass_number="QN100123", full_name=name, date_of_birth=date.fromisoformat(born), **more)


@pytest.mark.parametrize(
    ("one", "is_taken"),
    [
        (listed("Chìu A Mùi", "1985-01-02"), True),
        (listed("Chìu A Múi", "1985-02-01"), True),
        (listed("Lý Thị Hoa", "1990-07-07"), False),
    ],
)
def test_a_list_never_makes_a_pass_somebody_elses(edge, one, is_taken):
    given = [listed("Chìu A Múi", "1985-01-02")]
    for some in (given, [one]):
        count = edge.gate.store.writer.submit(lambda turn, some=some: import_holders(turn, some)).result(10)
    assert (count.taken, count.left_aside) == ((1, ()) if is_taken else (0, ("0123",)))
    (name,) = edge.rows("SELECT full_name FROM holder")[0]
    assert name == (one.full_name if is_taken else "Chìu A Múi")


def test_the_same_number_of_another_border_is_another_pass(edge):
    given = [listed("Chìu A Múi", "1985-01-02"), listed("Lý Thị Hoa", "1985-01-02", regime=PassRegime.LAOS)]
    count = edge.gate.store.writer.submit(lambda turn: import_holders(turn, given)).result(10)
    assert (count.added, count.left_aside) == (2, ())
    names = dict(edge.rows("SELECT regime, full_name FROM holder"))
    assert names == {"china": "Chìu A Múi", "laos": "Lý Thị Hoa"}
