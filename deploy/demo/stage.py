"""People for a visitor of ``./run``: who is presented at Móng Cái steps up, and Hoành Mô works by itself.

Without this a visitor would type a pass number and wait for a temperature that nobody brings. At the
second gate scripted officers work at a human pace, so that the desk and the command page live. What
fails here (a visitor working at the same lane, a restart) is tried again; the services never notice.
"""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from deploy.demo import shift
from deploy.demo.layout import Site
from deploy.demo.officer import Officer, OfficerError, sign_in
from deploy.demo.simulators import SimulatorControl, SimulatorError
from deploy.demo.site import HOLDER_COUNT, local_today

VISITORS_GATE = "mong-cai"
STEPS_UP_AFTER_S = 1.2
LOOKS_UP_AGAIN_AFTER_S = 8.0
STANDS_FOR_S = 2.5
LOOK_EVERY_S = 0.5
TRY_AGAIN_AFTER_S = 3.0
PAUSE_S = (5.0, 12.0)
RAISED_OF = 6
"""One in so many people of the visitor's lanes is warm, so that a recheck is soon seen."""
TROUBLES = (httpx.HTTPError, OfficerError, SimulatorError)


class Stage:
    """The people of the demonstration, each lane in a thread that ends with the process."""

    def __init__(self, site: Site) -> None:
        """Prepare; nobody moves before ``start``."""
        self._site = site
        self._rng = random.Random()  # noqa: S311 - who is warm in a demonstration is no secret

    def start(self) -> None:
        """Let people come."""
        for lane in shift.LANES:
            play = self._attend if lane.gate_id == VISITORS_GATE else self._work
            threading.Thread(target=_for_ever, args=(play, lane), name=f"stage {lane.scanner_id}", daemon=True).start()

    def _attend(self, lane: shift.Lane) -> None:
        """Watch a lane; let each person who is presented there step before the scanner."""
        control = SimulatorControl(self._site.control_socket(lane.gate_id))
        with contextlib.closing(sign_in(self._site.url(lane.gate_id), self._site.account("officer"))) as client:
            draft_id, due_s = None, 0.0
            while True:
                view = client.get(f"/api/lanes/{lane.lane_id}/state").raise_for_status().json()
                if view["draft_id"] != draft_id:
                    draft_id, due_s = view["draft_id"], time.monotonic() + STEPS_UP_AFTER_S
                if view["phase"] == "awaiting_reading" and time.monotonic() >= due_s:
                    control.show(lane.scanner_id, skin_c=self._temperature_c(lane), duration_s=STANDS_FOR_S)
                    due_s = time.monotonic() + LOOKS_UP_AGAIN_AFTER_S
                time.sleep(LOOK_EVERY_S)

    def _temperature_c(self, lane: shift.Lane) -> float:
        is_raised = self._rng.randrange(RAISED_OF) == 0
        return round(self._rng.uniform(*(shift.RAISED_C if is_raised else shift.NORMAL_C)[lane.scanner]), 1)

    def _work(self, lane: shift.Lane) -> None:
        """Clear one traveller after the other, at the pace of a quiet day."""
        control = SimulatorControl(self._site.control_socket(lane.gate_id))
        officer = Officer(
            lane=lane,
            account=self._site.account("officer"),
            base_url=self._site.url(lane.gate_id),
            control=control,
            is_fast=False,
        )
        for traveller in self._travellers(lane):
            officer.handle_one(traveller)
            time.sleep(self._rng.uniform(*PAUSE_S))

    def _travellers(self, lane: shift.Lane) -> Iterator[shift.Traveller]:
        today = local_today()
        register = shift.holders(count=HOLDER_COUNT, today=today)
        while True:
            script = shift.write_script(seed=self._rng.randrange(10**9), count=200, register=register, today=today)
            yield from (traveller for traveller in script if traveller.lane == lane)


def _for_ever(play: Callable[[shift.Lane], None], lane: shift.Lane) -> None:
    while True:
        try:
            play(lane)
        except TROUBLES:
            time.sleep(TRY_AGAIN_AFTER_S)
