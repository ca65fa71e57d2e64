"""The arrival board of an airport, a port or a station: conveyances and their lists, newest first; no person."""

from collections import defaultdict
from datetime import datetime
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.places.arrivals import ArrivalCount, ListedGroup, arrival_count
from checkpoint.store.conveyances import MovementRow, movements_of
from checkpoint.store.groups import GroupRow, counts_of, list_groups
from sync.agreement.policy.place_rules import SiteProfile

MOST_GROUPS: Final = 200


class ArrivalCard(msgspec.Struct, frozen=True, kw_only=True):
    """One conveyance; ``number`` is the flight's, the train's or the vessel's as it was typed: never to be logged."""

    conveyance_id: str
    kind: str
    number: str
    direction: str
    port_code: str
    announced_at: datetime
    groups: tuple[str, ...]
    count: ArrivalCount


def arrival_board(gate: Gate, profile: SiteProfile) -> tuple[ArrivalCard, ...]:
    """Draw the conveyances of the kinds that this place takes: screening first, then expected, then finished."""
    with gate.store.readers.connect() as connection:
        groups = [one for one in list_groups(connection, limit=MOST_GROUPS) if one.conveyance_id]
        seen = counts_of(connection, [one.group_id for one in groups])
        movements = movements_of(connection, sorted({one.conveyance_id or "" for one in groups}))
    by_conveyance: defaultdict[str, list[GroupRow]] = defaultdict(list)
    for group in groups:
        by_conveyance[group.conveyance_id or ""].append(group)
    cards = [
        _card(row, groups=by_conveyance[row.conveyance_id], seen=seen)
        for row in movements
        if row.kind in profile.conveyances
    ]
    return tuple(sorted(cards, key=lambda card: (_ORDER.index(card.count.state.value), -card.announced_at.timestamp())))


_ORDER: Final = ("screening", "expected", "finished")


def _card(row: MovementRow, *, groups: list[GroupRow], seen: dict[str, tuple[frozenset[int], int]]) -> ArrivalCard:
    listed = [
        ListedGroup(
            announced=one.announced,
            listed=one.listed,
            seen=len(seen[one.group_id][0]),
            unexpected=seen[one.group_id][1],
            is_closed=one.closed_at is not None,
        )
        for one in groups
    ]
    return ArrivalCard(
        conveyance_id=row.conveyance_id,
        kind=row.kind.value,
        number=row.plates,
        direction=row.direction.value,
        port_code=row.port_code,
        announced_at=row.presented_at,
        groups=tuple(one.group_id for one in groups),
        count=arrival_count(listed),
    )
