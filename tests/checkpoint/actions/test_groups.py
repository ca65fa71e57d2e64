"""Groups and vehicles at one edge: counted in the crossing's own commit, sealed under their own keys, erased."""

import base64
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.accompanying import require_group
from checkpoint.actions.company import GroupStanding
from checkpoint.actions.conveying import RideCommand, ride_in
from checkpoint.actions.correcting import withdraw_crossing
from checkpoint.actions.deciding import (
    CloseCommand,
    MeasureCommand,
    change_details,
    close_crossing,
    discard_draft,
    measure_person,
)
from checkpoint.actions.elsewhere import TwinCommand, confirm_person
from checkpoint.actions.group_view import movement_lines
from checkpoint.actions.grouping import (
    CloseGroupCommand,
    ConfirmMemberCommand,
    OpenGroupCommand,
    StandCommand,
    close_group,
    confirm_member,
    open_group,
    read_group_list,
    stand_at_lane,
)
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.taking_back import take_back_movement
from checkpoint.actions.understanding import GivenDocument
from checkpoint.store.connection import database_key
from sync.agreement.gate_records.groups import (
    ConveyanceOccupantSeen,
    ConveyancePresented,
    GroupClosed,
    GroupMemberMissing,
    GroupMemberSeen,
    GroupOpened,
)
from sync.agreement.group_words import MemberMatch, MissingReason, OccupantRole
from sync.agreement.local_time import local_date
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import MORNING, NORMAL_C, RAISED_C
from tests.checkpoint.store.pages import where_found

GUIDE, OPERATOR, PHONE = "Vũ Thị Hà", "Công ty Lữ hành Sao Biển", "0987000111"
PEOPLE = (
    ("Nguyễn Thị Hường", "C1000001", "14C"),
    ("Đặng Văn Ơn", "C1000002", "14D"),
    ("Lý A Sửu", "C1000003", "20A"),
)


def listed(people=PEOPLE) -> str:
    lines = ["Họ và tên;Số hộ chiếu;Số ghế", *(f"{name};{number};{seat}" for name, number, seat in people)]
    return base64.b64encode("\n".join(lines).encode()).decode()


def announce(edge, *, group_id: str | None = None, people=PEOPLE, **more) -> str:
    fields = {"kind": "tour", "direction": "entry", "guide": GUIDE, "operator": OPERATOR, "telephone": PHONE}
    group_id = group_id or str(uuid4())
    words = {**fields, "group_id": group_id, "file": listed(people), "lane_id": LANE, **more}
    command = msgspec.convert(words, OpenGroupCommand, strict=False)
    read, fingerprint = read_group_list(command, today=local_date(MORNING))
    edge.gate.perform(
        lambda turn: open_group(turn, command, read=read, fingerprint=fingerprint), officer_ref="canbo"
    ).result(10)
    return group_id


def arrive(edge, number: str, *, name: str = "", temperature_c: float = NORMAL_C) -> str:
    document = GivenDocument(
        kind="passport", document_number=number, full_name=name, nationality="VNM", issuing_state="VNM"
    )
    edge.clock.forward(seconds=20)
    edge.present(None, document=msgspec.to_builtins(document))
    crossing_id = edge.draft_id
    edge.scan_face(temperature_c)
    return crossing_id


def cross(edge, number: str, **more) -> str:
    crossing_id = arrive(edge, number, **more)
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


def close(edge, group_id: str, **more):
    command = msgspec.convert({"group_id": group_id, **more}, CloseGroupCommand, strict=False)
    return edge.gate.perform(lambda turn: close_group(turn, command), officer_ref="canbo").result(10)


def ride(edge, number: str, **more):
    words = {"draft_id": edge.draft_id, "conveyance_id": str(uuid4()), "kind": "truck", "number": number, **more}
    return edge.do(ride_in, **words)


def of_type(edge, shape) -> list:
    return [body for body in edge.bodies() if isinstance(body, shape)]


def settled(edge) -> None:
    """Wait until the writer has rebuilt the file without what was erased."""
    for _ in range(3):
        edge.gate.perform(lambda turn: turn.at).result(10)


def found_on_disk(edge, words: list[str]) -> list[str]:
    """Which words a scan of every page of the database and its log still finds."""
    key = bytes.fromhex(database_key(edge.settings.data_path))
    return where_found(edge.settings.data_path, key=key, words=words)


def names_in_clear(edge) -> str:
    return b"".join(edge.journal()).decode("utf-8", "replace")


