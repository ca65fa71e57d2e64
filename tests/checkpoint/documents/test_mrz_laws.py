"""Laws of the reader: any text at all, every single misread character, and back from fields to fields."""

import gc
import random
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from string import ascii_uppercase

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from checkpoint.documents import (
    DocumentFault,
    ReadDocument,
    Verdict,
    propose_repairs,
    read_document,
    read_mrz,
    suggest_repair,
)
from checkpoint.documents.mrz import MachineReadableZone
from checkpoint.documents.mrz_repair import MOST_PROPOSALS
from tests.checkpoint.documents.zones import ALPHABET, PASSPORT, SPECIMENS, TODAY, value, with_character, zone_of

MARKS = ALPHABET + "<"
MISREAD = MARKS + "|\t éĐ\x00"
LAYOUTS = ("TD1", "TD2", "TD3", "MRV-A", "MRV-B")
SEX_MARKS = {"M": "male", "F": "female", "<": "unspecified"}
LONGEST_NUMBER = {"TD1": 22, "TD2": 14, "TD3": 9, "MRV-A": 9, "MRV-B": 9}
OPTIONAL_LENGTH = {"TD1": 15, "TD2": 7, "TD3": 14, "MRV-A": 16, "MRV-B": 8}
NAME_LENGTH = {"TD1": 30, "TD2": 31, "TD3": 39, "MRV-A": 39, "MRV-B": 31}

words = st.lists(st.text(ascii_uppercase, min_size=1, max_size=9), min_size=1, max_size=4).map(" ".join)
births = st.dates(max_value=TODAY, min_value=TODAY - timedelta(days=99 * 365))


@st.composite
def zones(draw):
    """A layout and the fields of a document of it, as a person would state them."""
    layout = draw(st.sampled_from(LAYOUTS))
    number = draw(st.text(ALPHABET, min_size=1, max_size=LONGEST_NUMBER[layout]))
    room = OPTIONAL_LENGTH[layout] - max(0, len(number) - 9 + 2 if len(number) > 9 else 0)
    born = draw(births)
    expires = draw(st.dates(min_value=max(born, TODAY - timedelta(days=40 * 365)), max_value=TODAY.replace(year=2066)))
    primary = draw(words)[: NAME_LENGTH[layout] - 3].strip()
    secondary = draw(words)[: max(0, NAME_LENGTH[layout] - len(primary) - 3)].strip()
    code = {"TD1": "ID", "TD2": "I", "TD3": "P", "MRV-A": "V", "MRV-B": "V"}[layout]
    fields = {
        "code": code,
        "state": draw(st.sampled_from(["UTO", "D", "CHN", "LAO", "XXA"])),
        "nationality": draw(st.sampled_from(["UTO", "D", "CHN", "LAO", "XXA"])),
        "number": number,
        "optional": draw(st.text(ALPHABET, max_size=max(0, room))),
        "second_optional": draw(st.text(ALPHABET, max_size=11)) if layout == "TD1" else "",
        "birth": born.strftime("%y%m%d"),
        "expiry": expires.strftime("%y%m%d"),
        "sex": draw(st.sampled_from("MF<")),
        "primary": primary,
        "secondary": secondary,
    }
    return layout, fields, born, expires


@given(zones())
@settings(deadline=None, max_examples=400)
def test_a_zone_written_from_fields_is_read_back_to_the_same_fields(zone):
    layout, fields, born, expires = zone
    read = read_mrz(zone_of(fields, layout=layout), today=TODAY)
    assert isinstance(read, MachineReadableZone)
    assert read.is_verified
    assert read.layout == layout
    assert (read.document_code, read.issuing_state, read.nationality) == (
        fields["code"],
        fields["state"],
        fields["nationality"],
    )
    assert read.document_number == fields["number"]
    assert (read.date_of_birth.last_day(), read.date_of_expiry.last_day()) == (born, expires)
    assert read.sex == SEX_MARKS[fields["sex"]]
    assert (read.primary_identifier, read.secondary_identifier) == (fields["primary"], fields["secondary"])
    assert read.optional_fields[0] == fields["optional"]


def covered_columns(read: MachineReadableZone, lines: tuple[str, ...]) -> set[tuple[int, int]]:
    """The columns that at least one check digit looks at, written from the standard and counted from 0."""
    layout = str(read.layout)
    if layout == "TD1":
        return {(0, column) for column in range(5, 30)} | {
            (1, column) for column in (*range(7), *range(8, 15), *range(18, 29))
        }
    last = {"TD2": 35, "TD3": 43, "MRV-A": 28, "MRV-B": 28}[layout]
    return {(1, column) for column in (*range(10), *range(13, 20), *range(21, last))}


