"""A disk of a few megabytes that is really full: a tmpfs in a mount namespace of this program's own.

``python -m tests.faults.small_disk edge|centre FOLDER`` must be started by ``on_small_disk``, which
mounts the tmpfs on FOLDER. Prints one line of JSON about what the outside saw.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.central.running import RunningCentre, drain
from tests.faults.edges import write_settings
from tests.services.processes import ServerProcess, free_port
from tests.sync.exchange.journals import EdgeJournal, screened

ROOT = Path(__file__).resolve().parent.parent.parent
DISK_MIB = 24
BALLAST_MIB = 6
PASSWORD = "mật-khẩu-thử-9"
MOST_PEOPLE = 2000


def why_not() -> str:
    """Why no small disk can be mounted here; empty if it can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    tried = subprocess.run([*_namespace(), "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no mount namespace may be made here: {tried.stderr.strip()}"


def on_small_disk(what: str, folder: Path) -> dict:
    """Run one story on a small disk mounted on ``folder``, and return what it saw."""
    mount = f'mount -t tmpfs -o size={DISK_MIB}m small "$1" && exec "$2" -m tests.faults.small_disk "$3" "$1"'
    done = subprocess.run(
        [*_namespace(), "sh", "-c", mount, "sh", str(folder), sys.executable, what],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _namespace() -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--mount"]


class Filler:
    """Takes all the space there is, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "somebody-elses-file"

    def fill(self, *, leave_kib: int = 0) -> None:
        """Write until the disk takes no further byte; then give so much back."""
        with self._path.open("ab", buffering=0) as stream:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while stream.write(bytes(size)):
                        pass
        os.truncate(self._path, max(0, self._path.stat().st_size - leave_kib * 1024))

    def free(self) -> None:
        """Give it back."""
        self._path.unlink()


class Lane:
    """An officer at the real web service of a real edge."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.settings = write_settings(folder, "mong-cai-1", port=self.port)
        words = [sys.executable, "-m", "checkpoint", "serve", "--settings", str(self.settings)]
        self.log = Path("/tmp") / f"small-disk-{os.getpid()}.log"
        self.service = ServerProcess(words, port=self.port, log=self.log, env={**os.environ, "PYTHONPATH": str(ROOT)})
        self.saved: list[str] = []
        self._browser = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self._number = 100_000

    def hire(self) -> None:
        """Add the officer's account."""
        words = ["add-officer", "--username", "canbo", "--name", "Cán bộ", "--settings", str(self.settings)]
        command = [sys.executable, "-m", "checkpoint", *words]
        done = subprocess.run(command, input=PASSWORD, text=True, check=False, capture_output=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr

    def sign_in(self) -> None:
        """Begin the shift."""
        answer = self._browser.post("/sign-in", json={"username": "canbo", "password": PASSWORD})
        assert answer.is_success, answer.text
        self._browser.headers["X-CSRF-Token"] = self._browser.get("/api/session").json()["csrf_token"]

    def screen(self) -> httpx.Response:
        """Screen one person; the first answer that is not 200, or the one that says it is saved."""
        seen = self._browser.get("/api/lanes/lane-1/state")
        if seen.status_code == 200 and seen.json()["phase"] == "empty":
            self._number += 1
            seen = self._post("present", {"text": f"QN {self._number}", "has_declaration": True})
        if seen.status_code == 200 and seen.json()["phase"] == "awaiting_reading":
            by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
            seen = self._post("measure", by_hand)
        if seen.status_code == 200:
            draft_id = seen.json()["draft_id"]
            seen = self._post("close", {"draft_id": draft_id})
            if seen.status_code == 200:
                assert seen.json()["saved"]
                self.saved.append(draft_id)
        return seen

    def missing(self) -> list[str]:
        """Of those that were said to be saved, which the edge does not list."""
        listed: set[str] = set()
        before = None
        while True:
            words = {"limit": 100} | ({"before": before} if before else {})
            answer = self._browser.get("/api/crossings", params=words)
            assert answer.status_code == 200, answer.text
            rows = answer.json()["crossings"]
            if not rows:
                return [crossing_id for crossing_id in self.saved if crossing_id not in listed]
            listed |= {row["crossing_id"] for row in rows}
            before = rows[-1]["sequence"]

    def _post(self, word: str, body: dict) -> httpx.Response:
        return self._browser.post(f"/api/lanes/lane-1/{word}", json=body)


def edge(folder: Path) -> dict:
    """Screen on a disk that fills up; then with space again; then after a kill -9 on a full disk."""
    lane, filler = Lane(folder), Filler(folder)
    lane.hire()
    lane.service.start()
    try:
        lane.sign_in()
        for _ in range(3):
            assert lane.screen().status_code == 200
        filler.fill()
        refusal = next(answer for _ in range(MOST_PEOPLE) if (answer := lane.screen()).status_code != 200)
        health = httpx.get(f"http://127.0.0.1:{lane.port}/api/health").status_code
        missing_while_full = lane.missing()
        again = lane.screen().status_code
        filler.free()
        after = [lane.screen().status_code for _ in range(3)]
        filler.fill(leave_kib=256)
        for _ in range(MOST_PEOPLE):
            if lane.screen().status_code != 200:
                break
        lane.service.kill()
        filler.free()
        lane.service.start()
        lane.sign_in()
        return {
            "refusal": [refusal.status_code, refusal.json()["code"]],
            "again": again,
            "health_while_full": health,
            "missing_while_full": missing_while_full,
            "after": after,
            "saved": len(lane.saved),
            "missing": lane.missing(),
            "last": lane.screen().status_code,
            "tracebacks": lane.log.read_text("utf-8").count("Traceback"),
        }
    finally:
        lane.service.kill()
        lane.log.unlink()


def start_again(folder: Path) -> dict:
    """Kill an edge, fill its disk to the last byte, and start it: with its ballast, then without any."""
    lane, filler = Lane(folder), Filler(folder)
    words = lane.settings.read_text("utf-8").replace("[edge]\n", f"[edge]\nballast_mib = {BALLAST_MIB}\n", 1)
    lane.settings.write_text(words, "utf-8")
    lane.hire()
    lane.service.start()
    try:
        lane.sign_in()
        for _ in range(3):
            assert lane.screen().status_code == 200
        step_until(lambda: time.sleep(0.1) or 0.0, lambda: any(folder.rglob("ballast")))
        lane.service.kill()
        filler.fill()
        lane.service.start()
        lane.sign_in()
        first = lane.screen().status_code
        health = httpx.get(f"http://127.0.0.1:{lane.port}/api/health").json()["disk"]["level"]
        lane.service.kill()
        filler.fill()
        command = [sys.executable, "-m", "checkpoint", "serve", "--settings", str(lane.settings)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=30)
        filler.free()
        lane.service.start()
        lane.sign_in()
        return {
            "first": first,
            "level": health,
            "missing": lane.missing(),
            "saved": len(lane.saved),
            "refused": [refused.returncode, refused.stderr],
            "last": lane.screen().status_code,
            "tracebacks": [
                each[-600:] for each in (lane.log.read_text("utf-8") + refused.stderr).split("Traceback")[1:]
            ],
        }
    finally:
        lane.service.kill()
        lane.log.unlink()


def centre(folder: Path) -> dict:
    """Push into a SQLite centre whose disk fills up; then with space again."""
    running, filler = RunningCentre(folder, database_url=f"sqlite:///{folder / 'central.db'}"), Filler(folder)
    journal = EdgeJournal("mong-cai-1")
    running.enrol(journal, gate="mong-cai")
    for number in range(400):
        journal.write(screened(f"c{number}", temperature_c=36.5))
    running.process.start()
    try:
        uplink = running.uplink(journal)
        step_until(uplink.step, lambda: bool(journal.receipts))
        held = journal.receipts[-1].sequence
        filler.fill()
        for number in range(400, 2500):
            journal.write(screened(f"c{number}", temperature_c=36.5))
        step_until(uplink.step, lambda: uplink.state.phase.value == "backing_off")
        refusal, at_most = uplink.state.reason, journal.receipts[-1].sequence
        health = httpx.get(f"{running.url}/api/health").status_code
        filler.free()
        uplink.nudge()
        drain(uplink, journal, stop=threading.Event())
        return {
            "held": held,
            "refusal": refusal,
            "receipted_when_full": at_most,
            "health_while_full": health,
            "verified": running.verified(),
            "written": journal.head().sequence,
            "tracebacks": (folder / "centre.log").read_text("utf-8").count("Traceback"),
        }
    finally:
        running.end()


def step_until(step: Callable[[], float], holds: Callable[[], bool]) -> None:
    """Step without pauses."""
    for _ in range(MOST_PEOPLE):
        if holds():
            return
        step()
    message = "the uplink never came to that"
    raise AssertionError(message)


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps({"edge": edge, "start_again": start_again, "centre": centre}[sys.argv[1]](Path(sys.argv[2]))) + "\n"
    )
