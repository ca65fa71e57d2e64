"""Erasing people: the keys of their episodes are destroyed, and a signed proof stays (crypto-shredding).

One transaction deletes every wrapped key of the episodes, writes them down as erased, so that no late
batch, courier or backup brings a key back, and appends ``episodes_erased`` to the centre's journal,
which carries the order to the edges. Ledger and chains keep their bytes: what was sealed in them can
never be opened again. The declarations that were given for a crossing, its place on the list of a group and a
vehicle in which nobody else came are episodes of their own and are erased with it, and what ties them to it
in the read model goes with them: who rode where, who came with whom, what was done on a handheld. The centre
holds no other trace of who a person is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, text

from central.reception import read_record
from central.store.binary_copy import array_of
from central.store.bulk import insert_missing_rows
from central.store.centre_journal import append, lock_head
from central.store.engine import reading, writing
from central.store.gate_tables import gate_record
from central.store.tables import centre, crossing, episode_key, erased_episode, erasure, ledger, provisional_case
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.records import EpisodesErased, RecordBody


class UnknownEpisodesError(LookupError):
    """Some of the crossings are not known here; nothing was erased. ``crossing_ids`` names them."""

    def __init__(self, crossing_ids: Sequence[str]) -> None:
        """Keep which."""
        self.crossing_ids = tuple(crossing_ids)
        super().__init__(f"unknown crossings: {', '.join(self.crossing_ids)}")


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. ``keys_destroyed`` counts wrapped keys, one for each recipient of each episode."""

    erasure_id: str
    episode_ids: tuple[str, ...]
    keys_destroyed: int
    centre_sequence: int
    erased_at: datetime


def erase(engine: Engine, order: EpisodesErased, *, ordered_by: str, must_be_known: bool = True) -> Erased:
    """Carry an erasure out, once: the same order again changes nothing and gives what was done.

    Raises ``UnknownEpisodesError`` before anything is touched, unless the crossings may be of a time that this
    database forgot.
    """
    with writing(engine) as connection:
        lock_head(connection)  # of two at once the second sees what the first did
        done = _find(connection, erasure_id=order.erasure_id)
        if done is not None:
            return done
        if must_be_known:
            _check_known(connection, crossing_ids=order.episode_ids)
        order = msgspec.structs.replace(order, episode_ids=_with_their_own(connection, order.episode_ids))
        entry = append(connection, order, officer_ref=ordered_by, now=order.erased_at)
        destroyed = connection.execute(delete(episode_key).where(episode_key.c.episode_id.in_(order.episode_ids)))
        erased = Erased(
            erasure_id=order.erasure_id,
            episode_ids=order.episode_ids,
            keys_destroyed=destroyed.rowcount,
            centre_sequence=entry.sequence,
            erased_at=order.erased_at,
        )
        connection.execute(delete(gate_record).where(gate_record.c.crossing_id.in_(order.episode_ids)))
        _write_down(connection, erased)
    scrub(engine)
    return erased


