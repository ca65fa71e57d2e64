"""What watching devices has learnt, kept in the commit of the reading that taught it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import device_limit, device_reading, drift_point, limit_change, watch_restart
from checkpoint.store.writer import Transaction
from checkpoint.watching import DriftKey, DriftRow, Drifts, begun_from
from devices.measurement.drift import DriftSubject
from devices.measurement.honesty.suspicions import Observation, observed
from devices.measurement.thresholds.state import Change, ThresholdKey, ThresholdState
from devices.reading import MeasuringSite, ReadingKind
from sync.agreement.facts import Measurement

LAST_READINGS: Final = 3000
"""So many of the newest readings, of all devices together, are looked at again after a restart."""
KEPT_CHANGES: Final = 1000
"""So many changes of one limit can be looked through and taken back at the gate; the journal has them all."""
_NOT_LIVE: Final = "not_live"
_ENCODER: Final = msgspec.json.Encoder()
_STATES: Final = msgspec.json.Decoder(ThresholdState)
_CHANGES: Final = msgspec.json.Decoder(Change)
_ROWS: Final = msgspec.json.Decoder(DriftRow)
_MEASUREMENTS: Final = msgspec.json.Decoder(Measurement)

_OF_LIMIT = ("device_id", "lane_id", "kind", "site")
_PUT_LIMIT = compiled(
    insert(device_limit)
    .values(dict.fromkeys((*_OF_LIMIT, "bytes")))
    .on_conflict_do_update(index_elements=list(_OF_LIMIT), set_={"bytes": bindparam("now")})
)
_OF_POINT = ("device_id", "subject", "kind", "site", "place")
_PUT_POINT = compiled(
    insert(drift_point)
    .values(dict.fromkeys((*_OF_POINT, "number", "bytes")))
    .on_conflict_do_update(
        index_elements=list(_OF_POINT), set_={"number": bindparam("now_number"), "bytes": bindparam("now")}
    )
)
_FORGET_POINTS = compiled(drift_point.delete().where(drift_point.c.device_id == bindparam("device_id")))
_PUT_RESTART = compiled(
    insert(watch_restart)
    .values(dict.fromkeys(("device_id", "restarted_at")))
    .on_conflict_do_update(index_elements=["device_id"], set_={"restarted_at": bindparam("now")})
)
_ADD_CHANGE = insert_into(limit_change, omitting=("change_id",))
_IS_OF_LIMIT = [limit_change.c[name] == bindparam(f"wanted_{name}") for name in _OF_LIMIT]
_NEWEST_CHANGE = compiled(
    select(limit_change.c.change_id, limit_change.c.bytes)
    .where(*_IS_OF_LIMIT, limit_change.c.reversed_at.is_(None))
    .order_by(limit_change.c.change_id.desc())
)
_MARK_REVERSED = compiled(
    update(limit_change).where(limit_change.c.change_id == bindparam("wanted_id")).values(reversed_at=bindparam("at"))
)
_THEIR_IDS = compiled(select(limit_change.c.change_id).where(*_IS_OF_LIMIT).order_by(limit_change.c.change_id))
_DROP_OLD = compiled(limit_change.delete().where(*_IS_OF_LIMIT, limit_change.c.change_id <= bindparam("last_dropped")))


class KeptChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change with whether, and when, it was taken back."""

    change_id: int
    change: Change
    reversed_at: datetime | None = None


def put_limit(transaction: Transaction, state: ThresholdState) -> None:
    """Keep a limit as it stands now."""
    content = _ENCODER.encode(state)
    transaction.execute(_PUT_LIMIT, {**_named(state.key), "bytes": content, "now": content})


def add_change(transaction: Transaction, change: Change) -> None:
    """Keep one change of a limit, so that it can be shown and taken back."""
    row = {**_named(change.key), "changed_at": to_text(change.at), "bytes": _ENCODER.encode(change)}
    transaction.execute(_ADD_CHANGE, {**row, "reversed_at": None})
    if change.number % KEPT_CHANGES == 0:
        wanted = {f"wanted_{name}": value for name, value in _named(change.key).items()}
        kept = [row[0] for row in transaction.execute(_THEIR_IDS, wanted).fetchall()]
        if len(kept) > KEPT_CHANGES:
            transaction.execute(_DROP_OLD, {**wanted, "last_dropped": kept[-KEPT_CHANGES - 1]})


