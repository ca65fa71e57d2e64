"""One hour of a gate, lane by lane: every passage, crossing and entry is counted once, and every gap is listed.

Four sums hold by construction: passages are logged or listed as not logged; crossings are measured, excepted,
turned back, or listed as not measured; entries are of somebody cleared here or listed as not; crossings that a list
covers are on it or listed as not on it. Who was turned back, or has an alarm open, and is stamped all the same, is
the very gap that the list is for. An hour and direction that no list covers is compared with none.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from checkpoint.coverage.immigration import ImmigrationEntry
from checkpoint.coverage.matching import pairs_within
from checkpoint.coverage.passages import WITHDRAWN, Passage, Sighting, passages_of
from sync.agreement.vocabulary import Direction

HOUR: Final = timedelta(hours=1)
NO_LANE: Final = ""


class Windows(msgspec.Struct, frozen=True, kw_only=True):
    """How far apart in time two traces of one person may lie, in seconds."""

    same_person_s: float = 3.0
    reading_s: float = 10.0
    entry_s: float = 1800.0


class LoggedCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing of the list. ``is_turned_back``: refused, so that nobody passed; it needs no reading."""

    crossing_id: str
    lane_id: str
    at: datetime
    direction: Direction
    document_key: str
    is_measured: bool
    is_excepted: bool = False
    is_cleared: bool = True
    is_turned_back: bool = False
    is_withdrawn: bool = False

    @property
    def name(self) -> str:
        """The crossing's own identifier."""
        return self.crossing_id


