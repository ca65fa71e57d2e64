"""Restored, cloned and re-imaged edges at a real centre: nothing acknowledged is lost unseen, nothing counts twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.agreement.vocabulary import IncarnationReason
from tests.central.running import RunningCentre
from tests.checkpoint.sites import CentreBooks, Site, cloned
from tests.demands import demand
from tests.faults.edges import enrol, write_settings


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path, database_url=f"sqlite:///{tmp_path / 'central.db'}")
    running.process.start()
    yield running
    running.end()


@pytest.fixture
def books(tmp_path: Path) -> CentreBooks:
    return CentreBooks(tmp_path / "central.db")


@pytest.fixture
def site(tmp_path: Path, centre: RunningCentre) -> Iterator[Site]:
    path = write_settings(tmp_path, "mong-cai-1", centre=centre)
    enrol(centre, path)
    one = Site(path, centre=centre)
    yield one
    one.stop()


def require_books_right(centre: RunningCentre, books: CentreBooks) -> None:
    """Every crossing that the ledger has counts once, and the centre's own audit agrees."""
    shown, counted = books.counted()
    assert shown == counted == len(books.screened())
    centre.verified()


@demand("R002")
def test_an_old_database_put_back_is_noticed_and_every_acknowledged_record_arrives_or_is_stated_lost(
    site, centre, books, tmp_path
):
    site.screen(5)
    site.drain()
    site.back_up(tmp_path / "old")
    site.screen(4)
    site.drain()
    site.screen(3)  # these never leave the machine
    site.restore(tmp_path / "old", identity=False)
    gone = set(site.acknowledged[9:12])
    site.screen(2)
    site.drain()

    assert site.incarnation == 2
    held = books.held()
    assert {record for record in site.acknowledged if not held[record]} == gone
    assert [(one.reason, one.lost_records) for one in books.openings()] == [(IncarnationReason.RESTORED_DATABASE, 3)]
    require_books_right(centre, books)
    site.screen(1)
    site.drain()
    assert books.held()[site.acknowledged[-1]] == 1


def test_a_whole_folder_put_back_is_noticed_by_the_centre_s_head(site, centre, books, tmp_path):
    site.screen(3)
    site.back_up(tmp_path / "old")
    site.screen(4)
    site.drain()
    site.restore(tmp_path / "old")
    assert site.gate.store.outgoing.finding() is None
    site.screen(2)
    site.drain()
    assert site.incarnation == 2
    assert all(books.held()[record] for record in site.acknowledged)
    assert books.lost() == 0
    require_books_right(centre, books)


def test_an_old_identity_beside_the_newest_database_loses_nothing(site, centre, books, tmp_path):
    site.screen(2)
    site.back_up(tmp_path / "old")
    site.screen(2)
    site.restore(tmp_path / "old", identity=False)  # so that there is a second incarnation
    site.drain()
    site.screen(3)
    site.restore(tmp_path / "old", database=False)
    assert site.gate.store.outgoing.finding().reason is IncarnationReason.RESTORED_IDENTITY
    site.screen(1)
    site.drain()
    assert site.incarnation == 3
    gone = site.acknowledged[2:4]
    assert [record for record in site.acknowledged if not books.held()[record]] == gone
    assert [opened.lost_records for opened in books.openings()] == [2, 0]
    require_books_right(centre, books)


def test_a_machine_set_up_anew_states_what_its_disk_took_with_it(site, centre, books):
    site.screen(6)
    site.drain()
    site.screen(2)
    site.set_up_anew()
    site.screen(3)
    site.drain()
    assert [record for record in site.acknowledged if not books.held()[record]] == site.acknowledged[6:8]
    assert [(one.reason, one.lost_records) for one in books.openings()] == [(IncarnationReason.REIMAGED, 2)]
    require_books_right(centre, books)


@demand("R002")
def test_two_machines_with_one_folder_both_keep_screening_and_nothing_is_overwritten(site, centre, books, tmp_path):
    site.screen(3)
    site.drain()
    site.screen(2)
    (tmp_path / "second").mkdir()
    other = cloned(site, tmp_path / "second", centre=centre)
    site.screen(4)
    other.screen(5)
    site.drain()
    other.drain()
    site.screen(1)
    other.screen(1)
    for _ in range(2):
        site.drain()
        other.drain()
    acknowledged = site.acknowledged + other.acknowledged
    assert site.incarnation != other.incarnation
    assert [record for record in acknowledged if not books.held()[record]] == []
    assert "identity_duplicate" in books.alarms()
    assert books.lost() == 0
    require_books_right(centre, books)
    other.stop()


def test_the_same_backup_put_back_twice_in_a_row(site, centre, books, tmp_path):
    site.screen(2)
    site.drain()
    site.back_up(tmp_path / "old")
    lost: list[str] = []
    for _ in range(2):
        site.screen(3)
        site.drain()
        site.screen(2)
        lost += site.acknowledged[-2:]
        site.restore(tmp_path / "old", identity=False)
    site.screen(1)
    site.drain()
    assert [record for record in site.acknowledged if not books.held()[record]] == lost
    assert books.lost() == len(lost)
    require_books_right(centre, books)


def test_a_restore_that_was_never_told_to_the_centre_is_not_forgotten_by_the_next_one(site, centre, books, tmp_path):
    site.screen(2)
    site.back_up(tmp_path / "old")
    site.screen(3)
    site.restore(tmp_path / "old", identity=False)
    site.screen(2)
    site.restore(tmp_path / "old", identity=False)
    site.drain()
    assert books.lost() == 5
    assert [record for record in site.acknowledged if not books.held()[record]] == site.acknowledged[2:]
    require_books_right(centre, books)