def is_check_digit(read: MachineReadableZone, *, line: int, column: int) -> bool:
    return any((digit.line - 1, digit.position - 1) == (line, column) for digit in read.check_digits)


def seen_by_the_digits(lines: tuple[str, ...], *, line: int, column: int, mark: str) -> bool:
    return not read_mrz(with_character(lines, line=line, column=column, mark=mark), today=TODAY).is_verified


@pytest.mark.parametrize("name", SPECIMENS)
def test_one_misread_character_is_revealed_unless_both_have_the_same_value_modulo_ten(name):
    """The law of the weights 7, 3, 1: a replacement stays unseen exactly if the values agree modulo 10.

    It holds for every column under a check digit. For a check digit itself any other character is seen,
    but for the filler that may stand for the digit 0 of an unused field. (A filler inside a long number
    ends it early; the composite then decides, and the law of the values still holds for what differs.)
    """
    lines = SPECIMENS[name]
    read = read_mrz(lines, today=TODAY)
    assert read.is_verified
    columns = covered_columns(read, lines)
    for line, column in sorted(columns):
        if is_check_digit(read, line=line, column=column):
            continue
        was = lines[line][column]
        for mark in MARKS.replace(was, ""):
            differs = (value(was) - value(mark)) % 10 != 0
            is_seen = seen_by_the_digits(lines, line=line, column=column, mark=mark)
            if differs:
                assert is_seen, (line, column, was, mark)
            elif not (read.is_long_number and "<" in {was, mark}):
                assert not is_seen, (line, column, was, mark)


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_check_digit_replaced_by_anything_else_is_revealed(name):
    lines = SPECIMENS[name]
    for digit in read_mrz(lines, today=TODAY).check_digits:
        for mark in MARKS.replace(digit.printed, ""):
            assert seen_by_the_digits(lines, line=digit.line - 1, column=digit.position - 1, mark=mark)


def test_the_filler_for_the_zero_of_an_unused_personal_number_is_the_one_replacement_that_is_legal():
    with_zero = ("P<CANMARTIN<<SARAH<<<<<<<<<<<<<<<<<<<<<<<<<<", "ZE000509<9CAN8501019F2301147<<<<<<<<<<<<<<08")
    unseen = [mark for mark in MARKS if not seen_by_the_digits(with_zero, line=1, column=42, mark=mark)]
    assert unseen == ["0", "<"]


@pytest.mark.parametrize(("line", "column"), [(0, 0), (0, 2), (0, 5), (1, 10), (1, 20)])
def test_code_state_name_nationality_and_sex_of_a_passport_stand_under_no_check_digit(line, column):
    """What the digits cannot say must be compared with the printed page by the officer."""
    assert not seen_by_the_digits(PASSPORT, line=line, column=column, mark="P" if column == 0 else "Q")


@given(zones(), st.data())
@settings(deadline=None, max_examples=300)
def test_a_wrong_digit_is_never_made_valid_silently(zone, drawn):
    layout, fields, _, _ = zone
    lines = zone_of(fields, layout=layout)
    digit = drawn.draw(st.sampled_from(read_mrz(lines, today=TODAY).check_digits))
    mark = drawn.draw(st.sampled_from(MARKS.replace(digit.printed, "").replace("<", "")))
    wrong = with_character(lines, line=digit.line - 1, column=digit.position - 1, mark=mark)
    read = read_document("\r\n".join(wrong), today=TODAY)
    assert isinstance(read, ReadDocument)
    assert read.are_check_digits_valid is False
    (again,) = [found for found in read.check_digits if found.field == digit.field]
    assert (again.verdict, again.printed) == (Verdict.INVALID, mark)


def test_a_proposed_repair_leaves_the_zone_as_it_was_read():
    misread = with_character(PASSPORT, line=1, column=14, mark="A")
    assert suggest_repair(read_mrz(misread, today=TODAY), today=TODAY) == ()
    misread = with_character(PASSPORT, line=1, column=16, mark="B")
    read = read_document("\n".join(misread), today=TODAY)
    assert [(found.line, found.position, found.read, found.proposed) for found in read.suggestions] == [
        (2, 17, "B", "8")
    ]
    assert read.are_check_digits_valid is False
    assert read.fields.date_of_birth is None


