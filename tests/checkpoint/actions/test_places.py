"""A vehicle at a control post, people found on a trail: the same lane, counted, and nobody left out silently."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.deciding import change_details, close_crossing
from checkpoint.actions.declaring import take_scan
from checkpoint.actions.erasing import erase_episodes
from checkpoint.actions.issuing_slips import IssuedSlip, issue_slip
from checkpoint.actions.lane_parties import party_line
from checkpoint.actions.parties import (
    ClosePartyCommand,
    OpenCheckCommand,
    RecountCommand,
    ReportCommand,
    TakeCommand,
    close_party,
    open_check,
    recount,
    report_interception,
    take_to_lane,
)
from checkpoint.actions.party_view import PartySearch, parties_csv, party_view, place_view
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.shift_papers import PAPER_LANGUAGES, report_pdf
from checkpoint.actions.shift_report import shift_report
from checkpoint.actions.shifting import day_plan
from checkpoint.actions.slip_view import slip_view
from checkpoint.lane import LaneError
from checkpoint.places import PartyState, PlaceError
from sync.agreement.gate_records.groups import ConveyancePresented, GroupMemberSeen
from sync.agreement.gate_records.places import (
    InterceptionClosed,
    InterceptionReported,
    PartyMemberScreened,
    PartyRecounted,
    PostCheckClosed,
    PostCheckOpened,
)
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.paper_words import PrinterKind
from sync.agreement.place_words import DifferenceReason, PartyKind
from sync.agreement.records import CrossingScreened, EpisodesErased
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode, TravellerCategory
from tests.checkpoint.actions.test_groups import announce, close, cross
from tests.checkpoint.actions.test_slips import enrol
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

POST, TRAIL, GATE = "chot-km15", "duong-mon-hai-ha", "mong-cai"
PLATE = "14B-123.45"


def edge_at(folder, place_id: str) -> Edge:
    """An edge of the same province that stands at another place."""
    folder.mkdir()
    one = Edge(folder)
    one.close()
    standing = msgspec.structs.replace(
        one.settings.edge, edge_id=f"{place_id}-1", point_of_entry_id=place_id, data_dir=str(folder / "d")
    )
    one.settings = msgspec.structs.replace(one.settings, edge=standing)
    one.restart_closed()
    return one


@pytest.fixture
def post(tmp_path) -> Iterator[Edge]:
    one = edge_at(tmp_path / "post", POST)
    yield one
    one.close()


@pytest.fixture
def trail(tmp_path) -> Iterator[Edge]:
    one = edge_at(tmp_path / "trail", TRAIL)
    yield one
    one.close()


def opened(edge: Edge, **fields):
    return edge.about_party(open_check, OpenCheckCommand, **{
        "party_id": str(uuid4()), "lane_id": LANE, "direction": "entry", "vehicle": "coach", "plate": PLATE,
        "declared": 3, "route_from": "Móng Cái", "route_to": "Hà Nội", "route_over": "cao tốc Vân Đồn",
        "driver": "Lý A Sáng", "seal_number": "NP-0071", **fields,
    })  # fmt: skip


def reported(edge: Edge, **fields):
    return edge.about_party(report_interception, ReportCommand, **{
        "party_id": str(uuid4()), "lane_id": LANE, "place_id": TRAIL, "found_at": edge.clock.now.isoformat(),
        "finder": "border_guard", "direction": "entry", "persons": 2, "spot": "mốc 1347, khe suối", **fields,
    })  # fmt: skip


def about(edge: Edge, command, party_id: str, shape, **fields):
    body = msgspec.convert(fields, shape, strict=False)
    return edge.gate.perform(lambda turn: command(turn, party_id, body), officer_ref="canbo").result(10)


def _about_party(self, command, shape, **fields):
    body = msgspec.json.decode(msgspec.json.encode(fields), type=shape)
    return self.gate.perform(lambda turn: command(turn, body), officer_ref="canbo").result(10)


Edge.about_party = _about_party


def pass_through(edge: Edge, number: str) -> str:
    edge.present(number)
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


def bodies(edge: Edge, kind: type) -> list:
    return [body for body in edge.bodies() if isinstance(body, kind)]


def refused_with(code: str):
    return pytest.raises((ActionRefusedError, PlaceError, LaneError), match=code)


def count_of(edge: Edge):
    return edge.gate.parties[LANE].count


def line_of(edge: Edge):
    return party_line(edge.gate.parties[LANE], person=edge.sheet.state.presentation)


def slip_of_the_gate(edge: Edge, post: Edge) -> IssuedSlip:
    """Clear somebody at the gate, tell the post the centre's last word, and return the slip; then there is no link."""
    cleared = pass_through(edge, PASS)
    slip = edge.gate.perform(lambda turn: issue_slip(turn, LANE, cleared, printer=PrinterKind.PDF)).result(10)
    centre = HandCentre()
    enrol(centre, edge, at=edge.clock.now)
    centre.tell(post.gate, at=edge.clock.now)
    post.clock.now = edge.clock.now + timedelta(hours=1)
    return slip


