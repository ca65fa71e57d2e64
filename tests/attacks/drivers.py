"""An edge's uplink that is stepped by hand, by a clock that skips the pauses."""

from datetime import UTC, datetime, timedelta

from sync.exchange.ends import UplinkIdentity
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink
from tests.sync.exchange.journals import EdgeJournal


def identity_of(target, journal: EdgeJournal) -> UplinkIdentity:
    return UplinkIdentity(
        edge_id=journal.edge_id,
        incarnation=journal.incarnation,
        signing_key=journal.key,
        centre_public_key=bytes.fromhex(target.centre.identity["public_key"]),
    )


class Above:
    """The uplink of a journal to the centre at ``url``."""

    def __init__(self, target, journal: EdgeJournal, *, url: str) -> None:
        self.skipped = timedelta()
        self.transport = HttpTransport(url)
        self.driver = Uplink(
            identity_of(target, journal),
            journal=journal,
            transport=self.transport,
            clock=lambda: datetime.now(UTC) + self.skipped,
            draw=lambda: 0.0,
        )

    def step(self, *, times: int) -> None:
        """Step so many times, skipping each pause."""
        for _ in range(times):
            self.skipped += timedelta(seconds=self.driver.step())
