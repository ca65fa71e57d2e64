"""What carries people over the border: its numbers, its movements, and who drove. Pure rules."""

from checkpoint.conveyances.numbers import (
    ConveyanceNumber,
    Country,
    NumberFinding,
    ShownNumbers,
    part_key,
    read_number,
    read_plate,
)
from checkpoint.conveyances.trips import (
    PAIRED_KINDS,
    DriverSwap,
    Movement,
    NamedParts,
    Occupant,
    Trip,
    away,
    contradicts,
    driver_swaps,
    ended_by,
    trips,
)

__all__ = [
    "PAIRED_KINDS",
    "ConveyanceNumber",
    "Country",
    "DriverSwap",
    "Movement",
    "NamedParts",
    "NumberFinding",
    "Occupant",
    "ShownNumbers",
    "Trip",
    "away",
    "contradicts",
    "driver_swaps",
    "ended_by",
    "part_key",
    "read_number",
    "read_plate",
    "trips",
]
