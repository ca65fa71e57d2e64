"""Alarms: what no honest edge and no honest ledger does. Raised by the program, cleared by a person.

An alarm is never deleted. While it stands, the same alarm again changes nothing; one that somebody has
cleared comes back if its cause does, unless the caller says that once is enough. Of one kind about one
edge only so many stand at a time: a copy that starts again every minute, or a stolen key, must not bury
every other alarm. What is left out then comes back with its cause once some were cleared.
"""

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, func, insert, select, update

from central.store.engine import reading, writing
from central.store.tables import alarm, centre

OF_THE_CENTRE = "centre"
"""Stands in the place of an edge's name where the alarm is about the centre itself."""
STANDING_AT_MOST = 20
"""Alarms of one kind about one edge that stand at a time: enough to see that it goes on."""
_SAME = ("kind", "edge_id", "incarnation", "sequence", "found_hash")


class AlarmKind(StrEnum):
    """What can be wrong; the slugs have labels that say what to do."""

    FORK = "fork"
    IDENTITY_DUPLICATE = "identity_duplicate"
    EDGE_RESTORED = "edge_restored"
    CENTRE_RESTORED = "centre_restored"
    LEDGER_REWRITTEN = "ledger_rewritten"
    EXPRESS_UNCONFIRMED = "express_unconfirmed"
    EXPRESS_CONFLICT = "express_conflict"
    ENROLMENT_TRIED = "enrolment_tried"
    EPOCH_FILE_BEHIND = "epoch_file_behind"


class AlarmUnknownError(LookupError):
    """There is no such alarm, or somebody cleared it already; nothing was changed."""


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm; hashes are raw, empty where there is none. ``detail`` holds numbers and slugs, never a person."""

    kind: str
    edge_id: str
    incarnation: int = 0
    sequence: int = 0
    expected_hash: bytes = b""
    found_hash: bytes = b""
    raised_at: datetime
    detail: dict[str, str | int] = {}
    alarm_id: int = 0
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    cleared_reason: str | None = None


class Alarms:
    """The table ``alarm``; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def add(self, raised: Alarm, *, is_once_enough: bool = False) -> bool:
        """Keep an alarm; tell whether it is new. A known one costs a read and no write."""
        with reading(self._engine) as connection:
            if _is_known(connection, raised=raised, is_once_enough=is_once_enough):
                return False
        with writing(self._engine) as connection:
            return raise_alarm(connection, raised, is_once_enough=is_once_enough)

    def every(self) -> list[Alarm]:
        """Return every alarm ever raised, oldest first."""
        return self._read(None)

    def standing(self) -> list[Alarm]:
        """Return the alarms that nobody has cleared, oldest first."""
        return self._read(alarm.c.cleared_at.is_(None))

    def counts(self) -> dict[str, int]:
        """Return how many alarms of each kind stand, every kind named."""
        query = select(alarm.c.kind, func.count()).where(alarm.c.cleared_at.is_(None)).group_by(alarm.c.kind)
        with reading(self._engine) as connection:
            found = {str(kind): int(count) for kind, count in connection.execute(query)}
        return {kind.value: 0 for kind in AlarmKind} | found

    def clear(self, alarm_id: int, *, by: str, reason: str, now: datetime) -> None:
        """Note that a person has dealt with an alarm; raises ``AlarmUnknownError``."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(alarm)
                .where(alarm.c.alarm_id == alarm_id, alarm.c.cleared_at.is_(None))
                .values(cleared_at=now, cleared_by=by, cleared_reason=reason)
            )
            if changed.rowcount != 1:
                raise AlarmUnknownError(alarm_id)

    def _read(self, condition: ColumnElement[bool] | None) -> list[Alarm]:
        query = select(alarm).order_by(alarm.c.alarm_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query if condition is None else query.where(condition)).mappings()
            return [_alarm_of(row) for row in rows]


def raise_alarm(connection: Connection, raised: Alarm, *, is_once_enough: bool = False) -> bool:
    """Keep an alarm inside the caller's transaction; tell whether it is new."""
    connection.execute(select(centre.c.only).with_for_update()).all()
    if _is_known(connection, raised=raised, is_once_enough=is_once_enough):
        return False
    values = {name: getattr(raised, name) for name in (*_SAME, "expected_hash", "raised_at")}
    connection.execute(insert(alarm).values(**values, detail=msgspec.json.encode(raised.detail).decode()))
    return True


def _is_known(connection: Connection, *, raised: Alarm, is_once_enough: bool) -> bool:
    """Tell whether a person need not be told again: the very alarm stands, or more than enough of its kind."""
    of_its_kind = (
        select(func.count())
        .select_from(alarm)
        .where(alarm.c.kind == raised.kind, alarm.c.edge_id == raised.edge_id, alarm.c.cleared_at.is_(None))
    )
    if connection.execute(of_its_kind).scalar_one() >= STANDING_AT_MOST:
        return True
    query = select(func.count()).select_from(alarm)
    for name in _SAME:
        query = query.where(alarm.c[name] == getattr(raised, name))
    if not is_once_enough:
        query = query.where(alarm.c.cleared_at.is_(None))
    return bool(connection.execute(query).scalar_one())


def _alarm_of(row: RowMapping) -> Alarm:
    values = {str(name): value for name, value in row.items()}
    return Alarm(**values | {"detail": msgspec.json.decode(row["detail"])})
