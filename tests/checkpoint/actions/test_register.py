"""The pass register at a real edge: registered at first sight, found again by label and name, linked and unlinked."""

from datetime import date, timedelta
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.first_sight import register_at_lane
from checkpoint.actions.holding import (
    ChildFields,
    LinkCommand,
    MovePassCommand,
    RegisterCommand,
    UnlinkCommand,
    add_child_to,
    give_label,
    link_persons,
    move_pass,
    register_pass,
    unlink_persons,
)
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.searching import SearchCommand, away_list, holder_card, register_list, search_people
from checkpoint.lane import Phase
from checkpoint.store.holders import BORN, Holder, import_holders
from sync.agreement.gate_records.register import PassRegistered, PassStateChanged, PersonsLinked, PersonsUnlinked
from sync.agreement.vocabulary import PassState
from tests.checkpoint.edges import LANE, PASS
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand

PASSPORT = {
    "kind": "passport",
    "document_number": "C7654321",
    "full_name": "Chìu A Múi",
    "nationality": "VNM",
    "expires_on": "2030-01-01",
}
NAME = "Chìu A Múi"
SPELT = ("王伟明", "Wang Weiming", "Vương Vĩ Minh")


def act(edge, command, shape, *subject, **fields):
    body = msgspec.convert(fields, shape, strict=False)
    return edge.gate.perform(lambda turn: command(turn, *subject, body), officer_ref="canbo").result(10)


def registered(edge, number=PASS, name=NAME, **more):
    holder_id = str(uuid4())
    fields = {"holder_id": holder_id, "pass_number": number, "full_name": name, "commune": "Xã Hải Sơn", **more}
    act(edge, register_at_lane, RegisterCommand, **fields)
    return holder_id


def found(edge, text, **more):
    command = msgspec.convert({"query": text, **more}, SearchCommand, strict=False)
    return search_people(edge.gate, command, officer_ref="canbo")


def passed(edge, text=PASS, **details):
    edge.present(text, **details)
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(minutes=30)


@demand("R009")
def test_an_unknown_pass_is_registered_once_at_the_lane_and_known_from_then_on_by_its_label(edge):
    sheet = edge.present(PASS)
    assert sheet.standing.is_registrable
    assert sheet.standing.holder_id is None
    holder_id = registered(edge, lane_id=LANE, date_of_birth="1988-05-01", expires_on="2027-01-31")
    label = edge.gate.perform(lambda turn: give_label(turn, holder_id)).result(10)
    assert NAME not in label
    assert edge.sheet.state.person.identity.full_name == NAME
    again = edge.present(label)
    assert again.state.phase is Phase.AWAITING_READING
    person = again.state.person
    assert (person.identity.full_name, person.document_expires_on) == (NAME, date(2027, 1, 31))
    assert again.standing.holder_id == holder_id
    assert not again.standing.is_registrable
    assert person.person_key == edge.present(PASS).state.person.person_key


def test_a_registration_is_one_record_however_often_it_is_sent_and_seals_who_it_is(edge):
    fields = {"holder_id": str(uuid4()), "pass_number": PASS, "full_name": NAME, "commune": "Xã Hải Sơn"}
    first = act(edge, register_pass, RegisterCommand, **fields)
    second = act(edge, register_pass, RegisterCommand, **fields)
    assert first.saved is not None
    assert second.saved is None
    [body] = edge.bodies()
    assert isinstance(body, PassRegistered)
    assert NAME.encode() not in edge.journal()[0]
    assert edge.identities()[0].full_name == NAME
    with pytest.raises(ActionRefusedError, match="pass_known"):
        registered(edge, name="Người Khác")


def test_a_pass_of_more_than_twelve_months_is_taken_and_named_as_a_finding(edge):
    holder_id = registered(edge, issued_on="2026-01-01", expires_on="2027-06-01")
    assert edge.bodies()[0].findings == ("validity_too_long",)
    assert holder_card(edge.gate, holder_id).findings == ("validity_too_long",)


def test_a_lost_pass_does_not_clear_anybody_and_is_found_again_by_a_record_with_its_reason(edge):
    holder_id = registered(edge, expires_on="2027-01-31")
    act(edge, move_pass, MovePassCommand, holder_id, move="lose", reason="reported_by_holder", words="mất ở chợ")
    assert edge.present(PASS).state.person.is_document_cancelled
    assert edge.sheet.standing.pass_state is PassState.LOST
    assert act(edge, move_pass, MovePassCommand, holder_id, move="lose", reason="reported_by_holder") is None
    with pytest.raises(ActionRefusedError, match="pass_reason_does_not_fit"):
        act(edge, move_pass, MovePassCommand, holder_id, move="find", reason="misused")
    act(edge, move_pass, MovePassCommand, holder_id, move="find", reason="found_again")
    changed = [body for body in edge.bodies() if isinstance(body, PassStateChanged)]
    assert [(one.previous_state.value, one.state.value) for one in changed] == [("valid", "lost"), ("lost", "valid")]
    assert edge.identities()[1].remarks == "mất ở chợ"
    assert "mất ở chợ".encode() not in edge.journal()[1]


