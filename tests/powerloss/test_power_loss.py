"""The power goes at any moment of a shift: nothing acknowledged is lost, and nothing is ever half there."""

import pytest

from checkpoint.store.connection import open_connection
from tests.demands import demand
from tests.powerloss.campaign import Figures, judge_all
from tests.powerloss.crashes import Disk
from tests.powerloss.disk import RecordedDisk, Sync, Write
from tests.powerloss.shifts import Plan, Shift, morning_image, plan_of, record, scratch

# One shift of each kind: a first start, an upgrade, a compaction, a power cut before, a backup put back, an
# erasure, and two mornings. They come to about ten thousand states with so many variants at each operation.
KINDS = range(8)


def cut(seeds, *, synchronous="FULL", variants=6) -> Figures:
    figures = Figures()
    for seed in seeds:
        recording = record(plan_of(seed), seed=seed, synchronous=synchronous)
        judge_all(recording, seed=seed, figures=figures, variants=variants)
    return figures


def test_the_shim_sees_what_sqlite_asks_of_the_disk_and_the_file_holds_just_that():
    with scratch() as folder:
        disk = RecordedDisk(folder)
        with disk.in_force():
            connection = open_connection(folder / "edge.db", key="ab" * 32)
            connection.execute("CREATE TABLE t (a)")
            before = len(disk.operations)
            connection.execute("INSERT INTO t VALUES (1)")
            commit = disk.operations[before:]
            connection.close()
        held = Disk({}, operations=disk.operations)
        for _ in disk.operations:
            held.advance()
        everything = list(held.crashes(None, variants=2))[-1].files
        assert everything["edge.db"] == (folder / "edge.db").read_bytes()
    assert commit
    assert commit[-1] == Sync("edge.db-wal", with_folder=False)
    assert {type(each) for each in commit[:-1]} == {Write}


@pytest.mark.slow
@demand("R002")
@pytest.mark.parametrize("seed", KINDS)
def test_no_power_cut_loses_an_acknowledged_commit_or_leaves_half_of_one(seed):
    figures = cut([seed])
    assert figures.examples == []
    assert (figures.lost, figures.violations) == (0, 0)
    assert figures.states > figures.operations
    assert figures.acknowledged_commits > 0


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_find_a_store_that_does_not_wait_for_the_disk(synchronous):
    figures = Figures()
    screening = Plan("screening", morning_image(), Shift.screen)
    judge_all(record(screening, seed=1, synchronous=synchronous), seed=1, figures=figures, variants=3)
    assert figures.lost > 0


def test_a_database_that_loses_its_last_pages_unseen_would_be_found():
    """The judge itself has teeth: a disk that lies about one sync is caught."""
    recording = record(Plan("screening", morning_image(), Shift.screen), seed=1)
    first_sync = next(number for number, each in enumerate(recording.operations) if isinstance(each, Sync))
    syncs = [n for n, each in enumerate(recording.operations) if isinstance(each, Sync) and n > first_sync]
    lied = [each for n, each in enumerate(recording.operations) if n != syncs[0]]
    shifted = [
        moment._replace(after_operations=moment.after_operations - (moment.after_operations > syncs[0]))
        for moment in recording.acknowledged
    ]
    figures = Figures()
    judge_all(recording._replace(operations=lied, acknowledged=shifted), seed=1, figures=figures, variants=3)
    assert figures.lost > 0
