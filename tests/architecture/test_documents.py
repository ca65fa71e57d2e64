"""The documents say what the code does: generated parts are whole, commands explained, links alive."""

import re
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup

from tests.architecture.source_tree import ROOT, tracked_files
from tests.command_pages import PROGRAMS, program
from tests.document_parts import vocabularies

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def commands_of(group: TyperGroup) -> list[TyperCommand]:
    leaves = []
    for command in group.commands.values():
        leaves += commands_of(command) if isinstance(command, TyperGroup) else [command]
    return leaves


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_command_and_option_is_explained(name):
    group = program(name)
    assert group is not None, f"python -m {name} has no commands"
    silent = [command.name for command in commands_of(group) if not command.help]
    silent += [
        f"{command.name} {parameter.opts[0]}"
        for command in commands_of(group)
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "help", None)
    ]
    assert silent == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_command_stands_in_the_page_of_commands(name):
    group = program(name)
    assert group is not None
    page = (ROOT / "docs/COMMANDS.md").read_text(encoding="utf-8")
    assert [command.name for command in commands_of(group) if f" {command.name}" not in page] == []


def test_the_import_map_is_not_empty():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    generated = page.partition("graph TD")[2].partition("[[[end]]]")[0]
    assert "checkpoint --> sync" in generated
    assert "| `sync.exchange` | `sync.agreement` |" in generated


def test_the_glossary_has_every_vocabulary_with_its_vietnamese():
    page = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    assert [words.__name__ for words in vocabularies() if f"### {words.__name__}" not in page] == []
    assert "cửa khẩu" in page.partition("[[[cog")[2]


def test_no_link_of_the_documents_is_dead():
    dead = [
        f"{page}: {target}"
        for page in tracked_files()
        if page.suffix == ".md"
        for target in LINK.findall((ROOT / page).read_text(encoding="utf-8"))
        if "://" not in target and not (ROOT / page.parent / target).exists()
    ]
    assert dead == []


def test_each_decision_stands_in_the_list_and_has_its_four_parts():
    folder = ROOT / "docs/decisions"
    pages = sorted(path for path in folder.glob("[0-9]*.md"))
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert f"({page.name})" in listed
        assert [
            part
            for part in ("**Context.**", "**Decision.** *", "**Consequences.**", "**Enforced by.**")
            if part not in text
        ] == []
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)


def test_what_architecture_names_exists():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:devices|sync|checkpoint|central|web|migrations|deploy|tests|docs)/[\w./*-]+)`", page)
    missing = [name for name in named if not (list(Path(ROOT).glob(name)) if "*" in name else (ROOT / name).exists())]
    assert named
    assert missing == []