def test_a_new_pass_ends_the_old_one_and_carries_the_persons_history_over(edge):
    older = registered(edge, expires_on="2026-11-30")
    passed(edge)
    registered(edge, "QN 555001", replaces_holder_id=older, expires_on="2027-11-01")
    assert holder_card(edge.gate, older).person.state is PassState.REPLACED
    sheet = edge.present("QN 555001")
    assert [past.temperature_c for past in sheet.history] == [NORMAL_C]
    assert (sheet.crossings_today, sheet.standing.linked_keys) == (1, 1)


def test_a_child_on_a_parents_pass_is_a_person_of_its_own(edge):
    holder_id = registered(edge)
    child_id = str(uuid4())
    child = {"child_id": child_id, "full_name": "Chìu A Bảo", "date_of_birth": "2018-03-02"}
    act(edge, add_child_to, ChildFields, holder_id, **child)
    label = edge.gate.perform(lambda turn: give_label(turn, child_id)).result(10)
    of_child = edge.present(label).state.person
    assert (of_child.identity.full_name, of_child.age_years) == ("Chìu A Bảo", 8)
    assert found(edge, "chiu a bao")[0].person_key == of_child.person_key
    assert found(edge, PASS)[0].person_key != of_child.person_key
    with pytest.raises(ActionRefusedError, match="child_too_old"):
        act(
            edge,
            add_child_to,
            ChildFields,
            holder_id,
            child_id=str(uuid4()),
            full_name="Chìu A Lớn",
            date_of_birth="2010-11-22",
        )


def test_who_left_home_and_has_not_come_back_stands_on_the_days_list(edge):
    registered(edge)
    registered(edge, "QN 555002", "Tằng A Sềnh")
    day = edge.clock().date()
    passed(edge, PASS, direction="exit")
    passed(edge, "QN 555002", direction="exit")
    passed(edge, PASS, direction="entry")
    assert [one.full_name for one in away_list(edge.gate, day)] == ["Tằng A Sềnh"]
    sheet = edge.present("QN 555002", direction="entry")
    assert sheet.standing.left_at is not None
    assert edge.rows("SELECT count(*) FROM person_link") == [(0,)]


def test_who_left_days_ago_and_is_not_home_stands_on_the_list_of_those_days_the_longest_away_first(edge):
    numbers = ["QN 300101", "QN 300102", "QN 300103", "QN 300104"]
    passed(edge, numbers[0], direction="exit")
    edge.clock.forward(days=3)
    passed(edge, numbers[1], direction="exit")
    passed(edge, numbers[2], direction="exit")
    edge.clock.forward(days=1)
    passed(edge, numbers[2], direction="entry")
    passed(edge, numbers[3], direction="exit")

    def away(days):
        return [one.document_number_masked[-3:] for one in away_list(edge.gate, edge.clock().date(), days=days)]

    assert (away(1), away(3), away(7)) == (["104"], ["102", "104"], ["101", "102", "104"])


@pytest.mark.parametrize(
    ("document", "typed"),
    [
        (PASSPORT, "c 7654321"),
        ({**PASSPORT, "kind": "identity_card", "document_number": "022188001234"}, "022188001234"),
        ({**PASSPORT, "kind": "identity_card", "document_number": "01 234567", "nationality": "LAO"}, "01234567"),
    ],
)
def test_somebody_who_crossed_is_found_by_the_number_of_their_document(edge, document, typed):
    edge.present(None, document=document)
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    (line,) = found(edge, typed)
    assert line.full_name == "Chìu A Múi"
    assert document["document_number"] not in repr(line)
    assert found(edge, "9999999") == []


def test_who_came_home_with_another_document_of_theirs_is_not_away(edge):
    registered(edge)
    day = edge.clock().date()
    passed(edge, PASS, direction="exit")
    left = edge.rows("SELECT person_key FROM crossing")[0][0]
    edge.present(None, document=PASSPORT, direction="entry")
    came_home = edge.sheet.state.person.person_key
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert len(away_list(edge.gate, day)) == 1, "nobody has said that both are one person"
    link = {"link_id": str(uuid4()), "left_person_key": left, "right_person_key": came_home}
    act(edge, link_persons, LinkCommand, **link, reason="both_documents_seen")
    assert away_list(edge.gate, day) == []


def test_a_leaving_is_paired_with_a_coming_home_after_more_than_a_month(edge):
    registered(edge, expires_on="2027-11-01")
    passed(edge, PASS, direction="exit")
    edge.clock.forward(days=45)
    sheet = edge.present(PASS, direction="entry")
    assert sheet.standing.left_at is not None


