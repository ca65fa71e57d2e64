"""What the generated parts of the documents hold, made from the code. See tests/documents.py."""

import enum
import inspect
import tomllib
from collections import Counter
from pathlib import Path

import grimp

from sync.agreement import vocabulary

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("checkpoint", "central", "sync", "devices", "web", "migrations", "deploy")
LANGUAGES = ("vi", "en", "zh")


class EmptyPartError(RuntimeError):
    """A generated part came out empty: its source moved, and the check would pass for nothing."""


def import_map() -> str:
    """Mermaid picture of the packages and a table of their rooms, drawn from the imports themselves."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    rooms = _rooms(graph)
    between = Counter(
        (importer.partition(".")[0], imported.partition(".")[0])
        for importer, imported in _imports(graph)
        if importer.partition(".")[0] != imported.partition(".")[0]
    )
    if not between or not rooms:
        msg = "grimp found no import between the packages"
        raise EmptyPartError(msg)
    picture = ["```mermaid", "graph TD"]
    picture += [f"    {importer} --> {imported}" for importer, imported in sorted(between)]
    picture += ["```", "", "| room | stands on |", "|---|---|"]
    table = [f"| `{room}` | {', '.join(f'`{other}`' for other in sorted(below)) or 'nothing of ours'} |"
             for room, below in sorted(rooms.items())]  # fmt: skip
    return "\n".join(picture + table)


def _imports(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    return [
        (module, imported) for module in graph.modules for imported in graph.find_modules_directly_imported_by(module)
    ]


def _room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _rooms(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """The second level of every package with what it imports, itself left out."""
    rooms: dict[str, set[str]] = {_room_of(module): set() for module in graph.modules if "." in module}
    for importer, imported in _imports(graph):
        if _room_of(importer) != _room_of(imported) and "." in importer:
            rooms[_room_of(importer)].add(_room_of(imported))
    return rooms


def vocabularies() -> list[type[enum.StrEnum]]:
    """The vocabulary's classes in the order of the file."""
    return [
        member
        for member in vars(vocabulary).values()
        if inspect.isclass(member) and issubclass(member, enum.StrEnum) and member.__module__ == vocabulary.__name__
    ]


def labels(language: str) -> dict[str, dict[str, str]]:
    """The label catalogue of one language: section per vocabulary class, key per value."""
    path = ROOT / f"sync/agreement/labels/{language}.toml"
    with path.open("rb") as file:
        return tomllib.load(file)


def glossary() -> str:
    """Every code word that is stored or sent, with what people read for it in the three languages."""
    catalogues = {language: labels(language) for language in LANGUAGES}
    parts = []
    for words in vocabularies():
        parts += [
            f"### {words.__name__}",
            "",
            (words.__doc__ or "").strip(),
            "",
            "| code | Tiếng Việt | English | 中文 |",
            "|---|---|---|---|",
        ]
        for word in words:
            cells = (catalogues[language].get(words.__name__, {}).get(word.value, "") for language in LANGUAGES)
            parts.append(f"| `{word.value}` | {' | '.join(cells)} |")
        parts.append("")
    if not parts:
        msg = "the vocabulary has no words"
        raise EmptyPartError(msg)
    return "\n".join(parts).rstrip()
