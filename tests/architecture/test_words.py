"""Words that may not appear where they would blur a border or say nothing."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, exceptions, python_files, source_of, tracked_files, tree_of

PEOPLE_WORDS = re.compile(r"travell?er|passport|fever|febrile|isolation|quarantine|patient", re.IGNORECASE)
EMPTY_WORDS = {"data", "info", "manager", "handler", "util", "utils", "helper", "helpers", "item", "temp"}
EMPTY_FILE_NAMES = EMPTY_WORDS | {"common", "base", "service", "misc", "core", "models", "types"}
NAMES_OF_OTHERS = {
    "data_dir",
    "data_path",
    "meta_data",
    "metadata",
    "exc_info",
    "version_info",
    "package_data",
    "data_received",
    "get_extra_info",
}
"""Names fixed by a contract between rooms or by a library."""


def words_of(identifier: str) -> set[str]:
    """The words of a snake or camel case identifier, lower case.

    >>> sorted(words_of("readMore_dataNow"))
    ['data', 'more', 'now', 'read']
    """
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", identifier)}


def names_given_in(tree: ast.Module) -> set[str]:
    """Identifiers that a file itself coins: functions, classes, arguments, variables; not what it calls."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_devices_know_no_people():
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in python_files(tests=False)
        if name.parts[0] == "devices"
        for number, line in enumerate(source_of(name).splitlines(), 1)
        if PEOPLE_WORDS.search(line)
    ]
    assert found == []


def test_no_identifier_says_nothing():
    excepted = exceptions("banned_words")
    found = {
        f"{name}::{identifier}"
        for name in python_files(tests=False)
        for identifier in names_given_in(tree_of(name))
        if words_of(identifier) & EMPTY_WORDS and identifier not in NAMES_OF_OTHERS
    }
    assert found - set(excepted) == set()
    assert set(excepted) - found == set(), "these need no exception any more: strike them off"


def test_no_file_is_named_after_nothing():
    assert [str(name) for name in python_files() if name.stem in EMPTY_FILE_NAMES] == []


@pytest.mark.parametrize(
    "word",
    [r"/(home|Users)/\w+/", r"\b(TODO|FIXME|HACK)\b"],
)
def test_no_file_names_a_place_of_one_machine_or_is_unfinished(word):
    this_test = Path(__file__).relative_to(ROOT)
    texts = [
        name for name in tracked_files() if name.suffix in {".py", ".md", ".toml", ".html", ".css", ".js", ".typ", ""}
    ]
    found = [
        str(name)
        for name in texts
        if name != this_test
        and re.search(
            word, (ROOT / name).read_text(encoding="utf-8", errors="replace"), re.IGNORECASE if word.islower() else 0
        )
    ]
    assert found == []