def test_people_who_are_alike_are_shown_and_only_an_officer_links_them_and_takes_it_back(edge):
    left, right = registered(edge, PASS, "Tằng A Sềnh"), registered(edge, "QN 555003", "Tằng A Sềnh")
    card = holder_card(edge.gate, left)
    assert [line.person_id for line in card.similar] == [right]
    assert card.links == ()
    passed(edge, "QN 555003")
    assert edge.present(PASS).history == ()
    link_id = str(uuid4())
    keys = {"left_person_key": card.person.person_key, "right_person_key": card.similar[0].person_key}
    reason = "both_documents_seen"
    act(edge, link_persons, LinkCommand, link_id=link_id, reason=reason, **keys)
    assert act(edge, link_persons, LinkCommand, link_id=link_id, reason=reason, **keys) is None
    assert len(holder_card(edge.gate, left).history) == 1
    assert holder_card(edge.gate, left).similar == ()
    act(edge, unlink_persons, UnlinkCommand, link_id=link_id, reason="linked_in_error")
    after = holder_card(edge.gate, left)
    assert (after.history, after.links, after.similar) == (card.history, card.links, card.similar)
    made = [type(body) for body in edge.bodies() if isinstance(body, PersonsLinked | PersonsUnlinked)]
    assert made == [PersonsLinked, PersonsUnlinked]


@pytest.mark.parametrize(
    "typed",
    ["王伟明", "Wang Weiming", "WANG WEI MING", "Vương Vĩ Minh", "vuong vi minh", "WANG WEIMIN", "Minh Vi Vuong"],
)
def test_a_chinese_name_is_found_by_its_characters_in_pinyin_and_in_han_viet(edge, typed):
    registered(edge, "QN 555004", "王伟明")
    registered(edge, "QN 555005", "Lò Thị Sen")
    assert found(edge, typed)[0].full_name == "王伟明"


@pytest.mark.parametrize(
    "typed",
    [
        "Nguyễn Thị Ánh Hường",
        "nguyen thi anh huong",
        "HUONG NGUYEN THI ANH",
        "NGUYEN THI ANH HU",
        "Nguyen Huong",
        "Nguyen Thi Anh Houng",
        "Nguyn Thi Anh Huong",
        "Nguyễn Thị Anh Hương",
    ],
)
def test_a_vietnamese_name_is_found_unaccented_in_any_order_cut_and_misspelt(edge, typed):
    registered(edge, "QN 555006", "Nguyễn Thị Ánh Hường")
    registered(edge, "QN 555007", "Phùn Tài Lìn")
    assert [line.full_name for line in found(edge, typed)][:1] == ["Nguyễn Thị Ánh Hường"]


def test_somebody_who_crossed_with_a_passport_is_found_by_name_beside_the_holders(edge):
    passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3412156ZE184226B<<<<<14"
    passed(edge, passport)
    [line] = found(edge, "Anna Erikson")
    assert (line.kind.value, line.holder_id) == ("traveller", None)
    assert line.document_number_masked.endswith("02C3")


def test_lists_by_state_come_page_by_page_and_expiring_passes_in_their_order(edge):
    for number, expires_on in enumerate(("2026-12-20", "2026-12-01", "2026-11-01", "2027-10-01")):
        registered(edge, f"QN 60000{number}", f"Người Mẫu {number}", expires_on=expires_on)
    lines, following = register_list(edge.gate, None, after=0, limit=3)
    assert (len(lines), following) == (3, 3)
    assert len(register_list(edge.gate, None, after=following, limit=3)[0]) == 1
    expiring, _ = register_list(edge.gate, None, after=0, limit=9, is_expiring=True)
    assert [str(line.expires_on) for line in expiring] == ["2026-12-01", "2026-12-20"]
    expired, _ = register_list(edge.gate, PassState.EXPIRED, after=0, limit=9)
    assert [str(line.expires_on) for line in expired] == ["2026-11-01"]


def test_among_hundreds_of_one_name_the_day_of_birth_finds_the_one_and_reads_no_other(edge):
    """Also when the name is misspelt: the day is looked up in its own index, before any row of a holder is read."""
    people = [
        Holder(
            pass_number=f"QN{number}",
            full_name="Nguyễn Kim Liên" if number % 2 else "Nguyễn Kim Liền",
            date_of_birth=None if number == 700_001 else date(1950, 1, 1) + timedelta(days=number - 700_000),
            commune="Xã Hải Sơn",
        )
        for number in range(700_000, 700_600)
    ]
    edge.gate.store.writer.submit(lambda transaction: import_holders(transaction, people)).result(30)
    lines = found(edge, "Nguyen Kim Lein", date_of_birth=people[577].date_of_birth.isoformat())
    assert {line.full_name for line in lines} == {"Nguyễn Kim Liên"}
    assert [line.date_of_birth for line in lines] == [people[577].date_of_birth, None], (
        "whose day is unknown may be meant"
    )
    assert edge.rows("EXPLAIN QUERY PLAN " + BORN.replace("?", "''"))[1][3].startswith(
        "SEARCH holder USING COVERING INDEX ix_holder_date_of_birth"
    )


@pytest.mark.parametrize(
    ("kept", "typed"),
    [(spelt, "王伟明") for spelt in SPELT]
    + [("王伟明", spelt) for spelt in (*SPELT, "wang wei ming", "vuong vi minh")],
)
def test_a_chinese_name_is_found_by_its_characters_by_pinyin_and_by_han_viet_whichever_of_them_was_kept(
    edge, kept, typed
):
    registered(edge, name=kept)
    assert [line.full_name for line in found(edge, typed)] == [kept]
