"""After a failed fsync the system may show a log that the disk does not hold: a start makes it durable first."""

import errno
import os

import pytest

from checkpoint.store import log_settling
from checkpoint.store.connection import DATABASE_NAME, StoreError, database_key, open_connection
from checkpoint.store.log_settling import settle_log
from tests.powerloss.recording import put_files
from tests.powerloss.shifts import interrupted_image, morning_image, scratch

LOG = f"{DATABASE_NAME}-wal"


@pytest.fixture
def interrupted():
    image = interrupted_image()
    with scratch() as folder:
        put_files(folder, image.beside)
        put_files(folder, image.files)
        yield folder


def test_the_log_of_an_interrupted_edge_is_written_once_more_and_reads_the_same(interrupted, monkeypatch):
    synced = []
    monkeypatch.setattr(log_settling.os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    before = (interrupted / LOG).read_bytes()
    assert settle_log(interrupted / DATABASE_NAME)
    assert (interrupted / LOG).read_bytes() == before
    assert synced == [(interrupted / LOG).stat().st_ino]


def test_a_database_that_was_closed_in_good_order_needs_nothing():
    with scratch() as folder:
        put_files(folder, morning_image().files)
        assert not settle_log(folder / DATABASE_NAME)


def test_a_disk_that_still_takes_nothing_is_told_before_anything_is_opened(interrupted, monkeypatch):
    def failing(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(log_settling.os, "fsync", failing)
    with pytest.raises(StoreError, match="disk is failing"):
        settle_log(interrupted / DATABASE_NAME)


def test_a_log_that_another_program_has_open_is_left_alone(interrupted):
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # another program: SQLite's locks are per process
        connection = open_connection(interrupted / DATABASE_NAME, key=database_key(interrupted))
        connection.execute("SELECT count(*) FROM journal").fetchone()
        os.write(ready[1], b"1")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    try:
        assert not settle_log(interrupted / DATABASE_NAME)
    finally:
        os.write(done[1], b"1")
        os.waitpid(child, 0)
    assert settle_log(interrupted / DATABASE_NAME)