@given(zones(), st.data())
@settings(deadline=None, max_examples=200)
def test_a_digit_read_as_another_that_looks_alike_is_among_the_proposals_and_never_put_right_by_itself(zone, drawn):
    layout, fields, _, _ = zone
    lines = zone_of(fields, layout=layout)
    good = read_mrz(lines, today=TODAY)
    dates = [digit for digit in good.check_digits if digit.field in {"date_of_birth", "date_of_expiry"}]
    digit = drawn.draw(st.sampled_from(dates))
    column = digit.position - 1 - drawn.draw(st.integers(1, 6))
    seen_as = {"3": "8", "8": "3", "5": "6", "6": "5", "1": "7", "7": "1", "0": "8"}.get(lines[digit.line - 1][column])
    assume(seen_as is not None and digit.verdict is Verdict.VALID and good.is_verified)
    misread = with_character(lines, line=digit.line - 1, column=column, mark=seen_as)
    proposals = propose_repairs(read_mrz(misread, today=TODAY), today=TODAY)
    assert tuple(lines) in [one.lines for one in proposals] or len(proposals) == MOST_PROPOSALS
    assert read_mrz(misread, today=TODAY).lines == tuple(misread)


def test_nothing_is_proposed_if_the_check_digits_would_still_not_hold():
    misread = with_character(PASSPORT, line=1, column=16, mark="B")
    wrong_besides = with_character(misread, line=1, column=43, mark="5")
    assert suggest_repair(read_mrz(wrong_besides, today=TODAY), today=TODAY) == ()


@given(st.text())
@settings(deadline=None, max_examples=500)
def test_no_text_at_all_raises(text):
    found = read_document(text, today=TODAY)
    assert isinstance(found, (ReadDocument, DocumentFault))
    assert msgspec.json.encode(found)


@given(st.lists(st.text(alphabet=st.sampled_from(MARKS + " aé\x1b"), min_size=28, max_size=46), max_size=4))
@settings(deadline=None, max_examples=500)
def test_no_lines_at_all_raise(lines):
    assert isinstance(read_mrz(lines, today=TODAY), (MachineReadableZone, DocumentFault))


NEARLY_MARKS = bytes(ord(MARKS[at % len(MARKS)]) for at in range(256))
CODE_MARKS = "0123456789Nữam /x"
CODE_BYTES = bytes(at % len(CODE_MARKS) for at in range(256))
SPECIMEN_TEXTS = ["\n".join(lines) for lines in SPECIMENS.values()]
SHAPES = [(30, 3), (36, 2), (44, 2)]


def any_text(rng: random.Random) -> str:
    """Noise of five kinds: any characters, zones of random letters, misread zones, cut zones, codes.

    Bytes are drawn at once and turned into characters by tables: a million texts cost seconds.
    """
    kind = int(rng.random() * 5)
    if kind == 0:
        points = np.frombuffer(rng.randbytes(4 * int(rng.random() * 60)), np.uint32) % 0x110000
        return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    if kind == 1:
        length, count = SHAPES[int(rng.random() * 3)]
        letters = rng.randbytes(length * count).translate(NEARLY_MARKS).decode()
        return "\r\n".join(letters[start : start + length] for start in range(0, length * count, length))
    text = SPECIMEN_TEXTS[int(rng.random() * len(SPECIMEN_TEXTS))]
    if kind == 2:
        marks = list(text)
        for _ in range(1 + int(rng.random() * 7)):
            marks[int(rng.random() * len(marks))] = MISREAD[int(rng.random() * len(MISREAD))]
        return "".join(marks)
    if kind == 3:
        start = int(rng.random() * len(text))
        return text[start : start + int(rng.random() * len(text))]
    drawn = rng.randbytes(int(rng.random() * 90)).translate(CODE_BYTES)
    letters = [CODE_MARKS[at] for at in drawn]
    for _ in range(int(rng.random() * 12)):
        letters.insert(int(rng.random() * (len(letters) + 1)), "|")
    return "".join(letters)


def count_readings(*, texts: int, seed: int) -> tuple[int, int]:
    rng = random.Random(seed)
    read = faults = 0
    gc.disable()  # what is read holds no cycles; looking for them is a tenth of the time
    try:
        for _ in range(texts):
            found = read_document(any_text(rng), today=TODAY)
            if isinstance(found, ReadDocument):
                read += 1
            else:
                assert found.what_to_do
                faults += 1
    finally:
        gc.enable()
    return read, faults


def test_a_hundred_thousand_texts_are_read_or_refused_with_a_reason():
    read, faults = count_readings(texts=100_000, seed=20200129)
    assert read + faults == 100_000
    assert min(read, faults) > 10_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_texts_are_read_or_refused_with_a_reason():
    """The hundred thousand of the test above, and nine hundred thousand others, on both cores."""
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        shares = [pool.submit(count_readings, texts=450_000, seed=seed) for seed in (9303, 9304)]
        assert sum(sum(share.result()) for share in shares) + 100_000 == 1_000_000
