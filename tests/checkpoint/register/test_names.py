"""Every alias of a name finds it, whatever the order, the marks, the slip of a finger; nobody is merged by it."""

import json
from itertools import permutations

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from checkpoint.documents.matching import compare_names
from checkpoint.documents.names import fold
from checkpoint.register.names import cuts_of, is_near, key_of, likeness, parts_of, read_query, spellings_of
from checkpoint.store import register_tables
from checkpoint.store.name_index import BearerKind, NameWriter, find_bearers, forget_bearer

INDEX_TABLES = ("person_name", "name_part", "name_cut", "name_bearer")
SYLLABLES = (
    "Nguyễn",
    "Trần",
    "Đặng",
    "Thị",
    "Văn",
    "A",
    "Hường",
    "Hùng",
    "Sềnh",
    "Múi",
    "Ánh",
    "Tuyết",
    "Ơn",
    "Lò",
    "Y",
)
names_of_nobody = (
    some.lists(some.sampled_from(SYLLABLES), min_size=2, max_size=5, unique=True)
    .map(" ".join)
    .filter(lambda name: any(len(word) > 1 for word in name.split()))
)


class Index:
    """A name index in memory; people are numbered as they come."""

    def __init__(self, *names: str) -> None:
        self.rows = sqlcipher.connect(":memory:", isolation_level=None)
        for table in INDEX_TABLES:
            self.rows.execute(str(CreateTable(getattr(register_tables, table)).compile(dialect=sqlite.dialect())))
        self.names = list(names)
        for number, name in enumerate(names):
            NameWriter(self.rows).add(name, kind=BearerKind.HOLDER, number=number)

    def find(self, text: str) -> list[str]:
        return [self.names[bearer.number] for bearer in find_bearers(self.rows, text)]

    def count(self) -> dict[str, int]:
        return {table: self.rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in INDEX_TABLES}


def test_the_shared_pairs_find_each_other_and_only_possible_ones_count_as_one_name(shared):
    pairs = json.loads((shared / "data/documents/name_match_pairs.json").read_text(encoding="utf-8"))
    assert len(pairs) >= 10
    for pair in pairs:
        is_cut = "truncated" in pair["note"]
        one_name = compare_names(pair["a"], pair["b"], may_be_truncated=is_cut).is_possible
        assert one_name is pair["same_person_possible"], pair
        assert (fold(pair["a"]), fold(pair["b"])) == (pair["fold_a"], pair["fold_b"])
        for known, typed in ((pair["a"], pair["b"]), (pair["b"], pair["a"])):
            if is_cut and known == pair["b"]:
                continue  # what was cut off cannot be known
            # Found in both cases: a similar name is shown, and an officer decides.
            assert Index(known, "Voòng Chống Phúc").find(typed)[0] == known, pair


@settings(max_examples=60, deadline=None)
@given(name=names_of_nobody, others=some.lists(names_of_nobody, max_size=6))
def test_every_order_of_the_words_with_or_without_marks_finds_a_name(name, others):
    index = Index(name, *others)
    for words in list(permutations(name.split()))[:6]:
        assert name in index.find(" ".join(words))
        assert name in index.find(fold(" ".join(words)))


@settings(max_examples=80, deadline=None)
@given(name=names_of_nobody, data=some.data())
def test_one_slip_of_a_finger_in_one_word_still_finds_a_name(name, data):
    words = fold(name).split()
    at = data.draw(some.sampled_from([place for place, word in enumerate(words) if len(word) > 1]))
    word, place = words[at], data.draw(some.integers(0, max(0, len(words[at]) - 1)))
    letter = data.draw(some.sampled_from("AEHINUXZ"))
    slips = [word[:place] + letter + word[place:], word[:place] + letter + word[place + 1 :]]
    slips += [word[:place] + word[place + 1 :], word[:place] + word[place : place + 2][::-1] + word[place + 2 :]]
    words[at] = data.draw(some.sampled_from(slips))
    assert name in Index(name, "Phùn Tài Lìn").find(" ".join(words))


@settings(max_examples=60, deadline=None)
@given(name=names_of_nobody)
def test_a_cut_last_word_and_missing_middle_names_find_a_name(name):
    words = fold(name).split()
    index = Index(name)
    assert name in index.find(f"{words[0]} {words[-1]}")
    if len(words[-1]) > 3:
        assert name in index.find(" ".join([*words[:-1], words[-1][:3]]))


@settings(max_examples=60, deadline=None)
@given(names=some.lists(names_of_nobody, min_size=1, max_size=6, unique=True), data=some.data())
def test_who_is_forgotten_leaves_no_name_no_part_and_no_word_that_nobody_else_bears(names, data):
    gone = data.draw(some.integers(0, len(names) - 1))
    index, without = Index(*names), Index(*names[:gone], *names[gone + 1 :])
    forget_bearer(index.rows, kind=BearerKind.HOLDER, number=gone)
    assert index.count() == without.count()
    for number in range(len(names)):
        forget_bearer(index.rows, kind=BearerKind.HOLDER, number=number)
    assert set(index.count().values()) == {0}


@given(left=some.text("ABCDE", min_size=2, max_size=7), right=some.text("ABCDE", min_size=2, max_size=7))
def test_words_one_slip_apart_share_a_cut(left, right):
    if is_near(left, right):
        assert cuts_of(left) & cuts_of(right)


@settings(deadline=None)
@given(name=some.text(max_size=40))
def test_any_text_at_all_is_read_without_an_error(name):
    for words in spellings_of(name):
        assert parts_of(words)
        assert key_of(words)
    assert 0.0 <= likeness(read_query(name), "Trần Văn Hùng") <= 100.0


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("张伟明", "Zhang Weiming"),
        ("張偉明", "Zhang Weiming"),
        ("张伟明", "Trương Vĩ Minh"),
        ("曾小红", "Zeng Xiaohong"),
        ("黄丽", "Huỳnh Lệ"),
        ("吕芳", "LYU FANG"),
        ("ZHANG WEIMING", "张伟明"),
        ("Vương Lệ Hoa", "王丽华"),
    ],
)
def test_characters_pinyin_and_han_viet_find_each_other(name, typed):
    assert Index(name, "Lò Thị Sen").find(typed)[:1] == [name]


def test_marks_put_the_name_that_was_meant_before_those_that_fold_alike():
    query = read_query("Trần Thị Hòa")
    ordered = sorted(["Trần Thị Hoa", "Trần Thị Hòa", "Trần Thị Hoà"], key=lambda name: -likeness(query, name))
    assert ordered[2] == "Trần Thị Hoa"


def test_a_search_reads_a_steady_number_of_rows_however_many_bear_a_name():
    index = Index(*["Nguyễn Văn Hùng"] * 500, "Nguyễn Văn Hưng")
    assert len(find_bearers(index.rows, "Nguyen Van Hung", limit=40)) == 40
    assert index.count()["person_name"] == 1