@demand("R082")
def test_each_passenger_of_a_vehicle_is_screened_and_a_slip_of_the_gate_is_verified_without_any_link(edge, post):
    slip = slip_of_the_gate(edge, post)
    post.restart()  # the keys are kept
    party = opened(post)
    post.present(PASS)
    shown = slip_view(post.gate, post.do(take_scan, text=slip.code).slip)
    assert (shown.state, shown.gate, shown.temperature_c) == ("good", GATE, NORMAL_C)
    assert shown.cleared_at == slip.slip.cleared_at
    with refused_with("lane_move_not_allowed"):  # the slip replaces no measurement
        post.do(close_crossing, draft_id=post.draft_id)
    assert post.sheet.state.person.identity.vehicle_plate == PLATE
    post.scan_face(NORMAL_C)
    with_slip = post.draft_id
    post.do(close_crossing, draft_id=with_slip)
    without_slip = pass_through(post, OTHER_PASS)

    members = bodies(post, PartyMemberScreened)
    assert [(one.given_for, one.has_proof_of_passage) for one in members] == [(with_slip, True), (without_slip, False)]
    with refused_with("party_reason_missing"):
        about(post, close_party, party.party_id, ClosePartyCommand)
    closed = about(post, close_party, party.party_id, ClosePartyCommand, reasons=["left_before"])
    assert closed.state is PartyState.CLOSED
    [written] = bodies(post, PostCheckClosed)
    assert (written.declared, written.screened, written.not_screened, written.with_proof) == (3, 2, 1, 1)
    assert written.reasons == (DifferenceReason.LEFT_BEFORE,)
    card, people = party_view(post.gate, party.party_id)
    assert [one.slip and one.slip.point_of_entry_id for one in people] == [GATE, None]
    assert card.count.not_screened == 1
    post.check_chain()


def test_plate_route_and_driver_are_sealed_and_no_open_part_says_them(post):
    party = opened(post)
    [record] = bodies(post, PostCheckOpened)
    assert (record.party_id, record.declared, record.rule_id, record.has_seal) == (
        party.party_id, 3, "site-control-post", True,
    )  # fmt: skip
    [identity] = [one for one in post.identities() if one is not None and one.remarks]
    assert (identity.vehicle_plate, identity.full_name) == (PLATE, "Lý A Sáng")
    assert "cao tốc Vân Đồn" in identity.remarks
    [movement] = bodies(post, ConveyancePresented)
    assert (movement.conveyance_id, movement.occupants) == (record.conveyance_id, 3)
    whole = b"".join(post.journal())
    for said in (PLATE, "Hà Nội", "Lý A Sáng", "NP-0071"):
        assert said.encode() not in whole


