"""A report of a shift that is over asks what the gate knew then: later orders in, what came after it out."""

from datetime import timedelta

import msgspec
from typer.testing import CliRunner

from checkpoint.__main__ import app
from checkpoint.actions.correcting import correct_details
from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.policy_then import PolicyHistory
from checkpoint.actions.shifting import day_plan
from tests.checkpoint.centres import HandCentre, order_text
from tests.checkpoint.edges import OTHER_PASS, PASS
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand

EASED = 'kind = "measurement_duty"\nsteps = ["temperature"]\nreplaces = ["qn-000-experts"]'
AS_BEFORE = 'kind = "measurement_duty"\nsteps = ["temperature"]'


def issue(edge, centre: HandCentre, rule: str, *, version: int) -> None:
    text = order_text(version=version).replace('kind = "traffic_order"', rule).replace('state = "stopped"\n', "")
    centre.issue(text, version=version, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)


def version_then(edge, until) -> int | None:
    policy = PolicyHistory(edge.gate.store, settings=edge.settings, deployment=edge.gate.deployment).at(until)
    return {one.policy_id: one.version for one in policy.references}.get("order-x")


def test_an_order_counts_from_when_the_gate_received_it_and_the_version_of_then_stays(edge):
    centre, morning = HandCentre(), edge.clock.now
    first = edge.clock.forward(seconds=60)
    issue(edge, centre, EASED, version=1)
    second = edge.clock.forward(seconds=86_400)
    issue(edge, centre, AS_BEFORE, version=2)

    assert version_then(edge, morning) is None
    assert version_then(edge, first) == version_then(edge, second - timedelta(seconds=1)) == 1
    assert version_then(edge, second) == 2


def reported_experts(folder, hours) -> dict:
    words = ["--day", str(hours.shift_day), "--shift", hours.code, "--pdf", str(folder / "shift.pdf")]
    told = CliRunner().invoke(app, ["shift-report", *words, "--settings", str(folder / "edge.toml")])
    assert told.exit_code == 0, told.stderr
    return msgspec.json.decode(told.stdout)["experts"]


def an_expert_passes(edge, number: str) -> None:
    edge.present(number)
    crossing_id = edge.draft_id
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=crossing_id)
    edge.about(correct_details, crossing_id, category="expert", reason="nhầm đối tượng")


@demand("R014")
def test_the_command_reports_a_past_shift_by_the_orders_of_then(edge, tmp_path):
    centre, hours = HandCentre(), day_plan(edge.gate).at(edge.clock.now)
    an_expert_passes(edge, PASS)
    before = {"due": 1, "complete": 0}
    told = reported_experts(tmp_path, hours)
    assert told["gaps"][0]["missing"] == ["employer"], "the deployment's own rule"
    assert {key: told[key] for key in before} == before

    edge.clock.forward(seconds=60)
    issue(edge, centre, EASED, version=1)
    assert reported_experts(tmp_path, hours) == told, "an order eases nothing that was owed before it came"

    edge.clock.forward(seconds=60)
    an_expert_passes(edge, OTHER_PASS)
    within = told | {"due": 2, "complete": 1}
    assert reported_experts(tmp_path, hours) == within

    edge.clock.forward(seconds=86_400)
    issue(edge, centre, AS_BEFORE, version=2)
    assert reported_experts(tmp_path, hours) == within
