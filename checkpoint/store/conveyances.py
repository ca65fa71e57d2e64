"""Movements of conveyances and who was seen in them: each is found by its plates and its day, never by a whole read."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, text, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.journal import Saved
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import conveyance, conveyance_occupant, conveyance_part, crossing, episode_key
from checkpoint.store.writer import Transaction
from sync.agreement.group_words import CargoKind, ConveyanceKind, OccupantRole
from sync.agreement.vocabulary import Direction, PurposeOfCrossing

SEARCHED_MOVEMENTS = 20_000
_MOST_KEYS = 500


class MovementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One time a conveyance stood here. ``plates`` name its owner to whoever may ask: never to be logged."""

    entry: int
    conveyance_id: str
    conveyance_key: str
    kind: ConveyanceKind
    direction: Direction
    purpose: PurposeOfCrossing
    plates: str
    presented_at: datetime
    lane_id: str | None
    officer_ref: str
    occupants: int | None
    cargo: CargoKind | None
    port_code: str
    movement_today: int
    pairs_with: str | None
    findings: str


class PartOf(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a movement, hashed."""

    part_key: str
    is_trailer: bool


class OccupantRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a movement, with the crossing as it stands. Holds a person: never to be logged."""

    conveyance_id: str
    crossing_id: str
    role: OccupantRole
    seat: str
    carriage: str
    seen_at: datetime
    person_key: str
    full_name: str
    document_number: str
    disposition: str


_FIELDS = MovementRow.__struct_fields__
_ADD = insert_into(conveyance)
_OCCUPANTS = (
    select(
        conveyance_occupant,
        crossing.c.person_key,
        crossing.c.full_name,
        crossing.c.document_number,
        crossing.c.disposition,
    )
    .join(crossing, crossing.c.crossing_id == conveyance_occupant.c.crossing_id)
    .order_by(conveyance_occupant.c.seen_at)
)
_ADD_PART = insert_into(conveyance_part)
_ADD_OCCUPANT = compiled(
    insert(conveyance_occupant)
    .values(dict.fromkeys(("conveyance_id", "crossing_id", "role", "seat", "carriage", "seen_at")))
    .on_conflict_do_nothing(index_elements=["conveyance_id", "crossing_id"])
)
_FIND = compiled(select(conveyance).where(conveyance.c.conveyance_id == bindparam("wanted")))
_LAST = (
    compiled(
        select(conveyance)
        .join(conveyance_part, conveyance_part.c.conveyance_id == conveyance.c.conveyance_id)
        .where(
            conveyance_part.c.part_key == bindparam("wanted"),
            text("is_trailer = 0"),
            conveyance_part.c.presented_at <= bindparam("until"),
        )
        .order_by(conveyance_part.c.presented_at.desc())
    )
    + " LIMIT 1"
)
_PARTS_IN = compiled(
    select(conveyance_part.c.part_key, conveyance_part.c.is_trailer).where(
        conveyance_part.c.conveyance_id == bindparam("wanted")
    )
)
_SAY_LATER = compiled(
    update(conveyance)
    .where(conveyance.c.conveyance_id == bindparam("wanted"))
    .values(
        plates=bindparam("new_plates"),
        occupants=bindparam("new_occupants"),
        cargo=bindparam("new_cargo"),
        port_code=bindparam("new_port_code"),
        findings=bindparam("new_findings"),
    )
)
_TAKE_BACK = compiled(
    update(conveyance)
    .where(conveyance.c.conveyance_id == bindparam("wanted"))
    .values(findings=bindparam("new_findings"), conveyance_key=literal_column("''"))
)
_COUNT_SINCE = compiled(
    select(func.count())
    .select_from(conveyance)
    .where(conveyance.c.conveyance_key == bindparam("wanted"), conveyance.c.presented_at >= bindparam("since"))
)
_CONVEYANCES_OF = compiled(
    select(conveyance_occupant.c.conveyance_id).where(conveyance_occupant.c.crossing_id == bindparam("wanted"))
)
_OTHERS_IN = compiled(
    select(func.count())
    .select_from(conveyance_occupant)
    .where(
        conveyance_occupant.c.conveyance_id == bindparam("wanted"),
        conveyance_occupant.c.crossing_id != bindparam("crossing"),
    )
)
_BLANK = compiled(
    update(conveyance)
    .where(conveyance.c.conveyance_id == bindparam("wanted"))
    .values(plates=literal_column("''"), conveyance_key=literal_column("''"))
)
_DROP_PARTS = compiled(delete(conveyance_part).where(conveyance_part.c.conveyance_id == bindparam("wanted")))
_DROP_OCCUPANT = compiled(delete(conveyance_occupant).where(conveyance_occupant.c.crossing_id == bindparam("wanted")))
_DROP_OCCUPANTS = compiled(
    delete(conveyance_occupant).where(conveyance_occupant.c.conveyance_id == bindparam("wanted"))
)
_DROP_KEY = compiled(delete(episode_key).where(episode_key.c.crossing_id == bindparam("wanted")))


def add_movement(transaction: Transaction, row: MovementRow, *, parts: Iterable[PartOf], saved: Saved) -> None:
    """Keep a movement and the hashes of its numbers."""
    values = msgspec.to_builtins(row, builtin_types=(datetime,))
    transaction.execute(_ADD, {**values, "entry": saved.entry, "presented_at": to_text(row.presented_at)})
    _add_parts(transaction, row, parts=parts)


def put_said_later(transaction: Transaction, row: MovementRow, *, parts: Iterable[PartOf]) -> None:
    """Keep what was said of a movement after it was written down; ``parts`` are the numbers it did not have."""
    values = msgspec.to_builtins(row, builtin_types=(datetime,))
    told = {f"new_{name}": values[name] for name in ("plates", "occupants", "cargo", "port_code", "findings")}
    transaction.execute(_SAY_LATER, {"wanted": row.conveyance_id, **told})
    _add_parts(transaction, row, parts=parts)


def put_taken_back(transaction: Transaction, conveyance_id: str, *, findings: str) -> None:
    """Let a movement stand in the list alone: no number leads to it, nothing is paired with it, it counts as none."""
    transaction.execute(_TAKE_BACK, {"wanted": conveyance_id, "new_findings": findings})
    transaction.execute(_DROP_PARTS, {"wanted": conveyance_id})


def parts_in(transaction: Transaction, conveyance_id: str) -> tuple[PartOf, ...]:
    """Return the numbers by which one movement is known, hashed."""
    rows = transaction.execute(_PARTS_IN, {"wanted": conveyance_id}).fetchall()
    return tuple(PartOf(part_key=str(part_key), is_trailer=bool(is_trailer)) for part_key, is_trailer in rows)


def find_movement(transaction: Transaction, conveyance_id: str) -> MovementRow | None:
    """Return one movement."""
    row = transaction.execute(_FIND, {"wanted": conveyance_id}).fetchone()
    return None if row is None else _as_movement(row)


def last_movement(transaction: Transaction, vehicle_keys: Iterable[str], *, until: datetime) -> MovementRow | None:
    """Return the newest movement, not after ``until``, of the vehicle that bears any of these numbers."""
    found = [transaction.execute(_LAST, {"wanted": key, "until": to_text(until)}).fetchone() for key in vehicle_keys]
    rows = [_as_movement(row) for row in found if row is not None]
    return max(rows, key=lambda row: row.presented_at, default=None)


def movements_since(transaction: Transaction, conveyance_key: str, *, since: datetime) -> int:
    """Count the movements of one vehicle from an instant on."""
    count: int = transaction.execute(_COUNT_SINCE, {"wanted": conveyance_key, "since": to_text(since)}).fetchone()[0]
    return count


def add_occupant(
    transaction: Transaction,
    conveyance_id: str,
    *,
    crossing_id: str,
    role: OccupantRole,
    seat: str,
    carriage: str,
    at: datetime,
) -> None:
    """Note that the person of a crossing came in a conveyance."""
    row = {"conveyance_id": conveyance_id, "crossing_id": crossing_id, "role": role.value}
    transaction.execute(_ADD_OCCUPANT, {**row, "seat": seat, "carriage": carriage, "seen_at": to_text(at)})


def drop_occupant(transaction: Transaction, crossing_id: str) -> None:
    """Take out of every conveyance a person whose crossing was withdrawn."""
    transaction.execute(_DROP_OCCUPANT, {"wanted": crossing_id})


def list_movements(
    connection: Connection, *, since: datetime, limit: int, query: str = "", part_key: str = ""
) -> list[MovementRow]:
    """Return movements, newest first; a whole number is found however old, a part of one among the latest."""
    statement = select(conveyance).order_by(conveyance.c.entry.desc()).limit(limit)
    if part_key:
        parts = select(conveyance_part.c.conveyance_id).where(conveyance_part.c.part_key == part_key)
        exact = [
            _as_movement(tuple(row))
            for row in connection.execute(statement.where(conveyance.c.conveyance_id.in_(parts)))
        ]
        if exact:
            return exact
    statement = statement.where(conveyance.c.presented_at >= to_text(since))
    if query:
        statement = statement.where(conveyance.c.plates.icontains(query, autoescape=True))
    return [_as_movement(tuple(row)) for row in connection.execute(statement)]


def movements_of(connection: Connection, conveyance_ids: Collection[str]) -> list[MovementRow]:
    """Return these movements in the order of time."""
    wanted = list(conveyance_ids)[:_MOST_KEYS]
    statement = select(conveyance).where(conveyance.c.conveyance_id.in_(wanted)).order_by(conveyance.c.presented_at)
    return [_as_movement(tuple(row)) for row in connection.execute(statement)]


def parts_of(connection: Connection, conveyance_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the hashes of the vehicles themselves, without trailers, by movement."""
    statement = select(conveyance_part.c.conveyance_id, conveyance_part.c.part_key).where(
        conveyance_part.c.conveyance_id.in_(list(conveyance_ids)), conveyance_part.c.is_trailer == 0
    )
    keys: dict[str, set[str]] = {}
    for row in connection.execute(statement):
        keys.setdefault(row.conveyance_id, set()).add(row.part_key)
    return {conveyance_id: frozenset(found) for conveyance_id, found in keys.items()}


def occupants_in(connection: Connection, conveyance_ids: Collection[str]) -> list[OccupantRow]:
    """Return who was seen in these movements, in the order in which they were."""
    statement = _OCCUPANTS.where(conveyance_occupant.c.conveyance_id.in_(list(conveyance_ids)))
    return [_as_occupant(tuple(row)) for row in connection.execute(statement)]


def rides_of(connection: Connection, crossing_id: str) -> list[OccupantRow]:
    """Return the conveyances in which the person of one crossing was seen."""
    statement = _OCCUPANTS.where(conveyance_occupant.c.crossing_id == crossing_id)
    return [_as_occupant(tuple(row)) for row in connection.execute(statement)]


def purge_conveyance(transaction: Transaction, conveyance_id: str) -> bool:
    """Empty an erased movement: its numbers, their hashes, who was in it; tell whether there was one."""
    is_known: bool = transaction.execute(_BLANK, {"wanted": conveyance_id}).rowcount == 1
    for statement in (_DROP_PARTS, _DROP_OCCUPANTS):
        transaction.execute(statement, {"wanted": conveyance_id})
    return is_known


def purge_occupant(transaction: Transaction, crossing_id: str) -> None:
    """Take an erased person out of every conveyance; a plate that says nothing but this person goes with them."""
    for (conveyance_id,) in transaction.execute(_CONVEYANCES_OF, {"wanted": crossing_id}).fetchall():
        others = transaction.execute(_OTHERS_IN, {"wanted": conveyance_id, "crossing": crossing_id}).fetchone()[0]
        if others == 0:
            purge_conveyance(transaction, conveyance_id)
            transaction.execute(_DROP_KEY, {"wanted": conveyance_id})
    transaction.execute(_DROP_OCCUPANT, {"wanted": crossing_id})


def _add_parts(transaction: Transaction, row: MovementRow, *, parts: Iterable[PartOf]) -> None:
    for part in {one.part_key: one for one in parts}.values():
        values = {"part_key": part.part_key, "is_trailer": int(part.is_trailer), "conveyance_id": row.conveyance_id}
        transaction.execute(_ADD_PART, {**values, "presented_at": to_text(row.presented_at)})


def _as_movement(values: Sequence[object]) -> MovementRow:
    fields = dict(zip(_FIELDS, values, strict=True))
    fields["presented_at"] = from_text(str(fields["presented_at"]))
    return msgspec.convert(fields, MovementRow)


def _as_occupant(values: Sequence[object]) -> OccupantRow:
    fields = dict(zip(OccupantRow.__struct_fields__, values, strict=True))
    fields["seen_at"] = from_text(str(fields["seen_at"]))
    return msgspec.convert(fields, OccupantRow)


def lane_neighbours(connection: Connection, *, lane_id: str, around: datetime, window: timedelta) -> list[str]:
    """Return the crossings at one lane within a span around an instant, by the index on time."""
    times = crossing.c.presented_at.between(to_text(around - window), to_text(around + window))
    statement = select(crossing.c.crossing_id).where(times, crossing.c.lane_id == lane_id).limit(_MOST_KEYS)
    return [str(row.crossing_id) for row in connection.execute(statement)]
