"""A disk that fails at its n-th call: the edge refuses or stops, and never says saved of what is not."""

from random import Random

import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.lane import Phase
from checkpoint.store.writer import CommitInDoubtError, DiskRefusedError, WriterStoppedError
from tests.demands import demand
from tests.powerloss.disk import Fault
from tests.powerloss.faults import FOR_EVER, calls_of, faults_within, try_fault
from tests.powerloss.recording import put_files, watched_edge
from tests.powerloss.shifts import Plan, Shift, morning_image, scratch, work

WORK = Plan("shift", morning_image(), lambda shift: work(shift, steps=3))


def edge_on(folder, image):
    put_files(folder / "data", image.beside)
    put_files(folder / "data", image.files)


@pytest.mark.slow
@demand("R002")
@pytest.mark.parametrize("kind", ["sync", "truncate"])
def test_every_single_sync_and_truncation_of_a_shift_may_fail_once_or_for_ever(kind):
    calls = calls_of(WORK, seed=4)
    faults = [fault for fault in faults_within(calls, every=1, first=0) if fault.kind == kind]
    outcomes = {fault: try_fault(WORK, seed=4, fault=fault) for fault in faults}
    assert len(outcomes) == 2 * calls[kind] > 0
    assert all(outcome.has_failed for outcome, _wrong in outcomes.values())
    assert [(fault, wrong) for fault, (_outcome, wrong) in outcomes.items() if wrong] == []


@pytest.mark.slow
@demand("R002")
@pytest.mark.parametrize("kind", ["read", "write", "short_write", "full"])
def test_reads_and_writes_that_fail_anywhere_in_a_shift_lose_nothing(kind):
    calls = calls_of(WORK, seed=4)
    faults = [fault for fault in faults_within(calls, every=23, first=3) if fault.kind == kind]
    wrong = {fault: try_fault(WORK, seed=4, fault=fault)[1] for fault in faults}
    assert len(wrong) >= 8
    assert [each for each in wrong.items() if each[1]] == []


def failing_at_next(kind: str, *, for_ever: bool):
    """Open an edge on a sound disk, let the next call of a kind fail, and screen one person."""
    with scratch() as folder:
        edge_on(folder, morning_image())
        with watched_edge(folder / "data") as witness:
            shift = Shift(folder, chance=Random(1))
            shift.screen()
            disk = witness.disk
            counted = {"full": "write"}.get(kind, kind)
            disk.fault = Fault(kind, disk.calls[counted], FOR_EVER if for_ever else 0)
            with pytest.raises(DiskRefusedError) as refused:
                shift.screen()
            is_open = shift.edge.gate.store.writer.is_open
            disk.fault = None
            shift.edge.close()
        return refused.value, is_open


def test_a_commit_whose_sync_failed_is_said_to_be_in_doubt_and_the_writer_is_closed():
    error, is_open = failing_at_next("sync", for_ever=False)
    assert isinstance(error, CommitInDoubtError)
    assert not is_open


@demand("R002")
@pytest.mark.parametrize("for_ever", [False, True], ids=["one sync failed", "every sync failed until the restart"])
def test_a_close_in_doubt_is_pressed_again_after_the_restart_and_counts_once(for_ever):
    with scratch() as folder:
        edge_on(folder, morning_image())
        with watched_edge(folder / "data") as witness:
            shift = Shift(folder, chance=Random(1))
            crossing_id = shift._arrive(36.4)
            disk = witness.disk
            disk.fault = Fault("sync", disk.calls["sync"], FOR_EVER if for_ever else 0)
            with pytest.raises(CommitInDoubtError):
                shift.edge.do(close_crossing, draft_id=crossing_id)
            with pytest.raises(WriterStoppedError):
                shift.edge.do(close_crossing, draft_id=crossing_id)
            disk.fault = None
            shift.edge.close()
            shift.edge.restart_closed()
            shift.edge.do(close_crossing, draft_id=crossing_id)
            written = [body for body in shift.edge.bodies() if body.crossing_id == crossing_id]
            assert [body.type_name for body in written] == ["crossing_screened"]
            assert shift.edge.sheet.state.phase is Phase.EMPTY
            shift.screen()
            shift.edge.check_chain()
            shift.edge.close()


def test_a_full_disk_takes_nothing_and_the_writer_goes_on():
    error, is_open = failing_at_next("full", for_ever=True)
    assert not isinstance(error, CommitInDoubtError)
    assert is_open


def test_a_checkpoint_that_cannot_sync_closes_the_writer_too():
    with scratch() as folder:
        edge_on(folder, morning_image())
        with watched_edge(folder / "data") as witness:
            shift = Shift(folder, chance=Random(1))
            shift.screen()
            writer = shift.edge.gate.store.writer
            witness.disk.fault = Fault("sync", witness.disk.calls["sync"], 0)
            writer._thread.submit(writer._checkpoint).result(10)
            assert not writer.is_open
            witness.disk.fault = None
            shift.edge.close()
