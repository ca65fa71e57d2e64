"""Carries what the province reports to the national centre, beside everything else this centre does.

Both threads are supervised: a nation that does not answer never holds a province up.
"""

import secrets
import threading
from functools import partial

import structlog

from central.actions.federating import note_what_is_new
from central.actions.opening import Centre
from central.store.federation import FederationJournal
from sync.exchange.ends import UplinkIdentity
from sync.exchange.supervision import keep_at
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink

_LOG = structlog.get_logger(__name__)
LOOK_EVERY_S = 15.0


class Forwarding:
    """Two threads where the settings name a national centre; nothing at all where they do not."""

    def __init__(self, centre: Centre) -> None:
        """Not running yet."""
        self._centre = centre
        self._stopping = threading.Event()
        self._keep_at = partial(keep_at, stopping=self._stopping, pause_s=LOOK_EVERY_S, log=_LOG)
        self._threads: list[threading.Thread] = []
        told = centre.settings.federation
        self.journal = FederationJournal(
            centre.store.engine, edge_id=centre.settings.centre.centre_id, clock=centre.clock
        )
        self.uplink = None if told is None else self._uplink(told.national_url, bytes.fromhex(told.national_public_key))

    def start(self) -> None:
        """Begin to look for news and to send them."""
        if self.uplink is None:
            return
        for name, work in (("federation-news", self._look), ("federation-uplink", self._send)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End both threads; what was not sent is sent after the next start."""
        self._stopping.set()
        if self.uplink is not None:
            self.uplink.nudge()
        for thread in self._threads:
            thread.join(timeout_s)

    def look(self) -> int:
        """Write down what is new; return how many records."""
        return note_what_is_new(self._centre, self.journal)

    def _look(self) -> None:
        self._keep_at(self._pass_on, fault="federation_look_failed")

    def _pass_on(self) -> None:
        if self.look() and self.uplink is not None:
            self.uplink.nudge()

    def _send(self) -> None:
        if self.uplink is not None:
            self._keep_at(partial(self.uplink.run, self._stopping), is_endless=True, fault="federation_uplink_failed")

    def _uplink(self, national_url: str, national_key: bytes) -> Uplink:
        identity = UplinkIdentity(
            edge_id=self._centre.settings.centre.centre_id,
            incarnation=self.journal.chains()[-1].incarnation,
            signing_key=self._centre.keys.federation,
            centre_public_key=national_key,
            instance=secrets.token_hex(16),
        )
        return Uplink(identity, journal=self.journal, transport=HttpTransport(national_url), clock=self._centre.clock)
