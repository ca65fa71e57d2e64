"""The centre's clockwork: looks often whether a day has closed, and freezes its report.

The database decides what is due, so a restart, a missed look or a second worker changes nothing. The
first look of a day also looks back, for days that closed while the centre was down and for late data. A
look that fails is logged and tried again at the next tick; it never takes the centre down.
"""

from datetime import date, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from central.actions.freezing import freeze_what_is_due
from central.actions.opening import Centre

_LOG = structlog.get_logger(__name__)
LOOK_EVERY_S = 15


class Clockwork:
    """One background thread; start it with the service and stop it before the store closes."""

    def __init__(self, centre: Centre) -> None:
        """Not running yet."""
        self._centre = centre
        self._scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        self._looked_back_on: date | None = None
        self.last_look_at: datetime | None = None
        self.failures = 0

    def start(self) -> None:
        """Look at once, then every few seconds."""
        self._scheduler.add_job(
            self.look,
            "interval",
            seconds=LOOK_EVERY_S,
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
        """Freeze what is due."""
        today = self._centre.report_day()
        try:
            freeze_what_is_due(self._centre, is_day_new=today != self._looked_back_on)
        except Exception:  # noqa: BLE001  # supervisor: whatever failed, the next look must come
            self.failures += 1
            _LOG.exception("freezing failed")
        else:
            self._looked_back_on = today
            self.last_look_at = self._centre.clock()
