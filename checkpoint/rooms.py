"""How warm it is where people are measured: the last word of each room thermometer, by lane."""

from datetime import datetime, timedelta
from typing import Final

from devices.reading import ROOM_TOLD, CommandReply

ROOM_HOLDS: Final = timedelta(minutes=10)
"""A room's air changes by no more than a kelvin in that time; an older word is nobody's."""


class RoomBook:
    """Scanners' threads write and read it: each word is one assignment, and the newest holds."""

    def __init__(self) -> None:
        """Begin without a word."""
        self._told: dict[str | None, CommandReply] = {}

    def hear(self, reply: CommandReply, *, lane_id: str | None) -> None:
        """Note what a device of a lane says of the room, if it does; of no lane: it hangs in the hall of all."""
        if reply.name == ROOM_TOLD:
            self._told[lane_id] = reply

    def temperature_c(self, lane_id: str | None, *, at: datetime) -> float | None:
        """Say how warm a lane was at an instant: by its own thermometer, else by the hall's, else nobody knows."""
        for place in (lane_id, None):
            told = self._told.get(place)
            if told is not None and abs(at - told.observed_at) <= ROOM_HOLDS:
                return told.value
        return None
