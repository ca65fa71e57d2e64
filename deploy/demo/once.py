"""Play one scripted shift in real processes and print its figures: ``./run --once``."""

import contextlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deploy.demo import services, shift
from deploy.demo.layout import Site
from deploy.demo.officer import Officer, sign_in
from deploy.demo.processes import Supervisor
from deploy.demo.simulators import SimulatorControl
from deploy.demo.site import HOLDER_COUNT, local_today, run_command

DRAIN_TIMEOUT_S = 120.0
PROGRESS_EVERY_S = 5.0
PRINTED_FIGURES = (
    "crossings",
    "measured",
    "coverage",
    "suspected",
    "confirmed",
    "cleared_after_recheck",
    "isolated",
    "refused",
    "not_measured",
)


class ShiftError(RuntimeError):
    """The shift did not come out as scripted; nothing was hidden, the message says where."""


class Shift:
    """The officers of all lanes at work, each in a thread; the caller's thread keeps the processes alive."""

    def __init__(self, site: Site, script: Sequence[shift.Traveller]) -> None:
        """Give each lane its part of the script."""
        self._site = site
        self._troubles: list[BaseException] = []
        self.saved: list[str] = []
        parts: dict[shift.Lane, list[shift.Traveller]] = defaultdict(list)
        for traveller in script:
            parts[traveller.lane].append(traveller)
        controls = {gate: SimulatorControl(site.control_socket(gate)) for gate in shift.EDGES}
        self._officers = {lane: self._officer(lane, controls[lane.gate_id]) for lane in parts}
        self._threads = [
            threading.Thread(target=self._work, args=(officer, parts[lane]), name=officer.place, daemon=True)
            for lane, officer in self._officers.items()
        ]

    def _officer(self, lane: shift.Lane, control: SimulatorControl) -> Officer:
        return Officer(
            lane=lane,
            account=self._site.account("officer"),
            base_url=self._site.url(lane.gate_id),
            control=control,
            on_saved=self.saved.append,
        )

    def _work(self, officer: Officer, part: list[shift.Traveller]) -> None:
        try:
            officer.work(part)
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits, which raises it
            self._troubles.append(error)
        finally:
            officer.leave()

    def play(
        self, supervisor: Supervisor, *, announce: Callable[[str], None], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Let the officers work until every traveller is done; ``meanwhile`` runs between the supervisor's looks."""
        for thread in self._threads:
            thread.start()
        next_word_s = time.monotonic() + PROGRESS_EVERY_S
        while any(thread.is_alive() for thread in self._threads) and not self._troubles:
            supervisor.tick()
            meanwhile()
            time.sleep(0.1)
            if time.monotonic() > next_word_s:
                announce(f"{len(self.saved)} travellers done")
                next_word_s += PROGRESS_EVERY_S
        if self._troubles:
            raise self._troubles[0]


def play_once(site: Site, *, seed: int, travellers: int, announce: Callable[[str], None]) -> dict[str, Any]:
    """Start everything, play the shift, drain, freeze the report, and return the figures of the last line."""
    today = local_today()
    script = shift.write_script(
        seed=seed, count=travellers, register=shift.holders(count=HOLDER_COUNT, today=today), today=today
    )
    supervisor = Supervisor(announce=announce)
    try:
        services.bring_up(supervisor, site)
        announce(f"{travellers} travellers come to {len(shift.LANES)} lanes at {len(shift.EDGES)} gates (seed {seed})")
        Shift(site, script).play(supervisor, announce=announce)
        unsent = drain(site, supervisor)
        figures = close_day(site, unsent=unsent)
    finally:
        supervisor.stop()
    hold_against_script(figures, script)
    return figures


def drain(site: Site, supervisor: Supervisor) -> int:
    """Wait until the centre has every record, and return how many it still lacks (0, or time ran out)."""
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    while True:
        unsent = sum(services.health(site.url(gate))["pending"] for gate in shift.EDGES)
        if not unsent or time.monotonic() > deadline_s:
            return int(unsent)
        supervisor.tick()
        time.sleep(0.1)


def close_day(site: Site, *, unsent: int) -> dict[str, Any]:
    """Freeze the day's report through the centre's command, verify the ledger, and collect the figures."""
    with contextlib.closing(sign_in(site.url("centre"), site.account("command"))) as command:
        report_day = command.get("/api/command/figures").raise_for_status().json()["report_day"]
    pdf, printed = (site.state / f"bao-cao-{report_day}.{kind}" for kind in ("pdf", "json"))
    for kind, path in (("json", printed), ("pdf", pdf)):
        run_command(
            "central",
            "report",
            "--day",
            report_day,
            "--format",
            kind,
            "--out",
            str(path),
            "--now",
            settings=site.centre_settings,
        )
    verified = json.loads(run_command("central", "verify", settings=site.centre_settings).strip().splitlines()[-1])
    return _last_line(
        json.loads(printed.read_text(encoding="utf-8")), verified=verified, unsent=unsent, pdf=pdf, printed=printed
    )


def _last_line(
    report: dict[str, Any], *, verified: dict[str, Any], unsent: int, pdf: Path, printed: Path
) -> dict[str, Any]:
    totals = report["totals"]
    return {name: totals[name] for name in PRINTED_FIGURES} | {
        "ledger_records": verified["ledger_records"],
        "pending": totals["pending"] + unsent,
        "identities_hold": report["identities_hold"],
        "report_day": report["report_day"],
        "report_revision": report["revision"],
        "report_pdf": str(pdf),
        "report_json": str(printed),
    }


def hold_against_script(figures: dict[str, Any], script: Sequence[shift.Traveller]) -> None:
    """Compare the printed figures with what the script alone says they must be."""
    expected = shift.expected_figures(script)
    wrong = {
        name: (figures[name], number)
        for name, number in expected.items()
        if name in figures and figures[name] != number
    }
    if wrong:
        told = ", ".join(f"{name} {found} instead of {number}" for name, (found, number) in wrong.items())
        msg = f"the report does not say what happened at the lanes: {told}"
        raise ShiftError(msg)
