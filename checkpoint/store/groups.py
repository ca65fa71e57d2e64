"""Groups and their members in the database: who was announced, who was seen at which crossing, who is missing."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, literal_column, null, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import episode_key, group_guest, group_member, lane_group, traveller_group
from checkpoint.store.writer import Transaction
from sync.agreement.group_words import GroupKind, MemberMatch, MissingReason
from sync.agreement.vocabulary import Direction


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """One group. ``guide`` and ``operator`` name people: never to be logged."""

    group_id: str
    kind: GroupKind
    direction: Direction
    announced: int
    listed: int
    operator: str
    guide: str
    telephone: str
    conveyance_id: str | None
    opened_at: datetime
    opened_by: str
    fingerprint: str
    closed_at: datetime | None = None
    closed_by: str | None = None
    reason: MissingReason | None = None


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a group; without a name for a head that was announced and not listed."""

    group_id: str
    number: int
    member_id: str
    full_name: str
    document_number: str
    number_key: str
    date_of_birth: date | None
    nationality: str
    seat: str
    carriage: str
    crossing_id: str | None = None
    seen_at: datetime | None = None
    matched_by: MemberMatch | None = None
    is_late: bool = False
    missing_because: MissingReason | None = None


class CountedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group as counts."""

    group_id: str
    kind: GroupKind
    announced: int
    listed: int
    seen: int
    unexpected: int
    is_closed: bool


_GROUP_FIELDS, _MEMBER_FIELDS = GroupRow.__struct_fields__, MemberRow.__struct_fields__
_EMPTY: dict[str, ColumnElement[str]] = {
    name: literal_column("''")
    for name in ("full_name", "document_number", "number_key", "nationality", "seat", "carriage")
}
_NOBODY: dict[str, ColumnElement[Any]] = {**_EMPTY, "date_of_birth": null()}
_ADD_GROUP = insert_into(traveller_group)
_ADD_MEMBER = insert_into(group_member)
_FIND_GROUP = compiled(select(traveller_group).where(traveller_group.c.group_id == bindparam("wanted")))
_MEMBERS = compiled(
    select(group_member).where(group_member.c.group_id == bindparam("wanted")).order_by(group_member.c.number)
)
_BY_KEY = compiled(
    select(group_member).where(
        group_member.c.group_id == bindparam("wanted"), group_member.c.number_key == bindparam("key")
    )
)
_SEEN = compiled(
    select(group_member.c.number).where(
        group_member.c.group_id == bindparam("wanted"), group_member.c.crossing_id.is_not(None)
    )
)
_OF_CROSSING = compiled(select(group_member).where(group_member.c.crossing_id == bindparam("wanted")))
_TICK = compiled(
    update(group_member)
    .where(group_member.c.group_id == bindparam("wanted"), group_member.c.number == bindparam("place"))
    .values(
        crossing_id=bindparam("new_crossing"),
        seen_at=bindparam("new_seen_at"),
        matched_by=bindparam("new_match"),
        is_late=bindparam("new_late"),
    )
)
_MISS = compiled(
    update(group_member)
    .where(group_member.c.group_id == bindparam("wanted"), group_member.c.number == bindparam("place"))
    .values(missing_because=bindparam("new_reason"))
)
_ADD_GUEST = compiled(
    insert(group_guest)
    .values(dict.fromkeys(("group_id", "crossing_id", "seen_at")))
    .on_conflict_do_nothing(index_elements=["group_id", "crossing_id"])
)
_GUESTS = compiled(select(func.count()).select_from(group_guest).where(group_guest.c.group_id == bindparam("wanted")))
_CLOSE = compiled(
    update(traveller_group)
    .where(traveller_group.c.group_id == bindparam("wanted"))
    .values(closed_at=bindparam("new_closed_at"), closed_by=bindparam("new_closed_by"), reason=bindparam("new_reason"))
)
_OPEN_TWIN = compiled(
    select(traveller_group.c.group_id).where(
        traveller_group.c.closed_at.is_(None),
        traveller_group.c.fingerprint == bindparam("wanted"),
        traveller_group.c.direction == bindparam("direction"),
    )
)
_PUT_AT_LANE = compiled(
    insert(lane_group)
    .values(dict.fromkeys(("lane_id", "group_id")))
    .on_conflict_do_update(index_elements=["lane_id"], set_={"group_id": insert(lane_group).excluded.group_id})
)
_LEAVE_LANE = compiled(delete(lane_group).where(lane_group.c.lane_id == bindparam("wanted")))
_AT_LANE = compiled(select(lane_group.c.group_id).where(lane_group.c.lane_id == bindparam("wanted")))
_LANES_OF = compiled(select(lane_group.c.lane_id).where(lane_group.c.group_id == bindparam("wanted")))
_GROUPS_OF = compiled(
    select(group_member.c.group_id)
    .where(group_member.c.crossing_id == bindparam("wanted"))
    .union(select(group_guest.c.group_id).where(group_guest.c.crossing_id == bindparam("wanted")))
)
_FREE = compiled(
    update(group_member)
    .where(group_member.c.crossing_id == bindparam("wanted"))
    .values(crossing_id=null(), seen_at=null(), matched_by=null(), is_late=literal_column("0"))
)
_DROP_GUEST = compiled(delete(group_guest).where(group_guest.c.crossing_id == bindparam("wanted")))
_BLANK_GROUP = compiled(
    update(traveller_group)
    .where(traveller_group.c.group_id == bindparam("wanted"))
    .values(operator=literal_column("''"), guide=literal_column("''"), telephone=literal_column("''"))
)
_BLANK_MEMBERS = compiled(update(group_member).where(group_member.c.group_id == bindparam("wanted")).values(**_NOBODY))
_BLANK_SEEN = compiled(update(group_member).where(group_member.c.crossing_id == bindparam("wanted")).values(**_NOBODY))
_BLANK_ONE = compiled(update(group_member).where(group_member.c.member_id == bindparam("wanted")).values(**_NOBODY))
_DROP_KEYS_OF_GROUP = compiled(
    delete(episode_key).where(
        episode_key.c.crossing_id.in_(
            select(group_member.c.member_id).where(group_member.c.group_id == bindparam("wanted"))
        )
    )
)
_DROP_KEY_OF_SEEN = compiled(
    delete(episode_key).where(
        episode_key.c.crossing_id.in_(
            select(group_member.c.member_id).where(group_member.c.crossing_id == bindparam("wanted"))
        )
    )
)


def add_group(transaction: Transaction, group: GroupRow, *, members: Iterable[MemberRow]) -> None:
    """Keep a group and a place for each of its heads."""
    transaction.execute(_ADD_GROUP, _as_values(group))
    for member in members:
        transaction.execute(_ADD_MEMBER, _as_values(member))


def find_group(transaction: Transaction, group_id: str) -> GroupRow | None:
    """Return one group."""
    row = transaction.execute(_FIND_GROUP, {"wanted": group_id}).fetchone()
    return None if row is None else _as_group(row)


def has_open_twin(transaction: Transaction, fingerprint: str, *, direction: Direction) -> bool:
    """Tell whether a group with this very list is open already in the same direction."""
    asked = {"wanted": fingerprint, "direction": direction.value}
    return transaction.execute(_OPEN_TWIN, asked).fetchone() is not None


def members_in(transaction: Transaction, group_id: str) -> list[MemberRow]:
    """Return the places of a group by number."""
    return [_as_member(row) for row in transaction.execute(_MEMBERS, {"wanted": group_id}).fetchall()]


def member_by_number(transaction: Transaction, group_id: str, *, number_key: str) -> MemberRow | None:
    """Return the member whose document has this number."""
    row = transaction.execute(_BY_KEY, {"wanted": group_id, "key": number_key}).fetchone() if number_key else None
    return None if row is None else _as_member(row)


def member_of_crossing(transaction: Transaction, crossing_id: str) -> MemberRow | None:
    """Return the place that a crossing filled."""
    row = transaction.execute(_OF_CROSSING, {"wanted": crossing_id}).fetchone()
    return None if row is None else _as_member(row)


def seen_numbers(transaction: Transaction, group_id: str) -> frozenset[int]:
    """Return the numbers of the members who stood at a lane."""
    return frozenset(row[0] for row in transaction.execute(_SEEN, {"wanted": group_id}).fetchall())


def guests_of(transaction: Transaction, group_id: str) -> int:
    """Count who came with a group beside its announced heads."""
    count: int = transaction.execute(_GUESTS, {"wanted": group_id}).fetchone()[0]
    return count


def tick_member(
    transaction: Transaction,
    group_id: str,
    *,
    number: int,
    crossing_id: str,
    at: datetime,
    match: MemberMatch,
    is_late: bool,
) -> None:
    """Note that a member was seen."""
    row = {"wanted": group_id, "place": number, "new_crossing": crossing_id, "new_seen_at": to_text(at)}
    transaction.execute(_TICK, {**row, "new_match": match.value, "new_late": int(is_late)})


def free_member(transaction: Transaction, crossing_id: str) -> list[str]:
    """Let a place be empty again whose crossing was withdrawn; return the groups that this changes."""
    groups = [str(row[0]) for row in transaction.execute(_GROUPS_OF, {"wanted": crossing_id}).fetchall()]
    for statement in (_FREE, _DROP_GUEST):
        transaction.execute(statement, {"wanted": crossing_id})
    return groups


def miss_member(transaction: Transaction, group_id: str, *, number: int, reason: MissingReason) -> None:
    """Note why a group was closed without a member."""
    transaction.execute(_MISS, {"wanted": group_id, "place": number, "new_reason": reason.value})


def add_guest(transaction: Transaction, group_id: str, *, crossing_id: str, at: datetime) -> None:
    """Note who came with a group in which no place was left."""
    transaction.execute(_ADD_GUEST, {"group_id": group_id, "crossing_id": crossing_id, "seen_at": to_text(at)})


def close_group_row(
    transaction: Transaction, group_id: str, *, at: datetime, officer_ref: str, reason: MissingReason | None
) -> None:
    """End a group's head count."""
    row = {"wanted": group_id, "new_closed_at": to_text(at), "new_closed_by": officer_ref}
    transaction.execute(_CLOSE, {**row, "new_reason": None if reason is None else reason.value})