def test_a_party_is_found_by_the_beginning_of_its_plate_and_the_export_names_nobody(post):
    opened(post)
    assert [one.plate for one in place_view(post.gate, PartySearch(text="14b12")).parties] == [PLATE]
    assert place_view(post.gate, PartySearch(text="15B")).parties == ()
    assert place_view(post.gate, PartySearch(kind=PartyKind.INTERCEPTION)).parties == ()
    text = parties_csv(place_view(post.gate, PartySearch()).parties)
    assert "post_check,chot-km15" in text
    for said in (PLATE, "Sáng", "Nội"):
        assert said not in text


@demand("R005")
def test_what_may_be_done_at_a_place_follows_from_its_profile(edge, post, trail):
    with refused_with("place_asks_otherwise"):
        opened(edge)
    with refused_with("place_asks_otherwise"):
        opened(trail)
    with refused_with("place_asks_otherwise"):
        reported(post)
    with refused_with("place_asks_otherwise"):
        reported(edge, place_id="van-don")
    with refused_with("place_unknown"):
        reported(edge, place_id="nowhere")
    with refused_with("vehicle_not_here"):
        opened(post, vehicle="flight")
    with refused_with("direction_not_here"):
        opened(post, direction="transit")


def test_a_retry_is_the_same_act_and_a_lane_has_one_party(post):
    party_id = str(uuid4())
    first, again = opened(post, party_id=party_id), opened(post, party_id=party_id)
    assert first.party_id == again.party_id
    assert len(bodies(post, PostCheckOpened)) == 1
    with refused_with("lane_has_party"):
        opened(post)
    about(post, recount, party_id, RecountCommand, declared=4)
    about(post, recount, party_id, RecountCommand, declared=4)
    assert len(bodies(post, PartyRecounted)) == 1
    post.restart()
    assert count_of(post).declared == 4
    about(post, take_to_lane, party_id, TakeCommand, lane_id="lane-2")
    assert set(post.gate.parties) == {"lane-2"}
    about(post, take_to_lane, party_id, TakeCommand, lane_id="")
    opened(post)
    assert set(post.gate.parties) == {LANE}


def test_nobody_who_stands_in_the_lane_is_given_to_another_party(post):
    post.present(PASS)
    with refused_with("party_person_in_lane"):
        opened(post)
    post.scan_face(NORMAL_C)
    post.do(close_crossing, draft_id=post.draft_id)
    party = opened(post)
    post.present(OTHER_PASS)
    with refused_with("party_person_in_lane"):
        about(post, close_party, party.party_id, ClosePartyCommand, reasons=["counted_wrong"])


def test_a_withdrawn_crossing_is_no_longer_counted(post):
    party = opened(post, declared=1)
    crossing_id = pass_through(post, PASS)
    assert party_view(post.gate, party.party_id)[0].count.screened == 1
    post.about(withdraw_crossing, crossing_id, reason="ghi nhầm người")
    count = party_view(post.gate, party.party_id)[0].count
    assert (count.screened, count.not_screened, count.withdrawn) == (0, 1, 1)


@demand("R082")
def test_the_same_person_twice_does_not_fill_the_place_of_somebody_missing(post):
    party = opened(post, declared=2)
    first = pass_through(post, PASS)
    seen_at = post.clock.now
    assert line_of(post).seen_before_at is None
    post.clock.forward(minutes=5)
    post.present(PASS)
    assert line_of(post).seen_before_at == seen_at
    post.scan_face(NORMAL_C)
    again = post.draft_id
    post.do(close_crossing, draft_id=again)
    assert (count_of(post).screened, count_of(post).not_screened, count_of(post).seen_again) == (1, 1, 1)
    with refused_with("party_reason_missing"):
        about(post, close_party, party.party_id, ClosePartyCommand)

    post.about(withdraw_crossing, first, reason="ghi nhầm người")
    assert (count_of(post).screened, count_of(post).seen_again, count_of(post).withdrawn) == (1, 0, 1)
    post.restart()
    pass_through(post, OTHER_PASS)
    about(post, close_party, party.party_id, ClosePartyCommand)
    [written] = bodies(post, PostCheckClosed)
    assert (written.declared, written.screened, written.not_screened) == (2, 2, 0)


