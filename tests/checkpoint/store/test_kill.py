"""kill -9 in the middle of writing: what was acknowledged is there, once, and the chain holds."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.checkpoint.edges import ROOT, Edge, write_settings
from tests.demands import demand

COMMAND = [sys.executable, "-m", "tests.checkpoint.store.screening_process"]


def screen_until_killed(folder: Path, *, after_records: int, grace_s: float) -> dict[int, str]:
    """Let a real edge screen, kill it some moment after its n-th acknowledgement; return what it acknowledged."""
    acknowledged: dict[int, str] = {}
    with subprocess.Popen([*COMMAND, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        killer = threading.Timer(60, process.kill)
        killer.start()
        for line in process.stdout:
            sequence, record_id = line.split()
            acknowledged[int(sequence)] = record_id
            if len(acknowledged) == after_records:
                threading.Timer(grace_s, process.kill).start()
        killer.cancel()
    return acknowledged


@pytest.mark.slow
@demand("R002")
def test_records_acknowledged_before_a_kill_are_all_there_once_and_in_order(tmp_path: Path):
    write_settings(tmp_path, has_device=False)
    chance = random.Random(7)
    acknowledged: dict[int, str] = {}
    for _ in range(4):
        fresh = screen_until_killed(tmp_path, after_records=chance.randrange(3, 25), grace_s=chance.uniform(0, 0.02))
        assert not acknowledged.keys() & fresh.keys()
        acknowledged |= fresh
    edge = Edge(tmp_path)
    head = edge.check_chain()
    stored = dict(edge.rows("SELECT sequence, record_id FROM journal"))
    assert {sequence: stored.get(sequence) for sequence in acknowledged} == acknowledged
    # At most the one in flight at each kill is there without having been acknowledged.
    assert len(acknowledged) <= head.sequence <= len(acknowledged) + 4
    assert edge.rows("SELECT count(*) FROM crossing") == [(head.sequence,)]
    assert edge.rows("PRAGMA integrity_check") == [("ok",)]
    edge.close()
