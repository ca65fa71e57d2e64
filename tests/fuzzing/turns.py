"""One turn of one driver, in this process or in one beside it; the corpus goes from turn to turn through the folder."""

import json
from collections import Counter
from pathlib import Path
from time import process_time
from typing import NamedTuple

from tests.fuzzing import ledger, sources
from tests.fuzzing.campaign import Campaign, LawBrokenError

FOUND = Path("var/fuzzing")
_campaigns = {}


class Turn(NamedTuple):
    """What a turn did: its counts belong to ``source``, the fingerprint of the code that this process has imported."""

    name: str
    source: str
    counts: dict
    cpu_s: float
    blocks: int
    kept: int
    broken: tuple


def play(name, *, seed, executions, cpu_s, folder=None):
    """Fuzz a driver until its executions or its seconds of the processor are used up, beyond broken laws too."""
    began_s, broken = process_time(), []
    if (name, folder) not in _campaigns:
        _campaigns[name, folder] = Campaign(name, seed=seed)
    campaign = _campaigns[name, folder]
    before = Counter(campaign.counts)
    waiting = ledger.read_corpus(folder, name) if folder else []
    known = set(campaign.corpus)
    waiting = [one for one in waiting if one not in known]
    until = campaign.executions + executions
    while campaign.executions < until and process_time() - began_s < cpu_s:
        try:
            campaign.adopt(waiting)
            campaign.run(until - campaign.executions, cpu_s=cpu_s - (process_time() - began_s))
        except LawBrokenError as error:
            broken.append(_kept(error, number=len(broken)))
    if folder:
        ledger.write_corpus(folder, name, campaign.corpus)
    counts = {word: count - before[word] for word, count in campaign.counts.items()} | {"broken_laws": len(broken)}
    source = sources.fingerprint(name, is_loaded=True)
    spent_s = process_time() - began_s
    return Turn(name, source, counts, spent_s, campaign.blocks, len(campaign.corpus), tuple(broken))


def _kept(error, *, number):
    """Write down the bytes that broke a law, for the first few of a turn; gives what is told."""
    path = FOUND / f"{error.driver}-{abs(hash(error.units)):x}.json"
    if number < 20:
        FOUND.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"law": error.law, "units": [unit.hex() for unit in error.units]}))
    return f"BROKEN {error} -> {path}"