def erased_among(connection: Connection, *, episode_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these episodes were erased: their keys must not be kept again.

    No erasure is carried out between this look and the caller's commit: both hold the centre's row, an
    erasure alone and those that keep keys together. Otherwise a batch under way would bring a key back.
    """
    wanted = sorted(set(episode_ids))
    if not wanted:
        return frozenset()
    connection.execute(select(centre.c.only).with_for_update(read=True)).all()
    if connection.dialect.name == "postgresql":
        keys = array_of(erased_episode.c.episode_id, values=wanted)
        return frozenset(connection.execute(_ERASED_BY_ARRAY, {"wanted": keys}).scalars())
    found = select(erased_episode.c.episode_id).where(erased_episode.c.episode_id.in_(wanted))
    return frozenset(connection.execute(found).scalars())


_ERASED_BY_ARRAY = text("SELECT episode_id FROM erased_episode WHERE episode_id = ANY(:wanted)")


def erasures(engine: Engine) -> list[Erased]:
    """Return every erasure, oldest first."""
    with reading(engine) as connection:
        ids = connection.execute(select(erasure.c.erasure_id).order_by(erasure.c.erased_at)).scalars().all()
        found = (_find(connection, erasure_id=erasure_id) for erasure_id in ids)
        return [each for each in found if each is not None]


def scrub(engine: Engine) -> None:
    """Let the database forget the deleted rows too: fold SQLite's log away, or vacuum PostgreSQL's table.

    PostgreSQL's own log keeps the wrapped keys (never a name) until it is recycled.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_postgresql = connection.dialect.name == "postgresql"
        connection.exec_driver_sql(
            "VACUUM episode_key, gate_record" if is_postgresql else "PRAGMA wal_checkpoint(TRUNCATE)"
        )


def _with_their_own(connection: Connection, crossing_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Name what is theirs and lives under a key of its own: declarations, a place on a list, a vehicle all alone."""
    spoken_of = (
        select(gate_record.c.type, gate_record.c.reference, ledger.c.bytes)
        .join(ledger, ledger.c.position == gate_record.c.position)
        .where(gate_record.c.crossing_id.in_(crossing_ids), gate_record.c.type.in_((*_OF_DECLARATIONS, _MEMBER, _RODE)))
        .order_by(gate_record.c.position)
    )
    named: list[str | None] = []
    ridden: list[str] = []
    for kind, reference, record in connection.execute(spoken_of):
        if kind == _MEMBER:
            named.append(member_of(read_record(bytes(record)).subject.body))
        elif kind == _RODE:
            ridden.append(reference)
        else:
            named.append(reference)
    named += ridden_by_nobody_else(connection, ridden, crossing_ids=crossing_ids)
    return tuple(dict.fromkeys((*crossing_ids, *(name for name in named if name is not None))))


_OF_DECLARATIONS = (DeclarationReceived.type_name, DeclarationChecked.type_name)
_MEMBER, _RODE = GroupMemberSeen.type_name, ConveyanceOccupantSeen.type_name


def member_of(body: RecordBody | None) -> str | None:
    """Return the episode under which a member of a group was named before anybody was seen, if there is one."""
    return body.member_id if isinstance(body, GroupMemberSeen) else None


def ridden_by_nobody_else(
    connection: Connection, conveyance_ids: Iterable[str], *, crossing_ids: Iterable[str]
) -> list[str]:
    """Return the conveyances in which nobody came but these: their plates say nothing but who that was.

    Of people erased before there is no row, so the last of a vehicle takes its plates along.
    """
    wanted = list(dict.fromkeys(conveyance_ids))
    others = select(gate_record.c.reference).where(
        gate_record.c.reference.in_(wanted),
        gate_record.c.type == _RODE,
        gate_record.c.crossing_id.not_in(list(crossing_ids)),
    )
    shared = set(connection.execute(others).scalars()) if wanted else set()
    return [name for name in wanted if name not in shared]


def _find(connection: Connection, *, erasure_id: str) -> Erased | None:
    row = connection.execute(select(erasure).where(erasure.c.erasure_id == erasure_id)).one_or_none()
    if row is None:
        return None
    of_this = select(erased_episode.c.episode_id).where(erased_episode.c.erasure_id == erasure_id)
    return Erased(
        erasure_id=row.erasure_id,
        episode_ids=tuple(connection.execute(of_this.order_by(erased_episode.c.episode_id)).scalars()),
        keys_destroyed=row.keys_destroyed,
        centre_sequence=row.centre_sequence,
        erased_at=row.erased_at,
    )


def _check_known(connection: Connection, *, crossing_ids: Sequence[str]) -> None:
    """Know a crossing by the ledger or by the express lane alone, and every other episode by its key.

    A handover's notes, a close contact, the holder of a pass are episodes of their own.
    """
    columns = (crossing.c.crossing_id, provisional_case.c.crossing_id, episode_key.c.episode_id)
    known = {
        name
        for column in columns
        for name in connection.execute(select(column).where(column.in_(crossing_ids)).distinct()).scalars()
    }
    if unknown := [crossing_id for crossing_id in crossing_ids if crossing_id not in known]:
        raise UnknownEpisodesError(unknown)


def _write_down(connection: Connection, erased: Erased) -> None:
    connection.execute(
        insert(erasure).values(
            erasure_id=erased.erasure_id,
            keys_destroyed=erased.keys_destroyed,
            centre_sequence=erased.centre_sequence,
            erased_at=erased.erased_at,
        )
    )
    rows = [(episode_id, erased.erasure_id) for episode_id in erased.episode_ids]
    insert_missing_rows(connection, table=erased_episode, rows=rows)
