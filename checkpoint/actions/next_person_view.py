"""What a lane's screen says of the next person, and when it asks whether this one is still there."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.sheet import LaneSheet, NextPerson
from checkpoint.lane import Phase

_ASKING: Final = frozenset({Phase.AWAITING_READING, Phase.VERDICT})
"""Where nothing else runs that would bring an officer back: an open alarm has its own clocks."""


class NextPersonView(msgspec.Struct, frozen=True, kw_only=True):
    """The next person, by the document that was read; the number is masked."""

    full_name: str
    document_kind: str
    document_number_masked: str
    scanned_at: datetime


def next_person_view(waiting: NextPerson | None) -> NextPersonView | None:
    """Draw the next person."""
    if waiting is None:
        return None
    return NextPersonView(
        full_name=waiting.full_name,
        document_kind=waiting.document_kind.value,
        document_number_masked=waiting.document_number_masked,
        scanned_at=waiting.scanned_at,
    )


def asks_in_s(sheet: LaneSheet, *, after_s: float, at: datetime) -> float | None:
    """Return in how many seconds the screen asks whether this person is still there; 0 or less: it asks now.

    The seconds run from the document, the reading, or the last answer, whichever came last; ``None``: it never asks.
    """
    state = sheet.state
    if after_s <= 0 or state.phase not in _ASKING or state.presentation is None:
        return None
    read_at = [one.observed_at for one in state.measurements]
    last = max([state.presentation.presented_at, *read_at, *([sheet.still_here_at] if sheet.still_here_at else [])])
    return (last + timedelta(seconds=after_s) - at).total_seconds()
