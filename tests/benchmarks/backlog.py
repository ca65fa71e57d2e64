"""How long a gate that was offline for a month needs to tell it all, and whether its lane feels it.

Ours: the real edge program over a database of 600,000 crossings that nobody has seen, and a served centre
on PostgreSQL. The centre is started last; the clock runs until the edge says that nothing waits. One
officer closes crossings all the while, and in turn with them at a second edge: the same program over a copy
of the same database, without a link. Centre and database stand on another machine than a gate; here they
share its processor and its disk, and take from both edges alike. So what the drain itself costs the lane
is the draining edge against its neighbour, at the same time; what the shared machine costs is the neighbour
against itself before the drain. Floor: 600,000 records in 120 s. The context holds these 95th percentiles
and the edge's memory at a quarter of the way and at the end. ``KIEMDICH_BENCH_CENTRE_IN`` names a folder on
another disk, or in memory, for the centre's database; ``KIEMDICH_BENCH_BACKLOG`` asks for another number
of crossings.
"""

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from checkpoint.settings import load_settings
from checkpoint.store.identity import open_identity
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.lane_commit import EdgeClient, Program, fill, listen_on, percentile, resident_mb, tell
from tests.central.running import RunningCentre
from tests.services.postgres import create_database, temporary_server
from tests.services.processes import free_port

CENTRE_IN = Path(os.environ.get("KIEMDICH_BENCH_CENTRE_IN", "/tmp"))
BACKLOG = int(os.environ.get("KIEMDICH_BENCH_BACKLOG", "600000"))
CLOSINGS_WITHOUT_LINK, EVERY_S, LOOK_EVERY_S = 400, 0.05, 0.5
DRAINED_WITHIN_S = 1800.0
SLOWEST_RATE_PER_S = 5000.0
"""600,000 records in 120 s: what the drain is held against."""


def run() -> BenchmarkResult:
    """Fill two edges, close crossings without a link, start the centre, close crossings during the drain."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-backlog-") as name, temporary_server(CENTRE_IN) as server:
        folder, port = Path(name), free_port()
        (folder / "centre").mkdir()
        (folder / "edge").mkdir()
        give_way(server.pid)
        centre = RunningCentre(folder / "centre", database_url=create_database(server.address))
        fill(folder / "edge", port=port, crossings=BACKLOG)
        neighbour_port = copied(folder / "edge", to=folder / "neighbour")
        introduce(folder / "edge", centre=centre)
        try:
            with (
                Program(serving(folder / "edge"), port=port) as edge,
                Program(serving(folder / "neighbour"), port=neighbour_port),
            ):
                officers = Officers(draining=EdgeClient(port), neighbour=EdgeClient(neighbour_port))
                return drained(officers, centre=centre, port=port, pid=edge.pid)
        finally:
            centre.end()


def serving(folder: Path) -> list[str]:
    return ["-m", "checkpoint", "serve", "--settings", str(folder / "edge.toml")]


def copied(folder: Path, *, to: Path) -> int:
    """Copy an edge that stands still, whole; it gets a port of its own and no link."""
    shutil.copytree(folder, to)
    port = free_port()
    settings = (to / "edge.toml").read_text(encoding="utf-8").replace(str(folder), str(to))
    (to / "edge.toml").write_text(settings, encoding="utf-8")
    listen_on(port, settings_path=to / "edge.toml")
    return port


class Officers:
    """One at the edge that drains, one at the edge beside it that does not: they take turns."""

    def __init__(self, *, draining: EdgeClient, neighbour: EdgeClient) -> None:
        self._clients = {"draining": draining, "neighbour": neighbour}
        self._took_ms: dict[str, list[float]] = {name: [] for name in self._clients}

    def close_one_each(self) -> None:
        for name, client in self._clients.items():
            self._took_ms[name].append(client.once() * 1000)

    def p95_ms(self) -> dict[str, float]:
        """The 95th percentile of each since this was asked last."""
        took_ms, self._took_ms = self._took_ms, {name: [] for name in self._clients}
        tell(f"{len(took_ms['draining'])} crossings at each edge")
        return {name: round(percentile(times_ms, 95), 2) for name, times_ms in took_ms.items()}


def give_way(pid: int) -> None:
    """Let a program of the centre's machine, and what it starts from now on, leave the processor to the edge."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))


def introduce(folder: Path, *, centre: RunningCentre) -> None:
    """Enrol the edge by its key, and tell it where its centre will be."""
    path = folder / "edge.toml"
    settings = load_settings(path)
    public = open_identity(settings.data_path, edge_id=settings.edge.edge_id).public
    words = ("--edge-id", public.edge_id, "--point-of-entry-id", settings.edge.point_of_entry_id)
    done = centre.command("enrol", *words, "--public-key", public.public_key)
    if done.returncode:
        raise RuntimeError(done.stderr)
    link = f'centre_url = "{centre.url}"\ncentre_public_key = "{centre.identity["public_key"]}"\n'
    text = path.read_text(encoding="utf-8").replace("is_demo = true\n", f"is_demo = true\n{link}", 1)
    path.write_text(text, encoding="utf-8")


def drained(officers: Officers, *, centre: RunningCentre, port: int, pid: int) -> BenchmarkResult:
    """Measure the lanes before and during the drain, and the drain itself."""
    for _ in range(CLOSINGS_WITHOUT_LINK):
        officers.close_one_each()
    alone = officers.p95_ms()
    waited_for = pending(port)
    centre.process.start()
    give_way(centre.process.pid)
    began = time.perf_counter()
    memory_mb = close_until_drained(officers, port=port, pid=pid, began=began, waited_for=waited_for)
    took_s = time.perf_counter() - began
    beside = officers.p95_ms()
    return BenchmarkResult(
        name="backlog",
        value=round(took_s, 1),
        unit=f"s for {waited_for} records, less is better",
        floor="600,000 records in 120 s, scaled",
        floor_value=round(waited_for / SLOWEST_RATE_PER_S, 1),
        aim="600,000 records in 60 to 120 s; lane p95 at most 1.5 times its neighbour's; memory flat",
        context={
            "records_per_s": round(waited_for / took_s, 1),
            "lane_p95_ratio_to_neighbour": round(beside["draining"] / beside["neighbour"], 3),
            "neighbour_p95_ratio_to_before": round(beside["neighbour"] / alone["neighbour"], 3),
            "lane_p95_ms": beside["draining"],
            "neighbour_p95_ms": beside["neighbour"],
            "lane_p95_before_ms": alone["draining"],
            "neighbour_p95_before_ms": alone["neighbour"],
            "edge_mb_at_a_quarter": round(memory_mb[0], 1),
            "edge_mb_at_the_end": round(memory_mb[-1], 1),
            "centre_in": str(CENTRE_IN),
        },
    )


def close_until_drained(officers: Officers, *, port: int, pid: int, began: float, waited_for: int) -> list[float]:
    """Close crossings until nothing waits; return the edge's memory from a quarter of the way on."""
    memory_mb: list[float] = []
    waiting, look_at = threading.Event(), began
    while True:
        officers.close_one_each()
        if time.perf_counter() >= look_at:
            look_at = time.perf_counter() + LOOK_EVERY_S
            left = pending(port)
            if left < waited_for * 3 / 4:
                memory_mb.append(resident_mb(pid))
            if left <= 1 and memory_mb:
                return memory_mb
            if time.perf_counter() - began > DRAINED_WITHIN_S:
                message = f"{left} records still wait"
                raise RuntimeError(message)
        waiting.wait(EVERY_S)


def pending(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=30) as answer:
        return json.load(answer)["pending"]
