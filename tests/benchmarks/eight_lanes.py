"""Whether an officer feels the seven other lanes of the gate: closing a crossing while eight scanners measure.

Ours: one real edge program with eight lanes, at each a thermal array that sends its frames over a serial line, and
at seven of them one person after the other, presented, measured by the array and passed on. The time of the request
that closes a crossing is measured at the eighth. The floor is the same request at an edge of one lane without a
scanner, before the arrays are switched on. The arrays are simulated on the same processor; so a second officer
closes crossings at the small edge all the while, and ``neighbour_p95_ms`` in the context says what the shared
machine costs. Value and floor are 95th percentiles in milliseconds.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from deploy.demo.simulators import SimulatorControl
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.lane_commit import PASSWORD, EdgeClient, Program, percentile, resident_mb
from tests.checkpoint.edges import ROOT
from tests.services.processes import free_port, wait_until

LANES = 8
CLOSINGS, EVERY_S = 300, 0.15
SECONDS_PER_PERSON = 6.0
_WARM_UP = 40
_STANDS_S, _SKIN_C = 1.2, 36.1
_EDGE = """
[edge]
edge_id = "mong-cai-{lanes}"
point_of_entry_id = "mong-cai"
data_dir = "data"
port = {port}
deployment = "{root}/deploy/provinces/quang-ninh.toml"
is_demo = true
"""
_LANE = """
[[lane]]
lane_id = "{lane_id}"
label = "{lane_id}"
direction = "entry"
devices = [{devices}]
"""
_DEVICE = """
[[device]]
device_id = "array-{lane_id}"
driver = "gy_mcu90640"
url = "serial://{folder}/{lane_id}.tty?baud=115200"
"""
_ARRAY = """
[[device]]
device_id = "array-{lane_id}"
model = "gy_mcu90640"
link = "{folder}/{lane_id}.tty"
rate_hz = 8
seed = {seed}
"""


def run() -> BenchmarkResult:
    """Measure at the small edge alone, then at both while eight arrays measure people."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-eight-") as name, ExitStack() as running:
        small, large = Path(name) / "small", Path(name) / "large"
        one, _ = running.enter_context(_edge(small, lanes=1, has_scanners=False))
        alone_ms = _close(one, neighbour=None)[0]
        running.enter_context(_arrays(large))
        eight, pid = running.enter_context(_edge(large, lanes=LANES, has_scanners=True))
        traffic = running.enter_context(_traffic(eight, folder=large))
        ours_ms, beside_ms = _close(eight, neighbour=one)
        memory_mb, passed_per_min = resident_mb(pid), traffic.per_min()
    ours, beside, alone = (percentile(times_ms, 95) for times_ms in (ours_ms, beside_ms, alone_ms))
    return BenchmarkResult(
        name="eight_lanes",
        value=round(ours, 2),
        unit="ms p95 of closing a crossing at one of eight lanes, less is better",
        floor="the same at an edge of one lane without a scanner",
        floor_value=round(alone, 2),
        aim="at most 1.5 times, under 400 MB",
        context={
            "neighbour_p95_ms": round(beside, 2),
            "ratio_to_neighbour": round(ours / beside, 3),
            "edge_mb": round(memory_mb, 1),
            "passed_per_min_at_the_others": round(passed_per_min, 1),
        },
    )


