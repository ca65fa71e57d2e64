"""Zones of documents read per second, per processor second: ours, a bare parser, and what else is to be had.

Ours decodes every field, judges every check digit and looks for what is odd (``read_mrz``), on the specimens of
Doc 9303 in all five formats and a citizen card. Floor: slices and check digits alone, written for speed, with no
dates, names, states or warnings. ``KIEMDICH_MRZ_PEERS`` names a folder with ``node_modules/mrz`` (npm, MIT) and
``v/bin/python`` with ``mrz`` 0.6.2 of PyPI (GPL-3: only ever run beside us, never shipped): they are then measured
in the same run, on the same lines, in their own programs, and shown in the context.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from checkpoint.documents import read_mrz
from checkpoint.documents.mrz import MachineReadableZone
from tests.benchmarks import BenchmarkResult
from tests.checkpoint.documents.zones import SPECIMENS

ROUNDS = 5
ZONES_PER_ROUND = 21_000
TODAY = date(2026, 11, 22)
FLOOR = "slices of the same lines and their check digits by a table, nothing decoded, nothing judged"
PEERS = os.environ.get("KIEMDICH_MRZ_PEERS")
_WEIGHTS = (7, 3, 1) * 30
_VALUES = {mark: at for at, mark in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}

_NODE = """
const { parse } = require("mrz");
const zones = JSON.parse(require("fs").readFileSync(0, "utf8"));
const lap = (count) => { for (let at = 0; at < count; at += 1) parse(zones[at % zones.length]); };
lap(4000);
let best = 0;
for (let round = 0; round < 3; round += 1) {
  const began = process.cpuUsage();
  lap(20000);
  const used = process.cpuUsage(began);
  best = Math.max(best, 20000 / ((used.user + used.system) / 1e6));
}
console.log(JSON.stringify(best));
"""
_PYTHON = """
import json, sys, time
from mrz.checker.td1 import TD1CodeChecker
from mrz.checker.td2 import TD2CodeChecker
from mrz.checker.td3 import TD3CodeChecker
from mrz.checker.mrva import MRVACodeChecker
from mrz.checker.mrvb import MRVBCodeChecker
def kind(lines):
    visa = lines[0][0] == "V"
    return {30: TD1CodeChecker, 36: MRVBCodeChecker if visa else TD2CodeChecker,
            44: MRVACodeChecker if visa else TD3CodeChecker}[len(lines[0])]
zones = [(kind(lines), "\\n".join(lines)) for lines in json.load(sys.stdin)]
best = 0
for _ in range(3):
    began = time.process_time()
    for at in range(2000):
        checker, text = zones[at % len(zones)]
        try:
            checker(text).fields()
        except Exception:
            pass
    best = max(best, 2000 / (time.process_time() - began))
print(json.dumps(best))
"""


def run() -> BenchmarkResult:
    """Measure floor and ours in turn, five times; the best round counts, for neighbours only make it slower."""
    zones = list(SPECIMENS.values())
    ours, floor = [], []
    for _ in range(ROUNDS):
        floor.append(rate(bare, zones))
        ours.append(rate(read, zones))
    peers = peers_on(zones)
    context = {f"{name}_per_s": round(found) for name, found in peers.items()}
    context |= {f"times_{name}": round(max(ours) / found, 2) for name, found in peers.items()}
    return BenchmarkResult(
        name="mrz_parse",
        value=round(max(ours)),
        unit="zones/s of processor time",
        floor=FLOOR,
        floor_value=round(max(floor)),
        aim="at least 60000, and 3 times the best public parser",
        context=context,
    )


def rate(parse: Callable[[tuple[str, ...]], object], zones: list[tuple[str, ...]]) -> float:
    began = time.process_time()
    for _ in range(ZONES_PER_ROUND // len(zones)):
        for lines in zones:
            parse(lines)
    return ZONES_PER_ROUND / (time.process_time() - began)


def read(lines: tuple[str, ...]) -> None:
    if not isinstance(read_mrz(lines, today=TODAY), MachineReadableZone):
        raise TypeError


def bare(lines: tuple[str, ...]) -> tuple[str, ...]:
    text = "".join(lines)
    if len(lines) == 3:
        number, birth, expiry, name = text[5:15], text[30:37], text[38:45], text[60:]
        composite = text[5:30] + birth + expiry + text[48:59]
    else:
        start = len(lines[0])
        number, birth = text[start : start + 10], text[start + 13 : start + 20]
        expiry, name = text[start + 21 : start + 28], text[5:start]
        composite = number + birth + expiry + text[start + 28 : -1]
    fields = number[:-1], birth[:-1], expiry[:-1], composite
    return (*fields, *map(digit, fields), name)


def digit(text: str) -> str:
    return str(sum([_VALUES[mark] * weight for mark, weight in zip(text, _WEIGHTS)]) % 10)  # noqa: B905, C419 (a list is faster)


def peers_on(zones: list[tuple[str, ...]]) -> dict[str, float]:
    """Measure the parsers that are installed in the folder of peers; none without one."""
    if PEERS is None:
        return {}
    given = json.dumps(zones)
    words = {"cheminfo_mrz": ["node", "-e", _NODE], "pypi_mrz": [str(Path(PEERS) / "v/bin/python"), "-c", _PYTHON]}
    return {
        name: json.loads(
            subprocess.run(word, input=given, capture_output=True, check=True, text=True, cwd=PEERS).stdout
        )
        for name, word in words.items()
    }
