"""The project's own Python files, parsed once for all tests of the architecture."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("checkpoint", "central", "sync", "devices", "web", "migrations", "deploy")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked_files() -> tuple[Path, ...]:
    """What is in the repository or would be with the next commit, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted(Path(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()))


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
