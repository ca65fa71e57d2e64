"""Every reading that a device delivered, kept once by its delivery key, with what became of it."""

from datetime import datetime

from sqlalchemy import bindparam, null, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import device_reading
from checkpoint.store.writer import Transaction

_COLUMNS = ("device_id", "delivery_key", "reading_id", "bytes", "received_at", "not_bound_because")
_KEEP = compiled(insert(device_reading).values(dict.fromkeys(_COLUMNS)).on_conflict_do_nothing())
_BIND = compiled(
    update(device_reading)
    .where(device_reading.c.reading_id == bindparam("wanted_id"), device_reading.c.bound_to.is_(None))
    .values(bound_to=bindparam("crossing_id"), not_bound_because=null())
)

_LEAVE = compiled(
    update(device_reading)
    .where(device_reading.c.reading_id == bindparam("wanted_id"), device_reading.c.bound_to.is_(None))
    .values(not_bound_because=bindparam("because"))
)


def keep_reading(  # one argument for each column of the row
    transaction: Transaction,
    *,
    device_id: str,
    delivery_key: str,
    reading_id: str,
    content: bytes,
    received_at: datetime,
    not_bound_because: str | None,
) -> bool:
    """Keep a delivery; return False when the same delivery is here already (then nothing changes)."""
    row = {
        "device_id": device_id,
        "delivery_key": delivery_key,
        "reading_id": reading_id,
        "bytes": content,
        "received_at": to_text(received_at),
        "not_bound_because": not_bound_because,
    }
    is_new: bool = transaction.execute(_KEEP, row).rowcount == 1
    return is_new


def bind_reading(transaction: Transaction, reading_id: str, *, crossing_id: str) -> bool:
    """Note for which crossing a reading was used; a reading that is bound stays bound, and then this is False."""
    is_new: bool = transaction.execute(_BIND, {"wanted_id": reading_id, "crossing_id": crossing_id}).rowcount == 1
    return is_new


def leave_reading(transaction: Transaction, reading_id: str, *, because: str) -> None:
    """Note why a reading that stood before an officer was used for nobody."""
    transaction.execute(_LEAVE, {"wanted_id": reading_id, "because": because})


WAS_DELIVERED = compiled(
    select(device_reading.c.reading_number).where(
        device_reading.c.device_id == bindparam("device_id"),
        device_reading.c.delivery_key == bindparam("delivery_key"),
    )
)


def was_delivered(transaction: Transaction, *, device_id: str, delivery_key: str) -> bool:
    """Tell whether this very delivery is in the store."""
    row = transaction.execute(WAS_DELIVERED, {"device_id": device_id, "delivery_key": delivery_key}).fetchone()
    return row is not None
