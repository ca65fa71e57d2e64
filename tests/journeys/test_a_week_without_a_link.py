"""A gate whose link is cut for a week: it screens, prints each shift, and then tells everything once.

Directive 000, I: "phương châm 4 tại chỗ" (what is needed is on the spot), and II.15: everything is reported. The
week is simulated by the edge's own clock; its store, its uplink and the centre's process are real.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoint.actions.shift_report import ShiftReport, shift_report
from checkpoint.shifts.hours import DayPlan, ShiftHours
from sync.agreement.deployment import load_deployment
from sync.exchange.phases import Phase
from tests.central.running import RunningCentre
from tests.checkpoint.edges import ROOT
from tests.checkpoint.people import HandClock
from tests.checkpoint.sites import CentreBooks, Site
from tests.demands import demand
from tests.faults.edges import enrol, write_settings

pytestmark = pytest.mark.journey

DAYS, A_DAY, RESTARTED_ON = 7, 4, 3


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path, database_url=f"sqlite:///{tmp_path / 'central.db'}")
    running.process.start()
    yield running
    running.end()


@pytest.fixture
def clock() -> HandClock:
    """Nine in the morning at the gate, a week ago."""
    return HandClock((datetime.now(UTC) - timedelta(days=DAYS)).replace(hour=2, minute=0, second=0, microsecond=0))


@pytest.fixture
def site(tmp_path: Path, centre: RunningCentre, clock: HandClock) -> Iterator[Site]:
    path = write_settings(tmp_path, "mong-cai-1", centre=centre)
    enrol(centre, path)
    one = Site(path, centre=centre, clock=clock)
    yield one
    one.stop()


def shift_of(site: Site, clock: HandClock) -> ShiftHours:
    deployment = load_deployment(Path(site.settings.edge.deployment))
    return DayPlan([(one.code, one.minute_of_day) for one in deployment.shifts]).at(clock.now)


def report(site: Site, clock: HandClock) -> ShiftReport:
    deployment = load_deployment(Path(site.settings.edge.deployment))
    with site.gate.store.readers.connect() as connection:
        return shift_report(
            connection,
            settings=site.settings,
            deployment=deployment,
            policy_at=lambda _: site.gate.policy,
            hours=shift_of(site, clock),
            at=clock.now,
        )


def printed(site: Site, hours: ShiftHours, *, folder: Path) -> tuple[dict, bytes]:
    """Print a shift by the command, while the edge stands open and without any link."""
    page = folder / "shift.pdf"
    words = ["--day", str(hours.shift_day), "--shift", hours.code, "--pdf", str(page)]
    command = [
        sys.executable,
        "-m",
        "checkpoint",
        "shift-report",
        *words,
        "--settings",
        str(folder / "mong-cai-1.toml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout), page.read_bytes()


@demand("R002")
def test_directive_000_i_a_gate_cut_off_for_a_week_screens_and_prints_and_tells_everything_once(
    site: Site, centre: RunningCentre, clock: HandClock, tmp_path: Path
) -> None:
    site.drain()
    centre.process.kill()
    for day in range(DAYS):
        site.screen(A_DAY)
        site.uplink.step()
        assert site.uplink.state.phase is not Phase.IDLE
        assert report(site, clock).total.figures.crossings == A_DAY
        if day == RESTARTED_ON:
            site.stop()
            site.start()
        last = shift_of(site, clock)
        clock.forward(days=1)
    assert site.pending >= DAYS * A_DAY
    figures, page = printed(site, last, folder=tmp_path)
    assert figures["total"]["figures"]["crossings"] == A_DAY
    assert page.startswith(b"%PDF-")

    centre.process.start()
    site.drain()

    books = CentreBooks(tmp_path / "central.db")
    assert [books.held()[record] for record in site.acknowledged] == [1] * (DAYS * A_DAY)
    shown, counted = books.counted()
    assert shown == counted == DAYS * A_DAY
    days = {row[0] for row in books.rows("SELECT DISTINCT report_day FROM crossing")}
    assert len(days) == DAYS, "each crossing counts in the day on which it was"
    centre.verified()