class HourSeen(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known around one hour: the hour itself and a margin before and after it.

    ``lanes`` are the gate's own lanes with their direction; ``listed`` the hours and directions that lists cover whole.
    """

    lanes: Mapping[str, Direction]
    sightings: tuple[Sighting, ...] = ()
    crossings: tuple[LoggedCrossing, ...] = ()
    entries: tuple[ImmigrationEntry, ...] = ()
    listed: frozenset[tuple[datetime, Direction]] = frozenset()


class Figure(StrEnum):
    """The figures of a lane's hour; each opens its rows."""

    SEEN = "seen"
    LOGGED = "logged"
    MEASURED = "measured"
    EXCEPTED = "excepted"
    TURNED_BACK = "turned_back"
    LISTED = "listed"
    SEEN_NOT_LOGGED = "seen_not_logged"
    NOT_MEASURED = "not_measured"
    LISTED_NOT_LOGGED = "listed_not_logged"
    LOGGED_NOT_LISTED = "logged_not_listed"


GAP_FIGURES: Final = (
    Figure.SEEN_NOT_LOGGED,
    Figure.NOT_MEASURED,
    Figure.LISTED_NOT_LOGGED,
    Figure.LOGGED_NOT_LISTED,
)
_OF_A_LIST: Final = frozenset({Figure.LISTED, Figure.LISTED_NOT_LOGGED})

CoverageRow = Passage | LoggedCrossing | ImmigrationEntry


class LaneHour(msgspec.Struct, frozen=True, kw_only=True):
    """One lane in one hour: the rows behind each figure.

    ``is_listed``: a list covers at least part of it; ``is_listed_whole``: all of it, so that who is not on the list
    was not stamped. Of an hour that a list covers in part nobody can say that. ``stamped_anyway``: by the key of an
    entry, the crossing of its person, who was not cleared.
    """

    lane_id: str
    starts_at: datetime
    is_listed: bool
    is_listed_whole: bool
    rows: Mapping[Figure, tuple[CoverageRow, ...]]
    stamped_anyway: Mapping[str, str] = {}

    def count(self, figure: Figure) -> int | None:
        """How many rows a figure has; ``None`` where no list says anything: never 0."""
        if figure in _OF_A_LIST and not self.is_listed:
            return None
        if figure is Figure.LOGGED_NOT_LISTED and not self.is_listed_whole:
            return None
        return len(self.rows.get(figure, ()))

    @property
    def gaps(self) -> int:
        """How many passages are unmeasured, unlogged, or stand in one list only."""
        return sum(self.count(figure) or 0 for figure in GAP_FIGURES)


class _Matched(msgspec.Struct, frozen=True, kw_only=True):
    """What was matched over the whole span, before it is dealt out to lanes and hours."""

    passages: tuple[Passage, ...]
    crossings: tuple[LoggedCrossing, ...]
    lane_of_entry: Mapping[str, str]
    crossings_on_list: frozenset[str]
    entries_here: frozenset[str]
    stopped: Mapping[str, str]


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour of an aware instant, in UTC (Viet Nam's hours begin with them).

    >>> hour_of(datetime(2026, 11, 22, 8, 59, 59, tzinfo=UTC)).isoformat()
    '2026-11-22T08:00:00+00:00'
    """
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def reconcile_hour(seen: HourSeen, *, starts_at: datetime, windows: Windows | None = None) -> tuple[LaneHour, ...]:
    """Reconcile one hour of a gate; one result for each lane, and one without a lane where an entry names none.

    ``seen`` should reach at least two windows beyond the hour on both sides, so that a pair over the edge of an
    hour is found from both. Which order the rows come in does not matter.
    """
    matched = _match(seen, windows=windows or Windows())
    inside = [one for one in seen.entries if hour_of(one.at) == starts_at]
    lanes = {*seen.lanes, *(matched.lane_of_entry[one.entry_key] for one in inside)}
    lanes |= {one.lane_id for one in matched.passages if hour_of(one.at) == starts_at}
    lanes |= {one.lane_id for one in matched.crossings if hour_of(one.at) == starts_at}
    return tuple(_lane_hour(seen, matched, lane_id=lane_id, starts_at=starts_at) for lane_id in sorted(lanes))


def _match(seen: HourSeen, *, windows: Windows) -> _Matched:
    kept = tuple(one for one in seen.crossings if not one.is_withdrawn)
    withdrawn = {one.crossing_id for one in seen.crossings if one.is_withdrawn}
    passages = passages_of(seen.sightings, same_person=timedelta(seconds=windows.same_person_s))
    passages = tuple(_without_withdrawn(one, withdrawn=withdrawn) for one in passages)
    passages = _explained(passages, crossings=kept, window=timedelta(seconds=windows.reading_s))
    window = timedelta(seconds=windows.entry_s)
    cleared = list(_on_the_list(seen.entries, crossings=tuple(one for one in kept if one.is_cleared), window=window))
    here = frozenset(entry.entry_key for entry, _ in cleared)
    others = [one for one in seen.entries if one.entry_key not in here]
    stopped = list(_on_the_list(others, crossings=tuple(one for one in kept if not one.is_cleared), window=window))
    lane_of_pair = {entry.entry_key: crossing.lane_id for entry, crossing in (*cleared, *stopped)}
    return _Matched(
        passages=passages,
        crossings=kept,
        lane_of_entry={
            one.entry_key: one.lane_id if one.lane_id in seen.lanes else lane_of_pair.get(one.entry_key, NO_LANE)
            for one in seen.entries
        },
        crossings_on_list=frozenset(crossing.crossing_id for _, crossing in cleared),
        entries_here=here,
        stopped={entry.entry_key: crossing.crossing_id for entry, crossing in stopped},
    )


def _without_withdrawn(passage: Passage, *, withdrawn: set[str]) -> Passage:
    if passage.crossing_id not in withdrawn:
        return passage
    return msgspec.structs.replace(passage, crossing_id=None, reason=WITHDRAWN)


def _explained(
    passages: tuple[Passage, ...], *, crossings: tuple[LoggedCrossing, ...], window: timedelta
) -> tuple[Passage, ...]:
    """Let a crossing without a reading of its own explain one passage near it: it was measured by hand, or excepted."""
    taken = {one.crossing_id for one in passages}
    found: dict[str, str] = {}
    for lane_id in {one.lane_id for one in passages}:
        strangers = [one for one in passages if one.lane_id == lane_id and one.crossing_id is None]
        unseen = [one for one in crossings if one.lane_id == lane_id and one.crossing_id not in taken]
        found |= {
            passage.name: crossing.crossing_id for passage, crossing in pairs_within(strangers, unseen, window=window)
        }
    return tuple(
        msgspec.structs.replace(one, crossing_id=found[one.name], reason="") if one.name in found else one
        for one in passages
    )


def _on_the_list(
    entries: Iterable[ImmigrationEntry], *, crossings: tuple[LoggedCrossing, ...], window: timedelta
) -> Iterable[tuple[ImmigrationEntry, LoggedCrossing]]:
    by_person: dict[tuple[str, Direction], tuple[list[ImmigrationEntry], list[LoggedCrossing]]] = {}
    for entry in entries:
        by_person.setdefault((entry.document_key, entry.direction), ([], []))[0].append(entry)
    for crossing in crossings:
        group = by_person.get((crossing.document_key, crossing.direction))
        if group is not None:
            group[1].append(crossing)
    for stamped, logged in by_person.values():
        yield from pairs_within(stamped, logged, window=window)


def _lane_hour(seen: HourSeen, matched: _Matched, *, lane_id: str, starts_at: datetime) -> LaneHour:
    passages = [one for one in matched.passages if one.lane_id == lane_id and hour_of(one.at) == starts_at]
    crossings = [one for one in matched.crossings if one.lane_id == lane_id and hour_of(one.at) == starts_at]
    entries = [
        one for one in seen.entries if matched.lane_of_entry[one.entry_key] == lane_id and hour_of(one.at) == starts_at
    ]
    compared = [one for one in crossings if (starts_at, one.direction) in seen.listed]
    unlisted = [one for one in compared if one.is_cleared and one.crossing_id not in matched.crossings_on_list]
    rows: dict[Figure, Iterable[CoverageRow]] = {
        Figure.SEEN: passages,
        Figure.SEEN_NOT_LOGGED: [one for one in passages if one.crossing_id is None],
        **_of_crossings(crossings),
        Figure.LISTED: entries,
        Figure.LISTED_NOT_LOGGED: [one for one in entries if one.entry_key not in matched.entries_here],
        Figure.LOGGED_NOT_LISTED: unlisted,
    }
    is_own_direction_listed = lane_id in seen.lanes and (starts_at, seen.lanes[lane_id]) in seen.listed
    return LaneHour(
        lane_id=lane_id,
        starts_at=starts_at,
        is_listed=bool(is_own_direction_listed or compared or entries),
        is_listed_whole=bool(is_own_direction_listed or compared),
        rows={figure: tuple(sorted(found, key=lambda one: (one.at, one.name))) for figure, found in rows.items()},
        stamped_anyway=matched.stopped,
    )


def _of_crossings(crossings: list[LoggedCrossing]) -> dict[Figure, Iterable[CoverageRow]]:
    """Deal crossings out: each stands in exactly one of measured, excepted, turned back, not measured."""
    unmeasured = [one for one in crossings if not one.is_measured]
    bare = [one for one in unmeasured if not one.is_excepted]
    return {
        Figure.LOGGED: crossings,
        Figure.MEASURED: [one for one in crossings if one.is_measured],
        Figure.EXCEPTED: [one for one in unmeasured if one.is_excepted],
        Figure.TURNED_BACK: [one for one in bare if one.is_turned_back],
        Figure.NOT_MEASURED: [one for one in bare if not one.is_turned_back],
    }