def test_people_without_a_document_count_each_and_an_erased_person_is_no_longer_known_again_at_the_lane(trail):
    reported(trail, persons=3)
    for _ in range(2):
        trail.present(None, document={"kind": "none", "document_number": "-", "full_name": "Lò Thị Đào"})
        trail.scan_face(NORMAL_C)
        trail.do(close_crossing, draft_id=trail.draft_id)
    known = pass_through(trail, PASS)
    assert count_of(trail).adds_up
    body = EpisodesErased(
        erasure_id=str(uuid4()), episode_ids=(known,), legal_basis="Luật 91/2025/QH15", requested_by="cdc",
        erased_at=trail.clock.now,
    )  # fmt: skip
    trail.gate.perform(lambda turn: erase_episodes(turn, body)).result(10)
    assert count_of(trail).adds_up
    trail.present(PASS)
    assert line_of(trail).seen_before_at is None


@demand("R007")
@demand("R016")
@demand("R039")
def test_people_found_on_a_closed_trail_are_measured_and_isolated_like_everybody_and_a_legal_crossing_is_not(trail):
    trail.present(PASS)
    assert trail.sheet.assessment.outcome is Outcome.REFUSED
    assert trail.sheet.assessment.redirect_to == GATE
    trail.do(close_crossing, draft_id=trail.draft_id)

    party = reported(trail)
    sheet = trail.present(OTHER_PASS)
    assert sheet.state.person.category is TravellerCategory.ILLEGAL_CROSSING
    assert sheet.assessment.outcome is Outcome.WAIT
    trail.scan_face(RAISED_C)
    sick = trail.draft_id
    closed = trail.do(recheck_person, crossing_id=sick, temperature_c=38.9, site="axillary").closed
    assert (closed.disposition, closed.place_id) == (Disposition.ISOLATED, "C1")

    [record] = bodies(trail, InterceptionReported)
    assert (record.place_id, record.persons, record.finder) == (TRAIL, 2, "border_guard")
    screened = [(one.facts.category, one.disposition) for one in bodies(trail, CrossingScreened)]
    assert screened[0][1] is Disposition.REFUSED
    assert screened[1] == (TravellerCategory.ILLEGAL_CROSSING, Disposition.PENDING)
    [member] = bodies(trail, PartyMemberScreened)
    assert (member.party_id, member.given_for, member.kind) == (party.party_id, sick, PartyKind.INTERCEPTION)
    assert count_of(trail).isolated == 1 or party_view(trail.gate, party.party_id)[0].count.isolated == 1

    healthy = pass_through(trail, PASS)
    codes = {reason.code for reason in bodies(trail, CrossingScreened)[-1].assessment.reasons}
    assert ReasonCode.INTERCEPTED in codes
    assert bodies(trail, CrossingScreened)[-1].crossing_id == healthy
    about(trail, close_party, party.party_id, ClosePartyCommand)
    [ending] = bodies(trail, InterceptionClosed)
    assert (ending.declared, ending.screened, ending.not_screened) == (2, 2, 0)
    trail.check_chain()


def test_people_found_on_a_trail_may_be_brought_to_the_gate(edge):
    reported(edge, persons=1)
    pass_through(edge, PASS)
    [screened] = bodies(edge, CrossingScreened)
    assert (screened.facts.category, screened.facts.direction) == ("illegal_crossing", "entry")


def test_no_officer_calls_somebody_an_illegal_crossing_and_nobody_found_is_called_a_tourist(edge):
    with refused_with("category_needs_interception"):
        edge.present(PASS, category="illegal_crossing")
    edge.present(PASS)
    with refused_with("category_needs_interception"):
        edge.do(change_details, category="illegal_crossing")
    edge.scan_face(NORMAL_C)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    with refused_with("category_needs_interception"):
        edge.about(correct_details, crossing_id, reason="thử đổi loại", category="illegal_crossing")

    reported(edge, persons=1)
    edge.present(OTHER_PASS, category="tourist")
    assert edge.do(change_details, category="tourist").state.person.category is TravellerCategory.ILLEGAL_CROSSING
    edge.scan_face(NORMAL_C)
    found = edge.draft_id
    edge.do(close_crossing, draft_id=found)
    with refused_with("category_needs_interception"):
        edge.about(correct_details, found, reason="thử đổi loại", category="tourist")


