"""An order of the province reaches the lane within a minute, and holds there when the link and the centre are gone.

Directive 000, II.1: "có biện pháp kịp thời hạn chế hoặc dừng hoạt động qua lại của cư dân biên giới". The centre
is a process of its own and the order is typed at its command line; the edge's store, link and restart are real.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from checkpoint.actions.deciding import CloseCommand, close_crossing
from checkpoint.actions.gate import Gate
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.centre_link import CentreLink
from sync.agreement.vocabulary import Outcome
from tests.central.running import RunningCentre
from tests.demands import demand
from tests.faults.edges import LANE, Officer, enrol, open_edge, write_settings

pytestmark = pytest.mark.journey

WITHIN_S = 60.0
ORDER = """
id = "orders-07"
version = {version}
kind = "orders"
cite_as = "Công điện 07/CĐ-UBND"
issued_by = "Chủ tịch UBND tỉnh Quảng Ninh"

[title]
vi = "Cư dân biên giới qua Móng Cái"
en = "Border residents at Móng Cái"
zh = "边民经芒街通行"

[[rule]]
kind = "traffic_order"
rule_id = "orders-07-1"
effective_from = 2026-01-01T00:00:00+07:00
{limits}
redirect_to = "hoanh-mo"
applies_to = {{ point_of_entry_ids = ["mong-cai"], categories = ["border_resident"], directions = ["entry"] }}
citation = {{ clause = "mục 2", quote = "hạn chế hoặc dừng hoạt động qua lại của cư dân biên giới" }}
"""


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path, database_url=f"sqlite:///{tmp_path / 'central.db'}")
    running.process.start()
    yield running
    running.end()


def order(centre: RunningCentre, folder: Path, *, version: int, limits: str) -> float:
    """Type the order at the centre; returns the moment at which it was issued (seconds, monotonic)."""
    file = folder / f"order-{version}.toml"
    file.write_text(ORDER.format(version=version, limits=limits), encoding="utf-8")
    issued = centre.command("issue-policy", "--file", str(file), "--issued-by", "chihuy")
    assert issued.returncode == 0, issued.stderr
    return time.monotonic()


def wait_for(gate: Gate, *, version: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not any((one.policy_id, one.version) == ("orders-07", version) for one in gate.policy.references):
        assert time.monotonic() < deadline, "the order did not reach the edge within a minute"
        time.sleep(0.05)


def verdict(gate: Gate, number: str):
    shown = PresentCommand(text=number, has_declaration=True)
    return gate.perform(lambda turn: present_person(turn, LANE, shown), officer_ref="canbo").result(30).assessment


def turn_back(gate: Gate) -> None:
    draft = CloseCommand(draft_id=UUID(gate.sheets[LANE].state.person.crossing_id))
    gate.perform(lambda turn: close_crossing(turn, LANE, draft), officer_ref="canbo").result(30)


@demand("R012", "R017")
def test_directive_000_ii_1_an_order_takes_effect_at_the_lane_within_a_minute_and_offline_afterwards(
    centre: RunningCentre, tmp_path: Path
) -> None:
    path = write_settings(tmp_path, "mong-cai-1", centre=centre)
    enrol(centre, path)
    gate = open_edge(path)
    link = CentreLink(gate)
    link.start()
    try:
        Officer(gate).screen()
        issued_at = order(centre, tmp_path, version=1, limits='state = "restricted"\nquota_per_day = 2')
        wait_for(gate, version=1)
        assert time.monotonic() - issued_at < WITHIN_S
        Officer(gate).screen()
        refused = verdict(gate, "QN 900001")
        assert (refused.outcome, refused.redirect_to) == (Outcome.REFUSED, "hoanh-mo")
        assert refused.reasons[0].citation.document == "Công điện 07/CĐ-UBND"
        turn_back(gate)
        order(centre, tmp_path, version=2, limits='state = "stopped"')
        wait_for(gate, version=2)
    finally:
        link.stop(timeout_s=10)
        gate.store.close()

    centre.process.kill()
    offline = open_edge(path)
    try:
        stopped = verdict(offline, "QN 900002")
    finally:
        offline.store.close()
    assert (stopped.outcome, stopped.redirect_to) == (Outcome.REFUSED, "hoanh-mo")
    assert (stopped.reasons[0].code.value, stopped.reasons[0].citation.clause) == ("traffic_stopped", "mục 2")
