"""``python -m tests.fuzzing --executions N [--ledger FOLDER] [--processes N]``: fuzz, and print the count.

With ``--ledger`` the counts and the corpus stay in a folder and every run adds to them; N is what is to be reached in
all. Only executions of the source that a driver has now are counted. ``--status`` prints the count and runs nothing.

The driver with the fewest executions has the next turn, until each has ``--least`` of them; then the one that had
the least time of the processor, so that decoders that cost little do more. A broken law is written to ``var/fuzzing``
with the bytes that broke it, told, and the end is not 0. The last line is JSON: executions in all and by driver.
"""

import argparse
import json
import signal
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

from tests.fuzzing import instrumented

instrumented.install()

from devices.registry import driver_names  # noqa: E402  # only what is imported after the marks are set has them
from tests.fuzzing.ledger import Ledger  # noqa: E402
from tests.fuzzing.turns import play  # noqa: E402

MOST_OF_A_TURN = 100_000
CPU_OF_A_TURN_S = 15.0
TURNS_OF_A_PROCESS = 40
TELL_EVERY_S = 60.0


class Run:
    """Turns given out until the count or the time is reached, or somebody asks for the end."""

    def __init__(self, asked, *, ledger):
        self._asked, self._names, self._ledger = asked, ledger.names, ledger
        self._until_s, self._told_s = time.monotonic() + asked.seconds, time.monotonic()
        self._at_work, self._broken, self._is_ending, self.is_stale = {}, 0, False, False

    def end(self, *_signal):
        """Give out no more turns; those at work are ended and counted."""
        self._is_ending = True

    def all(self, submit):
        """Give out turns, as many at once as there are processes; ends early when a driver's source has changed."""
        self.is_stale = False
        while self._give_out(submit) or self._at_work:
            done, _ = wait(self._at_work, return_when=FIRST_COMPLETED)
            for future in done:
                del self._at_work[future]
                self._count(future.result())

    def told(self):
        """Print the result; gives how the program ends."""
        print(json.dumps({"fuzzing": "drivers", **self._ledger.result()}), flush=True)
        return 1 if self._broken or self.is_stale else 0

    def _give_out(self, submit):
        """Fill the free processes; tells whether there is anything left to do."""
        while len(self._at_work) < self._asked.processes:
            left = self._asked.executions - self._ledger.total - sum(count for _, count in self._at_work.values())
            busy = {name for name, _ in self._at_work.values()}
            free = [name for name in self._names if name not in busy]
            if left <= 0 or not free or self._is_ending or self.is_stale or time.monotonic() > self._until_s:
                return False
            name = min(free, key=self._need)
            count = min(MOST_OF_A_TURN, -(-left // len(self._names)))
            seed = f"{self._asked.seed} {self._ledger.executions_of(name)}"
            future = submit(play, name, seed=seed, executions=count, cpu_s=CPU_OF_A_TURN_S, folder=self._asked.ledger)
            self._at_work[future] = name, count
        return True

    def _need(self, name):
        """Order drivers by how much they lack: first a least number each, then an equal time."""
        row = self._ledger.of(name)
        executions = row.get("executions", 0)
        return (0, executions, name) if executions < self._asked.least else (1, row["cpu_s"], name)

    def _count(self, turn):
        self._ledger.add(turn)
        self.is_stale = self.is_stale or not self._ledger.is_current(turn)
        self._broken += len(turn.broken)
        for told in turn.broken[:20]:
            print(told, flush=True)
        if time.monotonic() - self._told_s > TELL_EVERY_S:
            self._told_s = time.monotonic()
            result = self._ledger.result()
            print(
                f"{result['executions']:,} executions in {result['cpu_s']:,.0f} s of the processor, "
                f"{result['least_of_a_driver']:,} at least of each driver, {result['broken_laws']} broken laws",
                flush=True,
            )


def main():
    asked = _arguments()
    names = asked.driver or list(driver_names())
    with Ledger(asked.ledger, names=names, is_read_only=asked.status) as ledger:
        if asked.status:
            print(json.dumps({"fuzzing": "drivers", **ledger.result()}))
            return 0
        return _run(asked, ledger=ledger)


def _run(asked, *, ledger):
    run = Run(asked, ledger=ledger)
    signal.signal(signal.SIGTERM, run.end)
    signal.signal(signal.SIGINT, run.end)
    if not asked.ledger and asked.processes == 1:
        run.all(_here)
        return run.told()
    run.is_stale = True
    while run.is_stale:  # processes begun now have the source as it is now
        with ProcessPoolExecutor(
            asked.processes, get_context("spawn"), instrumented.begin, max_tasks_per_child=TURNS_OF_A_PROCESS
        ) as pool:
            run.all(pool.submit)
    return run.told()


def _here(function, *words, **options):
    done = Future()
    done.set_result(function(*words, **options))
    return done


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=100_000, help="in all, with what the ledger has")
    parser.add_argument("--driver", action="append", choices=list(driver_names()), help="only this one; repeatable")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after so long, whatever the count")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--ledger", metavar="FOLDER", help="where counts and corpus are kept from run to run")
    parser.add_argument("--least", type=int, default=250_000, help="executions of each driver before any does more")
    parser.add_argument("--status", action="store_true", help="print what the ledger counts, and run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
