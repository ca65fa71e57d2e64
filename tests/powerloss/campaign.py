"""Shift after shift, each cut at every operation, until enough states were judged."""

import os
import time
from collections import Counter
from random import Random

import msgspec

from tests.powerloss.crashes import Disk
from tests.powerloss.recording import Recording
from tests.powerloss.recovery import Judge
from tests.powerloss.shifts import plan_of, record, scratch

VARIANTS = 6
_EXAMPLES = 20
_PRINTED = ("states", "operations", "workloads", "acknowledged_commits", "lost", "violations", "read_wholly", "seconds")


class Figures(msgspec.Struct, kw_only=True):
    """What a campaign came to.

    ``lost`` counts states that miss an acknowledged commit, ``violations`` those with any other fault, and
    ``read_wholly`` those whose every page was read; in the others the pages were those of one that was.
    """

    states: int = 0
    operations: int = 0
    workloads: int = 0
    acknowledged_commits: int = 0
    lost: int = 0
    violations: int = 0
    seconds: float = 0.0
    read_wholly: int = 0
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    examples: list[str] = msgspec.field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Take in what another worker found."""
        for name in (
            "states",
            "operations",
            "workloads",
            "acknowledged_commits",
            "lost",
            "violations",
            "read_wholly",
            "kinds",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds = max(self.seconds, other.seconds)
        self.examples = (self.examples + other.examples)[:_EXAMPLES]

    def summary(self, *, synchronous: str) -> dict[str, object]:
        """What the command prints."""
        figures = {name: getattr(self, name) for name in _PRINTED}
        figures["seconds"] = round(self.seconds, 1)
        figures["states_per_s"] = round(self.states / self.seconds) if self.seconds else 0
        return {**figures, "synchronous": synchronous, "states_by_kind": dict(sorted(self.kinds.items()))}


def run(states: int, *, first_seed: int = 0, stride: int = 1, synchronous: str = "FULL") -> Figures:
    """Judge at least ``states`` states, whole workloads only: seeds from ``first_seed`` in steps of ``stride``."""
    figures, started, seed = Figures(), time.monotonic(), first_seed
    while figures.states < states:
        recording = record(plan_of(seed), seed=seed, synchronous=synchronous)
        judge_all(recording, seed=seed, figures=figures)
        seed += stride
    figures.seconds = time.monotonic() - started
    return figures


def be_quiet() -> None:
    """Let nothing write over a report: library and edge tell of every page and disk that fails here on purpose."""
    for descriptor in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def judge_all(recording: Recording, *, seed: int, figures: Figures, variants: int = VARIANTS) -> None:
    """Cut the power before the first operation and after each, and judge what each cut may leave."""
    chance = Random(seed)
    disk = Disk(recording.initial, operations=recording.operations)
    with scratch() as folder:
        judge = Judge(recording, folder=folder, chance=chance)
        for position in range(len(recording.operations) + 1):
            if position:
                disk.advance()
            for crash in disk.crashes(chance, variants=variants):
                verdict = judge.judge(crash)
                figures.lost += verdict.lost > 0
                figures.violations += bool(verdict.faults)
                if (verdict.lost or verdict.faults) and len(figures.examples) < _EXAMPLES:
                    figures.examples.append(
                        f"seed {seed} ({recording.name}), cut after operation {position}, {crash.how}: "
                        f"{verdict.lost} commits lost; {'; '.join(verdict.faults)}"
                    )
        figures.states += judge.states
        figures.read_wholly += judge.read_wholly
    figures.operations += len(recording.operations)
    figures.workloads += 1
    figures.acknowledged_commits += len(recording.acknowledged)
    figures.kinds[recording.name] += judge.states