def put_at_lane(transaction: Transaction, lane_id: str, *, group_id: str | None) -> None:
    """Let a group stand at a lane, or none."""
    if group_id is None:
        transaction.execute(_LEAVE_LANE, {"wanted": lane_id})
    else:
        transaction.execute(_PUT_AT_LANE, {"lane_id": lane_id, "group_id": group_id})


def group_at(transaction: Transaction, lane_id: str) -> str | None:
    """Return the group that stands at a lane."""
    row = transaction.execute(_AT_LANE, {"wanted": lane_id}).fetchone()
    return None if row is None else str(row[0])


def lanes_of(transaction: Transaction, group_id: str) -> list[str]:
    """Return the lanes at which a group stands."""
    return [str(row[0]) for row in transaction.execute(_LANES_OF, {"wanted": group_id}).fetchall()]


def lane_counts(connection: Connection) -> dict[str, CountedGroup]:
    """Return the group that stands at each lane, counted."""
    at_lanes = {row.lane_id: row.group_id for row in connection.execute(select(lane_group))}
    counts = counts_of(connection, sorted(set(at_lanes.values())))
    counted = {}
    for lane_id, group_id in at_lanes.items():
        group = read_group(connection, group_id)
        if group is not None:
            seen, unexpected = counts[group_id]
            counted[lane_id] = as_counted(group, seen=len(seen), unexpected=unexpected)
    return counted


