"""The months of the ledger on PostgreSQL: made ahead, so that no record ever waits for one.

The database's own function does it (migration 0002), because the service has no right to make tables.
It is asked with the first batch of each day, and does nothing when the months are there. If it cannot,
the ledger's rest takes the records; nothing is lost, and the next day asks again.
"""

from datetime import date, datetime
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine, bindparam, text
from sqlalchemy.exc import DBAPIError

from central.store.engine import StoreUnavailableError, writing

MONTHS_AHEAD = 3
"""The present month and two more: a service that stands still for a month has nothing to catch up with."""
_LOG = structlog.get_logger(__name__)
_ASKED: WeakKeyDictionary[Engine, date] = WeakKeyDictionary()
_MAKE = text("SELECT make_ledger_partitions(CAST(:day AS date), :months)").bindparams(bindparam("months", MONTHS_AHEAD))


def make_months(engine: Engine, *, at: datetime) -> None:
    """See that the month of ``at`` and the next ones exist; asks the database once a day."""
    day = at.date()
    if engine.dialect.name != "postgresql" or _ASKED.get(engine) == day:
        return
    _ASKED[engine] = day
    try:
        with writing(engine) as connection:
            connection.execute(_MAKE, {"day": day})
    except (DBAPIError, StoreUnavailableError) as error:
        _LOG.error("ledger_months_not_made", reason=type(error).__name__)
