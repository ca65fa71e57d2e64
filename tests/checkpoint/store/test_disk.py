"""A disk that fills up: warned of early, the optional stops first, the ballast carries the last people, then paper."""

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np
import pytest
import structlog

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.paper_lines import PrintSheetsCommand, print_sheets
from checkpoint.actions.view import Surroundings, lane_view
from checkpoint.store.disk import LOG_THRIFT, Disk, DiskLevel
from checkpoint.store.writer import LOG_LIMIT_BYTES, DiskRefusedError
from checkpoint.workers import Workers
from devices.reading import ThermalFrame
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.people import MORNING, NORMAL_C

MIB = 1024 * 1024
PERSONS_AT_MOST = 20_000
BODIES = random.Random(14)
"""No terminal shows the same value for everybody: such a one would be taken for suspicious."""


class HandDisk:
    """A disk whose use is set by hand."""

    def __init__(self, *, free_bytes: int, total_bytes: int = 1000 * MIB) -> None:
        self.free_bytes, self.total_bytes = free_bytes, total_bytes

    def __call__(self, _folder: Path) -> tuple[int, int]:
        return self.free_bytes, self.total_bytes


@pytest.mark.parametrize(
    ("free_share", "level", "optional_writes", "optional_logs"),
    [
        (0.20, DiskLevel.AMPLE, True, True),
        (0.199, DiskLevel.LOW, True, True),
        (0.10, DiskLevel.LOW, True, True),
        (0.099, DiskLevel.SCARCE, False, True),
        (0.05, DiskLevel.SCARCE, False, True),
        (0.049, DiskLevel.CRITICAL, False, False),
        (0.0, DiskLevel.CRITICAL, False, False),
    ],
)
def test_the_watermarks_warn_then_stop_optional_writes_then_optional_logs(
    tmp_path, free_share, level, optional_writes, optional_logs
):
    disk = Disk(tmp_path, ballast_bytes=MIB, usage=HandDisk(free_bytes=int(free_share * 1000 * MIB)))
    view = disk.view()
    assert view.level is level
    assert (view.allows_optional_writes, view.allows_optional_logs) == (optional_writes, optional_logs)


def test_the_ballast_is_real_blocks_and_is_taken_only_from_a_roomy_disk(tmp_path):
    usage = HandDisk(free_bytes=100 * MIB)
    disk = Disk(tmp_path, ballast_bytes=4 * MIB, usage=usage)
    assert disk.keep().ballast_bytes == 0, "it would push the disk below a tenth"
    usage.free_bytes = 500 * MIB
    assert disk.keep().ballast_bytes == 4 * MIB
    status = (tmp_path / "ballast").stat()
    assert status.st_blocks * 512 >= 4 * MIB
    assert status.st_mode & 0o777 == 0o600


def test_the_ballast_is_given_up_once_and_taken_back_when_there_is_room_again(tmp_path):
    usage = HandDisk(free_bytes=500 * MIB)
    disk = Disk(tmp_path, ballast_bytes=MIB, usage=usage)
    disk.keep()
    usage.free_bytes = 0
    assert disk.give_way()
    assert not (tmp_path / "ballast").exists()
    assert disk.keep().level is DiskLevel.RESERVE
    assert not disk.give_way()
    disk.refuse()
    assert disk.view().level is DiskLevel.FULL
    usage.free_bytes = 30 * MIB
    assert disk.keep().level is DiskLevel.RESERVE
    usage.free_bytes = 500 * MIB
    view = disk.keep()
    assert (view.level, view.ballast_bytes) == (DiskLevel.AMPLE, MIB)


def test_optional_logs_stop_on_a_critical_disk_and_warnings_never_do(tmp_path):
    usage = HandDisk(free_bytes=10 * MIB)
    Disk(tmp_path, ballast_bytes=0, usage=usage).keep()
    with pytest.raises(structlog.DropEvent):
        LOG_THRIFT(None, "info", {"event": "serving"})
    assert LOG_THRIFT(None, "warning", {"event": "x"}) == {"event": "x"}
    usage.free_bytes = 900 * MIB
    Disk(tmp_path, ballast_bytes=0, usage=usage).keep()
    assert LOG_THRIFT(None, "info", {"event": "serving"}) == {"event": "serving"}