def as_counted(group: GroupRow, *, seen: int, unexpected: int) -> CountedGroup:
    """Leave of a group what names nobody."""
    return CountedGroup(
        group_id=group.group_id,
        kind=group.kind,
        announced=group.announced,
        listed=group.listed,
        seen=seen,
        unexpected=unexpected,
        is_closed=group.closed_at is not None,
    )


def list_groups(
    connection: Connection, *, limit: int, query: str = "", before: datetime | None = None
) -> list[GroupRow]:
    """Return groups, the newest first; ``query`` is part of a guide's or operator's name."""
    statement = select(traveller_group).order_by(traveller_group.c.opened_at.desc()).limit(limit)
    if before is not None:
        statement = statement.where(traveller_group.c.opened_at < to_text(before))
    if query:
        said = (traveller_group.c.operator, traveller_group.c.guide)
        statement = statement.where(or_(*(one.icontains(query, autoescape=True) for one in said)))
    return [_as_group(tuple(row)) for row in connection.execute(statement)]


def read_group(connection: Connection, group_id: str) -> GroupRow | None:
    """Return one group, for a reader."""
    row = connection.execute(select(traveller_group).where(traveller_group.c.group_id == group_id)).one_or_none()
    return None if row is None else _as_group(tuple(row))


def members_of(connection: Connection, group_id: str) -> list[MemberRow]:
    """Return the places of a group by number, for a reader."""
    statement = select(group_member).where(group_member.c.group_id == group_id).order_by(group_member.c.number)
    return [_as_member(tuple(row)) for row in connection.execute(statement)]