def test_an_interception_of_the_future_or_of_long_ago_is_refused(edge):
    for moved_by in (timedelta(hours=1), timedelta(days=-8)):
        with refused_with("found_at_impossible"):
            reported(edge, found_at=(edge.clock.now + moved_by).isoformat())


def test_an_erased_vehicle_keeps_its_count_and_loses_its_plate(post):
    party = opened(post)
    pass_through(post, PASS)
    body = EpisodesErased(
        erasure_id=str(uuid4()), episode_ids=(party.party_id,), legal_basis="Luật 91/2025/QH15", requested_by="cdc",
        erased_at=post.clock.now,
    )  # fmt: skip
    post.gate.perform(lambda turn: erase_episodes(turn, body)).result(10)
    card, people = party_view(post.gate, party.party_id)
    assert (card.plate, card.words.route_to, card.count.screened, len(people)) == ("", "", 1, 1)
    assert post.gate.parties[LANE].party.plate == ""


@demand("R102")
@pytest.mark.parametrize(
    ("place_id", "kind", "number"),
    [("van-don", "flight", "VN0341"), ("cang-cam-pha", "vessel", "HẠ LONG PEARL 08")],
    ids=["airport", "seaport"],
)
def test_an_arrival_is_expected_screened_by_its_list_and_finished(tmp_path, place_id, kind, number):
    port = edge_at(tmp_path / place_id, place_id)
    try:
        conveyance = {"conveyance_id": str(uuid4()), "kind": kind, "number": number, "is_confirmed": True}
        group_id = announce(port, conveyance=conveyance, kind="passengers")

        def board():
            [card] = place_view(port.gate, PartySearch()).arrivals
            assert card.groups == (group_id,)
            return card.count.state, card.count.expected, card.count.screened, card.count.missing

        assert board() == ("expected", 3, 0, 3)
        cross(port, "C1000002")
        assert board() == ("screening", 3, 1, 2)
        [seen] = bodies(port, GroupMemberSeen)
        assert seen.seat == "14D"  # kept for finding who sat nearby
        close(port, group_id, reason="did_not_travel")
        assert board() == ("finished", 3, 1, 2)
        with refused_with("place_asks_otherwise"):
            opened(port)
    finally:
        port.close()


@demand("R007")
def test_a_shift_s_report_counts_who_was_found_apart_from_who_came_by_the_gate(edge):
    legal = pass_through(edge, PASS)
    party = reported(edge, persons=2)
    pass_through(edge, OTHER_PASS)
    about(edge, close_party, party.party_id, ClosePartyCommand, reasons=["taken_to_hospital"])
    with edge.gate.store.readers.connect() as connection:
        report = shift_report(
            connection,
            settings=edge.settings,
            deployment=edge.gate.deployment,
            policy_at=lambda _: edge.gate.policy,
            hours=day_plan(edge.gate).at(edge.clock.now),
            at=edge.clock.now,
        )
    assert legal
    assert (report.total.figures.crossings, report.total.figures.dispositions) == (1, 1)
    assert (report.intercepted.figures.crossings, report.intercepted.figures.cleared) == (1, 1)
    found = report.interceptions
    assert (found.parties, found.declared, found.screened, found.not_screened) == (1, 2, 1, 1)
    assert report.post_checks.parties == 0
    for language in PAPER_LANGUAGES:
        assert report_pdf(report, catalogue=Catalogue.load(language)).startswith(b"%PDF")


def test_a_document_that_a_place_does_not_expect_is_told_and_refused_to_nobody(edge, post):
    paper = {"kind": "visa", "document_number": "V123456", "full_name": "Lò Thị Đào"}
    assert "document_unexpected" in edge.present(None, document=paper).warnings
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    assert "document_unexpected" not in post.present(PASS).warnings
