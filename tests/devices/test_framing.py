"""Buffers and lines: the same whatever the cut, and never more memory than promised."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.framing import LineSplitter, ReceiveBuffer, pieces

TERMINATORS = b"\r\n\x03"
CONTENT = st.binary(max_size=200).map(lambda noise: noise.replace(b"A", b"\r").replace(b"B", b"\n"))


def lines_of(chunks, *, max_line_bytes=50):
    splitter = LineSplitter(terminators=TERMINATORS, max_line_bytes=max_line_bytes)
    found = [line for chunk in chunks for line in splitter.feed(chunk)]
    rest = splitter.finish()
    return found + ([rest] if rest else [])


def cut_at(content, places):
    marks = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(marks)]


@given(content=CONTENT, places=st.lists(st.integers(0, 1000), max_size=6))
def test_lines_do_not_depend_on_the_cut(content, places):
    assert lines_of(cut_at(content, places)) == lines_of([content])


@given(content=CONTENT)
def test_every_byte_that_ends_no_line_is_in_exactly_one_line_at_its_place(content):
    lines = lines_of([content])
    kept = [byte for byte in content if byte not in TERMINATORS]
    assert [byte for line in lines for byte in line.content] == kept
    for line in lines:
        assert content[line.byte_offset : line.byte_offset + len(line.content)] == line.content
        assert 0 < len(line.content) <= 50


def test_a_line_that_outgrows_its_limit_comes_in_marked_parts():
    lines = lines_of([b"x" * 120 + b"\rok\r"])
    assert [(len(line.content), line.was_cut) for line in lines] == [(50, True), (50, True), (20, True), (2, False)]


def test_a_line_of_exactly_the_limit_is_whole():
    assert [(len(line.content), line.was_cut) for line in lines_of([b"x" * 50 + b"\r"])] == [(50, False)]


@given(content=st.binary(max_size=300), counts=st.lists(st.integers(0, 40), max_size=12))
def test_a_buffer_knows_where_in_the_stream_it_stands(content, counts):
    buffer = ReceiveBuffer()
    buffer.append(content)
    for count in counts:
        buffer.discard(min(count, len(buffer)))
    rest = content[buffer.stream_offset :]
    assert buffer.peek(1000) == rest
    assert len(buffer) == len(rest)
    assert buffer.find(b"\x00") == rest.find(b"\x00")


def test_a_buffer_cannot_forget_what_it_never_had():
    buffer = ReceiveBuffer()
    buffer.append(b"abc")
    with pytest.raises(ValueError, match="cannot discard 4 of 3"):
        buffer.discard(4)


@given(content=st.binary(max_size=300), size=st.integers(1, 50))
def test_pieces_are_the_whole_and_none_is_longer_than_asked(content, size):
    cut = list(pieces(content, size=size))
    assert b"".join(cut) == content
    assert all(len(piece) <= size for piece in cut)


def test_bytes_are_passed_by_only_where_none_are_held():
    buffer = ReceiveBuffer()
    buffer.pass_by(1544)
    assert buffer.stream_offset == 1544
    buffer.append(b"Z")
    with pytest.raises(ValueError, match="1 stand before them"):
        buffer.pass_by(1)
