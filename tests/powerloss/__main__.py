"""Cut the power at every operation of an edge's shifts and count what is lost: nothing may be.

    python -m tests.powerloss --states 200000
    python -m tests.powerloss --states 2000 --synchronous NORMAL    # must fail: the test has teeth
    python -m tests.powerloss --faults 8                    # eight shifts on a disk that fails at the n-th call, each n
    python -m tests.powerloss --bit-flips 2000                      # one bit of the database or its log turns over

Prints one line of JSON and ends with 1 if an acknowledged commit was lost or anything else was wrong.
What is wrong is told on the error output, with the seed that repeats it.
"""

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec

from tests.powerloss.campaign import Figures, be_quiet
from tests.powerloss.shares import cut_share, fault_share, flip_share


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 when something was lost or violated."""
    options = _parser().parse_args(arguments)
    figures = _carried_out(options)
    for example in figures.examples:
        print(example, file=sys.stderr)
    print(msgspec.json.encode(figures.summary(synchronous=options.synchronous)).decode())
    return 1 if figures.lost or figures.violations else 0


def _carried_out(options: argparse.Namespace) -> Figures:
    """Share the work among the workers, each with seeds of its own."""
    workers = range(options.workers)
    if options.faults:
        words = [{"first_seed": options.seed + n, "shifts": options.faults, "stride": len(workers)} for n in workers]
        return _shared(fault_share, words)
    if options.bit_flips:
        share = -(-options.bit_flips // len(workers))
        return _shared(flip_share, [{"count": share, "seed": options.seed + n} for n in workers])
    words = {"states": -(-options.states // len(workers)), "stride": len(workers), "synchronous": options.synchronous}
    return _shared(cut_share, [{**words, "first_seed": options.seed + n} for n in workers])


def _shared(work: Callable[[dict], Figures], words: list[dict]) -> Figures:
    figures = Figures()
    with ProcessPoolExecutor(len(words), mp_context=get_context("spawn"), initializer=be_quiet) as pool:
        for found in pool.map(work, words):
            figures.add(found)
    return figures


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.powerloss", description=__doc__.split("\n", 1)[0])
    made.add_argument("--states", type=int, default=200_000, help="crash states to judge, at least")
    made.add_argument("--faults", type=int, default=0, help="instead: fail each call of the disk in so many shifts")
    made.add_argument("--bit-flips", type=int, default=0, help="instead: damage a database or a log so many times")
    made.add_argument("--synchronous", choices=("FULL", "NORMAL", "OFF"), default="FULL")
    made.add_argument("--seed", type=int, default=0, help="the first shift's seed; shifts count on from it")
    made.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return made


if __name__ == "__main__":
    sys.exit(main())
