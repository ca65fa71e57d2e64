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
    order = ("name", "value", "unit", "floor", "floor_value", "ratio", "aim", "machine")
    return msgspec.json.encode({key: fields[key] for key in order})


def main(arguments: list[str]) -> int:
    """Run the benchmark named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=names())
    chosen = parser.parse_args(arguments).name
    result: BenchmarkResult = import_module(f"tests.benchmarks.{chosen}").run()
    sys.stdout.buffer.write(as_line(result) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
