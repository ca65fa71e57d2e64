"""Run one benchmark by the name of its module and print one line of JSON."""

import argparse
import os
import pkgutil
import platform
import sys
from importlib import import_module
from pathlib import Path

import msgspec

from tests.benchmarks import BenchmarkResult


def names() -> list[str]:
    """List the benchmarks there are: every module of this package but the entry point."""
    here = Path(__file__).parent
    found = (module.name for module in pkgutil.iter_modules([str(here)]))
    return sorted(name for name in found if not name.startswith(("_", "test_")))


def machine() -> dict[str, object]:
    """Say on what the number was measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def as_line(result: BenchmarkResult) -> bytes:
    """Write a result as the one line that the command prints."""
    fields = msgspec.structs.asdict(result) | {"ratio": round(result.ratio, 4), "machine": machine()}
    order = ("name", "value", "unit", "floor", "floor_value", "ratio", "aim", "context", "machine")
    return msgspec.json.encode({key: fields[key] for key in order if fields[key] or key != "context"})


def main(arguments: list[str]) -> int:
    """Run the benchmark named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=names())
    parser.add_argument("--with-pouchdb", action="store_true", help="push: measure PouchDB's replication in turn (npm)")
    parser.add_argument("--cut", default="", help="fever_rule: the cut of the table to replay (group1)")
    parser.add_argument("--tables", default="", help="fever_rule: the folder that holds the tables")
    given = parser.parse_args(arguments)
    if given.with_pouchdb and given.name != "push":
        parser.error("only push has this peer")
    if given.name != "fever_rule" and (given.cut or given.tables):
        parser.error("only fever_rule has a cut and tables")
    chosen = {"with_pouchdb": given.with_pouchdb, "cut": given.cut, "tables": given.tables}
    options = {name: value for name, value in chosen.items() if value}
    result: BenchmarkResult = import_module(f"tests.benchmarks.{given.name}").run(**options)
    sys.stdout.buffer.write(as_line(result) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
