"""Whole shifts in real processes that are killed in the middle: nothing is lost and nothing is doubled.

The oracle stands outside the system: the script knows what must happen, and the officers note which
crossing each lane acknowledged as saved.
"""

import contextlib
import os
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo import services, shift
from deploy.demo.layout import Site
from deploy.demo.officer import OfficerError
from deploy.demo.once import Shift, close_day, drain, hold_against_script
from deploy.demo.processes import Supervisor
from deploy.demo.site import HOLDER_COUNT, local_today, open_site
from tests.demands import demand

pytestmark = [pytest.mark.journey, pytest.mark.timeout(420)]

TRAVELLERS = 48
VICTIMS = ("edge mong-cai", "broker", "centre", "edge hoanh-mo", "broker", "edge mong-cai", "centre")
"""Who is killed, one after the other, spread over the shift."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A demonstration of its own, on ports of its own, in a short path (control sockets are bounded)."""
    with tempfile.TemporaryDirectory(prefix="kd-") as folder:
        yield open_site(Path(folder) / "site", law="law-vn-2026", first_port=21_000, is_fresh=True, frame_rate_hz=40)


class Executioner:
    """Kills one process after the other while the officers work on."""

    def __init__(self, supervisor: Supervisor, shift_at_work: Shift) -> None:
        """Spread the kills evenly over the shift."""
        self._supervisor, self._shift = supervisor, shift_at_work
        self._due = [((number + 1) * TRAVELLERS // (len(VICTIMS) + 1), name) for number, name in enumerate(VICTIMS)]
        self.killed: list[str] = []

    def strike(self) -> None:
        """Kill the next victim with SIGKILL once enough travellers are through."""
        if not self._due or len(self._shift.saved) < self._due[0][0]:
            return
        _, name = self._due.pop(0)
        program = next(program for program in self._supervisor.programs if program.name == name)
        if program.process and program.is_running:
            os.kill(program.process.pid, signal.SIGKILL)
            self.killed.append(name)


@demand("R002", "R008")
def test_a_shift_survives_kill_9_of_edges_broker_and_centre(site: Site) -> None:
    """Directive 000, II.15: everything is reported, every day, whatever breaks meanwhile."""
    today = local_today()
    register = shift.holders(count=HOLDER_COUNT, today=today)
    script = shift.write_script(seed=11, count=TRAVELLERS, register=register, today=today)
    supervisor = Supervisor(announce=print)
    try:
        services.bring_up(supervisor, site)
        at_work = Shift(site, script)
        executioner = Executioner(supervisor, at_work)
        at_work.play(supervisor, announce=print, meanwhile=executioner.strike)
        figures = close_day(site, unsent=drain(site, supervisor))
        kept = _crossings_at_the_centre(site)
    except OfficerError as error:
        pytest.fail("\n".join([str(error), *(f"{one.name}: {one.last_words()}" for one in supervisor.programs)]))
    finally:
        supervisor.stop()
    assert len(executioner.killed) == len(VICTIMS)
    assert sorted(at_work.saved) == sorted(kept), "each acknowledged crossing is at the centre, once, and no other is"
    assert figures["pending"] == 0
    assert figures["identities_hold"] is True
    hold_against_script(figures, script)


def _crossings_at_the_centre(site: Site) -> list[str]:
    """Read the projection with another SQLite than the one that wrote it."""
    with contextlib.closing(sqlite3.connect(site.state / "centre" / "central.db")) as database:
        return [row[0] for row in database.execute("SELECT crossing_id FROM crossing")]
