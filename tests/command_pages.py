"""docs/COMMANDS.md, drawn from the programs' own command lines, so that no command is undocumented."""

import argparse
import importlib
import importlib.util
from collections.abc import Iterable, Iterator

import typer
from typer.core import TyperCommand, TyperGroup

from deploy.demo import arguments as demonstration
from tests import check

PROGRAMS = ("devices", "checkpoint", "central")


def commands() -> str:
    """All commands of the house, each with its arguments and options."""
    parts = ["## The two commands", ""]
    for parser in (demonstration.parser(), check.parser()):
        parts += _of_parser(parser)
    for name in PROGRAMS:
        parts += _of_program(name)
    return "\n".join(parts).rstrip()


def program(name: str) -> TyperGroup | None:
    """The command group behind ``python -m name``; None while the program does not exist."""
    if importlib.util.find_spec(f"{name}.__main__") is None:
        return None
    command = typer.main.get_command(importlib.import_module(f"{name}.__main__").app)
    return command if isinstance(command, TyperGroup) else None


def _of_parser(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from (f"### {parser.prog}", "", parser.description or "", "")
    rows = []
    for action in parser._actions:
        if action.dest == "help":
            continue
        shown = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        if action.option_strings and action.nargs != 0:
            choices = "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
            shown += f" {action.metavar or choices}"
        rows.append((shown, (action.help or "") % {"default": action.default}))
    yield from _table(rows)


def _of_program(name: str) -> Iterator[str]:
    group = program(name)
    if group is None:
        return
    yield from (f"## python -m {name}", "", _first_paragraph(group.help), "")
    for command in _leaves(group, [f"python -m {name}"]):
        yield from command


def _leaves(group: TyperGroup, path: list[str]) -> Iterator[list[str]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _leaves(command, [*path, name])
        elif not command.hidden:
            yield _of_command(command, [*path, name])


def _of_command(command: TyperCommand, path: list[str]) -> list[str]:
    arguments = [word for word in command.params if word.param_type_name == "argument"]
    usage = " ".join([*path, *(word.name.upper() for word in arguments)])
    rows = []
    for word in command.params:
        if word.name in {"help", "install_completion", "show_completion"}:
            continue
        shown = ", ".join(word.opts) if word.param_type_name == "option" else word.name.upper()
        default = "" if word.default in (None, False, ()) or callable(word.default) else f" (default: {word.default})"
        rows.append((shown, f"{getattr(word, 'help', None) or ''}{default}{' (required)' if word.required else ''}"))
    return [f"### {usage}", "", _first_paragraph(command.help), "", *_table(rows)]


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield from ("| argument | meaning |", "|---|---|")
        yield from (
            f"| `{shown}` | {' '.join(meaning.split()).replace('|', chr(92) + '|')} |" for shown, meaning in rows
        )
        yield ""
