"""What eight scanners cost an edge: processor time of the whole program while eight arrays send nine pictures a second.

Ours: one real edge program with eight lanes, at each a thermal array on a serial line of its own: link,
resynchronising decoder, measurement, and a reading kept for whoever stands there two seconds in six. The floor is a
bare loop that waits on the same eight lines and reads the same bytes. The context has the same edge before any array
is switched on. Each is in per cent of one core: processor seconds, those of the system too, by seconds that passed.

Arrays of 32 x 24 need no detectors of faces. What the measurement of eight cameras of 160 x 120 costs with them, each
with a reference body and somebody before it as often, stands in the context too: without links, decoding and edge.
"""

import os
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
import tty
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.demo.simulators import SimulatorControl
from devices.imaging.face_finder import load_face_finder
from devices.imaging.quality_gate import GateLimits
from devices.measurement.correction import ReferenceSetting
from devices.measurement.scene import SceneReader
from devices.reading import ThermalFrame
from devices.simulator.physics import Body, PhysicsScene, ReferenceDisc
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.eight_lanes import LANES, _edge, _lanes
from tests.checkpoint.edges import ROOT
from tests.services.processes import wait_until

RATE_HZ, FRAME_BYTES = 9, 1544
SECONDS, IDLE_SECONDS = 30.0, 8.0
STANDS_S, EVERY_S = 2.0, 6.0
SKIN_C = 35.0
_ARRAY = """
[[device]]
device_id = "array-{lane_id}"
model = "gy_mcu90640"
link = "{folder}/{lane_id}.tty"
rate_hz = {rate_hz}
seed = {seed}
options.physics = true
"""
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def run() -> BenchmarkResult:
    """Measure the edge without arrays, the edge with eight, and then the bare loop on the same lines."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-scanners-") as name:
        folder = Path(name) / "gate"
        with _edge(folder, lanes=LANES, has_scanners=True) as (port, pid):
            idle = _share(pid, seconds=IDLE_SECONDS)
            with _arrays(folder) as control:
                wait_until(lambda: _metric(port, "device_up") == LANES, timeout_s=30, what="eight scanners up")
                _let_stand(control, seconds=EVERY_S)
                before, begun_s = _metric(port, "device_readings_total"), time.monotonic()
                ours = _share(pid, seconds=SECONDS, beside=lambda: _let_stand(control, seconds=SECONDS))
                readings = _metric(port, "device_readings_total") - before
                took_s = time.monotonic() - begun_s
        if readings < 0.7 * LANES * took_s / EVERY_S:
            msg = f"{readings:.0f} readings in {took_s:.0f} s: the arrays were not measured as they should be"
            raise RuntimeError(msg)
        with _arrays(folder):
            floor, pictures_hz = _bare([folder / f"{lane_id}.tty" for lane_id in _lanes(LANES)])
    return BenchmarkResult(
        name="scanners",
        value=round(ours, 2),
        unit="% of a core for eight scanners at nine pictures a second, less is better",
        floor="select and os.read on the same eight lines",
        floor_value=round(floor, 2),
        aim="under 50",
        context={
            "edge_without_scanners": round(idle, 2),
            "readings_per_min": round(60 * readings / took_s, 1),
            "pictures_per_s_on_the_lines": round(pictures_hz, 1),
            "eight_of_160x120_with_detectors": round(_large_arrays(), 2),
        },
    )


@contextmanager
def _arrays(folder: Path) -> Iterator[SimulatorControl]:
    """Eight simulated arrays in a program of their own; gives whoever directs them."""
    socket = folder / "control.sock"
    text = f'control = "{socket}"\n'
    for seed, lane_id in enumerate(_lanes(LANES)):
        text += _ARRAY.format(lane_id=lane_id, folder=folder, seed=seed, rate_hz=RATE_HZ)
    (folder / "arrays.toml").write_text(text, encoding="utf-8")
    words = [sys.executable, "-m", "devices", "simulate", "--config", str(folder / "arrays.toml")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as arrays:
        control = SimulatorControl(socket)
        try:
            wait_until(socket.exists, timeout_s=20, what="start of the simulated arrays")
            yield control
        finally:
            control.close()
            arrays.terminate()
            arrays.wait(10)
            socket.unlink(missing_ok=True)


def _let_stand(control: SimulatorControl, *, seconds: float) -> None:
    """Let somebody stand before every array, time after time, for so long."""
    until_s, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < until_s:
        for lane_id in _lanes(LANES):
            control.show(f"array-{lane_id}", skin_c=SKIN_C, duration_s=STANDS_S)
        pause.wait(min(EVERY_S, max(0.0, until_s - time.monotonic())))


def _large_arrays() -> float:
    """Per cent of a core for eight times the pictures of one camera of 160 x 120, four people one after the other."""
    scene = PhysicsScene(seed=5, reference=ReferenceDisc(set_c=35.0))
    finder, limit = load_face_finder(longer_side_px=160)
    if limit:
        raise RuntimeError(limit)
    reader = SceneReader(reference=ReferenceSetting(set_c=35.0), gate=GateLimits(), finder=finder)
    person, count = Body(core_c=36.9, has_features=True), int(4 * EVERY_S * RATE_HZ)
    used_s = 0.0
    for number in range(count):
        is_there = number / RATE_HZ % EVERY_S < STANDS_S
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=number / RATE_HZ)
        frame = ThermalFrame(
            device_id="bench", observed_at=at, celsius=scene.picture(person if is_there else None).celsius
        )
        begun_s = time.process_time()
        reader.read(frame)
        used_s += time.process_time() - begun_s
    return 100 * LANES * RATE_HZ * used_s / count


def _share(pid: int, *, seconds: float, beside=None) -> float:
    """Per cent of a core that a program used while something else went on, or for so long."""
    used_s, begun_s = _processor_s(pid), time.monotonic()
    if beside is None:
        threading.Event().wait(seconds)
    else:
        beside()
    return 100 * (_processor_s(pid) - used_s) / (time.monotonic() - begun_s)


def _processor_s(pid: int) -> float:
    """Processor seconds of a program with all its threads, in user and system mode: proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _metric(port: int, name: str) -> float:
    """Add up a figure of the edge over its devices."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^kiemdich_{name}\{{[^}}]*\}} (\S+)$", text, re.MULTILINE))


def _bare(paths: list[Path]) -> tuple[float, float]:
    """Wait on all lines and read them, nothing else; per cent of a core, and pictures a second that came."""
    wait_until(lambda: all(path.exists() for path in paths), timeout_s=20, what="the lines")
    lines = [os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) for path in paths]
    for line in lines:
        tty.setraw(line)
    count, used_s, begun_s = 0, time.process_time(), time.monotonic()
    while time.monotonic() - begun_s < IDLE_SECONDS:
        for line in select.select(lines, (), (), 0.2)[0]:
            count += len(os.read(line, 65536))
    used_s, took_s = time.process_time() - used_s, time.monotonic() - begun_s
    for line in lines:
        os.close(line)
    return 100 * used_s / took_s, count / FRAME_BYTES / took_s
