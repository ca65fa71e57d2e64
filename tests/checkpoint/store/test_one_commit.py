"""Record, head, read model, clocks and place are one commit: all of it, or nothing of it."""

import pytest

from checkpoint.actions import saving
from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.rechecking import recheck_person
from checkpoint.store import crossings, journal
from checkpoint.store.lanes import put_draft
from checkpoint.store.writer import DiskRefusedError, WriterStoppedError
from tests.checkpoint.people import NORMAL_C, RAISED_C

TABLES = ("journal", "journal_head", "crossing", "running_clock", "isolation_place", "lane_draft", "device_reading")


class InjectedError(Exception):
    """Something broke just here."""


def everything(edge) -> dict[str, list[tuple]]:
    return {table: edge.rows(f"SELECT * FROM {table}") for table in TABLES}


def breaking(*_args, **_more):
    raise InjectedError


@pytest.mark.parametrize("where", ["add_crossing", "start_running_clocks", "bind_reading"])
def test_a_failure_between_journal_and_read_model_leaves_no_trace(edge, monkeypatch, where):
    edge.present()
    edge.scan_face(NORMAL_C)
    draft_id, before, sheet = edge.draft_id, everything(edge), edge.sheet
    monkeypatch.setattr(saving, where, breaking)
    with pytest.raises(InjectedError):
        edge.do(close_crossing, draft_id=draft_id)
    assert everything(edge) == before
    assert edge.sheet is sheet
    monkeypatch.undo()
    edge.do(close_crossing, draft_id=draft_id)
    assert edge.check_chain().sequence == 1


@pytest.mark.parametrize("where", ["hold_place", "settle_crossing", "start_running_clocks"])
def test_a_referral_is_whole_or_not_at_all(edge, monkeypatch, where):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id, before = edge.draft_id, everything(edge)
    monkeypatch.setattr(saving, where, breaking)
    with pytest.raises(InjectedError):
        edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.8, site="axillary")
    assert everything(edge) == before
    assert edge.check_chain().sequence == 1


def test_a_rolled_back_record_leaves_no_gap_in_the_sequence(edge, monkeypatch):
    for number in range(3):
        edge.present(f"QN 10000{number}")
        edge.scan_face(NORMAL_C)
        with monkeypatch.context() as broken:
            broken.setattr(saving, "add_crossing", breaking)
            with pytest.raises(InjectedError):
                edge.do(close_crossing, draft_id=edge.draft_id)
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.check_chain().sequence == 3


def test_the_sequence_comes_from_the_head_inside_the_transaction(edge):
    assert "journal_head" in journal._READ_HEAD
    assert "last_insert_rowid" not in crossings._ADD
    futures = [edge.gate.perform(lambda turn: turn.transaction.execute("SELECT 1").fetchone()[0]) for _ in range(50)]
    assert [future.result(10) for future in futures] == [1] * 50


def test_after_the_stop_nothing_is_taken_and_nothing_is_pretended(edge):
    edge.gate.store.writer.stop()
    with pytest.raises(WriterStoppedError):
        edge.present()


def test_a_full_disk_is_refused_in_words_and_nothing_that_was_acknowledged_is_lost(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    before = everything(edge)

    def limit(pages: int) -> None:
        edge.gate.store.writer.submit(lambda turn: turn.execute(f"PRAGMA max_page_count = {pages}").fetchall()).result()

    limit(1)  # SQLite takes the present size instead: not one page more
    many_lanes = [(f"lane-{number}", bytes(9_000)) for number in range(50)]
    with pytest.raises(DiskRefusedError, match="disk"):
        edge.gate.store.writer.submit(
            lambda turn: [put_draft(turn, lane_id, content=content, at=edge.clock()) for lane_id, content in many_lanes]
        ).result(10)
    assert everything(edge) == before
    assert edge.gate.store.writer.is_open

    limit(1_000_000)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.check_chain().sequence == 1
