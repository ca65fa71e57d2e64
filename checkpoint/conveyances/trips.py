"""There and back again: which movements of one vehicle belong together, and who drove it which way.

A vehicle is known by any plate it bears, never by its trailer's and never by its driver: a truck that came in with
driver A and leaves with driver B has come back. Drivers are people, and people are paired by themselves
(``checkpoint.register.pairing``); that the driver changed is listed, and is no lost person by itself.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from checkpoint.conveyances.numbers import Country
from sync.agreement.group_words import ConveyanceKind, OccupantRole
from sync.agreement.vocabulary import Direction

PAIRED_KINDS: Final = frozenset(
    {ConveyanceKind.TRUCK, ConveyanceKind.CAR, ConveyanceKind.COACH, ConveyanceKind.MOTORCYCLE, ConveyanceKind.VESSEL}
)
"""What comes back under its own number. A flight or a train bears one number each day in one direction."""
_DRIVES: Final = frozenset({OccupantRole.DRIVER, OccupantRole.CO_DRIVER})


class Occupant(Struct, frozen=True, kw_only=True):
    """Somebody who was seen in a conveyance; ``person_key`` is empty for a person without a strong identifier."""

    crossing_id: str
    person_key: str
    role: OccupantRole


class Movement(Struct, frozen=True, kw_only=True):
    """One time a conveyance stood at the gate. ``keys`` are those of the vehicle itself; ``country`` its home."""

    conveyance_id: str
    keys: frozenset[str]
    moved_at: datetime
    direction: Direction
    country: Country = Country.VIETNAM
    occupants: tuple[Occupant, ...] = ()


class NamedParts(Struct, frozen=True, kw_only=True):
    """By which numbers a vehicle was named, as keyed hashes: its own ones, and its trailers'."""

    vehicle: frozenset[str]
    trailers: frozenset[str] = frozenset()


class Trip(Struct, frozen=True, kw_only=True):
    """A movement and the one in the other direction that ends it; either half may be missing."""

    out: Movement | None
    home: Movement | None


class DriverSwap(Struct, frozen=True, kw_only=True):
    """Who drove a vehicle one way and not the other. Nobody here is missing by that."""

    trip: Trip
    only_out: tuple[Occupant, ...]
    only_home: tuple[Occupant, ...]


def contradicts(known: NamedParts, *, named: NamedParts) -> bool:
    """Tell whether a vehicle of these numbers came anew: with another trailer, or with another second plate.

    A number that is left out contradicts nothing: a co-driver names the truck and not its trailer.

    >>> truck = NamedParts(vehicle=frozenset({"a"}), trailers=frozenset({"t"}))
    >>> contradicts(truck, named=NamedParts(vehicle=frozenset({"a", "b"})))
    False
    >>> contradicts(truck, named=NamedParts(vehicle=frozenset({"a"}), trailers=frozenset({"u"})))
    True
    """
    is_other_trailer = bool(known.trailers) and not named.trailers <= known.trailers
    is_other_plate = bool(known.vehicle - named.vehicle) and bool(named.vehicle - known.vehicle)
    return is_other_trailer or is_other_plate


def ended_by(movement: Movement, *, before: Movement | None) -> str | None:
    """Return the movement that this one ends: the vehicle's last one, if that went the other way."""
    is_moving = movement.direction is not Direction.TRANSIT
    if before is None or not is_moving or before.direction in {movement.direction, Direction.TRANSIT}:
        return None
    return before.conveyance_id


def trips(movements: Sequence[Movement]) -> tuple[Trip, ...]:
    """Pair movements given in the order of time; each stands in exactly one trip, transit in none.

    A second leaving without a coming home between them leaves the first one open; both are shown.
    """
    paired: list[Trip] = []
    for vehicle in _by_vehicle(movements):
        out: Movement | None = None
        for movement in vehicle:
            if movement.direction is Direction.TRANSIT:
                continue
            if out is not None and out.direction is not movement.direction:
                paired.append(Trip(out=out, home=movement))
                out = None
            elif _leaves(movement, country=vehicle[0].country):
                paired.extend([Trip(out=out, home=None)] if out else [])
                out = movement
            else:
                paired.append(Trip(out=None, home=movement))
        paired.extend([Trip(out=out, home=None)] if out else [])
    return tuple(paired)


def away(movements: Sequence[Movement]) -> tuple[Movement, ...]:
    """Return the last movement of every vehicle that has not come home, the longest away first."""
    vehicles = _by_vehicle(movement for movement in movements if movement.direction is not Direction.TRANSIT)
    gone = [vehicle[-1] for vehicle in vehicles if _leaves(vehicle[-1], country=vehicle[0].country)]
    return tuple(sorted(gone, key=lambda movement: movement.moved_at))


def driver_swaps(paired: Iterable[Trip]) -> tuple[DriverSwap, ...]:
    """Return the trips whose drivers out and home were not the same people, where both are known."""
    swaps = []
    for trip in paired:
        if trip.out is None or trip.home is None:
            continue
        out, home = _drivers(trip.out), _drivers(trip.home)
        if out and home and {one.person_key for one in out} != {one.person_key for one in home}:
            swaps.append(DriverSwap(trip=trip, only_out=_without(out, home), only_home=_without(home, out)))
    return tuple(swaps)


def _drivers(movement: Movement) -> tuple[Occupant, ...]:
    return tuple(one for one in movement.occupants if one.role in _DRIVES and one.person_key)


def _without(some: Sequence[Occupant], others: Sequence[Occupant]) -> tuple[Occupant, ...]:
    known = {one.person_key for one in others}
    return tuple(one for one in some if one.person_key not in known)


def _leaves(movement: Movement, *, country: Country) -> bool:
    return (movement.direction is Direction.EXIT) == (country is Country.VIETNAM)


def _by_vehicle(movements: Iterable[Movement]) -> list[list[Movement]]:
    """Bring together what shares a plate, however many steps apart: a truck shows now one plate, now the other."""
    vehicles: dict[int, list[Movement]] = {}
    number_of: dict[str, int] = {}
    for number, movement in enumerate(movements):
        known = sorted({number_of[key] for key in movement.keys if key in number_of})
        kept = known[0] if known else number
        joined = [*vehicles.get(kept, []), *(one for other in known[1:] for one in vehicles.pop(other)), movement]
        vehicles[kept] = sorted(joined, key=lambda one: one.moved_at)
        number_of |= dict.fromkeys((key for one in joined for key in one.keys), kept)
    return list(vehicles.values())
