"""Signed heads: made after re-reading, kept by edges, and never to be contradicted without an alarm."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from sqlalchemy import text

from central.actions.witnessing import WitnessFileError, Witnessing
from central.store.centre_journal import append
from central.store.engine import writing
from central.store.epochs import HeadFile
from central.store.witness import RewrittenError
from sync.agreement.records import PolicyIssued
from sync.exchange.messages import SignedHead
from tests.central.edges import ask_as, bear_witness
from tests.central.pushes import push
from tests.central.test_incarnations import drop_append_only
from tests.sync.exchange.journals import screened


@pytest.fixture
def witnessing(store, centre_key, clock, reception):
    return Witnessing(store, signing_key=centre_key, clock=clock)


@pytest.fixture
def pushed(reception, journal):
    for number in range(4):
        journal.write(screened(f"c{number}", temperature_c=36.5))
    push(reception, journal)
    return journal


def spoil(store, statement: str) -> None:
    """Change the ledger as somebody with every right on the database would."""
    with writing(store.engine) as connection:
        drop_append_only(connection)
        connection.execute(text(statement))


def test_a_head_is_signed_when_there_is_news_and_comes_with_every_answer(reception, witnessing, pushed, store):
    assert ask_as(reception, pushed).ledger_head is None
    head = witnessing.sign_head()
    assert (head.position, head.hash) == (4, store.verify().ledger_hash)
    assert witnessing.sign_head() is None
    assert ask_as(reception, pushed).ledger_head == head
    pushed.write(screened("c9"))
    push(reception, pushed)
    assert witnessing.sign_head().position == 5


def test_a_row_that_was_changed_since_the_last_head_is_never_signed(witnessing, pushed, store):
    spoil(store, "UPDATE ledger SET ledger_hash = hash WHERE position = 3")
    with pytest.raises(RewrittenError) as found:
        witnessing.sign_head()
    assert (found.value.table, found.value.position) == ("ledger", 3)
    (alarm,) = store.alarms.standing()
    assert (alarm.kind, alarm.sequence, alarm.detail) == ("ledger_rewritten", 3, {"table": "ledger"})


def test_a_great_backlog_is_signed_piece_by_piece(store, pushed, witnessing):
    checked = store.witnesses.check(limit=3)
    assert (checked.position, checked.is_news) == (3, True)
    assert store.witnesses.check(limit=4).position == 4


def test_the_witness_of_an_edge_finds_a_ledger_written_anew(reception, witnessing, pushed, store):
    head = witnessing.sign_head()
    ask_as(reception, pushed, witness_position=head.position, witness_hash=head.hash)
    assert store.alarms.standing() == []
    spoil(store, "UPDATE ledger SET ledger_hash = hash WHERE position = 4")

    ask_as(reception, pushed, witness_position=head.position, witness_hash=head.hash)

    (alarm,) = store.alarms.standing()
    assert (alarm.kind, alarm.sequence, alarm.detail) == ("ledger_rewritten", 4, {"witness": "mong-cai-1"})
    assert alarm.expected_hash.hex() == head.hash


def test_a_signed_head_that_the_ledger_contradicts_begins_a_new_epoch(reception, witnessing, pushed, store):
    head = witnessing.sign_head()
    spoil(store, "UPDATE ledger SET ledger_hash = hash WHERE position = 4")
    answered = bear_witness(reception, witnessing, pushed, ledger_head=head)
    assert answered.epoch != head.epoch
    assert [alarm.kind for alarm in store.alarms.standing()] == ["ledger_rewritten"]


def test_heads_in_a_file_are_held_against_the_ledger(witnessing, pushed, store, tmp_path, reception):
    heads = [witnessing.sign_head()]
    pushed.write(screened("c9"))
    push(reception, pushed)
    heads.append(witnessing.sign_head())
    kept = tmp_path / "heads.jsonl"
    kept.write_bytes(b"\n".join(msgspec.json.encode(head) for head in heads))
    found = witnessing.compare_file(kept)
    assert (found.compared, found.contradiction) == (2, None)

    kept.write_bytes(msgspec.json.encode(heads))
    spoil(store, "UPDATE ledger SET ledger_hash = hash WHERE position = 5")
    found = witnessing.compare_file(kept)
    assert (found.contradiction.table, found.contradiction.position) == ("ledger", 5)

    forged = msgspec.structs.replace(heads[0], position=3)
    kept.write_bytes(msgspec.json.encode([forged]))
    with pytest.raises(WitnessFileError, match="not signed by this centre"):
        witnessing.compare_file(kept)
    kept.write_text("báo cáo", encoding="utf-8")
    with pytest.raises(WitnessFileError, match="no signed heads"):
        witnessing.compare_file(kept)


def test_a_tail_cut_off_and_signed_again_is_caught_by_whoever_kept_a_head(reception, witnessing, pushed, store):
    head = witnessing.sign_head()
    spoil(store, "DELETE FROM ledger WHERE position > 2")
    found = store.witnesses.compare([head])
    assert (found.contradiction.position, found.contradiction.found) == (4, "")
    assert isinstance(head, SignedHead)


def test_the_centre_holds_its_own_heads_against_a_ledger_written_anew(reception, witnessing, pushed, store):
    head = witnessing.sign_head()
    assert witnessing.compare_own() is None
    spoil(store, "UPDATE ledger SET ledger_hash = hash WHERE position = 4")
    found = witnessing.compare_own()
    assert (found.table, found.position, found.expected) == ("ledger", 4, head.hash)

    spoil(store, "UPDATE signed_head SET hash = (SELECT ledger_hash FROM ledger WHERE position = 4)")
    with pytest.raises(WitnessFileError, match="position 4"):
        witnessing.compare_own()


@pytest.mark.usefixtures("pushed")
def test_an_order_taken_out_of_the_centres_own_journal_is_found_by_the_head_that_was_signed(witnessing, store, clock):
    with writing(store.engine) as connection:
        for version in (1, 2):
            body = PolicyIssued(policy_id="order", version=version, document="x", issued_by="cdc")
            append(connection, body, officer_ref="cdc", now=clock())
    end = witnessing.sign_head().centre_sequence
    spoil(store, f"DELETE FROM centre_journal WHERE sequence = {end}")

    found = witnessing.compare_own()
    assert (found.table, found.position, found.found) == ("centre_journal", end, "")
    with pytest.raises(RewrittenError) as refused:
        witnessing.sign_head()
    assert (refused.value.table, refused.value.position) == ("centre_journal", end)


@pytest.mark.usefixtures("pushed")
def test_heads_of_an_epoch_before_a_restore_stay_true(witnessing, store, clock):
    with writing(store.engine) as connection:
        body = PolicyIssued(policy_id="order", version=1, document="x", issued_by="cdc")
        append(connection, body, officer_ref="cdc", now=clock())
    witnessing.sign_head()
    store.testimonies.renew(by="operator", reason="phục hồi", now=clock())

    assert witnessing.sign_head().centre_sequence == 1  # the new life itself
    assert witnessing.compare_own() is None


def test_heads_are_append_only_in_the_database_itself(witnessing, pushed, store):
    witnessing.sign_head()
    with pytest.raises(Exception, match="append-only"), writing(store.engine) as connection:
        connection.execute(text("UPDATE signed_head SET position = 3"))


def test_heads_that_several_threads_sign_at_once_are_kept_one_after_the_other_and_never_an_older_one_last(
    witnessing, pushed, tmp_path
):
    signed = witnessing.sign_head()
    heads = [msgspec.structs.replace(signed, position=number) for number in range(1, 201)]
    for life in range(5):
        folder = tmp_path / f"identity-{life}"
        folder.mkdir()
        kept = HeadFile(folder)
        with ThreadPoolExecutor(max_workers=8) as threads:
            list(threads.map(kept.note, reversed(heads)))
        assert kept.read() == heads[-1]
        assert [path.name for path in folder.iterdir()] == ["newest_head.json"]
    next_life = msgspec.structs.replace(signed, epoch="another", position=1)
    kept.note(next_life)
    assert kept.read() == next_life
