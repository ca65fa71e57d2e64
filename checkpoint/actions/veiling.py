"""What a locked screen gets: that somebody stands in the lane, and nothing of who it is or how warm."""

from typing import Any, Final

import msgspec

from checkpoint.actions.view import LaneView
from checkpoint.lane import Phase

_SHOWN: Final = frozenset(
    {
        "version", "edge_id", "gate", "gate_names", "lane", "direction", "officer", "now",
        "automatic_passage_s", "uplink", "policy", "disk", "paper_from", "devices", "badge",
    }
)  # fmt: skip
"""What no person is in. Whatever a view learns to say later is hidden until it is named here."""


def veiled(view: LaneView) -> LaneView:
    """Return the view without person, reading, verdict and history; devices, uplink and clock stay."""
    hidden: dict[str, Any] = {name: None for name in LaneView.__struct_fields__ if name not in _SHOWN}
    hidden |= {"phase": Phase.EMPTY, "history": (), "candidates": (), "last_hour": ()}
    hidden |= {"is_locked": True, "has_draft": view.draft_id is not None}
    return msgspec.structs.replace(view, **hidden)
