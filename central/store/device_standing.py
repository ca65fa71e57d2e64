"""How the devices of all gates stand now: the newest change of each that its gate told."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import Engine, func, select

from central.reception import read_record
from central.store.engine import reading
from central.store.gate_tables import gate_record
from central.store.tables import edge, ledger
from sync.agreement.gate_records.device import DeviceConditionChanged

LOOKS_BACK: Final = timedelta(days=366)
"""A device that did not change for a year is not told here; its gate's own page has it."""


class DeviceStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One device: in which condition since when, why, and at which lane of which edge."""

    point_of_entry_id: str
    edge_id: str
    device_id: str
    model: str
    lane_id: str
    condition: str
    since: datetime
    reasons: tuple[str, ...]


def device_standings(engine: Engine, *, day: date) -> tuple[DeviceStanding, ...]:
    """Read the newest change of each device until a report day, gate by gate, whatever order the records came in."""
    days = [day - timedelta(days=back) for back in range(LOOKS_BACK.days)]
    newest_first = func.row_number().over(
        partition_by=(gate_record.c.edge_id, gate_record.c.reference),
        order_by=(gate_record.c.observed_at.desc(), gate_record.c.position.desc()),
    )
    is_of_devices = gate_record.c.type == DeviceConditionChanged.type_name
    told = (
        select(gate_record.c.edge_id, gate_record.c.reference, gate_record.c.position, newest_first.label("place"))
        .where(is_of_devices, gate_record.c.report_day.in_(days))
        .subquery()
    )
    query = (
        select(edge.c.point_of_entry_id, told.c.edge_id, ledger.c.bytes)
        .join(ledger, ledger.c.position == told.c.position)
        .join(edge, edge.c.edge_id == told.c.edge_id)
        .where(told.c.place == 1)
        .order_by(edge.c.point_of_entry_id, told.c.edge_id, told.c.reference)
    )
    found = []
    with reading(engine) as connection:
        for row in connection.execute(query):
            body = read_record(bytes(row.bytes)).subject.body
            if isinstance(body, DeviceConditionChanged):
                found.append(_standing(row.point_of_entry_id, row.edge_id, body))
    return tuple(found)


def _standing(point_of_entry_id: str, edge_id: str, body: DeviceConditionChanged) -> DeviceStanding:
    return DeviceStanding(
        point_of_entry_id=point_of_entry_id,
        edge_id=edge_id,
        device_id=body.device_id,
        model=body.model,
        lane_id=body.lane_id,
        condition=body.became.value,
        since=body.since,
        reasons=body.reasons,
    )
