"""The script is played: each inject at its time, noted in the journal at the moment at which it happens.

A traveller waits until the lane is free, as in a queue, and steps up again when the scanner did not see
anybody. What is played is the outside world; what the edge makes of it is the edge's own.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import structlog

from checkpoint.actions.exercising import close_exercise, note_inject, open_exercise, play_order, shown_drill
from checkpoint.actions.gate import Gate
from checkpoint.drill import LineState, Scenario, Timeline
from checkpoint.drill.scenario import Actor, Inject
from checkpoint.drill.travel_papers import passport_lines
from checkpoint.lane import Phase
from checkpoint.rehearsal.site import DrillLane, DrillSite
from checkpoint.rehearsal.stage import Stage
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.workers import Workers
from devices.health import DeviceState
from sync.agreement.local_time import local_date

_log = structlog.get_logger("checkpoint")
_LOOK_S: Final = 0.05
_STEPS_UP_AFTER_S: Final = 0.2
_STEPS_UP_AGAIN_S: Final = 5.0
_SCAN_AGAIN_S: Final = 3.0
_DEVICES_WITHIN_S: Final = 20.0
_PATIENCE_S: Final = 60.0
OPEN: Final = frozenset({LineState.WAITING})


class Player:
    """The outside world of a drill. A companion of the edge: ``begin`` once, ``end`` once."""

    def __init__(
        self,
        site: DrillSite,
        scenario: Scenario,
        *,
        stage: Stage,
        speed: float,
        ends_itself: bool = False,
        on_ready: Callable[["Player"], None] = lambda _player: None,
    ) -> None:
        """``ends_itself``: stop serving once everything was played and is decided, or its time is over."""
        self.site = site
        self.scenario = scenario
        self.standing: dict[str, Inject] = {}
        self.heard: list[Inject] = []
        self.result: Timeline | None = None
        self.trouble: Exception | None = None
        self.stopping = threading.Event()
        self.is_over = threading.Event()
        self._stage = stage
        self._speed = speed
        self._ends_itself = ends_itself
        self._on_ready = on_ready
        self._crowd: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="drill", daemon=True)
        self._gate: Gate
        self._workers: Workers
        self._stop: Callable[[], None]

    def begin(self, gate: Gate, *, workers: Workers, stop: Callable[[], None]) -> None:
        """Start to play on a thread of its own."""
        self._gate, self._workers, self._stop = gate, workers, stop
        self._thread.start()

    def end(self) -> None:
        """Close the drill, whole or broken off, and draw its timeline a last time."""
        self.stopping.set()
        for thread in (self._thread, *self._crowd):
            thread.join(COMMIT_TIMEOUT_S)
        timeline = shown_drill(self._gate).timeline
        if timeline.closed_at is None:
            self._gate.perform(lambda turn: close_exercise(turn, is_whole=False)).result(COMMIT_TIMEOUT_S)
        self.result = shown_drill(self._gate).timeline

    def timeline(self) -> Timeline:
        """Return the timeline as it stands."""
        return shown_drill(self._gate).timeline

    def _run(self) -> None:
        try:
            self._wait_for_devices()
            self._on_ready(self)
            self._play()
        except Exception as error:  # noqa: BLE001  # carried to the command, which ends with its words
            _log.error("drill_failed", error=type(error).__name__, reason=str(error))
            self.trouble = error
            self.is_over.set()
            self._stop()

    def _play(self) -> None:
        gate = self._gate
        gate.perform(lambda turn: open_exercise(turn, self.scenario, speed=self._speed)).result(COMMIT_TIMEOUT_S)
        began_at = datetime.now(UTC)
        for inject in self.scenario.inject:
            due_s = inject.at_s / self._speed - (datetime.now(UTC) - began_at).total_seconds()
            if self.stopping.wait(max(0.0, due_s)):
                return
            self._happen(inject)
        self._wait_for_the_end(began_at)
        for thread in self._crowd:
            thread.join(COMMIT_TIMEOUT_S)
        if not self.stopping.is_set():
            gate.perform(lambda turn: close_exercise(turn, is_whole=True)).result(COMMIT_TIMEOUT_S)
            self.is_over.set()
            _log.info("drill_over", scenario=self.scenario.id)
            if self._ends_itself:
                self._stop()

    def _happen(self, inject: Inject) -> None:
        lane = None if inject.lane is None else self.site.lane(inject.lane)
        if self._ends_itself and inject.traveller is None:
            for each in self.site.lanes:  # a quick script does not overtake played officers
                self._wait_until_free(each)
        if inject.traveller is not None and lane is not None:
            self._wait_until_free(lane)
            self.standing[lane.settings.lane_id] = inject
        lane_id = None if lane is None else lane.settings.lane_id
        self._gate.perform(lambda turn: note_inject(turn, inject.id, lane_id=lane_id)).result(COMMIT_TIMEOUT_S)
        _log.info("inject_played", inject=inject.id, lane_id=lane_id)
        if inject.traveller is not None and lane is not None:
            self._step_up(lane, inject.traveller)
        elif inject.cable is not None and lane is not None:
            device_id = lane.scanner_id if inject.cable.device == "scanner" else lane.reader_id
            self._stage.pull(device_id, for_s=max(1.0, inject.cable.duration_s / self._speed))
        elif inject.order is not None:
            document = inject.order
            self._gate.perform(lambda turn: play_order(turn, document)).result(COMMIT_TIMEOUT_S)
        elif inject.link is not None:
            self._workers.centre_link.play(is_up=inject.link == "restored")
        else:
            self._tell(inject)

    def _tell(self, inject: Inject) -> None:
        """Let the officers hear something, or have a list; played ones answer before the script goes on."""
        if inject.manifest is not None:
            path = self.site.folder / f"{inject.id}.csv"
            path.write_text(inject.manifest.lstrip(), encoding="utf-8")
            _log.info("list_handed_in", inject=inject.id, file=str(path))
        self.heard.append(inject)
        patience = self._patience()
        while self._ends_itself and self._is_open(inject) and not self.stopping.wait(_LOOK_S * 2):
            next(patience)

    def _is_open(self, inject: Inject) -> bool:
        lines = (line for line in self.timeline().lines if line.inject_id == inject.id)
        return any(line.state in OPEN and not line.must_not for line in lines)

    def _step_up(self, lane: DrillLane, actor: Actor) -> None:
        """Let a traveller come to a lane; the next inject does not wait for this one's verdict."""
        thread = threading.Thread(target=self._stand, args=(lane, actor), name=f"drill {lane.scanner_id}", daemon=True)
        self._crowd.append(thread)
        self._lay_down(lane, actor)
        thread.start()

    def _lay_down(self, lane: DrillLane, actor: Actor) -> None:
        """Lay the passport on the reader until the lane knows somebody."""
        lines = passport_lines(actor, today=local_date(self._gate.clock()))
        left_s, patience = 0.0, self._patience()
        while self._phase(lane) is Phase.EMPTY and not self.stopping.is_set():
            next(patience)
            if left_s <= 0:
                self._stage.scan(lane, lines)
                left_s = _SCAN_AGAIN_S
            left_s -= _LOOK_S
            self.stopping.wait(_LOOK_S)

    def _stand(self, lane: DrillLane, actor: Actor) -> None:
        if actor.shows == "nobody" or self.stopping.wait(_STEPS_UP_AFTER_S):
            return
        while self._phase(lane) is Phase.AWAITING_READING and not self.stopping.is_set():
            self._stage.show(lane, heat=actor.shows)
            for _ in range(int(_STEPS_UP_AGAIN_S / _LOOK_S)):
                if self._phase(lane) is not Phase.AWAITING_READING or self.stopping.wait(_LOOK_S):
                    break

    def _wait_until_free(self, lane: DrillLane) -> None:
        patience = self._patience()
        while self._phase(lane) is not Phase.EMPTY and not self.stopping.wait(_LOOK_S):
            next(patience)

    def _patience(self) -> Iterator[None]:
        """Wait for officers as long as they need; played ones that do nothing for a minute are a fault."""
        for _ in range(int(_PATIENCE_S / _LOOK_S)):
            yield
        while not self._ends_itself:
            yield
        msg = "the played officers do not go on: the log of the drill says why"
        raise TimeoutError(msg)

    def _wait_for_the_end(self, began_at: datetime) -> None:
        """Wait until nothing is open any more but what must not be done, or until the script's time is over."""
        longest_s, patience = self.scenario.duration_s, self._patience()
        while not self.stopping.wait(_LOOK_S * 4):
            open_lines = [line for line in self.timeline().lines if line.state in OPEN and not line.must_not]
            if not open_lines or (datetime.now(UTC) - began_at).total_seconds() > longest_s:
                return
            next(patience)

    def _wait_for_devices(self) -> None:
        """Wait until every simulated device is up: the drill begins with all stations at work."""
        for _ in range(int(_DEVICES_WITHIN_S / _LOOK_S)):
            health = self._workers.device_health().values()
            if all(one.state is DeviceState.UP for one in health) or self.stopping.wait(_LOOK_S):
                return
        msg = "the simulated scanners do not come up; the log says why"
        raise TimeoutError(msg)

    def _phase(self, lane: DrillLane) -> Phase:
        return self._gate.sheets[lane.settings.lane_id].state.phase
