"""The project's own Python files, parsed once for all tests of the architecture."""

import ast
import fnmatch
import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("checkpoint", "central", "sync", "devices", "web", "migrations", "deploy")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that .gitignore does not name, relative to the root. Git itself need not be installed."""
    patterns = [line.strip() for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line.strip()]
    found = []
    for folder, subfolders, names in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        subfolders[:] = [name for name in subfolders if name != ".git" and not is_ignored(here / name, patterns)]
        found += [here / name for name in names if not is_ignored(here / name, patterns)]
    return tuple(sorted(found))


def is_ignored(path: Path, patterns: list[str]) -> bool:
    """Match a path against the two forms of .gitignore that we use: rooted paths, and names anywhere.

    >>> is_ignored(Path("web/static/vendor"), ["/web/static/vendor/"]), is_ignored(Path("a/x.pyc"), ["*.pyc"])
    (True, True)
    >>> is_ignored(Path("a/.venv"), ["/.venv/"])
    False
    """
    return any(
        fnmatch.fnmatch(path.as_posix() if pattern.startswith("/") else path.name, pattern.strip("/"))
        for pattern in patterns
    )


def python_files(*, tests: bool | None = None) -> list[Path]:
    """Our Python files: of the packages (False), of the tests (True), or of both (None)."""
    folders = {None: (*PACKAGES, "tests"), True: ("tests",), False: PACKAGES}[tests]
    return [name for name in tracked_files() if name.suffix == ".py" and name.parts[0] in folders]


@cache
def source_of(name: Path) -> str:
    """The text of one file."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree_of(name: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(source_of(name), filename=str(name))


def functions_of(name: Path) -> Iterator[FunctionNode]:
    """Every function and method of one file."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, FunctionNode):
            yield node


def exceptions(section: str) -> dict[str, str]:
    """One section of exceptions.toml: what is excepted, and why."""
    with (Path(__file__).parent / "exceptions.toml").open("rb") as file:
        return tomllib.load(file).get(section, {})
