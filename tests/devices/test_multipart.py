"""An endless multipart body: cut anywhere, damaged anywhere, and the parts that are whole still come out."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.multipart import GARBAGE_TOLD_EVERY_BYTES, MultipartStream, Part, Rubbish, parts_of


def part(body, *, boundary=b"boundary", length=None, kind=b"application/json"):
    size = len(body) if length is None else length
    return b"--%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n" % (boundary, kind, size, body)


BODIES = (b'{"first":1}', b"<xml/>\r\n--not a boundary", bytes(range(256)) * 3, b"", b'{"last":4}')
STREAM = b"".join(part(body) for body in BODIES)


def told(chunks):
    stream = MultipartStream()
    found = [one for chunk in chunks for one in stream.feed(chunk)]
    return found + stream.finish()


def bodies(found):
    return [one.body for one in found if isinstance(one, Part) and not one.is_cut_short]


def test_parts_split_and_merged_in_any_way_are_the_same_parts():
    whole = told([STREAM])
    assert bodies(whole) == list(BODIES)
    assert not [one for one in whole if isinstance(one, Rubbish)]
    assert told([bytes((byte,)) for byte in STREAM]) == whole


@settings(max_examples=100, deadline=None)
@given(cut=st.lists(st.integers(0, len(STREAM)), max_size=12), damage=st.lists(st.integers(0, len(STREAM) - 1)))
def test_however_a_damaged_stream_is_cut_it_says_the_same(cut, damage):
    stream = bytearray(STREAM)
    for place in damage:
        stream[place] ^= 0x15
    places = [0, *sorted(cut), len(stream)]
    pieces = [bytes(stream[start:end]) for start, end in pairwise(places)]
    assert told(pieces) == told([bytes(stream)])


def test_a_damaged_length_costs_its_own_part_and_not_the_stream():
    for length in (2, 40, 999_999):
        found = told([part(b'{"broken":0}', length=length) + STREAM])
        assert bodies(found)[-len(BODIES) + 1 :] == list(BODIES)[1:]


def test_a_part_without_a_length_ends_where_the_next_begins():
    stream = b"--MIME_boundary\r\nContent-Type: application/xml\r\n\r\n<alert/>\r\n" * 2 + part(b"{}")
    assert bodies(told([stream])) == [b"<alert/>", b"<alert/>", b"{}"]


def test_a_part_that_breaks_off_is_told_and_marked():
    [cut, whole] = told([part(b'{"long":"enough"}')[:80] + part(b"{}")])
    assert (cut.is_cut_short, whole.body) == (True, b"{}")
    [left] = told([part(b'{"long":"enough"}')[:60]])
    assert left == Rubbish(reason="truncated", byte_offset=0, byte_count=60)


def test_a_part_beyond_all_measure_is_refused_before_it_is_held():
    stream = MultipartStream(longest_part_bytes=1000)
    [refused] = stream.feed(part(b"", length=1001)[:-2])
    assert refused.reason == "overlong"
    assert bodies(stream.feed(part(b"{}"))) == [b"{}"]
    endless = b"--b\r\nContent-Type: application/json\r\n\r\n" + b"x" * 5000
    assert [one.reason for one in stream.feed(endless)] == ["overlong"]


def test_rubbish_is_told_at_the_same_places_and_held_nowhere():
    noise = random.Random(3).randbytes(200_000).replace(b"--", b"..")
    found = told([noise, STREAM])
    garbage = [one for one in found if isinstance(one, Rubbish)]
    assert [one.byte_count for one in garbage] == [GARBAGE_TOLD_EVERY_BYTES] * 3 + [200_000 - 3 * 65_536]
    assert bodies(found) == list(BODIES)
    assert told([noise[at : at + 777] for at in range(0, len(noise), 777)] + [STREAM]) == found


def test_a_whole_form_gives_its_parts_without_the_pictures_names():
    form = (
        b'--MIME\r\nContent-Disposition: form-data; name="event_log"\r\n'
        b'Content-Type: application/json\r\n\r\n{"a":1}\r\n'
        b'--MIME\r\nContent-Disposition: form-data; name="Picture"; filename="p.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n--MIME--\r\n"
    )
    found = parts_of(form, media_type="multipart/form-data; boundary=MIME")
    assert [(one.media_type, one.body) for one in found] == [
        ("application/json", b'{"a":1}'),
        ("image/jpeg", b"\xff\xd8\xff\xd9"),
    ]
    assert parts_of(form, media_type="multipart/form-data") == []
