"""Sizes that keep a file readable in one sitting, and tests that really test."""

import ast
import re

import pytest

from tests.architecture.source_tree import exceptions, functions_of, python_files, source_of

FUNCTION_LINES = 40
MODULE_LINES = 400
TEST_MODULE_LINES = 600


def long_functions() -> dict[str, int]:
    """Functions over the budget: lines from def to the last, decorators and docstring included."""
    found = {}
    for name in python_files():
        for function in functions_of(name):
            size = (function.end_lineno or function.lineno) - function.lineno + 1
            if size > FUNCTION_LINES:
                found[f"{name}::{function.name}"] = size
    return found


def long_modules() -> dict[str, int]:
    found = {}
    for name in python_files():
        lines = source_of(name).count("\n")
        if lines > (TEST_MODULE_LINES if name.parts[0] == "tests" else MODULE_LINES):
            found[str(name)] = lines
    return found


@pytest.mark.parametrize(("section", "find"), [("long_functions", long_functions), ("long_modules", long_modules)])
def test_sizes_stay_within_the_budget_but_for_a_shrinking_list(section, find):
    found, excepted = find(), exceptions(section)
    assert {name: size for name, size in found.items() if name not in excepted} == {}
    assert set(excepted) - set(found) == set(), "these need no exception any more: strike them off"


def test_each_exception_has_a_reason():
    for section in ("long_functions", "long_modules", "banned_words"):
        assert all(len(reason) > 20 for reason in exceptions(section).values())


def asserts_something(function: ast.AST, *, helpers: set[str]) -> bool:
    """Whether a test asserts, expects an error, fails on purpose, or calls a function of its file that does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"raises", "warns", "fail", "expect", "assert_all_kept"} | helpers or called.startswith(
                "assert_"
            ):
                return True
    return False


def idle_tests() -> list[str]:
    found = []
    for name in python_files(tests=True):
        functions = list(functions_of(name))
        helpers = {f.name for f in functions if not f.name.startswith("test_") and asserts_something(f, helpers=set())}
        found += [
            f"{name}::{function.name}"
            for function in functions
            if function.name.startswith("test_") and not asserts_something(function, helpers=helpers)
        ]
    return found


def test_each_test_asserts_something():
    assert idle_tests() == []


def test_a_browser_waits_on_functions_alone():
    """An expression is evaluated anew at each look, which our pages' Content-Security-Policy forbids."""
    waits = re.compile(r"wait_for_function\(\s*f?[\"'](?!(async )?(\(\w*\)|\w+) =>)")
    assert [str(name) for name in python_files(tests=True) if waits.search(source_of(name))] == []


def test_a_test_that_asserts_nothing_would_be_found():
    idle = ast.parse("def test_x():\n    value = 1\n    print(value)\n")
    assert not asserts_something(idle, helpers=set())
