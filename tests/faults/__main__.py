"""``python -m tests.faults``: kill real processes, stop PostgreSQL, kill brokers, and lose nothing.

    python -m tests.faults --kill-cycles 300 --postgres-stops 60 --broker-kills 50 [--seed N]

Any subset; what is not named is not done. The last line is one JSON object; the exit code is 1 on any
violation. The oracle is what was acknowledged to the outside: kept in this process, which never dies.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.broker_field import broker_kills, brokers
from tests.faults.field import Outcome, field, kill_cycles, postgres_stops
from tests.faults.programs import warm_up


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    made.add_argument("--kill-cycles", type=int, default=0, help="SIGKILL of an edge or the centre")
    made.add_argument("--postgres-stops", type=int, default=0, help="immediate stops in the middle of pushes")
    made.add_argument("--broker-kills", type=int, default=0, help="SIGKILL of nats-server and Mosquitto in turn")
    made.add_argument("--seed", type=int, default=1, help="for the moments and the victims")
    return made


def on_processes(folder: Path, options: argparse.Namespace, chance: random.Random) -> Outcome:
    """Kill edges and centre, stop the database, under two edges at work."""
    with field(folder, edges=2) as under_fire:
        kill_cycles(under_fire, cycles=options.kill_cycles, chance=chance)
        tell(f"{options.kill_cycles} kill cycles, ledger {under_fire.length}")
        postgres_stops(under_fire, stops=options.postgres_stops, chance=chance)
        tell(f"{options.postgres_stops} stops of PostgreSQL, ledger {under_fire.length}")
        return under_fire.settle()


def on_brokers(folder: Path, options: argparse.Namespace, chance: random.Random) -> Outcome:
    """Kill brokers under two terminals at work."""
    with brokers(folder) as both:
        outcome = broker_kills(both, kills=options.broker_kills, chance=chance)
        tell(f"{options.broker_kills} kills of brokers, {outcome.acknowledged} readings acknowledged")
        return outcome


def tell(message: str) -> None:
    """Say how far it is; standard output is for the result."""
    sys.stderr.write(message + "\n")


def main(arguments: list[str]) -> int:
    """Do what was asked for; 1 on any violation, 2 if nothing was asked for."""
    options = parser().parse_args(arguments)
    if not (options.kill_cycles or options.postgres_stops or options.broker_kills):
        parser().print_usage(sys.stderr)
        return 2
    warm_up()
    began = time.monotonic()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="kd-faults-") as folder:
        chance = random.Random(options.seed)
        if options.kill_cycles or options.postgres_stops:
            outcomes.append(on_processes(Path(folder), options, chance))
        if options.broker_kills:
            outcomes.append(on_brokers(Path(folder), options, chance))
    violations = [violation for outcome in outcomes for violation in outcome.violations]
    for violation in violations:
        tell(f"VIOLATION: {violation}")
    lost, doubled = sum(outcome.lost for outcome in outcomes), sum(outcome.doubled for outcome in outcomes)
    figures = {
        "kill_cycles": options.kill_cycles,
        "postgres_stops": options.postgres_stops,
        "broker_kills": options.broker_kills,
        "acknowledged": sum(outcome.acknowledged for outcome in outcomes),
        "lost": lost,
        "doubled": doubled,
        "violations": len(violations),
        "seconds": round(time.monotonic() - began, 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 1 if violations or lost or doubled else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
