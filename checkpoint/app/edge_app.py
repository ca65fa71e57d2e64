"""What the routes share: the gate, the workers, and who is told when a lane changes."""

import asyncio
from collections import defaultdict
from typing import Protocol

from checkpoint.actions.gate import Gate
from checkpoint.actions.veiling import veiled
from checkpoint.actions.view import LaneView, Surroundings, UplinkView, lane_view
from checkpoint.printing import PrintJob
from checkpoint.workers import Previews
from devices.health import DeviceHealth

PICTURES_WAITING = 2


class Running(Protocol):
    """What the routes need to know of the workers."""

    previews: Previews

    def device_health(self) -> dict[str, DeviceHealth]:
        """Say how each device is."""

    def uplink_view(self) -> UplinkView:
        """Say where the uplink stands."""

    def print_slip(self, job: PrintJob) -> None:
        """Let a slip be printed soon; refuses where the lane has no printer."""


class EdgeApp:
    """Bridges the writer's and the scanners' threads to the event loop. Routes hold this, not the parts."""

    def __init__(self, gate: Gate, *, workers: Running) -> None:
        """Listen from the start; nobody is told before ``attach``."""
        self.gate = gate
        self.workers = workers
        self.is_stopping = asyncio.Event()
        self.picture_turn = asyncio.Semaphore(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._viewers: defaultdict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)
        gate.on_lane_change(self._lane_changed)
        workers.previews.listen(self._picture_came)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell watchers on this loop from now on."""
        self._loop = loop

    def stop_streams(self) -> None:
        """End the open streams; called from the loop's own thread when a signal comes."""
        self.is_stopping.set()
        for watchers in self._watchers.values():
            for event in watchers:
                event.set()

    def lane_view(
        self, lane_id: str, *, officer: str = "", has_last_hour: bool = True, is_locked: bool = False
    ) -> LaneView:
        """Draw one lane as it stands now, with what the head of its screen shows; locked, with nobody in it."""
        around = Surroundings(
            uplink=self.workers.uplink_view(),
            devices=self.workers.device_health(),
            officer=officer,
            has_last_hour=has_last_hour,
        )
        view = lane_view(self.gate, lane_id, around=around)
        return veiled(view) if is_locked else view

    def watch(self, lane_id: str) -> asyncio.Event:
        """Return an event that is set with each change of a lane; hand it back to ``unwatch``."""
        event = asyncio.Event()
        self._watchers[lane_id].add(event)
        return event

    def unwatch(self, lane_id: str, event: asyncio.Event) -> None:
        """Stop telling."""
        self._watchers[lane_id].discard(event)

    def view_pictures(self, lane_id: str) -> "asyncio.Queue[bytes]":
        """Return a short queue of pictures; who reads slowly misses some."""
        pictures: asyncio.Queue[bytes] = asyncio.Queue(PICTURES_WAITING)
        self._viewers[lane_id].add(pictures)
        return pictures

    def leave_pictures(self, lane_id: str, pictures: "asyncio.Queue[bytes]") -> None:
        """Stop sending pictures."""
        self._viewers[lane_id].discard(pictures)

    def _lane_changed(self, lane_id: str) -> None:
        if self._loop is not None and self._watchers[lane_id] and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, lane_id)

    def wake(self, lane_id: str) -> None:
        """Have a lane's watchers look again although the lane is as it was; from the loop's own thread."""
        self._wake(lane_id)

    def _wake(self, lane_id: str) -> None:
        for event in self._watchers[lane_id]:
            event.set()

    def _picture_came(self, lane_id: str, picture: bytes) -> None:
        if self._loop is not None and self._viewers[lane_id] and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._offer, lane_id, picture)

    def _offer(self, lane_id: str, picture: bytes) -> None:
        for pictures in self._viewers[lane_id]:
            if pictures.full():
                pictures.get_nowait()
            pictures.put_nowait(picture)
