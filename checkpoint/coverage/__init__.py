"""Proof of coverage: what the scanner saw, what the lane logged, and what the immigration counter stamped."""

from checkpoint.coverage.hours import (
    GAP_FIGURES,
    Figure,
    HourSeen,
    LaneHour,
    LoggedCrossing,
    Windows,
    hour_of,
    reconcile_hour,
)
from checkpoint.coverage.immigration import ERASED, ImmigrationEntry, document_key, entry_key
from checkpoint.coverage.matching import pairs_within
from checkpoint.coverage.passages import NOT_CHOSEN, WITHDRAWN, Passage, Sighting, passages_of

__all__ = [
    "ERASED",
    "GAP_FIGURES",
    "NOT_CHOSEN",
    "WITHDRAWN",
    "Figure",
    "HourSeen",
    "ImmigrationEntry",
    "LaneHour",
    "LoggedCrossing",
    "Passage",
    "Sighting",
    "Windows",
    "document_key",
    "entry_key",
    "hour_of",
    "pairs_within",
    "passages_of",
    "reconcile_hour",
]
