"""A day with every end that a crossing can have: shift reports and daily report say the same."""

from datetime import timedelta

import pytest

from central.actions.freezing import freeze
from central.report.daily_report import decode_report
from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.deciding import except_person
from checkpoint.actions.rechecking import set_aside_person
from checkpoint.actions.releasing import discharge_person
from checkpoint.actions.shifting import day_plan
from tests.central.pushes import push
from tests.central.test_desk_history import centre, clock, journal, reception  # noqa: F401  # fixtures
from tests.checkpoint.actions.test_figures_agree import feverish, passed
from tests.checkpoint.actions.test_places import reported
from tests.checkpoint.actions.test_quotas import come, go_on, quota
from tests.checkpoint.actions.test_shift import Gatehouse
from tests.checkpoint.edges import Edge
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import RAISED_C
from tests.demands import demand

SAME_NAME = (
    "crossings", "measured", "not_measured", "cleared", "isolated", "referred", "refused", "pending", "withdrawn",
)  # fmt: skip


def excepted(edge: Edge, number: int) -> None:
    edge.present(f"QN {200000 + number}")
    edge.do(except_person, draft_id=edge.draft_id, code="infant", age_years=0, reason="Trẻ sơ sinh ngủ")
    go_on(edge)


def aside(edge: Edge, number: int) -> str:
    """Somebody with a raised reading who waits for the recheck."""
    edge.present(f"QN {200000 + number}")
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.do(set_aside_person, draft_id=crossing_id)
    return crossing_id


def morning(edge: Edge) -> None:
    """Cleared, cleared after a recheck, unmeasured, corrected, isolated, discharged in all three ways."""
    passed(edge, 1)
    feverish(edge, 2, recheck_c=36.6)
    excepted(edge, 3)
    edge.about(correct_details, passed(edge, 4), direction="exit", category="tourist", reason="nhầm chiều")
    for number, end in ((5, "cleared"), (6, "refused"), (7, "referred")):
        crossing_id = feverish(edge, number, recheck_c=38.9)
        if end == "referred":
            edge.hand_over(crossing_id)
        else:
            edge.about(discharge_person, crossing_id, disposition=end, destination="về nhà", reason="theo chỉ định")
    for number in (8, 9, 10):  # two places in the room: the third waits for one
        feverish(edge, number, recheck_c=38.9)


def afternoon(edge: Edge) -> None:
    """Withdrawn with and without an alarm, refused, found outside the gate, and two who still wait."""
    edge.about(withdraw_crossing, passed(edge, 11), reason="ghi hai lần")
    edge.about(withdraw_crossing, feverish(edge, 12, recheck_c=36.6), reason="ghi nhầm người")
    reported(edge, persons=2)
    passed(edge, 14)
    passed(edge, 15)
    put_in_force(edge, quota(quota_per_day=1))
    come(edge, 16)
    go_on(edge)
    aside(edge, 17)
    aside(edge, 18)


@pytest.fixture
def gatehouse(tmp_path):
    edge = Edge(tmp_path / "edge")
    yield Gatehouse(edge)
    edge.close()


@demand("R053", "R003")
def test_each_figure_of_the_shifts_of_a_day_is_the_centre_s_figure_of_that_day(
    gatehouse,
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
    clock,  # noqa: F811
):
    edge = gatehouse.edge
    hours = [day_plan(edge.gate).at(edge.clock.now)]
    morning(edge)
    edge.clock.now = hours[0].ends_at + timedelta(minutes=5)
    hours.append(day_plan(edge.gate).at(edge.clock.now))
    afternoon(edge)

    for record in edge.journal():
        journal.append(record)
    clock.now = edge.clock.now + timedelta(minutes=1)
    push(reception, journal)
    day = centre.report_day(edge.clock.now)
    freeze(centre, day, by="cdc", is_early=True)
    report = decode_report(centre.store.reports.content(day, revision=1))

    shifts = [gatehouse.report(one) for one in hours]
    parts = [part.figures for shift in shifts for part in (shift.total, shift.intercepted)]
    of_gate = {name: sum(getattr(part, name) for part in parts) for name in SAME_NAME}
    assert of_gate == {name: getattr(report.totals, name) for name in SAME_NAME}
    assert all(of_gate.values()), "every end was played"
    [gate] = [line for line in report.gates if line.point_of_entry_id == "mong-cai"]
    assert gate.figures == report.totals
    assert sum(part.alarms for part in parts) == report.totals.suspected
    assert sum(sum(part.exceptions.values()) for part in parts) == report.totals.with_exception
    assert sum(part.rechecks for part in parts) == 7
    assert report.totals.confirmed == 6
    assert (report.identities_hold, report.quarantined_records, report.unprojected_records) == (True, 0, 0)
