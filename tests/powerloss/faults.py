"""A disk that fails at its n-th read, write, truncation or sync, for each n of a shift.

Whatever fails, the edge either refuses ("nothing was written") and goes on, or stops. What it acknowledged
is there when a sound disk opens it again, and also when the power goes at that moment: after a failed
sync, what was written before it may be lost for ever, whatever later syncs say.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from random import Random
from typing import NamedTuple
from unittest.mock import patch

from checkpoint.store import writer as writing
from tests.powerloss.campaign import Figures
from tests.powerloss.crashes import Disk
from tests.powerloss.disk import Fault
from tests.powerloss.recording import Recording, put_files, watched_edge
from tests.powerloss.recovery import BROKEN, Judge
from tests.powerloss.shifts import Plan, Shift, go_back, plan_of, scratch

KINDS = ("read", "write", "short_write", "full", "sync", "truncate")
_COUNTED_AS = {"short_write": "write", "full": "write"}
FOR_EVER = 1_000_000
_RARE = frozenset({"sync", "truncate"})
_CUTS_AFTERWARDS = 6


class Outcome(NamedTuple):
    """What one failing disk came to."""

    recording: Recording
    events: list[str]
    has_failed: bool


def calls_of(plan: Plan, *, seed: int) -> dict[str, int]:
    """Count the calls of each kind in a shift on a sound disk."""
    return _work(plan, seed=seed, fault=None)[1]


def try_fault(plan: Plan, *, seed: int, fault: Fault) -> tuple[Outcome, list[str]]:
    """Work a shift on a disk with this fault; return what is wrong afterwards, [] when nothing is."""
    outcome, _calls = _work(plan, seed=seed, fault=fault)
    wrong = _claims_after_failed_sync(outcome.events)
    recording = outcome.recording
    disk = Disk(recording.initial, operations=recording.operations)
    for _ in recording.operations:
        disk.advance()
    with scratch() as folder:
        judge = Judge(recording, folder=folder, chance=Random(seed))
        for crash in disk.crashes(Random(seed), variants=_CUTS_AFTERWARDS):
            verdict = judge.judge(crash)
            if verdict.lost or verdict.faults:
                wrong.append(f"{crash.how}: {verdict.lost} commits lost; {'; '.join(verdict.faults)}")
    return outcome, wrong


def _work(plan: Plan, *, seed: int, fault: Fault | None) -> tuple[Outcome, dict[str, int]]:
    chance = Random(seed)
    with scratch() as folder, ExitStack() as stack:
        data = folder / "data"
        put_files(data, plan.image.beside)
        put_files(data, plan.image.files)
        stack.enter_context(patch.object(writing, "CHECKPOINT_AFTER_COMMITS", 5))
        witness = stack.enter_context(watched_edge(data, fault=fault))
        witness.commits.extend(plan.image.said)
        with suppress(*BROKEN):
            _persist(plan, Shift(folder, chance=chance))
        beside = witness.files_beside(data, before=plan.image.beside)
        disk = witness.disk
        recording = Recording(
            plan.name,
            plan.work is go_back,
            plan.image.files,
            beside,
            witness.notes,
            list(disk.operations),
            witness.commits,
            witness.acknowledged,
        )
        has_failed = any(event.startswith("failed") for event in disk.events)
        return Outcome(recording, list(disk.events), has_failed), dict(disk.calls)


def _persist(plan: Plan, shift: Shift) -> None:
    """Work as an officer does: after a refusal, try again and go on; a stopped edge is started anew."""
    for _attempt in range(3):
        with suppress(*BROKEN):
            if not shift.edge.gate.store.writer.is_open:
                shift.edge.restart()
            shift.empty_lane()
            plan.work(shift)
            break
    shift.edge.close()


def _claims_after_failed_sync(events: list[str]) -> list[str]:
    """After a failed sync nothing may be acknowledged until the database was opened anew."""
    is_doubtful = False
    for event in events:
        if event == "failed sync":
            is_doubtful = True
        elif event == "opened":
            is_doubtful = False
        elif event == "acknowledged" and is_doubtful:
            return ["a commit was acknowledged after a failed sync"]
    return []


def faults_within(calls: dict[str, int], *, every: int, first: int) -> Iterator[Fault]:
    """Name every n-th fault of each kind, for one call and for ever; of the few syncs and truncations each one."""
    for kind in KINDS:
        count = calls[_COUNTED_AS.get(kind, kind)]
        step, start = (1, 0) if kind in _RARE else (every, first)
        for at_call in range(start, count, step):
            yield from (Fault(kind, at_call, more_calls) for more_calls in (0, FOR_EVER))


def run_faults(*, seeds: range, every: int = 1) -> Figures:
    """Fail each call (or every n-th) of the shifts of these seeds, once and for ever; count what is wrong."""
    figures, started = Figures(), time.monotonic()
    for seed in seeds:
        plan = plan_of(seed)
        calls = calls_of(plan, seed=seed)
        for fault in faults_within(calls, every=every, first=seed % every):
            outcome, wrong = try_fault(plan, seed=seed, fault=fault)
            figures.states += 1
            figures.kinds[fault.kind] += 1
            figures.acknowledged_commits += len(outcome.recording.acknowledged)
            figures.violations += bool(wrong)
            figures.examples += [f"seed {seed} ({plan.name}), {fault}: {each}" for each in wrong[:1]]
    figures.seconds = time.monotonic() - started
    return figures
