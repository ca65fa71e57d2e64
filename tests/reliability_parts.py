"""The generated parts of docs/RELIABILITY.md: the uplink's state table, and which test stands for which attack."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from sync.exchange.protocol import table
from tests.document_parts import EmptyPartError

ATTACKS = Path(__file__).parent / "attacks"
_NUMBERED = re.compile(r"^test_attack_(\d\d)_(\w+)$")


def protocol_table() -> str:
    """Every transition of the uplink, as its own rules list them."""
    rows = [f"| `{phase}` | {event} | `{following}` | {action} |" for phase, event, following, action in table()]
    if not rows:
        msg = "the uplink has no transitions"
        raise EmptyPartError(msg)
    return "\n".join(["| phase | event | next | action |", "|---|---|---|---|", *rows])


def attack_table() -> str:
    """The attacks by number, with the tests that try them, read from their names."""
    tests: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ATTACKS.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (named := _NUMBERED.match(node.name)):
                tests[named[1]].append(named[2].replace("_", " "))
    if not tests:
        msg = "tests/attacks has no numbered test"
        raise EmptyPartError(msg)
    rows = [f"| {int(number)} | {'; '.join(names)} |" for number, names in sorted(tests.items())]
    return "\n".join(["| | tried as |", "|---|---|", *rows])
