"""Try every mutant and print one JSON line; 1 if any survives, is stale, or a killer fails without a mutant."""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.catalogue import MUTANTS
from tests.mutants.killers import Mutant, copy_of_sources, judge, notices


def chosen(names: list[str]) -> list[Mutant]:
    """Return the mutants with these names; all where none is named."""
    return [mutant for mutant in MUTANTS if not names or mutant.name in names]


def failing_killers(mutants: list[Mutant], *, workers: int) -> list[str]:
    """Name the killers that find something in the sources as they are: those prove nothing."""
    killers = list({str(mutant.killer): mutant.killer for mutant in mutants}.values())
    with copy_of_sources() as folder, ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda killer: notices(killer, folder=folder), killers))
    return [str(killer) for killer, is_failing in zip(killers, found, strict=True) if is_failing]


def main(arguments: list[str]) -> int:
    """Read the command line, try the mutants, print what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to try (all)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without-baseline", action="store_true", help="trust that the killers pass as things are")
    options = parser.parse_args(arguments)
    mutants = chosen(options.names)
    started = time.perf_counter()
    failing = [] if options.without_baseline else failing_killers(mutants, workers=options.workers)
    with ThreadPoolExecutor(options.workers) as pool:
        verdicts = list(pool.map(judge, mutants))
    killed = [verdict for verdict in verdicts if verdict.outcome == "killed" and verdict.killer not in failing]
    line = {
        "killed": len(killed),
        "total": len(verdicts),
        "killers": {verdict.name: verdict.killer for verdict in killed},
        "survived": [verdict.name for verdict in verdicts if verdict.outcome == "survived"],
        "stale": [verdict.name for verdict in verdicts if verdict.outcome == "stale"],
        "killers_that_fail_anyway": failing,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(line))
    return 0 if len(killed) == len(verdicts) and verdicts else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
