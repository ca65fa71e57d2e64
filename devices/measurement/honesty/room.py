"""Does skin follow the room? Running sums of a straight line, forgotten after so many readings.

Asked only of devices with a thermometer of the room: how warm a chip is follows its own work as much as the room.
"""

import math

import msgspec

from devices.measurement.honesty.suspicions import Observation

LEAST_SLOPE = 0.05
"""Kelvin per kelvin: less than any site of the FDA/PhysioNet table shows (0.065 to 0.15)."""
DEVIATIONS = 5.0
FEWEST = 2000
MOST = 6000
SMALLEST_ROOM_SPREAD_C = 0.8


class RoomSums(msgspec.Struct, kw_only=True):
    """Sums about fixed origins (22 °C of room, 36 °C of skin), so that they stay exact."""

    count: int = 0
    room: float = 0.0
    skin: float = 0.0
    room_room: float = 0.0
    room_skin: float = 0.0
    skin_skin: float = 0.0

    def add(self, observation: Observation) -> None:
        """Take a reading whose room is known; begin anew when there are enough."""
        if observation.ambient_c is None:
            return
        if self.count >= MOST:
            self.count, self.room, self.skin = 0, 0.0, 0.0
            self.room_room = self.room_skin = self.skin_skin = 0.0
        room, skin = observation.ambient_c - 22.0, observation.reported_c - 36.0
        self.count += 1
        self.room += room
        self.skin += skin
        self.room_room += room * room
        self.room_skin += room * skin
        self.skin_skin += skin * skin

    def slope(self) -> tuple[float, float] | None:
        """Give slope and its standard error; None before the room has varied enough to tell."""
        if self.count < FEWEST:
            return None
        room_room = self.room_room - self.room**2 / self.count
        if room_room < self.count * SMALLEST_ROOM_SPREAD_C**2:
            return None
        slope = (self.room_skin - self.room * self.skin / self.count) / room_room
        left = self.skin_skin - self.skin**2 / self.count - slope**2 * room_room
        return slope, math.sqrt(max(left, 0.0) / (self.count - 2) / room_room)


def is_blind(slope: float, *, error: float) -> bool:
    """Whether the slope is certainly less than that of any skin."""
    return slope + DEVIATIONS * error < LEAST_SLOPE
