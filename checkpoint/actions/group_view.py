"""Groups, vehicles and companions as screens and exports show them: read, and noted where somebody was looked for."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.person_view import masked
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.taking_back import is_taken_back
from checkpoint.conveyances import Country, Movement, Occupant, away, driver_swaps, part_key, read_plate, trips
from checkpoint.groups import Nearness, near
from checkpoint.store.conveyances import (
    MovementRow,
    OccupantRow,
    lane_neighbours,
    list_movements,
    movements_of,
    occupants_in,
    parts_of,
    rides_of,
)
from checkpoint.store.crossings import CrossingRow, crossings_by_id
from checkpoint.store.groups import GroupRow, MemberRow, counts_of, list_groups, members_of, places_of, read_group
from checkpoint.store.lanes import log_access
from sync.agreement.vocabulary import Direction

MOVEMENTS_LOOKED_AT: Final = timedelta(days=7)
MOST_LINES: Final = 200
MOST_EXPORTED: Final = 10_000
LONGEST_WINDOW_MINUTES: Final = 240


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group in the list: announced, on the list, seen, missing, unexpected."""

    group_id: str
    kind: str
    direction: str
    operator: str
    guide: str
    announced: int
    listed: int
    seen: int
    missing: int
    unexpected: int
    opened_at: datetime
    closed_at: datetime | None
    reason: str | None
    lanes: tuple[str, ...]


