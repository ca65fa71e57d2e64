"""In which condition each device stands, kept over a restart."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import device_condition
from checkpoint.store.writer import Transaction
from sync.agreement.device_words import DeviceCondition

_NEW = insert(device_condition).values(dict.fromkeys(("device_id", "condition", "since")))
_PUT = compiled(
    _NEW.on_conflict_do_update(
        index_elements=[device_condition.c.device_id],
        set_={"condition": bindparam("now"), "since": bindparam("now_since")},
    )
)


class StandingCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition, and since when it holds."""

    condition: DeviceCondition
    since: datetime


def load_conditions(connection: Connection) -> Mapping[str, StandingCondition]:
    """Return how each device stood when the edge last ran, by its id."""
    return {
        row.device_id: StandingCondition(condition=DeviceCondition(row.condition), since=from_text(row.since))
        for row in connection.execute(select(device_condition))
    }


def put_condition(transaction: Transaction, device_id: str, *, standing: StandingCondition) -> None:
    """Keep how a device stands from now on."""
    condition, since = standing.condition.value, to_text(standing.since)
    row = {"device_id": device_id, "condition": condition, "since": since, "now": condition, "now_since": since}
    transaction.execute(_PUT, row)
