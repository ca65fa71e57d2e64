"""Run many seeds and print one JSON line; a seed that fails is written to a file and named."""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.chance import seeded_entropy
from tests.simulation.postgresql import server_for_simulation
from tests.simulation.running import Run, laboratory, run_task
from tests.simulation.world import SeedResult

ROOT = Path(__file__).resolve().parent.parent.parent
SEEDS_A_CHUNK, CHUNKS_A_PROCESS = 8, 40
FAILURES = ROOT / ".cache" / "simulation"


def results(options: argparse.Namespace) -> Iterator[SeedResult]:
    """Run the seeds in order of their numbers, on as many processes as asked for."""
    tasks = [(seed, options.steps) for seed in range(options.first_seed, options.first_seed + options.seeds)]
    if options.workers <= 1:
        yield from map(run_task, tasks)
        return
    # A process ends after some hundred seeds: what their databases and clients leave behind goes with it.
    with get_context("spawn").Pool(options.workers, maxtasksperchild=CHUNKS_A_PROCESS) as pool:
        yield from pool.imap(run_task, tasks, chunksize=SEEDS_A_CHUNK)


def commit() -> str:
    """Name the commit that is checked out, where there is one."""
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def keep_failure(result: SeedResult) -> Path:
    """Write a failing seed to a file, with the commit it failed at."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    path = FAILURES / f"seed-{result.seed}.json"
    told = {"commit": commit(), "seed": result.seed, "digest": result.digest, "violations": result.violations}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return path


def run_all(options: argparse.Namespace) -> int:
    """Run, add up, print; 1 if any invariant was violated."""
    started = time.perf_counter()
    steps, faults, digest, violations = 0, Counter[str](), hashlib.sha256(), 0
    for result in results(options):
        steps += result.steps
        faults.update(result.faults)
        digest.update(f"{result.seed} {result.digest}\n".encode())
        if result.violations:
            violations += 1
            print(f"seed {result.seed}: {'; '.join(result.violations)} -> {keep_failure(result)}", file=sys.stderr)
            if options.until_violation:
                break
    seconds = time.perf_counter() - started
    line = {
        "centre_on": "postgresql" if options.postgresql else "sqlite",
        "seeds": options.seeds,
        "first_seed": options.first_seed,
        "steps": steps,
        "faults": dict(sorted(faults.items())),
        "violations": violations,
        "digest": digest.hexdigest(),
        "seconds": round(seconds, 1),
        "seeds_per_s": round(options.seeds / seconds, 2),
    }
    print(json.dumps(line))
    return 1 if violations else 0


def replay(seed: int, *, most_steps: int) -> int:
    """Run one seed and print its whole story."""
    with seeded_entropy(seed):
        run = Run(seed, laboratory=laboratory(), most_steps=most_steps)
        violations = run.whole()
    print("\n".join(run.world.story))
    print(json.dumps({"seed": seed, "steps": run.world.steps, "digest": run.world.digest, "violations": violations}))
    return 1 if violations else 0


def main(arguments: list[str]) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60, help="most steps of one seed before healing")
    parser.add_argument("--until-violation", action="store_true", help="stop after the first seed that fails")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one seed and print every event")
    parser.add_argument("--postgresql", action="store_true", help="the centre on a real PostgreSQL, started for this")
    options = parser.parse_args(arguments)
    with server_for_simulation() if options.postgresql else nullcontext():
        if options.replay is not None:
            return replay(options.replay, most_steps=options.steps)
        return run_all(options)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
