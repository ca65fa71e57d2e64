"""The arithmetic of power cuts: what a disk may hold follows from what was synced, and from nothing else."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.powerloss.crashes import SECTOR_BYTES, Disk
from tests.powerloss.disk import Creation, Deletion, FailedSync, FolderSync, Renaming, Sync, Truncation, Write

MANY = 200


def left_by(operations, *, initial=None, variants=MANY):
    disk = Disk(initial or {"a": b""}, operations=operations)
    for _ in operations:
        disk.advance()
    return [crash.files for crash in disk.crashes(Random(1), variants=variants)]


def test_what_was_synced_is_in_every_state():
    states = left_by([Write("a", 0, b"kept"), Sync("a", with_folder=False), Write("a", 4, b"?")])
    assert {state["a"][:4] for state in states} == {b"kept"}
    assert {state["a"] for state in states} >= {b"kept", b"kept?"}


def test_writes_that_were_not_synced_may_come_in_any_combination():
    states = left_by([Write("a", 0, b"1" * SECTOR_BYTES), Write("a", SECTOR_BYTES, b"2" * SECTOR_BYTES)])
    held = {(state["a"][:SECTOR_BYTES], state["a"][SECTOR_BYTES:]) for state in states}
    nothing, first, second = b"", b"1" * SECTOR_BYTES, b"2" * SECTOR_BYTES
    assert {(nothing, nothing), (first, nothing), (bytes(SECTOR_BYTES), second), (first, second)} <= held


def test_one_write_tears_at_sectors_and_nowhere_else():
    before, after = b"o" * 4096, b"n" * 4096
    states = left_by([Write("a", 0, after)], initial={"a": before})
    sectors = [state["a"][start : start + SECTOR_BYTES] for state in states for start in range(0, 4096, SECTOR_BYTES)]
    assert {sector[:1] * SECTOR_BYTES for sector in sectors} == set(sectors)
    assert any(b"o" in state["a"] and b"n" in state["a"] for state in states)


def test_a_new_file_and_a_deleted_one_are_uncertain_until_the_folder_is_synced():
    operations = [Creation("b"), Deletion("a", with_folder=False)]
    assert {tuple(sorted(state)) for state in left_by(operations)} == {("a",), ("a", "b"), ("b",)}
    assert {tuple(sorted(state)) for state in left_by([*operations, FolderSync()])} == {("b",)}


def test_a_renamed_file_is_the_old_or_the_new_one_and_never_none():
    operations = [Creation("b"), Write("b", 0, b"new"), Sync("b", with_folder=False), FolderSync(), Renaming("b", "a")]
    assert {state["a"] for state in left_by(operations, initial={"a": b"old"})} == {b"old", b"new"}


def test_after_a_failed_sync_a_later_one_promises_nothing_about_what_was_written_before_it():
    operations = [Write("a", 0, b"x"), FailedSync("a"), Write("a", 1, b"y"), Sync("a", with_folder=False)]
    states = {state["a"] for state in left_by(operations)}
    assert states >= {b"xy", b"\x00y"}
    assert {state[1:] for state in states} == {b"y"}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=1500)), max_size=6), st.booleans())
def test_nothing_unsynced_and_everything_are_always_among_the_states(writes, is_cut):
    operations = [Write("a", offset, content) for offset, content in writes]
    operations += [Truncation("a", 10)] if is_cut else []
    whole = bytearray()
    for offset, content in writes:
        whole.extend(bytes(max(0, offset + len(content) - len(whole))))
        whole[offset : offset + len(content)] = content
    if is_cut:
        whole = whole[:10].ljust(10, b"\x00")
    states = left_by(operations, variants=2)
    assert states[0]["a"] == b""
    assert states[-1]["a"] == bytes(whole)