@contextmanager
def _edge(folder: Path, *, lanes: int, has_scanners: bool) -> Iterator[tuple[int, int]]:
    """A real edge of so many lanes; gives its port and its process number."""
    folder.mkdir(exist_ok=True)
    port, text = free_port(), ""
    for lane_id in _lanes(lanes):
        text += _LANE.format(lane_id=lane_id, devices=f'"array-{lane_id}"' if has_scanners else "")
        text += _DEVICE.format(lane_id=lane_id, folder=folder) if has_scanners else ""
    settings = folder / "edge.toml"
    settings.write_text(_EDGE.format(lanes=lanes, port=port, root=ROOT) + text, encoding="utf-8")
    words = [sys.executable, "-m", "checkpoint", "add-officer", "--settings", str(settings)]
    words += ["--username", "canbo", "--name", "Cán bộ"]
    subprocess.run(words, input=PASSWORD + "\n", text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with Program(["-m", "checkpoint", "serve", "--settings", str(settings)], port=port) as edge:
        yield port, edge.pid


def _lanes(count: int) -> list[str]:
    return [f"lane-{number}" for number in range(1, count + 1)]


@contextmanager
def _arrays(folder: Path) -> Iterator[None]:
    """Eight simulated arrays that write the bytes of the real ones, in a program of their own."""
    folder.mkdir()
    control = folder / "control.sock"
    text = f'control = "{control}"\n'
    for seed, lane_id in enumerate(_lanes(LANES)):
        text += _ARRAY.format(lane_id=lane_id, folder=folder, seed=seed)
    (folder / "arrays.toml").write_text(text, encoding="utf-8")
    words = [sys.executable, "-m", "devices", "simulate", "--config", str(folder / "arrays.toml")]
    with subprocess.Popen(words, cwd=ROOT) as arrays:
        try:
            wait_until(control.exists, timeout_s=20, what="start of the simulated arrays")
            yield
        finally:
            arrays.terminate()


class _OtherLane:
    """An officer and the people at one of the other lanes: presented, measured by the array, passed on.

    As the lane's page does, the officer follows the lane's stream and asks for nothing.
    """

    def __init__(self, lane_id: str, *, port: int, control: SimulatorControl) -> None:
        self.passed = 0
        self._path, self._array = f"/api/lanes/{lane_id}", f"array-{lane_id}"
        self._lane_id, self._control = lane_id, control
        self._officer = EdgeClient(port)
        self._views = self._officer.follow(f"{self._path}/events")

    def work(self, stopping: threading.Event) -> None:
        """Pass one person after the other until told to stop."""
        while not stopping.is_set():
            began_s = time.monotonic()
            self._pass(stopping)
            stopping.wait(max(0.0, SECONDS_PER_PERSON - (time.monotonic() - began_s)))

    def _pass(self, stopping: threading.Event) -> None:
        number = 100_000 + 10_000 * int(self._lane_id[-1]) + self.passed
        _, shown = self._officer.post(f"{self._path}/present", {"text": f"QN {number}", "has_declaration": True})
        draft_id = json.loads(shown)["draft_id"]
        self._control.show(self._array, skin_c=_SKIN_C, duration_s=_STANDS_S)
        for view in self._views:
            if stopping.is_set():
                return
            if view["phase"] == "verdict" and view["draft_id"] == draft_id:
                self._officer.post(f"{self._path}/close", {"draft_id": draft_id})
                self.passed += 1
                return


class _Traffic(msgspec.Struct):
    """What goes on at the other lanes since ``began_s``."""

    lanes: list[_OtherLane]
    began_s: float

    def per_min(self) -> float:
        return sum(lane.passed for lane in self.lanes) * 60 / (time.monotonic() - self.began_s)


@contextmanager
def _traffic(port: int, *, folder: Path) -> Iterator[_Traffic]:
    """Let people pass at all lanes but the first; the measurement begins when each has passed one."""
    stopping, control = threading.Event(), SimulatorControl(folder / "control.sock")
    lanes = [_OtherLane(lane_id, port=port, control=control) for lane_id in _lanes(LANES)[1:]]
    officers = [threading.Thread(target=lane.work, args=(stopping,), daemon=True) for lane in lanes]
    for officer in officers:
        officer.start()
    try:
        wait_until(lambda: all(lane.passed for lane in lanes), timeout_s=120, what="a person passed at each lane")
        for lane in lanes:
            lane.passed = 0
        yield _Traffic(lanes, began_s=time.monotonic())
    finally:
        stopping.set()
        for officer in officers:
            officer.join(10)
        control.close()


def _close(port: int, *, neighbour: int | None) -> tuple[list[float], list[float]]:
    """Close crossings at an edge, and in turn at its neighbour; return the times in milliseconds."""
    officers = [EdgeClient(place) for place in (port, neighbour) if place is not None]
    took_ms: tuple[list[float], list[float]] = ([], [])
    pause = threading.Event()
    for number in range(_WARM_UP + CLOSINGS):
        for officer, times_ms in zip(officers, took_ms, strict=False):
            spent_ms = officer.once() * 1000
            if number >= _WARM_UP:
                times_ms.append(spent_ms)
        pause.wait(EVERY_S)
    return took_ms
