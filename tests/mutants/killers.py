"""What a mutant is, and how a copy of the sources with one fault in it is tried."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("sync", "checkpoint", "central", "devices", "web", "migrations", "deploy", "tests")
FILES = ("pyproject.toml", "docs/requirements.csv")
TIMEOUT_S = 240.0


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """Seeds of the simulation; the first one with a violation notices the fault."""

    first: int
    seeds: int = 40

    def words(self) -> tuple[str, ...]:
        """Return the program's arguments."""
        return (
            "-m",
            "tests.simulation",
            "--first-seed",
            str(self.first),
            "--seeds",
            str(self.seeds),
            "--until-violation",
        )

    def __str__(self) -> str:
        return f"simulation seeds {self.first} to {self.first + self.seeds - 1}"


class Tests(msgspec.Struct, frozen=True, kw_only=True):
    """Tests by their names; the first one that fails notices the fault."""

    __test__ = False

    names: tuple[str, ...]

    def words(self) -> tuple[str, ...]:
        """Return the program's arguments."""
        return ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", *self.names)

    def __str__(self) -> str:
        return " ".join(self.names)


class PowerLoss(msgspec.Struct, frozen=True, kw_only=True):
    """States of the disk after power cuts; the first one that lost something notices the fault."""

    states: int

    def words(self) -> tuple[str, ...]:
        """Return the program's arguments."""
        return ("-m", "tests.powerloss", "--states", str(self.states), "--workers", "1")

    def __str__(self) -> str:
        return f"power loss, {self.states} states"


Killer = Simulation | Tests | PowerLoss


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one file: ``old`` stands there exactly once."""

    path: str
    old: str
    new: str


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, and what must notice it."""

    name: str
    edits: tuple[Edit, ...]
    killer: Killer


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one mutant. ``stale``: its place in the source is not there any more."""

    name: str
    outcome: Literal["killed", "survived", "stale"]
    killer: str
    seconds: float


class StaleMutantError(LookupError):
    """The source no longer has the words that a mutant changes: bring the mutant up to date."""


@contextmanager
def copy_of_sources() -> Iterator[Path]:
    """Copy what Python needs of this checkout to a folder in memory, also what it has compiled already.

    A compiled file is taken for the source of its size and second, so that a changed one is compiled anew.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="kiemdich-mutant-", dir=memory if memory.is_dir() else None) as made:
        folder = Path(made)
        for name in PACKAGES:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("captures", "*.tmp", "*.pyc.*"))
        for name in FILES:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        yield folder


def apply(edit: Edit, *, folder: Path) -> None:
    """Change the copy; raise ``StaleMutantError`` unless the words stand there exactly once."""
    path = folder / edit.path
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    if source.count(edit.old) != 1:
        msg = f"{edit.path} has {source.count(edit.old)} places with {edit.old!r}"
        raise StaleMutantError(msg)
    path.write_text(source.replace(edit.old, edit.new), encoding="utf-8")


def notices(killer: Killer, *, folder: Path) -> bool:
    """Run a killer in a copy; whether it ended with a finding. Hanging for long counts as noticed."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, *killer.words()],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def judge(mutant: Mutant) -> Verdict:
    """Apply one mutant to a fresh copy and see whether its killer notices."""
    started = time.perf_counter()
    with copy_of_sources() as folder:
        try:
            for edit in mutant.edits:
                apply(edit, folder=folder)
            outcome: Literal["killed", "survived", "stale"] = (
                "killed" if notices(mutant.killer, folder=folder) else "survived"
            )
        except StaleMutantError as stale:
            sys.stderr.write(f"{mutant.name}: {stale}\n")
            outcome = "stale"
    seconds = round(time.perf_counter() - started, 1)
    sys.stderr.write(f"{outcome} after {seconds} s: {mutant.name}\n")
    return Verdict(name=mutant.name, outcome=outcome, killer=str(mutant.killer), seconds=seconds)