class MemberLine(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a group; the number of the document is masked."""

    number: int
    full_name: str
    document_number_masked: str
    nationality: str
    seat: str
    carriage: str
    crossing_id: str | None
    seen_at: datetime | None
    matched_by: str | None
    is_late: bool
    missing_because: str | None


class GroupCard(msgspec.Struct, frozen=True, kw_only=True):
    """One group whole: who is missing stands by number, and by name for those who may see it."""

    group: GroupLine
    telephone: str
    plates: str
    members: tuple[MemberLine, ...]


class OccupantLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was in a conveyance."""

    crossing_id: str
    role: str
    seat: str
    full_name: str
    document_number_masked: str


class MovementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement in the list.

    ``standing``: ``paired``, ``away`` from home, ``passed`` (nothing to wait for), or ``taken_back``.
    """

    conveyance_id: str
    kind: str
    plates: str
    direction: str
    purpose: str
    cargo: str | None
    presented_at: datetime
    movement_today: int
    occupants_said: int | None
    occupants: tuple[OccupantLine, ...]
    standing: str
    has_other_driver: bool


class CompanionLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody near one crossing: in the same conveyance or group, or at the same lane within the minutes asked for."""

    crossing_id: str
    full_name: str
    document_number_masked: str
    presented_at: datetime
    disposition: str
    in_conveyance: bool = False
    in_group: bool = False
    at_lane: bool = False
    nearness: Nearness = Nearness.UNKNOWN
    role: str = ""
    seat: str = ""


def group_lines(gate: Gate, *, query: str = "", limit: int = MOST_LINES) -> list[GroupLine]:
    """Return groups, the newest first."""
    with gate.store.readers.connect() as connection:
        rows = list_groups(connection, limit=min(limit, MOST_EXPORTED), query=query)
        counts = counts_of(connection, [row.group_id for row in rows])
    return [_group_line(gate, row, counted=counts[row.group_id]) for row in rows]


def group_card(gate: Gate, group_id: str) -> GroupCard:
    """Return one group with its members."""
    with gate.store.readers.connect() as connection:
        row = read_group(connection, group_id)
        if row is None:
            code = "no_such_group"
            raise ActionRefusedError(code, http_code=404)
        members = members_of(connection, group_id)
        counted = counts_of(connection, [group_id])[group_id]
        carried = movements_of(connection, [row.conveyance_id] if row.conveyance_id else [])
    return GroupCard(
        group=_group_line(gate, row, counted=counted),
        telephone=row.telephone,
        plates=carried[0].plates if carried else "",
        members=tuple(_member_line(member) for member in members),
    )


def movement_lines(gate: Gate, *, query: str = "", limit: int = MOST_LINES) -> list[MovementLine]:
    """Return movements of the last days, the newest first; a whole plate is found however old."""
    plate = read_plate(query)
    key = part_key(plate, key=gate.identity.person_index_key) if plate.is_plausible else ""
    since = gate.clock() - MOVEMENTS_LOOKED_AT
    with gate.store.readers.connect() as connection:
        rows = list_movements(
            connection, since=since, limit=min(limit, MOST_EXPORTED), query=query.strip(), part_key=key
        )
        ids = [row.conveyance_id for row in rows]
        occupants = occupants_in(connection, ids)
        parts = parts_of(connection, ids)
    return _movement_lines(rows, occupants=occupants, parts=parts)


def companions(gate: Gate, crossing_id: str, *, minutes: int, officer_ref: str) -> list[CompanionLine]:
    """Return who was in the vehicle or group of a crossing, or at its lane within some minutes (R024). It is noted."""
    gate.perform(
        lambda turn: log_access(
            turn.transaction,
            at=turn.at,
            officer_ref=officer_ref,
            action="companions_read",
            subject=crossing_id,
            reason="",
        )
    ).result()
    window = timedelta(minutes=min(max(minutes, 0), LONGEST_WINDOW_MINUTES))
    with gate.store.readers.connect() as connection:
        found = crossings_by_id(connection, [crossing_id])
        if not found:
            code = "no_such_crossing"
            raise ActionRefusedError(code, http_code=404)
        rides = rides_of(connection, crossing_id)
        riders = occupants_in(connection, [one.conveyance_id for one in rides])
        places = places_of(connection, crossing_id)
        together = [m for place in places for m in members_of(connection, place.group_id) if m.crossing_id]
        here = found[0]
        beside = lane_neighbours(connection, lane_id=here.lane_id, around=here.presented_at, window=window)
        ids = {*beside, *(one.crossing_id for one in riders), *(one.crossing_id or "" for one in together)}
        rows = crossings_by_id(connection, sorted(ids - {crossing_id, ""}))
    return [
        _companion(row, rides=rides, riders=riders, places=places, together=together, beside=beside) for row in rows
    ]


def note_read(gate: Gate, action: str, *, officer_ref: str, subject: str = "") -> None:
    """Note in the access log that a list with names was taken."""
    gate.perform(
        lambda turn: log_access(
            turn.transaction, at=turn.at, officer_ref=officer_ref, action=action, subject=subject, reason=""
        )
    ).result()


def _group_line(gate: Gate, row: GroupRow, *, counted: tuple[frozenset[int], int]) -> GroupLine:
    seen, unexpected = counted
    return GroupLine(
        group_id=row.group_id,
        kind=row.kind.value,
        direction=row.direction.value,
        operator=row.operator,
        guide=row.guide,
        announced=row.announced,
        listed=row.listed,
        seen=len(seen),
        missing=row.announced - len(seen),
        unexpected=unexpected,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        reason=row.reason.value if row.reason else None,
        lanes=tuple(lane_id for lane_id, one in gate.groups.items() if one.group_id == row.group_id),
    )


def _member_line(row: MemberRow) -> MemberLine:
    return MemberLine(
        number=row.number,
        full_name=row.full_name,
        document_number_masked=masked(row.document_number) if row.document_number else "",
        nationality=row.nationality,
        seat=row.seat,
        carriage=row.carriage,
        crossing_id=row.crossing_id,
        seen_at=row.seen_at,
        matched_by=row.matched_by.value if row.matched_by else None,
        is_late=row.is_late,
        missing_because=row.missing_because.value if row.missing_because and row.crossing_id is None else None,
    )


def _movement_lines(
    rows: Sequence[MovementRow], *, occupants: Sequence[OccupantRow], parts: dict[str, frozenset[str]]
) -> list[MovementLine]:
    moved = [
        _movement(row, occupants=occupants, keys=parts.get(row.conveyance_id))
        for row in reversed(rows)
        if not is_taken_back(row)
    ]
    paired = trips(moved)
    ended = {half.conveyance_id for trip in paired if trip.out and trip.home for half in (trip.out, trip.home)}
    gone = {one.conveyance_id for one in away(moved)}
    swapped = {
        half.conveyance_id
        for swap in driver_swaps(paired)
        for half in (swap.trip.out, swap.trip.home)
        if half is not None
    }
    return [
        MovementLine(
            conveyance_id=row.conveyance_id,
            kind=row.kind.value,
            plates=row.plates,
            direction=row.direction.value,
            purpose=row.purpose.value,
            cargo=row.cargo.value if row.cargo else None,
            presented_at=row.presented_at,
            movement_today=row.movement_today,
            occupants_said=row.occupants,
            occupants=tuple(_occupant_line(one) for one in occupants if one.conveyance_id == row.conveyance_id),
            standing=_standing(row, ended=ended, gone=gone),
            has_other_driver=row.conveyance_id in swapped,
        )
        for row in rows
    ]


def _standing(row: MovementRow, *, ended: Collection[str], gone: Collection[str]) -> str:
    if is_taken_back(row):
        return "taken_back"
    if row.conveyance_id in ended:
        return "paired"
    return "away" if row.conveyance_id in gone else "passed"


def _movement(row: MovementRow, *, occupants: Sequence[OccupantRow], keys: frozenset[str] | None) -> Movement:
    country = read_plate(row.plates.split(" ")[0]).country if row.plates else Country.UNKNOWN
    return Movement(
        conveyance_id=row.conveyance_id,
        keys=keys or frozenset({row.conveyance_id}),
        moved_at=row.presented_at,
        direction=Direction(row.direction),
        country=country,
        occupants=tuple(
            Occupant(crossing_id=one.crossing_id, person_key=one.person_key, role=one.role)
            for one in occupants
            if one.conveyance_id == row.conveyance_id
        ),
    )


def _occupant_line(row: OccupantRow) -> OccupantLine:
    return OccupantLine(
        crossing_id=row.crossing_id,
        role=row.role.value,
        seat=" ".join(part for part in (row.carriage, row.seat) if part),
        full_name=row.full_name,
        document_number_masked=masked(row.document_number) if row.document_number else "",
    )


def _companion(
    row: CrossingRow,
    *,
    rides: Sequence[OccupantRow],
    riders: Sequence[OccupantRow],
    places: Sequence[MemberRow],
    together: Sequence[MemberRow],
    beside: Sequence[str],
) -> CompanionLine:
    ridden = next((one for one in riders if one.crossing_id == row.crossing_id), None)
    member = next((one for one in together if one.crossing_id == row.crossing_id), None)
    mine = rides[0] if rides else places[0] if places else None
    theirs = ridden or member
    sat = Nearness.UNKNOWN
    if mine is not None and theirs is not None:
        sat = near(mine.seat, other=theirs.seat, carriage=mine.carriage, other_carriage=theirs.carriage)
    return CompanionLine(
        crossing_id=row.crossing_id,
        full_name=row.full_name,
        document_number_masked=masked(row.document_number) if row.document_number else "",
        presented_at=row.presented_at,
        disposition=row.disposition.value,
        in_conveyance=ridden is not None,
        in_group=member is not None,
        at_lane=row.crossing_id in beside,
        nearness=sat,
        role=ridden.role.value if ridden else "",
        seat=theirs.seat if theirs else "",
    )