def test_a_member_is_seen_when_the_crossing_is_in_the_journal_and_not_before(edge):
    group_id = announce(edge)
    crossing_id = arrive(edge, "C1000002")

    assert edge.sheet.group.standing is GroupStanding.MEMBER
    assert edge.gate.groups[LANE].seen == 0

    edge.do(close_crossing, draft_id=crossing_id)

    [seen] = of_type(edge, GroupMemberSeen)
    assert (seen.group_id, seen.given_for, seen.number) == (group_id, crossing_id, 2)
    assert (seen.match, seen.seat, seen.is_late) == (MemberMatch.DOCUMENT_NUMBER, "14D", False)
    assert (edge.gate.groups[LANE].seen, edge.gate.groups[LANE].announced) == (1, 3)
    edge.restart()
    assert edge.gate.groups[LANE].seen == 1
    edge.check_chain()


def test_a_fever_counts_its_member_at_once_and_once(edge):
    announce(edge)
    arrive(edge, "C1000001", temperature_c=RAISED_C)

    assert edge.gate.groups[LANE].seen == 1
    assert len(of_type(edge, GroupMemberSeen)) == 1


def test_a_member_scanned_at_two_lanes_at_once_is_one_head_and_nobody_unexpected(edge):
    group_id = announce(edge)
    arrive(edge, "C1000002")
    body = msgspec.convert({"group_id": group_id}, StandCommand, strict=False)
    edge.gate.perform(lambda turn: stand_at_lane(turn, "lane-2", body)).result(10)
    document = {"kind": "passport", "document_number": "C1000002", "nationality": "VNM", "issuing_state": "VNM"}
    present = msgspec.convert({"document": document, "has_declaration": True}, PresentCommand)
    edge.gate.perform(lambda turn: present_person(turn, "lane-2", present)).result(10)
    by_hand = {"temperature_c": NORMAL_C, "device_kind": "infrared_thermometer", "site": "forehead"}
    measured = msgspec.convert(by_hand, MeasureCommand)
    edge.gate.perform(lambda turn: measure_person(turn, "lane-2", measured)).result(10)
    edge.do(close_crossing, draft_id=edge.draft_id)
    here = {"draft_id": edge.gate.sheets["lane-2"].state.person.crossing_id}
    looked, other = msgspec.convert(here, TwinCommand), msgspec.convert(here, CloseCommand)
    edge.gate.perform(lambda turn: confirm_person(turn, "lane-2", looked)).result(10)
    edge.gate.perform(lambda turn: close_crossing(turn, "lane-2", other)).result(10)

    assert [(one.match, one.number) for one in of_type(edge, GroupMemberSeen)] == [(MemberMatch.DOCUMENT_NUMBER, 2)]
    assert (edge.gate.groups[LANE].seen, edge.gate.groups[LANE].unexpected) == (1, 0)


def test_a_like_name_is_only_a_proposal_until_the_officer_says_so(edge):
    announce(edge)
    crossing_id = arrive(edge, "B7777777", name="LY A SUU")

    assert (edge.sheet.group.standing, edge.sheet.group.proposals) == (GroupStanding.PROPOSED, (3,))
    assert not edge.sheet.group.counts

    edge.do(confirm_member, draft_id=crossing_id, number=3)
    edge.do(close_crossing, draft_id=crossing_id)

    [seen] = of_type(edge, GroupMemberSeen)
    assert (seen.number, seen.match) == (3, MemberMatch.OFFICER)


def test_a_proposal_that_nobody_confirms_counts_nobody(edge):
    announce(edge)
    cross(edge, "B7777777", name="LY A SUU")

    assert of_type(edge, GroupMemberSeen) == []


def test_a_stranger_is_flagged_and_counted_as_unexpected_only_by_an_officer(edge):
    announce(edge)
    crossing_id = arrive(edge, "B9999999", name="Trần Bình")
    assert edge.sheet.group.standing is GroupStanding.STRANGER

    edge.do(confirm_member, draft_id=crossing_id)
    edge.do(close_crossing, draft_id=crossing_id)

    assert (edge.gate.groups[LANE].seen, edge.gate.groups[LANE].unexpected) == (0, 1)
    assert of_type(edge, GroupMemberSeen)[0].number is None


def test_a_head_that_was_announced_without_a_name_is_filled_by_an_unexpected_person(edge):
    announce(edge, announced=4)
    crossing_id = arrive(edge, "B9999999", name="Trần Bình")
    edge.do(confirm_member, draft_id=crossing_id)
    edge.do(close_crossing, draft_id=crossing_id)

    assert (edge.gate.groups[LANE].seen, edge.gate.groups[LANE].unexpected) == (1, 0)
    assert of_type(edge, GroupMemberSeen)[0].number == 4


