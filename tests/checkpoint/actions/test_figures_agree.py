"""One truth in figures: shift report, board, list of the day and quota agree, whatever happened to a crossing since."""

from collections import Counter
from datetime import UTC, date, datetime
from io import BytesIO

from pypdf import PdfReader

from checkpoint.actions.board_view import board
from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.day_list import DayCommand, day_list
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.releasing import discharge_person
from checkpoint.actions.shift_papers import report_pdf
from checkpoint.actions.shifting import day_plan
from checkpoint.actions.view import UplinkView
from checkpoint.app import create_app
from checkpoint.workers import Workers
from sync.agreement.deployment import report_period
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.vocabulary import Outcome
from tests.checkpoint.actions.test_places import reported
from tests.checkpoint.actions.test_quotas import come, go_on, quota
from tests.checkpoint.actions.test_shift import Gatehouse
from tests.checkpoint.app.test_handhelds import Phone, Station, put_officer, told
from tests.checkpoint.edges import Edge
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand
from tests.web.serving import served
from tests.web.stage import CHEAP, labels

VI = Catalogue.load("vi")
FIGURES = ("crossings", "measured", "not_measured", "alarms", "refused")


def on_board(edge: Edge):
    return board(edge.gate, devices={}, uplink=UplinkView())


def passed(edge: Edge, number: int) -> str:
    come(edge, number)
    return go_on(edge)


def feverish(edge: Edge, number: int, *, recheck_c: float) -> str:
    edge.present(f"QN {200000 + number}")
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.clock.forward(seconds=30)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=recheck_c, site="ear")
    return crossing_id


def agreed(edge: Edge) -> dict[str, int]:
    report = Gatehouse(edge).report()
    on_report, shown = report.total.figures, on_board(edge).today
    withdrawn = on_report.withdrawn + report.intercepted.figures.withdrawn
    counted = {name: getattr(on_report, name) + getattr(report.intercepted.figures, name) for name in FIGURES}
    counted["crossings"] -= withdrawn
    board_of_today = {name: getattr(shown, name) for name in FIGURES}
    assert counted == board_of_today
    assert board_of_today == {
        name: len(day_list(edge.gate, DayCommand(figure=name), officer_ref="canbo").crossings) for name in FIGURES
    }
    return counted


def test_report_board_and_list_agree_after_withdrawal_correction_alarm_and_interception(edge):
    passed(edge, 1)
    corrected = passed(edge, 2)
    doubled = passed(edge, 2)
    edge.about(correct_details, corrected, direction="exit", reason="nhầm chiều")
    edge.about(withdraw_crossing, doubled, reason="ghi hai lần")
    feverish(edge, 3, recheck_c=36.6)
    wrong = feverish(edge, 4, recheck_c=36.6)
    edge.about(withdraw_crossing, wrong, reason="ghi nhầm người")
    feverish(edge, 5, recheck_c=38.9)
    reported(edge, persons=2)
    passed(edge, 6)
    assert agreed(edge)["crossings"] == 5


def test_a_withdrawn_crossing_is_not_counted_as_one_of_todays_of_this_person(edge):
    passed(edge, 1)
    edge.about(withdraw_crossing, passed(edge, 1), reason="ghi hai lần")
    edge.present("QN 200001")
    assert edge.sheet.crossings_today == 1


def test_who_is_turned_back_from_the_isolation_room_no_longer_takes_a_place_of_the_quota(edge):
    put_in_force(edge, quota(quota_per_day=1))
    crossing_id = feverish(edge, 1, recheck_c=38.9)
    assert come(edge, 2).outcome is Outcome.REFUSED, "somebody in the isolation room has the place"
    go_on(edge)
    edge.about(discharge_person, crossing_id, disposition="refused", destination="Đông Hưng", reason="quay lại")
    assert come(edge, 3).outcome is Outcome.CLEARED
    go_on(edge)
    edge.restart()
    put_in_force(edge, quota(quota_per_day=1))
    assert come(edge, 4).outcome is Outcome.REFUSED, "the same count from the rows"


def test_a_clock_that_was_set_back_makes_no_traveller_quicker_than_at_once(edge):
    edge.present("QN 200001")
    edge.clock.forward(hours=-1)
    edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert (Gatehouse(edge).report().total.seconds_per_traveller, on_board(edge).pace.p50_s) == (0.0, 0.0)


def test_an_act_kept_on_a_handheld_is_counted_and_says_nothing_of_the_seconds_per_traveller(edge):
    put_officer(edge)
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as url:
        station = Station(url)
        phone = Phone(edge, station)
        phone.enrol(station.code())
        phone.take_up()
        kept = phone.act()
        edge.clock.forward(minutes=50)
        assert told(phone.flush(kept)) == [("accepted", "")]
    assert agreed(edge)["crossings"] == 1
    assert (on_board(edge).pace.count, Gatehouse(edge).report().total.figures.handled) == (0, 0)


@demand("R025")
def test_the_shifts_of_two_days_add_up_to_the_report_day_whose_cut_off_lies_within_one(edge):
    house = Gatehouse(edge)
    for hour, many in ((1, 2), (9, 3), (11, 4), (16, 1)):  # 08:05, 16:05, 18:05 and 23:05 local
        edge.clock.now = datetime(2026, 11, 22, hour, 5, tzinfo=UTC)
        for one in range(many):
            edge.present(f"QN 7{hour:02d}{one:03d}")
            edge.do(measure_person, temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
            edge.do(close_crossing, draft_id=edge.draft_id)
            edge.clock.forward(minutes=2)
    plan = day_plan(house.gate)
    shifts = [house.report(hours) for day in (21, 22, 23) for hours in plan.of_day(date(2026, 11, day))]
    by_day = Counter()
    for shift in shifts:
        assert sum(one.figures.crossings for one in shift.report_days) == shift.total.figures.crossings
        for one in shift.report_days:
            by_day[one.report_day] += one.figures.crossings
    for day, many in ((date(2026, 11, 22), 5), (date(2026, 11, 23), 5)):
        period = report_period(day, cut_off_hour=house.gate.deployment.cut_off_hour)
        since, until = (f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for at in period)
        assert by_day[day] == many
        between = f"presented_at >= '{since}' AND presented_at < '{until}'"
        assert edge.rows(f"SELECT count(*) FROM crossing WHERE {between}") == [(many,)]
    afternoon = next(one for one in shifts if one.shift_day == date(2026, 11, 22) and len(one.report_days) == 2)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(report_pdf(afternoon, catalogue=VI))).pages)
    assert "của ngày báo cáo 23/11/2026" in " ".join(text.split())
