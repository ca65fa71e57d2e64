"""All checks of the house, each a step with its header, its seconds and one line in the summary.

``./check --quick`` is the inner loop (lint, types, contracts, doctests, unit and property tests);
``./check`` is everything, on real brokers, a real PostgreSQL, real processes and a real browser. The
exit code is 0 only when each step passed. Needs nothing but the standard library to show its help.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy import set_up
from deploy.steps import SetUpError

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PACKAGES = ("devices", "sync", "checkpoint", "central", "web", "deploy")
PYTEST = (PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup", "--doctest-modules", "-q")
SIMULATION_LOG = ROOT / ".cache/simulation.log"
QUICK_MARKS = "not services and not journey and not browser and not slow"


class Step(NamedTuple):
    """One check: a title and what it does. Gives 0 when all is well; never raises for a finding."""

    title: str
    act: Callable[[], int]


class Beside:
    """A step that is begun early and waited for at the end: it has the processor only while no other step wants it.

    Tests wait for browsers, servers and clocks for about a third of their time; the simulation waits for nothing.
    """

    def __init__(self, *command: str, log: Path) -> None:
        """Remember the command, and where its output is kept until the end; nothing runs before ``begin``."""
        self._command = command
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None

    def begin(self) -> int:
        """Start it at the lowest priority there is; 0, since nothing is known yet."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self._running = subprocess.Popen(self._command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        with contextlib.suppress(OSError, AttributeError):  # elsewhere than on Linux it runs as any other program
            os.sched_setscheduler(self._running.pid, os.SCHED_IDLE, os.sched_param(0))
        print("begun; its result stands at the end")
        return 0

    def end(self) -> int:
        """Wait for it and show what it said. What still runs now has the processor for itself."""
        if self._running is None:
            return 1
        code = self._running.wait()
        print(self._log.read_text(encoding="utf-8", errors="replace"), end="", flush=True)
        return code


class Outcome(NamedTuple):
    """How a step went."""

    title: str
    code: int
    seconds: float


def run(*command: str, env: Mapping[str, str] | None = None) -> int:
    """Run one tool with its output on the screen."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, check=False).returncode


def tool(name: str, *arguments: str) -> Callable[[], int]:
    """A step that runs a console program of the virtual environment."""
    return lambda: run(str(Path(PYTHON).parent / name), *arguments)


def module(*arguments: str) -> Callable[[], int]:
    """A step that runs ``python -m ...``."""
    return lambda: run(PYTHON, "-m", *arguments)


def doctest_pages() -> list[str]:
    """The pages whose examples are run."""
    return [name for name in ("README.md", "ARCHITECTURE.md") if (ROOT / name).exists()]


def pytest_step(*more: str, marks: str = "", env: Mapping[str, str] | None = None) -> Callable[[], int]:
    """Unit, property and document tests, chosen by ``marks``; pytest's summary is the end of its output."""
    chosen = ["-m", marks] if marks else []
    paths = ["tests", *PACKAGES, "--doctest-glob=*.md", *doctest_pages()]
    return lambda: run(*PYTEST, *chosen, *paths, *more, env=env)


def system_packages() -> int:
    """Install the servers and the browser that the full check drives, where this user may."""
    missing = set_up.missing_system_packages()
    if not missing:
        print("chromium, mosquitto and postgresql are here")
        return 0
    prefix = set_up.apt_prefix()
    if prefix is None:
        print(f"Not installed: {', '.join(missing)}. As root: apt-get install -y {' '.join(missing)}")
        # PostgreSQL has a fallback in the dev lock; the others make their tests fail, loudly.
        return 0 if missing == ["postgresql"] else 1
    print(f"apt-get install {' '.join(missing)}", flush=True)
    try:
        set_up.apt_install(missing, prefix=prefix)
    except SetUpError as error:
        print(error)
        return 1
    return 0


LINT = (
    Step("lint (ruff check)", tool("ruff", "check", "--quiet", ".")),
    Step("format (ruff format --check)", tool("ruff", "format", "--check", "--quiet", ".")),
    Step("types (mypy --strict)", module("mypy")),
    Step("import contracts (import-linter)", tool("lint-imports", "--no-logo")),
    Step("generated documents (cog)", module("tests.documents", "--check")),
    Step("demands page", module("tests.demands", "--check")),
)


def steps(options: argparse.Namespace) -> list[Step]:
    """The steps that were asked for."""
    if options.quick:
        return [*LINT, Step("tests (quick)", pytest_step(*options.pytest_arguments, marks=QUICK_MARKS))]
    required = {"KIEMDICH_SERVICES_REQUIRED": "1"}
    findings = ("--demands-to", str(ROOT / ".cache/demands.json"))
    simulation = Beside(PYTHON, "-m", "tests.simulation", "--seeds", "5000", "--workers", "2", log=SIMULATION_LOG)
    return [
        Step("system packages (apt)", system_packages),
        Step("simulation begins", simulation.begin),
        *LINT,
        Step("mutants of protocol and store", module("tests.mutants", "--without-baseline", "--workers", "2")),
        Step("tests (everything)", pytest_step("--durations=15", *findings, *options.pytest_arguments, env=required)),
        Step("simulation (5,000 seeds)", simulation.end),
    ]


def perform(chosen: Sequence[Step]) -> list[Outcome]:
    """Do all steps, also after one has failed: a reader wants the whole list at once."""
    outcomes = []
    for number, chosen_step in enumerate(chosen, 1):
        print(f"\n=== {number}/{len(chosen)} {chosen_step.title}", flush=True)
        started = time.monotonic()
        code = chosen_step.act()
        outcomes.append(Outcome(chosen_step.title, code, time.monotonic() - started))
        if number < len(chosen):
            print(f"--- {'passed' if code == 0 else 'FAILED'} in {outcomes[-1].seconds:.1f} s", flush=True)
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line that can be read at a glance.

    >>> summary([Outcome("lint", 0, 1.0), Outcome("types", 1, 61.0)])
    'FAILED after 62 s: types (lint passed)'
    >>> summary([Outcome("lint", 0, 1.0)])
    'PASSED in 1 s: lint'
    """
    seconds = sum(outcome.seconds for outcome in outcomes)
    failed = [outcome.title for outcome in outcomes if outcome.code]
    passed = ", ".join(outcome.title for outcome in outcomes if not outcome.code)
    if failed:
        return f"FAILED after {seconds:.0f} s: {', '.join(failed)}" + (f" ({passed} passed)" if passed else "")
    return f"PASSED in {seconds:.0f} s: {passed}"


def parser() -> argparse.ArgumentParser:
    """The command line of ./check."""
    made = argparse.ArgumentParser(prog="./check", description="Make everything ready, then check everything.")
    made.add_argument("--quick", action="store_true", help="lint, types, contracts, doctests, unit and property tests")
    made.add_argument("pytest_arguments", nargs="*", metavar="-- PYTEST", help="after --: given to pytest (-- -k lane)")
    return made


def main(arguments: list[str]) -> int:
    """Run the checks; 1 if anything failed."""
    outcomes = perform(steps(parser().parse_args(arguments)))
    print(f"\n./check {summary(outcomes)}", flush=True)
    return 1 if any(outcome.code for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
