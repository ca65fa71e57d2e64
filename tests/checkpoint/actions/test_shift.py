"""A shift at a real edge: own temperature, handover, roster, figures, and the sheets of paper."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from checkpoint.actions.correcting import correct_details
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.entrusting import BadgeOrder, RosterOrder, carry_out
from checkpoint.actions.erasing import erase_episodes
from checkpoint.actions.paper_lines import enter_line, print_sheets, void_line
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.shift_papers import PAPER_LANGUAGES, _open_points, _Words, report_pdf
from checkpoint.actions.shift_report import shift_report
from checkpoint.actions.shift_view import shift_view
from checkpoint.actions.shifting import (
    CloseShiftCommand,
    EndForCommand,
    OpenCommand,
    close_shift,
    day_plan,
    end_for,
    leftover,
    open_shift,
    take_over,
)
from checkpoint.shifts.roster import RosterError, RosterLine, read_roster
from checkpoint.shifts.sheets import mark_of
from sync.agreement.gate_records.shift import (
    OwnTemperatureTaken,
    ShiftClosed,
    ShiftHandedOver,
    ShiftOpened,
    ShiftTakenOver,
)
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.records import CrossingScreened, EpisodesErased
from tests.checkpoint.edges import LANE, Edge
from tests.demands import demand
from web.stations import Badge


class Gatehouse:
    """Officers at one edge."""

    def __init__(self, edge: Edge):
        self.edge, self.gate = edge, edge.gate

    def act(self, command, officer="canbo", **fields):
        shape = command.__annotations__["command"]
        body = msgspec.convert(fields, shape)
        return self.gate.perform(lambda turn: command(turn, body), officer_ref=officer).result(10)

    def begin(self, officer="canbo", temperature_c=36.6, shift_id=None, lane_id=LANE):
        shift_id = shift_id or str(uuid4())
        given = {"shift_id": shift_id, "lane_id": lane_id, "temperature_c": temperature_c, "site": "ear"}
        body = msgspec.convert(given, OpenCommand)
        return shift_id, self.gate.perform(lambda turn: open_shift(turn, body), officer_ref=officer).result(10)

    def end(self, shift_id, officer="canbo", temperature_c=36.7, notes="", faults=()):
        left = leftover(self.gate, device_faults=faults)
        given = {"shift_id": shift_id, "temperature_c": temperature_c, "site": "ear", "notes": notes}
        body = msgspec.convert(given, CloseShiftCommand)
        return self.gate.perform(lambda turn: close_shift(turn, body, left=left), officer_ref=officer).result(10)

    def take(self, handover_id, officer="truc2"):
        return self.gate.perform(lambda turn: take_over(turn, handover_id), officer_ref=officer).result(10)

    def view(self, officer="canbo"):
        return shift_view(self.gate, username=officer, left=leftover(self.gate, device_faults=()))

    def report(self, hours=None):
        hours = hours or day_plan(self.gate).at(self.edge.clock.now)
        with self.gate.store.readers.connect() as connection:
            return shift_report(
                connection,
                settings=self.gate.settings,
                deployment=self.gate.deployment,
                policy_at=lambda _: self.gate.policy,
                hours=hours,
                at=self.edge.clock.now,
            )

    def sheets(self):
        """Print a sheet some hours before its lines are written."""
        self.edge.clock.forward(hours=-3)
        self.act(print_sheets, block_id=str(uuid4()), sheets=1)
        self.edge.clock.forward(hours=3)

    def void(self, number, *, reason="spoilt"):
        mark = mark_of(number, edge_id=self.gate.identity.edge_id)
        return self.act(void_line, number=number, mark=mark, reason=reason)

    def line(self, number, **fields):
        at = self.edge.clock.now - timedelta(hours=1)
        given = {"entry_id": str(uuid4()), "written_at": at.isoformat(), "lane_id": LANE, "text": f"QN 20{number:04d}"}
        given |= {"mark": mark_of(number, edge_id=self.gate.identity.edge_id)}
        given |= {"number": number, "has_declaration": True, "temperature_c": 36.5}
        return self.act(enter_line, **{**given, **fields})

    def refused(self, **fields):
        with pytest.raises(ActionRefusedError) as refusal:
            self.line(**fields)
        return refusal.value.code


@pytest.fixture
def house(edge):
    return Gatehouse(edge)


@demand("R026")
def test_a_shift_begins_and_ends_with_the_own_temperature_and_both_are_recorded(house):
    shift_id, view = house.begin()
    assert not view.is_raised
    house.end(shift_id, temperature_c=36.9)

    bodies = [body for body in house.edge.bodies() if not isinstance(body, CrossingScreened)]
    assert [type(body) for body in bodies] == [
        ShiftOpened, OwnTemperatureTaken, OwnTemperatureTaken, ShiftHandedOver, ShiftClosed,
    ]  # fmt: skip
    assert [body.temperature_c for body in bodies[1:3]] == [36.6, 36.9]
    house.edge.check_chain()


@demand("R026")
def test_a_raised_own_temperature_is_said_and_recorded_and_closes_no_lane(house):
    _, view = house.begin(temperature_c=38.6)
    assert view.is_raised
    (taken,) = [body for body in house.edge.bodies() if isinstance(body, OwnTemperatureTaken)]
    assert taken.is_raised
    assert taken.limit_c == view.limit_c
    house.edge.present()
    assert house.edge.draft_id, "the lane goes on; a person decides"


def test_beginning_twice_by_the_same_request_is_one_shift_and_another_one_is_refused(house):
    shift_id, _ = house.begin()
    house.begin(shift_id=shift_id)
    assert len(house.view().present) == 1
    with pytest.raises(ActionRefusedError, match="shift_is_open"):
        house.begin()


def test_a_handover_names_what_is_open_and_both_officers_confirm_it(house):
    shift_id, _ = house.begin()
    house.edge.present()
    house.end(shift_id, notes="Người ở phòng 1 chờ phiên dịch", faults=("lane-1-thermal",))
    (waiting,) = house.view("truc2").handovers
    assert (waiting.left.open_drafts, waiting.left.device_faults) == (1, ("lane-1-thermal",))
    assert waiting.notes == "Người ở phòng 1 chờ phiên dịch"

    with pytest.raises(ActionRefusedError, match="own_handover"):
        house.take(waiting.handover_id, officer="canbo")
    house.take(waiting.handover_id)
    house.take(waiting.handover_id)
    with pytest.raises(ActionRefusedError, match="handover_taken"):
        house.take(waiting.handover_id, officer="truc3")

    taken = [e for e in house.edge.envelopes() if e.type == ShiftTakenOver.type_name]
    given = [e for e in house.edge.envelopes() if e.type == ShiftHandedOver.type_name]
    assert ([e.officer_ref for e in given], [e.officer_ref for e in taken]) == (["canbo"], ["truc2"])
    assert house.view().handovers == ()


def test_the_notes_of_a_handover_are_sealed_in_the_journal(house):
    shift_id, _ = house.begin()
    house.end(shift_id, notes="Ông Vũ Văn Thử chờ người nhà")
    assert not any("Vũ Văn Thử".encode() in record for record in house.edge.journal())
    assert [one.remarks for one in house.edge.identities() if one] == ["Ông Vũ Văn Thử chờ người nhà"]


def test_an_erased_handover_keeps_its_confirmations_and_no_word_of_its_notes(house):
    shift_id, _ = house.begin()
    house.end(shift_id, notes="Ông Vũ Văn Thử chờ người nhà")
    (waiting,) = house.view("truc2").handovers
    order = EpisodesErased(
        erasure_id="erasure-1",
        episode_ids=(waiting.handover_id,),
        legal_basis="Luật 91/2025/QH15",
        requested_by="cdc",
        erased_at=house.edge.clock.now,
    )
    house.gate.perform(lambda turn: erase_episodes(turn, order)).result(10)

    (waiting,) = house.view("truc2").handovers
    assert waiting.notes == ""
    house.take(waiting.handover_id)
    assert house.view("truc2").handovers == ()


@demand("R080")
def test_a_lane_for_which_nobody_is_planned_is_named_with_its_hour(house):
    plan, now = day_plan(house.gate), house.edge.clock.now
    hours = plan.at(now)
    after = plan.after(hours)
    lines = tuple(
        RosterLine(day=one.shift_day, shift=one.code, lane_id=lane, username="canbo")
        for one in (hours, after)
        for lane in ("lane-1", "lane-2")
        if (one, lane) != (after, "lane-2")
    )
    assert carry_out(house.gate.store, RosterOrder(lines=lines)).rows == 3
    first = house.view().gaps[0]
    assert (first.lane_id, first.starts_at) == ("lane-2", after.starts_at)
    house.begin()
    (opened,) = [body for body in house.edge.bodies() if isinstance(body, ShiftOpened)]
    assert opened.is_planned


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("day,shift,lane_id,username\n2026-11-22,evening,lane-1,canbo\n", "line 2: there is no shift 'evening'"),
        ("day,shift,lane_id,username\n2026-11-22,morning,lane-9,canbo\n", "line 2: there is no lane 'lane-9'"),
        ("day,shift,lane_id,username\n22/11,morning,lane-1,canbo\n", "line 2"),
        ("day;shift\n", "the first line must be"),
    ],
)
def test_a_roster_with_one_mistake_is_refused_as_a_whole_and_names_the_line(house, text, words):
    with pytest.raises(RosterError, match=words):
        read_roster(text, is_toml=False, plan=day_plan(house.gate), lanes=house.gate.settings.lanes)


def test_a_roster_may_be_written_as_toml(house):
    text = '[[line]]\nday = 2026-11-22\nshift = "night"\nlane_id = "lane-1"\nusername = "canbo"\n'
    (line,) = read_roster(text, is_toml=True, plan=day_plan(house.gate), lanes=house.gate.settings.lanes)
    assert line == RosterLine(day=date(2026, 11, 22), shift="night", lane_id="lane-1", username="canbo")


def test_a_badge_is_given_to_an_officer_alone_and_to_one_officer_only(house):
    order = BadgeOrder(badge=Badge(username="nobody", badge="0042", pin_hash="x"))
    assert "only an officer" in carry_out(house.gate.store, order).fault


@demand("R002")
def test_the_report_counts_each_crossing_once_and_is_printed_without_an_uplink(house):
    edge = house.edge
    for number, temperature_c in (("QN 100123", 36.5), ("QN 100124", 38.4)):
        edge.present(number)
        edge.do(measure_person, temperature_c=temperature_c, device_kind="infrared_thermometer", site="forehead")
        if temperature_c > 38:
            edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")
        else:
            edge.do(close_crossing, draft_id=edge.draft_id)
    report = house.report()
    assert report.total.figures.alarms == 1
    assert report.total.figures.rechecks == 1
    assert report.total.figures.isolated == 1
    assert report.total.figures.dispositions == report.total.figures.crossings
    assert report.gate_names["vi"]
    for language in PAPER_LANGUAGES:
        page = report_pdf(report, catalogue=Catalogue.load(language))
        assert page.startswith(b"%PDF-")
        assert page == report_pdf(report, catalogue=Catalogue.load(language)), "the same report, the same bytes"


def test_shift_hours_are_those_of_viet_nam_and_the_night_belongs_to_its_first_day(house):
    plan = day_plan(house.gate)
    night = plan.at(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    assert (night.shift_day, night.code) == (date(2026, 11, 21), "night")
    assert plan.before(plan.after(night)) == night


@demand("R014")
def test_the_shift_report_says_how_many_experts_went_through_every_step_and_names_each_gap(house):
    edge = house.edge
    whole = {"category": "expert", "purpose": "project_expert", "employer": "Công ty Dệt Thử", "project": "Nhà máy 2"}
    edge.present("QN 200101", **whole)
    edge.scan_face(36.5)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.present("QN 200102")
    edge.scan_face(36.5)
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    edge.about(correct_details, crossing_id, category="expert", reason="nhầm đối tượng")

    experts = house.report().experts
    assert (experts.due, experts.complete) == (2, 1)
    [gap] = experts.gaps
    assert (gap.lane_id, gap.missing) == (LANE, ("employer",))
    printed = _open_points(house.report(), t=_Words(Catalogue.load("vi")))
    [said] = [words for title, words in printed if title == "Chuyên gia (100 %)"]
    assert said.startswith("1 trên 2 lượt đủ các bước, ")
    assert said.endswith("thiếu cơ quan mời và dự án")


def test_the_head_of_the_gate_ends_a_shift_that_its_officer_forgot(house):
    shift_id, _ = house.begin()
    house.edge.clock.forward(hours=14)
    command = EndForCommand(shift_id=UUID(shift_id), reason="quên kết ca, đã về")
    left = leftover(house.gate, device_faults=())
    for _ in range(2):
        house.gate.perform(lambda turn: end_for(turn, command, left=left), officer_ref="truong").result(10)
    assert house.view().own is None
    (handover,) = house.view("truc2").handovers
    assert (handover.given_by, handover.notes) == ("canbo", "quên kết ca, đã về")
    house.take(handover.handover_id)
    bodies = house.edge.bodies()
    assert sum(isinstance(one, ShiftClosed) for one in bodies) == 1
    assert sum(isinstance(one, OwnTemperatureTaken) for one in bodies) == 1, "only that of the beginning"
    assert not any("đã về".encode() in record for record in house.edge.journal())
    assert house.edge.envelopes()[-2].officer_ref == "truong"
    (officer,) = house.report(day_plan(house.gate).at(house.edge.clock.now - timedelta(hours=14))).officers
    assert (officer.username, officer.ended_by, officer.has_handed_over) == ("canbo", "truong", True)
