"""``./run`` as a newcomer meets it: one shift, the same figures twice, taken ports, two at once, Ctrl-C."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from deploy.demo.layout import Account
from deploy.demo.officer import sign_in
from tests.demands import demand
from tests.services.processes import free_port, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

FIGURES = [
    "crossings",
    "measured",
    "coverage",
    "suspected",
    "confirmed",
    "cleared_after_recheck",
    "isolated",
    "refused",
    "not_measured",
    "ledger_records",
    "pending",
    "identities_hold",
    "report_day",
    "report_revision",
    "report_pdf",
    "report_json",
]
TRAVELLERS = "60"


@pytest.fixture
def state() -> Iterator[Path]:
    """A short path of its own for databases, keys and control sockets."""
    with tempfile.TemporaryDirectory(prefix="kd-") as folder:
        yield Path(folder) / "site"


def command(*words: str) -> list[str]:
    """``./run`` with the interpreter that the tests use."""
    return [sys.executable, "run", *words]


def play(root: Path, state: Path, *words: str) -> dict[str, object]:
    """Play one shift and read its last line."""
    options = ("--once", "--travellers", TRAVELLERS, "--state", str(state), "--port", str(free_port()), *words)
    done = subprocess.run(command(*options), cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


@demand("R008", "R053")
def test_the_same_shift_twice_gives_the_same_figures_and_a_readable_report(root: Path, state: Path) -> None:
    """Directive 000, II.15: the day's report adds up; coverage is full; the paper and the ledger agree."""
    first = play(root, state, "--seed", "7")
    pages = [page.extract_text() for page in PdfReader(str(first["report_pdf"])).pages]
    printed = json.loads(Path(str(first["report_json"])).read_text(encoding="utf-8"))
    second = play(root, state, "--seed", "7")
    assert list(first) == FIGURES
    assert first == second
    assert (first["crossings"], first["coverage"], first["pending"], first["identities_hold"]) == (60, 1.0, 0, True)
    assert printed["totals"]["crossings"] == 60
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in pages[0]
    assert "KHÔNG CÓ SỐ LIỆU" in pages[0], "gates that no edge serves are named, never printed as zero"


def test_the_older_law_can_be_put_in_force(root: Path, state: Path) -> None:
    """The law pack is a choice of the deployment, not of the code."""
    assert play(root, state, "--law", "law-vn-2020")["identities_hold"] is True


class Demonstration:
    """A running ``./run``, its output so far, and Ctrl-C."""

    def __init__(self, root: Path, state: Path, *, port: int) -> None:
        self.said = ""
        words = command("--state", str(state), "--port", str(port))
        self.process = subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line

    def wait_until_it_serves(self) -> None:
        """Wait for the addresses."""
        wait_until(
            lambda: "Ctrl-C" in self.said or self.process.poll() is not None, timeout_s=120, what="the addresses"
        )
        assert "Ctrl-C" in self.said, self.said

    def press_ctrl_c(self) -> int:
        """What a terminal sends. Each of its programs in turn may take its time to end on a busy machine."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(150)
        self._listener.join(10)
        if self.process.stdout:
            self.process.stdout.close()
        return code


def processes_naming(text: str) -> list[str]:
    """Command lines on this machine that name ``text``."""
    lines = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text in line:
                lines.append(line)
    return lines


def clear_one_by_hand(said: str, state: Path) -> str:
    """Type the first pass that ``./run`` suggests at Móng Cái, as a visitor would, and wait for the verdict."""
    address = re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
    passes = re.findall(r"GTHVN02-TQ \d+", said)
    accounts = json.loads((state / "accounts.json").read_text(encoding="utf-8"))
    officer = next(account for account in accounts if account["role"] == "officer")
    with contextlib.closing(sign_in(address, Account(**officer))) as client:
        client.post("/api/lanes/lane-1/present", json={"text": passes[0]}).raise_for_status()
        view: dict[str, Any] = {}

        def has_verdict() -> bool:
            view.update(client.get("/api/lanes/lane-1/state").raise_for_status().json())
            return view["verdict"] is not None and view["reading"] is not None

        wait_until(has_verdict, timeout_s=30, what="the verdict")
    return str(view["verdict"]["outcome"])


def test_it_serves_on_free_ports_guards_its_folder_and_leaves_nothing_behind(root: Path, state: Path) -> None:
    """The wished port is taken, a second start is refused with a sentence, Ctrl-C ends every process."""
    wished = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", wished))
        taken.listen()
        running = Demonstration(root, state, port=wished)
        running.wait_until_it_serves()
    outcome = clear_one_by_hand(running.said, state)
    addresses = re.findall(r"http://127\.0\.0\.1:\d+/\S+", running.said)
    pages = [
        httpx.get(address, headers={"Accept": "text/html"}, follow_redirects=True, timeout=20) for address in addresses
    ]
    second = subprocess.run(command("--state", str(state)), cwd=root, capture_output=True, text=True, check=False)
    code = running.press_ctrl_c()
    assert outcome in {"cleared", "recheck"}, "the visitor's traveller steps before the scanner by itself"
    assert len(addresses) == 7, running.said
    assert {page.status_code for page in pages} == {200}, "each address leads to a page, if only to sign in"
    assert f":{wished}/" not in running.said
    assert second.returncode == 1
    assert "another demonstration runs in" in second.stderr
    assert code == 130
    assert processes_naming(str(state)) == []


def test_help_needs_no_set_up(root: Path) -> None:
    """The help names every option."""
    done = subprocess.run(command("--help"), cwd=root, capture_output=True, text=True, check=True)
    for option in ("--once", "--seed", "--travellers", "--law", "--state", "--fresh", "--port"):
        assert option in done.stdout
