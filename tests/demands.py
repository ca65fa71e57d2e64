"""Which demand is proven by which test.

A test that truly proves a demand of docs/requirements.csv says so::

    @demand("R008")
    def test_a_crossing_without_a_reading_cannot_be_cleared(): ...

``python -m tests.demands`` runs those tests and prints each demand with its tests and their results,
and the demands that have none (``--collect`` skips the running). ``--write`` renews docs/DEMANDS.md and
``--check`` fails when it is stale. Choosing tests: everything after ``--`` goes to pytest.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "docs/requirements.csv"
PAGE = ROOT / "docs/DEMANDS.md"
FINDINGS = ROOT / ".cache/demands.json"
PRIORITIES = {"M": "must", "S": "should", "C": "could"}


class Demand(NamedTuple):
    """One row of docs/requirements.csv: a clause of a directive and what the system must do about it."""

    number: str
    directive: str
    quote_vi: str
    must: str
    priority: str


class UnknownDemandError(ValueError):
    """A test names a demand that docs/requirements.csv does not have: a slip of the pen."""


@cache
def demands() -> Mapping[str, Demand]:
    """All demands by number, in their order."""
    with REQUIREMENTS.open(encoding="utf-8", newline="") as file:
        rows = [
            Demand(row["id"], row["directive"], row["quote_vi"], row["system_must"], row["priority"])
            for row in csv.DictReader(file)
        ]
    return {row.number: row for row in rows}


def demand(*numbers: str) -> pytest.MarkDecorator:
    """Mark a test as proof of these demands; a number that does not exist is refused at import."""
    unknown = [number for number in numbers if number not in demands()]
    if unknown or not numbers:
        msg = f"no such demand: {', '.join(unknown) or '(none named)'}; see docs/requirements.csv"
        raise UnknownDemandError(msg)
    return pytest.mark.demand(*numbers)


# ---------------------------------------------------------------- as a plugin of pytest


def numbers_of(item: pytest.Item) -> list[str]:
    """The demands that a collected test names."""
    return sorted({str(number) for mark in item.iter_markers("demand") for number in mark.args})


def function_of(nodeid: str) -> str:
    """A test without its parameters.

    >>> function_of("tests/test_a.py::test_b[x-1]")
    'tests/test_a.py::test_b'
    """
    return nodeid.partition("[")[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the demands on each test's report; under --demands-only leave the other tests out."""
    proofs = [item for item in items if numbers_of(item)]
    for item in proofs:
        item.user_properties.append(("demands", numbers_of(item)))
    if config.getoption("--demands-only"):
        others = [item for item in items if not numbers_of(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = proofs


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options for ``python -m tests.demands`` and ``./check``."""
    group = parser.getgroup("demands")
    group.addoption("--demands-only", action="store_true", help="run only tests that prove a demand")
    group.addoption("--demands-to", metavar="FILE", help="write which test proves what, and its result, as JSON")


class Recorder:
    """Collects the results of proofs, also from xdist's workers (their reports arrive at the controller)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start with 'not run' for all that was collected."""
        for item in session.items:
            for number in numbers_of(item):
                self.results[number].setdefault(function_of(item.nodeid), "not run")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst result over the phases and parameters of one test."""
        rank = ("not run", "passed", "skipped", "failed")
        for number in dict(report.user_properties).get("demands", ()):
            name = function_of(report.nodeid)
            before = self.results[number].get(name, "not run")
            if report.when == "call" or report.outcome != "passed":
                self.results[number][name] = max(before, report.outcome, key=rank.index)

    def pytest_sessionfinish(self) -> None:
        """Write the findings."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.results, indent=1, sort_keys=True), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record only where asked, and not in xdist's workers."""
    path = config.getoption("--demands-to")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(path)), "demand-recorder")


# ---------------------------------------------------------------- as a command


def collect(*, run: bool, more: Iterable[str] = ()) -> tuple[dict[str, dict[str, str]], int]:
    """Let pytest find (and ``run``) the proofs: results by demand and test, and pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "--demands-only", "--demands-to", str(FINDINGS), "-q", *more]
    if not run:
        command.append("--collect-only")
    FINDINGS.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if not FINDINGS.exists() or (not run and done.returncode not in {0, 5}):
        sys.exit(f"pytest could not collect the tests:\n{done.stdout.decode(errors='replace')[-3000:]}")
    if run and done.returncode not in {0, 5}:
        print(done.stdout.decode(errors="replace")[-6000:])
    return json.loads(FINDINGS.read_text(encoding="utf-8")), done.returncode


def page(results: Mapping[str, Mapping[str, str]]) -> str:
    """docs/DEMANDS.md: which test proves which demand (no results, for those change with the day)."""
    proven = sum(1 for number in demands() if results.get(number))
    lines = [
        "# Demands and their proofs",
        "",
        (
            "Generated by `python -m tests.demands --write`; do not edit. The demands stand in "
            "[requirements.csv](requirements.csv), each with the clause of the directive that makes it. A demand "
            "counts as proven only when a test drives the real thing; `python -m tests.demands` runs those tests."
        ),
        "",
        f"{proven} of {len(demands())} demands have a proof.",
        "",
        "| demand | priority | the system must | proven by |",
        "|---|---|---|---|",
    ]
    for number, row in demands().items():
        tests = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in sorted(results.get(number, ())))
        must = row.must.replace("|", "\\|")
        lines.append(f"| {number} | {PRIORITIES[row.priority]} | {must} | {tests or 'none yet'} |")
    return "\n".join(lines) + "\n"


def show(results: Mapping[str, Mapping[str, str]]) -> None:
    """Print each demand with its tests and results, then those without any."""
    for number, row in demands().items():
        if results.get(number):
            print(f"{number} ({PRIORITIES[row.priority]}) {row.must}")
            for name, result in sorted(results[number].items()):
                print(f"    {result:8} {name}")
    without = [number for number in demands() if not results.get(number)]
    print(f"\n{len(demands()) - len(without)} of {len(demands())} demands have a proof. Without: {', '.join(without)}")


def main(arguments: list[str]) -> int:
    """The command line; the exit code is 0 only when all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.demands", description=__doc__.splitlines()[0])
    parser.add_argument("--collect", action="store_true", help="do not run the tests, only say which there are")
    parser.add_argument("--write", action="store_true", help="renew docs/DEMANDS.md")
    parser.add_argument("--check", action="store_true", help="fail when docs/DEMANDS.md is stale")
    parser.add_argument("pytest_arguments", nargs="*", help="after --: given to pytest")
    options = parser.parse_args(arguments)
    run = not (options.collect or options.write or options.check)
    results, code = collect(run=run, more=options.pytest_arguments)
    if options.write:
        PAGE.write_text(page(results), encoding="utf-8")
    elif options.check:
        if PAGE.read_text(encoding="utf-8") != page(results):
            print("docs/DEMANDS.md is stale: run .venv/bin/python -m tests.demands --write")
            return 1
        print("docs/DEMANDS.md is up to date")
    else:
        show(results)
    return code if run and code != 5 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