def test_a_group_with_somebody_missing_is_closed_only_for_a_reason_and_each_is_written_down(edge):
    group_id = announce(edge)
    for number in ("C1000001", "C1000003"):
        cross(edge, number)

    with pytest.raises(ActionRefusedError) as refused:
        close(edge, group_id)
    assert (refused.value.code, refused.value.values) == ("group_members_missing", {"missing": 1, "numbers": "2"})
    assert of_type(edge, GroupClosed) == []

    close(edge, group_id, reason="crosses_later")
    close(edge, group_id, reason="unknown")

    [closed] = of_type(edge, GroupClosed)
    assert (closed.announced, closed.seen, closed.missing) == (3, 2, (2,))
    assert closed.reason is MissingReason.CROSSES_LATER
    [missing] = of_type(edge, GroupMemberMissing)
    assert missing.number == 2
    assert LANE not in edge.gate.groups
    named = [identity.full_name for identity in edge.identities() if identity is not None]
    assert "Đặng Văn Ơn" in named


def test_a_missing_member_who_comes_later_is_seen_late(edge):
    group_id = announce(edge)
    for number in ("C1000001", "C1000003"):
        cross(edge, number)
    close(edge, group_id, reason="crosses_later")
    edge.do(stand_at_lane, group_id=group_id)
    cross(edge, "C1000002")

    assert [seen.is_late for seen in of_type(edge, GroupMemberSeen)] == [False, False, True]


def test_a_crossing_that_is_withdrawn_counts_nobody_and_its_place_is_free_again(edge):
    announce(edge)
    crossing_id = arrive(edge, "C1000001")
    ride(edge, "14C-777.77")
    edge.do(close_crossing, draft_id=crossing_id)
    assert edge.gate.groups[LANE].seen == 1

    edge.about(withdraw_crossing, crossing_id, reason="ghi nhầm người")

    assert edge.gate.groups[LANE].seen == 0
    assert edge.rows("SELECT count(*) FROM conveyance_occupant") == [(0,)]
    arrive(edge, "C1000001")
    assert edge.sheet.group.standing is GroupStanding.MEMBER


def test_the_same_request_again_opens_no_second_group_and_another_list_is_refused(edge):
    group_id = announce(edge)
    announce(edge, group_id=group_id)

    assert len(of_type(edge, GroupOpened)) == 1
    with pytest.raises(ActionRefusedError, match="group_id_taken"):
        announce(edge, group_id=group_id, people=PEOPLE[:1])


@pytest.mark.parametrize(
    ("more", "code"),
    [({"announced": 2}, "announced_too_few"), ({"people": (("", "C1", ""),)}, "manifest_has_faults")],
)
def test_nothing_of_a_list_with_a_mistake_is_taken_over(edge, more, code):
    before = edge.check_chain().sequence

    with pytest.raises(ActionRefusedError, match=code):
        announce(edge, **more)

    assert edge.check_chain().sequence == before
    assert edge.rows("SELECT count(*) FROM group_member") == [(0,)]


def test_no_name_no_number_and_no_plate_stands_in_the_open_part(edge):
    announce(edge)
    crossing_id = arrive(edge, "C1000001")
    ride(edge, "14C-123.45", abroad="桂A12345")
    edge.do(close_crossing, draft_id=crossing_id)

    said = names_in_clear(edge)
    assert not any(word in said for word in (GUIDE, OPERATOR, PHONE, "C1000001", "Hường", "14C-123", "桂A"))


def test_driver_and_co_driver_are_in_one_movement_and_the_truck_is_paired_by_its_other_plate(edge):
    first = arrive(edge, "C2000001")
    ride(edge, "桂A12345", abroad="14C-123.45", occupants=2, cargo="farm_produce")
    edge.do(close_crossing, draft_id=first)
    second = arrive(edge, "C2000002")
    ride(edge, "桂a 12345", role="co_driver")
    edge.do(close_crossing, draft_id=second)

    [came] = of_type(edge, ConveyancePresented)
    seen = of_type(edge, ConveyanceOccupantSeen)
    assert [one.conveyance_id for one in seen] == [came.conveyance_id] * 2
    assert [one.role for one in seen] == [OccupantRole.DRIVER, OccupantRole.CO_DRIVER]

    edge.clock.forward(hours=5)
    arrive(edge, "C2000003")
    sheet = ride(edge, "14C12345", direction="exit")

    gone = of_type(edge, ConveyancePresented)[1]
    assert (gone.pairs_with, gone.movement_today, gone.conveyance_key) == (came.conveyance_id, 2, came.conveyance_key)
    assert sheet.ride.has_come_back


