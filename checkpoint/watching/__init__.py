"""What an edge learns of its devices from their readings: limits, charts of drift, and what speaks against them."""

from checkpoint.watching.drifts import DriftKey, DriftRow, Drifts, after_row, begun_from, row_of
from checkpoint.watching.limits import as_limit_of, is_of_method, key_of, learnt_change, method_of, state_for
from checkpoint.watching.watch import Watch

__all__ = [
    "DriftKey",
    "DriftRow",
    "Drifts",
    "Watch",
    "after_row",
    "as_limit_of",
    "begun_from",
    "is_of_method",
    "key_of",
    "learnt_change",
    "method_of",
    "row_of",
    "state_for",
]
