"""The demonstration's own parts: a script that adds up, papers that check, processes that leave no orphan."""

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoint.documents import read_document
from deploy.demo import arguments, people, ports, shift
from deploy.demo.processes import ProcessError, Program, Supervisor
from tests.services.processes import free_port, wait_until

TODAY = date(2026, 11, 22)
REGISTER = shift.holders(count=60, today=TODAY)
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


def script_of(*, seed: int, count: int = 120) -> list[shift.Traveller]:
    """A shift over the small register."""
    return shift.write_script(seed=seed, count=count, register=REGISTER, today=TODAY)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 400))
def test_whatever_the_seed_the_script_has_everybody_once_and_adds_up(seed: int, count: int) -> None:
    """The expected figures obey the identity that the printed report must obey."""
    script = script_of(seed=seed, count=count)
    figures = shift.expected_figures(script)
    refused_warm = sum(one.fate is shift.Fate.REFUSED and one.clinical_c is not None for one in script)
    ends = ("cleared", "isolated", "referred", "refused", "pending", "withdrawn")
    assert figures["crossings"] == count == sum(figures[end] for end in ends)
    assert figures["suspected"] == figures["confirmed"] + figures["cleared_after_recheck"] + refused_warm
    assert figures["confirmed"] == figures["isolated"] + figures["referred"]


def test_the_same_seed_is_the_same_shift_and_another_seed_another() -> None:
    """``./run --once --seed 7`` twice prints the same figures."""
    assert script_of(seed=7) == script_of(seed=7)
    assert script_of(seed=7) != script_of(seed=8)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_invented_papers_pass_every_check_digit(seed: int) -> None:
    """The issuer here and the parser of the lane were written apart and agree."""
    traveller = script_of(seed=seed, count=4)[0]
    if traveller.mrz:
        document = read_document("\n".join(traveller.mrz), today=TODAY)
        assert {check.verdict for check in document.check_digits} <= {"valid", "absent"}


def test_folding_keeps_a_name_with_every_mark_readable() -> None:
    """Doc 9303 leaves 47 Vietnamese capitals out of its table; the fold covers them."""
    assert people.fold("Nguyễn Thị Ứng Đạt Ỹ") == "NGUYEN THI UNG DAT Y"


def test_a_taken_port_is_passed_over() -> None:
    """Another program on the wished port is no reason to fail."""
    first = free_port()
    with ports.socket.socket() as held:
        held.bind((ports.HOST, first))
        held.listen()
        assert ports.assign(["centre"], first=first)["centre"] > first


@pytest.mark.parametrize(
    "words", [["--travellers", "0"], ["--port", "80"], ["--law", "law-of-the-jungle"], ["--seed", "x"]]
)
def test_a_slip_of_the_pen_is_named_before_anything_starts(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the option and what it takes."""
    with pytest.raises(SystemExit) as stopped:
        arguments.parser().parse_args(words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


def program(folder: Path, code: str, *, name: str = "sleeper") -> Program:
    """A child that runs ``code`` and is ready when it has printed a word."""
    log = folder / f"{name}.log"
    return Program(
        name=name,
        command=[sys.executable, "-c", code],
        log=log,
        is_ready=lambda: log.exists() and bool(log.read_bytes()),
        cwd=folder,
    )


def test_a_killed_child_is_started_again_and_all_end_with_the_supervisor(tmp_path: Path) -> None:
    """kill -9 of a child: a new one comes up; stop() leaves none."""
    said: list[str] = []
    supervisor = Supervisor(announce=said.append)
    sleeper = program(tmp_path, SLEEPER)
    supervisor.bring_up(sleeper, timeout_s=10)
    assert sleeper.process
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)
    sleeper.process.wait()
    wait_until(lambda: supervisor.tick() or sleeper.is_running, timeout_s=10, what="the restart")
    second = sleeper.process.pid
    supervisor.stop()
    assert second != first
    assert "starting it again" in said[0]
    assert not Path(f"/proc/{second}").exists()


def test_a_child_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    """The error says which program, where its log is, and what it said."""
    supervisor = Supervisor(announce=print)
    failing = program(tmp_path, "raise SystemExit('the disk is full')", name="centre")
    failing.is_ready = lambda: False
    with pytest.raises(ProcessError, match=r"(?s)centre ended with code 1.*centre\.log.*the disk is full"):
        supervisor.bring_up(failing, timeout_s=10)


def test_not_even_kill_9_of_the_supervisor_leaves_an_orphan(tmp_path: Path) -> None:
    """The kernel ends the children of a supervisor that is killed."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from deploy.demo.processes import Program, Supervisor\n"
        f"log = Path({str(tmp_path / 'child.log')!r})\n"
        "one = Program(name='child', command=[sys.executable, '-c', 'import os,time; print(os.getpid(), flush=True); "
        "time.sleep(600)'], log=log, is_ready=lambda: log.exists() and bool(log.read_text().strip()), cwd=Path('.'))\n"
        "Supervisor(announce=print).bring_up(one, timeout_s=10)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        assert supervisor.stdout.readline() == "ready\n"
        child = int((tmp_path / "child.log").read_text())
        supervisor.kill()
    wait_until(lambda: not _lives(child), timeout_s=5, what="the end of the child")
    assert not _lives(child)


def _lives(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    time.sleep(0)
    return state != "Z"