def test_pictures_and_session_times_stop_on_a_scarce_disk(edge, monkeypatch):
    workers = Workers(edge.gate)
    shown = []
    monkeypatch.setattr(workers.previews, "show", lambda *_words, **_more: shown.append(1))
    monkeypatch.setattr(workers._scanners["face-1"], "preview", lambda: None)
    frame = ThermalFrame(device_id="face-1", observed_at=MORNING, celsius=np.zeros((2, 2), dtype=np.float32))
    edge.gate.disk._usage = HandDisk(free_bytes=90 * MIB)
    workers.look_at_disk()
    workers.take_event(frame)
    assert (shown, edge.gate.store.accounts.is_thrifty) == ([], True)
    edge.gate.disk._usage = HandDisk(free_bytes=900 * MIB)
    workers.look_at_disk()
    workers.take_event(frame)
    assert (shown, edge.gate.store.accounts.is_thrifty) == ([1], False)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MiB in memory; only root may make one, elsewhere the test is told apart."""
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small file system here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def screen_one(edge: Edge, number: int) -> int:
    edge.present(f"QN {100_000 + number}")
    edge.scan_face(round(BODIES.gauss(36.3, 0.25), 2), key=f"key-{number}")
    return edge.do(close_crossing, draft_id=edge.draft_id).saved.sequence


def test_on_a_disk_that_fills_up_screening_goes_on_by_the_ballast_and_then_is_refused_without_a_loss(small_disk):
    edge = Edge(small_disk)
    edge.gate.disk = Disk(edge.settings.data_path, ballast_bytes=2 * MIB)
    edge.gate.store.writer.reserve = edge.gate.disk
    assert edge.gate.disk.keep().ballast_bytes == 2 * MIB
    block = msgspec.convert({"block_id": str(uuid4()), "sheets": 1}, PrintSheetsCommand)
    edge.gate.perform(lambda turn: print_sheets(turn, block), officer_ref="canbo").result(10)
    acknowledged, at_release = [], None
    for number in range(PERSONS_AT_MOST):
        try:
            acknowledged.append(screen_one(edge, number))
        except DiskRefusedError:
            break
        if at_release is None and not (edge.settings.data_path / "ballast").exists():
            at_release = len(acknowledged)
    assert at_release is not None
    assert len(acknowledged) > at_release + 100, "the ballast carried people on"

    view = lane_view(edge.gate, LANE, around=Surroundings())
    assert (view.disk.level, view.paper_from) == (DiskLevel.FULL, 1), "the first printed number"
    assert edge.gate.store.writer.is_open
    assert edge.rows("SELECT sequence FROM journal ORDER BY sequence") == [(one,) for one in [1, *acknowledged]]
    assert edge.rows("PRAGMA integrity_check") == [("ok",)]

    for path in small_disk.glob("filler*"):
        path.unlink()
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert screen_again(edge) == acknowledged[-1] + 1
    edge.restart()
    assert edge.check_chain().sequence == acknowledged[-1] + 1
    assert lane_view(edge.gate, LANE, around=Surroundings()).paper_from is None
    edge.close()


def screen_again(edge: Edge) -> int:
    """The same person again, from wherever the lane was when the disk said no."""
    if edge.sheet.state.presentation is None:
        return screen_one(edge, PERSONS_AT_MOST)
    if edge.sheet.state.bound is None:
        edge.present(edge.sheet.state.person.identity.document_number)
        edge.scan_face(NORMAL_C, key="key-again")
    return edge.do(close_crossing, draft_id=edge.draft_id).saved.sequence


def test_the_write_ahead_log_is_given_back_beyond_64_mib(edge):
    log = edge.settings.data_path / "edge.db-wal"

    def much(transaction) -> None:
        for number in range(20):
            transaction.execute("INSERT INTO lane_draft VALUES (?, ?, '')", (f"filler-{number}", bytes(4 * MIB)))

    edge.gate.store.writer.submit(much).result(60)
    assert log.stat().st_size > LOG_LIMIT_BYTES
    drop = "DELETE FROM lane_draft WHERE lane_id LIKE 'filler%'"
    one_row = "INSERT OR REPLACE INTO lane_draft VALUES ('lane-9', x'00', '')"
    for _ in range(3):
        edge.gate.store.writer.submit(lambda transaction: transaction.execute(drop).rowcount).result(60)
        edge.gate.store.writer.submit(lambda transaction: transaction.execute(one_row).rowcount).result(60)
    assert log.stat().st_size <= LOG_LIMIT_BYTES