def newest_change(transaction: Transaction, key: ThresholdKey) -> KeptChange | None:
    """Return the latest change of a limit that stands."""
    wanted = {f"wanted_{name}": value for name, value in _named(key).items()}
    row = transaction.execute(_NEWEST_CHANGE, wanted).fetchone()
    return None if row is None else KeptChange(change_id=row[0], change=_CHANGES.decode(row[1]))


def mark_reversed(transaction: Transaction, change_id: int, *, at: datetime) -> None:
    """Note that a change was taken back."""
    transaction.execute(_MARK_REVERSED, {"wanted_id": change_id, "at": to_text(at)})


def put_point(transaction: Transaction, key: DriftKey, row: DriftRow, *, chart_points: int) -> None:
    """Keep the latest point of a chart in the place of the one that falls off it."""
    content = _ENCODER.encode(row)
    values = {
        "device_id": key.device_id,
        "subject": key.subject.value,
        "kind": key.kind.value,
        "site": key.site.value,
        "place": row.number % chart_points,
        "number": row.number,
        "bytes": content,
    }
    transaction.execute(_PUT_POINT, {**values, "now_number": row.number, "now": content})


def restart_watch(transaction: Transaction, device_id: str, *, at: datetime) -> None:
    """Close a device's charts, and note from when on its readings are watched again."""
    transaction.execute(_FORGET_POINTS, {"device_id": device_id})
    transaction.execute(_PUT_RESTART, {"device_id": device_id, "restarted_at": to_text(at), "now": to_text(at)})


def load_limits(connection: Connection) -> tuple[ThresholdState, ...]:
    """Return every limit that was learnt here."""
    return tuple(_STATES.decode(row.bytes) for row in connection.execute(select(device_limit)))


def load_drifts(connection: Connection) -> Mapping[DriftKey, Drifts]:
    """Return every chart from its ring of points."""
    rows: dict[DriftKey, list[DriftRow]] = defaultdict(list)
    for row in connection.execute(select(drift_point)):
        key = DriftKey(row.device_id, DriftSubject(row.subject), ReadingKind(row.kind), MeasuringSite(row.site))
        rows[key].append(_ROWS.decode(row.bytes))
    return {key: begun_from(key.subject, kept) for key, kept in rows.items()}


def last_observations(connection: Connection) -> Iterator[tuple[str, Observation]]:
    """Give what the newest readings showed, oldest first, without those from before a device was watched anew."""
    since = {row.device_id: from_text(row.restarted_at) for row in connection.execute(select(watch_restart))}
    newest = select(device_reading.c.bytes, device_reading.c.received_at)
    tail = connection.execute(newest.order_by(device_reading.c.reading_number.desc()).limit(LAST_READINGS)).all()
    for row in reversed([row for row in tail if row.bytes]):  # of an erased person nothing is left but the row
        measurement = _MEASUREMENTS.decode(row.bytes)
        begins_at = since.get(measurement.device_id)
        observation = _seen_in(measurement)
        if observation is not None and (begins_at is None or from_text(row.received_at) > begins_at):
            yield measurement.device_id, observation


def changes_of(connection: Connection, *, most: int) -> list[KeptChange]:
    """Return the newest changes of all limits."""
    rows = connection.execute(select(limit_change).order_by(limit_change.c.change_id.desc()).limit(most))
    return [
        KeptChange(
            change_id=row.change_id,
            change=_CHANGES.decode(row.bytes),
            reversed_at=None if row.reversed_at is None else from_text(row.reversed_at),
        )
        for row in rows
    ]


def _seen_in(measurement: Measurement) -> Observation | None:
    """Say of a kept reading what ``observation_of`` says of one that comes in."""
    told_c = measurement.reported_c if measurement.reported_c is not None else measurement.raw_c
    return observed(
        measurement.temperature_c if told_c is None else told_c,
        at=measurement.observed_at,
        kind=ReadingKind(measurement.kind.value),
        ambient_c=measurement.ambient_c,
        is_live=_NOT_LIVE not in measurement.unusable_because,
    )


def _named(key: ThresholdKey) -> dict[str, str]:
    return {
        "device_id": key.device_id,
        "lane_id": key.lane_id,
        "kind": key.kind.value,
        "site": key.sites[0].value,
    }
