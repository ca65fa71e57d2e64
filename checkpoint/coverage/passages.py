"""Passages: readings of a scanner become people who stood before it.

A scanner measures one person more than once, and it measures people whom nobody presented. Readings that lie
close together at one lane are one person, however many follow: as many seconds later the next person begins. A
reading that the officer did not choose, or of a draft taken back, is a person of its own; so is one that came when
the lane was empty again behind the person before. Nothing is guessed away: what no crossing explains is listed
with the reason that the lane kept, for a person to judge.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec

NOT_CHOSEN: Final = "not_chosen"
"""The lane's own word (``lane.NotBound``) for a reading that the officer left aside for another one."""
UNCLAIMED: Final = "unclaimed"
"""The lane's own word for the reading of somebody whose draft was taken back."""
NOBODY_THERE: Final = "nobody_there"
"""The lane's own word for a reading that came when nobody was presented, and that nobody presented later claimed."""
WITHDRAWN: Final = "withdrawn"
"""Instead of a reason of the lane: the crossing that this reading was used for was withdrawn."""


_OF_THEIR_OWN: Final = frozenset({NOT_CHOSEN, UNCLAIMED})


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One reading as the edge kept it; ``at`` is when it arrived, by the edge's own clock.

    ``observed_at`` is the device's word for when it measured: what a terminal kept through an outage arrives all at
    once, and is as many people as stood there one after another.
    """

    reading_id: str
    lane_id: str
    device_id: str
    at: datetime
    observed_at: datetime | None = None
    bound_to: str | None = None
    reason: str = ""

    def apart_from(self, other: "Sighting") -> timedelta:
        """How far apart two readings lie: by their arrival or by the devices' word, whichever is more."""
        apart = abs(self.at - other.at)
        if self.observed_at is None or other.observed_at is None:
            return apart
        return max(apart, abs(self.observed_at - other.observed_at))


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody before a scanner: the readings of it, and the crossing that explains it (``None``: not logged)."""

    lane_id: str
    device_id: str
    at: datetime
    reading_ids: tuple[str, ...]
    crossing_id: str | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """The first reading names the passage."""
        return self.reading_ids[0]


def passages_of(sightings: Iterable[Sighting], *, same_person: timedelta) -> tuple[Passage, ...]:
    """Gather readings into passages, lane by lane; in whatever order they come, the passages are the same."""
    by_lane = sorted(sightings, key=lambda one: (one.lane_id, one.at, one.reading_id))
    found: list[Passage] = []
    for _, at_lane in groupby(by_lane, key=lambda one: one.lane_id):
        found.extend(_at_lane(list(at_lane), same_person=same_person))
    return tuple(sorted(found, key=lambda one: (one.at, one.lane_id, one.name)))


def _at_lane(sightings: list[Sighting], *, same_person: timedelta) -> Iterator[Passage]:
    bound: dict[str, list[Sighting]] = {}
    alone: list[Sighting] = []
    for one in sightings:
        if one.bound_to is not None:
            bound.setdefault(one.bound_to, []).append(one)
        elif one.reason in _OF_THEIR_OWN:
            yield _passage([one])
        else:
            alone.append(one)
    strangers = _absorbed(alone, into=bound, same_person=same_person)
    for crossing_id, group in bound.items():
        yield _passage(sorted(group, key=lambda one: (one.at, one.reading_id)), crossing_id=crossing_id)
    for group in _chained(strangers, same_person=same_person):
        yield _passage(group)


def _absorbed(alone: list[Sighting], *, into: dict[str, list[Sighting]], same_person: timedelta) -> list[Sighting]:
    """Give a reading close to a bound one to that person; return those that lie close to nobody."""
    anchors = sorted((one for group in into.values() for one in group), key=lambda one: (one.at, one.reading_id))
    strangers: list[Sighting] = []
    first = 0
    for one in alone:
        while first < len(anchors) and anchors[first].at < one.at - same_person:
            first += 1
        last = first
        while last < len(anchors) and anchors[last].at - one.at <= same_person:
            last += 1
        nearest = _nearest(one, anchors[first:last], same_person=same_person)
        if nearest is None or nearest.bound_to is None:
            strangers.append(one)
        else:
            into[nearest.bound_to].append(one)
    return strangers


def _nearest(alone: Sighting, anchors: list[Sighting], *, same_person: timedelta) -> Sighting | None:
    near = [anchor for anchor in anchors if _may_be_one(alone, anchor, same_person=same_person)]
    return min(near, key=lambda anchor: (alone.apart_from(anchor), anchor.reading_id), default=None)


def _may_be_one(alone: Sighting, anchor: Sighting, *, same_person: timedelta) -> bool:
    """Tell whether a reading may be another one of a person who was logged.

    Where the lane was empty when it came, that person had not come yet, or had gone and somebody else stood there.
    """
    is_behind = alone.reason == NOBODY_THERE and alone.at > anchor.at
    return not is_behind and alone.apart_from(anchor) <= same_person


def _chained(sightings: list[Sighting], *, same_person: timedelta) -> Iterator[list[Sighting]]:
    """Gather what nobody was logged for: readings close to the first one are one person."""
    group: list[Sighting] = []
    for one in sorted(sightings, key=lambda each: (each.observed_at or each.at, each.at, each.reading_id)):
        if group and one.apart_from(group[0]) > same_person:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _passage(group: list[Sighting], *, crossing_id: str | None = None) -> Passage:
    return Passage(
        lane_id=group[0].lane_id,
        device_id=group[0].device_id,
        at=group[0].at,
        reading_ids=tuple(one.reading_id for one in group),
        crossing_id=crossing_id,
        reason="" if crossing_id else group[0].reason,
    )
