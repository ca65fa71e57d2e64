"""Lanes, isolation places, running clocks and episode keys: the small tables that change with a record."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, text, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.isolation import Room, Stay
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import access_log, episode_key, isolation_place, lane_draft, running_clock
from checkpoint.store.writer import Transaction
from sync.agreement.facts import RunningClock
from sync.agreement.vocabulary import ClockKind
from sync.exchange.sealing import EpisodeKey

_PUT_DRAFT = compiled(
    insert(lane_draft)
    .values(dict.fromkeys(("lane_id", "bytes", "updated_at")))
    .on_conflict_do_update(
        index_elements=["lane_id"],
        set_={"bytes": insert(lane_draft).excluded.bytes, "updated_at": insert(lane_draft).excluded.updated_at},
    )
)
_PLACES = compiled(
    select(isolation_place.c.place_id, isolation_place.c.crossing_id, isolation_place.c.admitted_at).order_by(
        isolation_place.c.position
    )
)
_PUT_PLACE = compiled(
    insert(isolation_place)
    .values(dict.fromkeys(("place_id", "position")))
    .on_conflict_do_update(index_elements=["place_id"], set_={"position": insert(isolation_place).excluded.position})
)
_DROP_PLACE = compiled(
    delete(isolation_place).where(
        isolation_place.c.place_id == bindparam("wanted"), isolation_place.c.crossing_id.is_(None)
    )
)
_HOLD_PLACE = compiled(
    update(isolation_place)
    .where(isolation_place.c.place_id == bindparam("wanted"))
    .values(crossing_id=bindparam("new_crossing_id"), admitted_at=bindparam("new_admitted_at"))
)
_CLOCK_COLUMNS = ("crossing_id", "kind", "started_at", "due_at", "clause", "stopped_at")
_START_CLOCK = compiled(
    insert(running_clock)
    .values(dict.fromkeys(_CLOCK_COLUMNS))
    .on_conflict_do_update(
        index_elements=["crossing_id", "kind"],
        set_={name: getattr(insert(running_clock).excluded, name) for name in _CLOCK_COLUMNS[2:]},
    )
)
_STOP_CLOCKS = compiled(
    update(running_clock)
    .where(running_clock.c.crossing_id == bindparam("wanted"), running_clock.c.stopped_at.is_(None))
    .values(stopped_at=bindparam("new_stopped_at"))
)
_STOP_CLOCK = compiled(
    update(running_clock)
    .where(
        running_clock.c.crossing_id == bindparam("wanted"),
        running_clock.c.kind == bindparam("wanted_kind"),
        running_clock.c.stopped_at.is_(None),
    )
    .values(stopped_at=bindparam("new_stopped_at"))
)
_CLOCKS_OF = compiled(
    select(running_clock.c.kind, running_clock.c.started_at, running_clock.c.due_at, running_clock.c.clause)
    .where(running_clock.c.crossing_id == bindparam("wanted"), running_clock.c.stopped_at.is_(None))
    .order_by(running_clock.c.due_at)
)
_CLOCKS_STOPPED = compiled(
    select(running_clock.c.kind, running_clock.c.started_at, running_clock.c.due_at, running_clock.c.clause)
    .where(running_clock.c.crossing_id == bindparam("wanted"), running_clock.c.stopped_at == bindparam("wanted_at"))
    .order_by(running_clock.c.due_at)
)
_KEEP_KEY = insert_into(episode_key)
_FIND_KEY = compiled(select(episode_key.c.bytes).where(episode_key.c.crossing_id == bindparam("crossing_id")))
_DROP_KEY = compiled(delete(episode_key).where(episode_key.c.crossing_id == bindparam("crossing_id")))
_LOG = insert_into(access_log, omitting=("entry_number",))


def put_draft(transaction: Transaction, lane_id: str, *, content: bytes, at: datetime) -> None:
    """Keep a lane as it now stands, so that a restart finds it."""
    transaction.execute(_PUT_DRAFT, {"lane_id": lane_id, "bytes": content, "updated_at": to_text(at)})


def load_drafts(connection: Connection) -> dict[str, bytes]:
    """Return every lane as it was kept."""
    return {row.lane_id: row.bytes for row in connection.execute(select(lane_draft))}


def set_places(transaction: Transaction, places: Iterable[str]) -> None:
    """Make the room's places those of the settings; a place that is taken stays until it is free."""
    wanted = list(places)
    known = [row[0] for row in transaction.execute(_PLACES).fetchall()]
    for position, place_id in enumerate(wanted):
        transaction.execute(_PUT_PLACE, {"place_id": place_id, "position": position})
    for place_id in known:
        if place_id not in wanted:
            transaction.execute(_DROP_PLACE, {"wanted": place_id})


def read_room(transaction: Transaction, *, room_id: str) -> Room:
    """Read the isolation room as it stands."""
    return room_from(transaction.execute(_PLACES).fetchall(), room_id=room_id)