def test_whoever_goes_the_other_way_is_nobody_of_the_group(edge):
    group_id = announce(edge)
    document = {"kind": "passport", "document_number": "C1000001", "nationality": "VNM", "issuing_state": "VNM"}
    edge.present(None, document=document, direction="exit")
    assert edge.sheet.group is None
    edge.do(discard_draft, draft_id=edge.draft_id, reason="khách quay lại")
    edge.present(None, document=document)
    assert edge.sheet.group.number == 1
    edge.do(change_details, direction="exit")
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.rows(
        f"SELECT count(*) FROM group_member WHERE crossing_id IS NOT NULL AND group_id = '{group_id}'"
    ) == [(0,)]


def test_the_same_list_is_one_open_group_and_another_request_is_not_taken_for_it(edge):
    group_id = announce(edge, announced=5)
    for changes in ({"announced": 9}, {"direction": "exit"}, {"operator": "Công ty khác"}):
        with pytest.raises(ActionRefusedError, match="group_id_taken"):
            announce(edge, group_id=group_id, **({"announced": 5} | changes))
    with pytest.raises(ActionRefusedError, match="group_list_open_already"):
        announce(edge)
    close(edge, group_id, reason="listed_in_error")
    announce(edge)


def test_a_trailer_that_is_named_after_the_truck_is_added_to_its_movement(edge):
    arrive(edge, "C2000001")
    came = ride(edge, "14C-123.45").ride
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(minutes=5)
    arrive(edge, "C2000002")
    for _ in range(2):
        told = ride(edge, "14C-123.45", trailer="14R-001.23", cargo="farm_produce", occupants=2, role="co_driver").ride
    ride(edge, "14C-123.45", role="co_driver")

    assert (told.conveyance_id, told.movement_today) == (came.conveyance_id, 1)
    assert told.plates == "14C-123.45 + 14R-001.23"
    first, later = of_type(edge, ConveyancePresented)
    assert (later.conveyance_id, later.presented_at) == (first.conveyance_id, first.presented_at)
    assert (later.plates, later.part_keys[0], later.findings) == (2, first.conveyance_key, ("said_later",))
    assert (later.cargo, later.occupants, first.is_said_later, later.is_said_later) == ("farm_produce", 2, False, True)
    assert [one.vehicle_plate for one in edge.identities() if one and one.vehicle_plate] == ["14C-123.45", told.plates]
    [line] = movement_lines(edge.gate, query="14R00123")
    assert (line.plates, line.occupants_said, line.cargo) == (told.plates, 2, "farm_produce")
    edge.check_chain()


def test_a_truck_with_another_trailer_or_another_second_plate_is_another_movement(edge):
    arrive(edge, "C2000001")
    ride(edge, "14C-123.45", trailer="14R-001.23", abroad="桂A12345")
    edge.clock.forward(minutes=80)
    other_trailer = ride(edge, "14C-123.45", trailer="14R-999.99").ride
    edge.clock.forward(minutes=20)
    with_abroad = ride(edge, "14C-123.45", abroad="桂A12345").ride
    edge.clock.forward(minutes=10)
    other_plate = ride(edge, "14C-123.45", abroad="桂B99999").ride

    assert with_abroad.conveyance_id == other_trailer.conveyance_id
    assert with_abroad.plates == "14C-123.45 + 14R-999.99 / 桂A·12345"
    assert (other_trailer.movement_today, other_plate.movement_today) == (2, 3)
    assert [one.is_said_later for one in of_type(edge, ConveyancePresented)] == [False, False, True, False]
    assert edge.rows("SELECT count(*) FROM conveyance") == [(3,)]


