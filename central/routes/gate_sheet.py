"""The command page's gates as lines of a file: one gate a line, as the page shows it."""

from collections.abc import Mapping
from typing import Any

from central.rollup import Figure

_STATES = ("is_silent", "is_suspended", "pending_records", "last_received_at")
GATE_COLUMNS = ("day", "point_of_entry_id", "name", "entry", "exit", *(figure.value for figure in Figure), *_STATES)


def gate_row(day: object, gate: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the line of a gate; of one that was not heard today the figures are empty.

    >>> from sync.agreement.deployment import Names
    >>> unheard = dict.fromkeys(("entry", "exit", "figures", *_STATES))
    >>> row = gate_row("2026-11-22", unheard | {"point_of_entry_id": "a", "name": Names(vi="A", en="B", zh="C")})
    >>> row[:5], set(row[5:])
    (('2026-11-22', 'a', 'A', None, None), {None})
    """
    figures = gate["figures"] or {}
    counts = (figures.get(figure) for figure in Figure)
    who = (day, gate["point_of_entry_id"], gate["name"].vi, gate["entry"], gate["exit"])
    return (*who, *counts, *(gate[name] for name in _STATES))