def room_from(rows: Iterable[tuple[str, str | None, str | None]], *, room_id: str) -> Room:
    """Build the room from its rows."""
    return Room(
        room_id=room_id,
        places={
            place_id: None
            if crossing_id is None
            else Stay(crossing_id=crossing_id, admitted_at=from_text(admitted_at or ""))
            for place_id, crossing_id, admitted_at in rows
        },
    )


def hold_place(transaction: Transaction, place_id: str, *, crossing_id: str | None, at: datetime | None) -> None:
    """Give a place to a crossing, or (``None``) free it."""
    admitted_at = None if at is None else to_text(at)
    transaction.execute(
        _HOLD_PLACE, {"wanted": place_id, "new_crossing_id": crossing_id, "new_admitted_at": admitted_at}
    )


def start_running_clocks(transaction: Transaction, crossing_id: str, *, clocks: Iterable[RunningClock]) -> None:
    """Start clocks of one crossing; a clock of a kind that runs already starts anew."""
    for clock in clocks:
        transaction.execute(
            _START_CLOCK,
            {
                "crossing_id": crossing_id,
                "kind": clock.kind.value,
                "started_at": to_text(clock.started_at),
                "due_at": to_text(clock.due_at),
                "clause": clock.clause,
                "stopped_at": None,
            },
        )


def stop_running_clocks(transaction: Transaction, crossing_id: str, *, at: datetime) -> None:
    """Stop every clock of one crossing."""
    transaction.execute(_STOP_CLOCKS, {"wanted": crossing_id, "new_stopped_at": to_text(at)})


def stop_clock(transaction: Transaction, crossing_id: str, *, kind: ClockKind, at: datetime) -> None:
    """Stop one clock of one crossing: the act it waited for was done."""
    transaction.execute(_STOP_CLOCK, {"wanted": crossing_id, "wanted_kind": kind.value, "new_stopped_at": to_text(at)})


def clocks_stopped_at(transaction: Transaction, crossing_id: str, *, at: datetime) -> tuple[RunningClock, ...]:
    """Return the clocks of one crossing that were stopped at an instant, as they ran until then."""
    rows = transaction.execute(_CLOCKS_STOPPED, {"wanted": crossing_id, "wanted_at": to_text(at)}).fetchall()
    return _as_clocks(rows)


def clocks_of(transaction: Transaction, crossing_id: str) -> tuple[RunningClock, ...]:
    """Return the clocks that run for one crossing, the one due first in front."""
    return _as_clocks(transaction.execute(_CLOCKS_OF, {"wanted": crossing_id}).fetchall())


def _as_clocks(rows: Iterable[Sequence[str]]) -> tuple[RunningClock, ...]:
    return tuple(
        RunningClock(kind=ClockKind(kind), started_at=from_text(started), due_at=from_text(due), clause=clause)
        for kind, started, due, clause in rows
    )


def running_clocks(connection: Connection) -> dict[str, list[RunningClock]]:
    """Return the clocks that run, by crossing."""
    clocks: dict[str, list[RunningClock]] = {}
    for row in connection.execute(select(running_clock).where(text("stopped_at IS NULL"))):
        clock = RunningClock(
            kind=ClockKind(row.kind),
            started_at=from_text(row.started_at),
            due_at=from_text(row.due_at),
            clause=row.clause,
        )
        clocks.setdefault(row.crossing_id, []).append(clock)
    return clocks


def read_room_now(connection: Connection, *, room_id: str) -> Room:
    """Read the room over a reader's connection."""
    columns = (isolation_place.c.place_id, isolation_place.c.crossing_id, isolation_place.c.admitted_at)
    rows = connection.execute(select(*columns).order_by(isolation_place.c.position))
    return room_from([(row[0], row[1], row[2]) for row in rows], room_id=room_id)


def keep_episode_key(transaction: Transaction, key: EpisodeKey) -> None:
    """Keep the wrapped key of one crossing; deleting it erases the person."""
    transaction.execute(_KEEP_KEY, {"crossing_id": key.episode_id, "bytes": msgspec.json.encode(key)})


def find_episode_key(transaction: Transaction, crossing_id: str) -> EpisodeKey | None:
    """Return the wrapped key of one crossing, if it was not erased."""
    row = transaction.execute(_FIND_KEY, {"crossing_id": crossing_id}).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=EpisodeKey)


def drop_episode_key(transaction: Transaction, crossing_id: str) -> None:
    """Destroy the wrapped key of one crossing."""
    transaction.execute(_DROP_KEY, {"crossing_id": crossing_id})


def log_access(
    transaction: Transaction, *, at: datetime, officer_ref: str, action: str, subject: str, reason: str
) -> None:
    """Note who did or saw what, and why. ``subject`` is an identifier, never a name."""
    transaction.execute(
        _LOG,
        {"at": to_text(at), "officer_ref": officer_ref, "action": action, "subject": subject, "reason": reason},
    )
