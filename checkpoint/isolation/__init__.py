"""Second check, isolation and hand-over at the gate: the room's places, and one person's path. Pure."""

from checkpoint.isolation.room import (
    ADMISSIBLE_FROM,
    DISCHARGE_TO,
    Admission,
    IsolationError,
    Room,
    RoomReason,
    Stay,
    admit,
    discharge,
    require_way_out,
)

__all__ = [
    "ADMISSIBLE_FROM",
    "DISCHARGE_TO",
    "Admission",
    "IsolationError",
    "Room",
    "RoomReason",
    "Stay",
    "admit",
    "discharge",
    "require_way_out",
]