def test_a_movement_entered_by_mistake_counts_as_none_pairs_with_nothing_and_stays_readable(edge):
    arrive(edge, "C2000001")
    wrong = ride(edge, "14C-123.46", trailer="14R-001.23").ride
    taken = edge.about(take_back_movement, wrong.conveyance_id, reason="gõ nhầm biển của Lò Văn Thử")
    assert edge.about(take_back_movement, wrong.conveyance_id, reason="bấm hai lần") is None
    assert edge.sheet.ride is None, "the lane asks for the vehicle anew"
    right = ride(edge, "14C-123.45", trailer="14R-001.23").ride
    edge.do(close_crossing, draft_id=edge.draft_id)

    came, back, again = of_type(edge, ConveyancePresented)
    assert (back.conveyance_id, back.is_taken_back, back.presented_at) == (came.conveyance_id, True, came.presented_at)
    assert edge.envelopes()[taken.sequence - 1].observed_at == came.presented_at, "it is taken off that day's count"
    assert (again.conveyance_id, again.movement_today) == (right.conveyance_id, 1)
    standing = {line.plates.split(" ")[0]: line.standing for line in movement_lines(edge.gate)}
    assert standing == {"14C-123.46": "taken_back", "14C-123.45": "passed"}
    edge.clock.forward(hours=5)
    arrive(edge, "C2000003")
    assert ride(edge, "14C-123.46", direction="exit").ride.has_come_back is False
    assert "Lò Văn Thử" not in names_in_clear(edge)
    edge.check_chain()
    with pytest.raises(ActionRefusedError, match="no_such_movement"):
        edge.about(take_back_movement, str(uuid4()), reason="không có lượt này")


def test_a_movement_that_a_wrong_clock_wrote_days_ahead_swallows_none_after_it(edge):
    arrive(edge, "C1000001")
    ride(edge, "14C-123.45", direction="exit")
    edge.clock.forward(hours=3)
    ride(edge, "14C-123.45", direction="exit")
    edge.clock.forward(days=-5)
    ride(edge, "14C-123.45", direction="exit")
    edge.clock.forward(minutes=5)
    ride(edge, "14C-123.45", direction="exit")

    assert [one.pairs_with for one in of_type(edge, ConveyancePresented)] == [None, None, None], (
        "out without in, thrice"
    )


def test_a_plate_of_an_unusual_form_wants_a_second_look(edge):
    arrive(edge, "C2000001")

    with pytest.raises(ActionRefusedError, match="plate_unusual"):
        ride(edge, "ABC 12")
    assert ride(edge, "ABC 12", is_confirmed=True).ride.plates == "ABC 12"


def test_a_member_who_is_erased_leaves_the_group_and_the_head_count_stays(edge):
    centre, group_id = HandCentre(), announce(edge)
    crossing_id = arrive(edge, "C1000001", name=PEOPLE[0][0])
    ride(edge, "14C-777.77")
    ride(edge, "14C-777.77", trailer="14R-888.88")
    edge.do(close_crossing, draft_id=crossing_id)

    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)

    rows = edge.rows("SELECT number, full_name, document_number, seat FROM group_member ORDER BY number")
    settled(edge)
    assert rows[0] == (1, "", "", "")
    assert found_on_disk(edge, [PEOPLE[0][0], "C1000001", "14C-777", "14R-888"]) == []
    assert found_on_disk(edge, [PEOPLE[1][0]]), "the scan would find somebody"
    assert rows[1][1] == PEOPLE[1][0]
    assert edge.rows("SELECT plates FROM conveyance") == [("",)]
    assert edge.rows("SELECT count(*) FROM conveyance_part") == [(0,)]
    assert edge.gate.perform(lambda turn: require_group(turn, group_id)).result(10).guide == GUIDE
    edge.restart()
    assert edge.gate.groups[LANE].seen == 1


def test_a_group_that_is_erased_is_empty_and_its_keys_are_gone(edge):
    centre, group_id = HandCentre(), announce(edge)
    close(edge, group_id, reason="did_not_travel")
    keys = edge.rows("SELECT count(*) FROM episode_key")[0][0]

    centre.erase(group_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)

    settled(edge)
    assert {row for (row,) in edge.rows("SELECT full_name FROM group_member")} == {""}
    assert found_on_disk(edge, [GUIDE, OPERATOR, PHONE, *(name for name, _, _ in PEOPLE)]) == []
    assert edge.rows("SELECT guide, operator, telephone FROM traveller_group") == [("", "", "")]
    assert edge.rows("SELECT count(*) FROM episode_key")[0][0] == keys - 1 - len(PEOPLE)


def test_what_an_officer_may_not_say_is_refused(edge):
    crossing_id = arrive(edge, "C1000001")
    with pytest.raises(ActionRefusedError, match="no_group_at_lane"):
        edge.do(confirm_member, draft_id=crossing_id, number=1)
    announce(edge)
    with pytest.raises(ActionRefusedError, match="no_such_member"):
        edge.do(confirm_member, draft_id=crossing_id, number=9)
    with pytest.raises(ActionRefusedError, match="no_such_group"):
        edge.do(stand_at_lane, group_id=str(uuid4()))
    assert {ConfirmMemberCommand, StandCommand, RideCommand}