def places_of(connection: Connection, crossing_id: str) -> list[MemberRow]:
    """Return the places that a crossing filled, in whatever group."""
    statement = select(group_member).where(group_member.c.crossing_id == crossing_id)
    return [_as_member(tuple(row)) for row in connection.execute(statement)]


def counts_of(connection: Connection, group_ids: Sequence[str]) -> dict[str, tuple[frozenset[int], int]]:
    """Return the numbers seen and the count of unexpected people, by group."""
    counts: dict[str, tuple[frozenset[int], int]] = dict.fromkeys(group_ids, (frozenset(), 0))
    seen = select(group_member.c.group_id, group_member.c.number).where(
        group_member.c.group_id.in_(group_ids), group_member.c.crossing_id.is_not(None)
    )
    for row in connection.execute(seen):
        counts[row.group_id] = (counts[row.group_id][0] | {row.number}, 0)
    guests = select(group_guest.c.group_id, func.count()).where(group_guest.c.group_id.in_(group_ids))
    for group_id, count in connection.execute(guests.group_by(group_guest.c.group_id)):
        counts[group_id] = (counts[group_id][0], count)
    return counts


def purge_group(transaction: Transaction, group_id: str) -> bool:
    """Empty an erased group: guide, operator, every member; head count and times stay."""
    is_known: bool = transaction.execute(_BLANK_GROUP, {"wanted": group_id}).rowcount == 1
    transaction.execute(_DROP_KEYS_OF_GROUP, {"wanted": group_id})
    transaction.execute(_BLANK_MEMBERS, {"wanted": group_id})
    return is_known


def purge_member(transaction: Transaction, episode_id: str) -> bool:
    """Take an erased person's row out of their groups, whether the crossing or the member is the episode."""
    transaction.execute(_DROP_KEY_OF_SEEN, {"wanted": episode_id})
    transaction.execute(_BLANK_SEEN, {"wanted": episode_id})
    is_known: bool = transaction.execute(_BLANK_ONE, {"wanted": episode_id}).rowcount == 1
    return is_known


def _as_values(row: GroupRow | MemberRow) -> dict[str, object]:
    values: dict[str, object] = msgspec.to_builtins(row, builtin_types=(datetime,))
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = to_text(value)
        elif isinstance(value, bool):
            values[name] = int(value)
    return values


def _as_group(values: Sequence[object]) -> GroupRow:
    fields = dict(zip(_GROUP_FIELDS, values, strict=True))
    fields["opened_at"] = from_text(str(fields["opened_at"]))
    closed_at = fields["closed_at"]
    fields["closed_at"] = from_optional_text(None if closed_at is None else str(closed_at))
    return msgspec.convert(fields, GroupRow)


def _as_member(values: Sequence[object]) -> MemberRow:
    fields = dict(zip(_MEMBER_FIELDS, values, strict=True))
    seen_at = fields["seen_at"]
    fields["seen_at"] = from_optional_text(None if seen_at is None else str(seen_at))
    fields["is_late"] = bool(fields["is_late"])
    return msgspec.convert(fields, MemberRow)
