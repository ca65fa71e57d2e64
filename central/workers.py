"""The centre's clockwork: freezes the report of each closed day, signs heads, looks after the express lane.

The database decides what is due, so a restart, a missed look or a second worker changes nothing. The
first look of a day also looks back, for days that closed while the centre was down and for late data. A
look that fails is logged and tried again at the next tick; it never takes the centre down.
"""

from collections.abc import Callable
from datetime import date, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from central.actions.freezing import freeze_what_is_due
from central.actions.opening import Centre
from central.actions.witnessing import Witnessing
from central.store.engine import StoreUnavailableError

_LOG = structlog.get_logger(__name__)
LOOK_EVERY_S = 15
SIGN_EVERY_S = 60
FORGET_EVERY_S = 3600


class Clockwork:
    """A few background threads; start it with the service and stop it before the store closes."""

    def __init__(self, centre: Centre) -> None:
        """Not running yet."""
        self._centre = centre
        self._witnessing = Witnessing(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
        self._scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        self._looked_back_on: date | None = None
        self.last_look_at: datetime | None = None
        self.failures = 0

    def start(self) -> None:
        """Look at once, then every few seconds; sign every minute."""
        works = (
            (self.look, LOOK_EVERY_S),
            (self.sign, SIGN_EVERY_S),
            (self.remind, SIGN_EVERY_S),
            (self.forget, FORGET_EVERY_S),
        )
        for work, every_s in works:
            self._scheduler.add_job(
                work,
                "interval",
                seconds=every_s,
                next_run_time=self._centre.clock(),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for a look under way, then stop."""
        self._scheduler.shutdown(wait=True)

    def look(self) -> None:
        """Freeze what is due; the head is signed with each report."""
        today = self._centre.report_day()
        is_day_new = today != self._looked_back_on
        if self._do("freezing", lambda: freeze_what_is_due(self._centre, is_day_new=is_day_new)):
            self._looked_back_on = today
            self.last_look_at = self._centre.clock()

    def sign(self) -> None:
        """Sign the ledger's head if it grew; what it covers is read again before."""
        self._do("signing", self._witnessing.sign_head)

    def remind(self) -> None:
        """Raise an alarm for what came by the express lane and is not in the ledger in time."""
        self._do("express", lambda: self._centre.store.provisional.raise_overdue(now=self._centre.clock()))

    def forget(self) -> None:
        """Delete the declarations that the law lets nobody keep any longer."""
        self._do("forgetting", lambda: self._centre.store.declarations.delete_past(now=self._centre.clock()))

    def _do(self, name: str, work: Callable[[], object]) -> bool:
        try:
            work()
        except StoreUnavailableError as error:
            self.failures += 1
            _LOG.critical("database_away", work=name, reason=str(error))
            return False
        except Exception:  # noqa: BLE001  # supervisor: whatever failed, the next look must come
            self.failures += 1
            _LOG.exception("clockwork failed", work=name)
            return False
        return True
