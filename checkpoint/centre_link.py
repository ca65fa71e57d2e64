"""The edge's threads to its centre: uplink, express lane, downlink; each with a connection of its own.

None of them waits for another: a referral does not stand behind a batch in flight, and an order of the
centre comes down while a month of records goes up. A fourth thread watches the data folder, so that an
edge that was enrolled, or told to go on, needs no restart. Whatever fails here, the lanes go on.
"""

import threading
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import msgspec
import structlog

from checkpoint.actions.gate import Gate
from checkpoint.actions.mirroring import Mirror
from checkpoint.actions.view import UplinkView
from checkpoint.store.connection import StoreError
from checkpoint.store.identity import CentreFile, Start, count_start, known_centre
from sync.exchange.batching import BatchesAhead, JournalBatches
from sync.exchange.downlink import Downlink
from sync.exchange.ends import UplinkIdentity
from sync.exchange.express import ExpressLane
from sync.exchange.phases import NO_LINK
from sync.exchange.phases import Phase as UplinkPhase
from sync.exchange.supervision import keep_at
from sync.exchange.transport import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, HttpTransport
from sync.exchange.uplink import Uplink

_log = structlog.get_logger("checkpoint")
_RESTART_PAUSE_S: Final = 2.0
_WATCH_S: Final = 1.0
_EXPRESS_TIMEOUT_S: Final = 10.0
"""An express is small: whoever does not answer it in this time is asked again over a new connection."""
_EXPRESS_CONNECT_S: Final = 2.5
RESUME_NAME: Final = "resume"
"""A file of this name in the data folder tells a running edge to ask its centre again at once."""
NOT_CONFIGURED: Final = "not_configured"


class Driver(Protocol):
    """What keeps itself busy on a thread of its own until it is told to stop."""

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set and a nudge ends the pause."""

    def nudge(self) -> None:
        """Say that there may be something to do."""


class _PlayedLink(msgspec.Struct, kw_only=True):
    """The link of a drill: nothing travels over it, and the screens cannot tell."""

    is_up: bool = True
    since: datetime | None = None
    delivered: int = 0

    def view(self, shown: UplinkView, *, head_sequence: int) -> UplinkView:
        """Say what the lane shows: while the link is up, everything written so far counts as sent."""
        if self.is_up:
            self.delivered = head_sequence
        state = UplinkPhase.IDLE if self.is_up else UplinkPhase.BACKING_OFF
        return msgspec.structs.replace(
            shown,
            state=state.value,
            pending=head_sequence - self.delivered,
            confirmed=self.delivered,
            since=self.since,
            reason="" if self.is_up else NO_LINK,
        )


class CentreLink:
    """Everything that goes to the centre and comes from it. ``start`` once, ``stop`` once."""

    def __init__(self, gate: Gate) -> None:
        """Prepare; nothing runs before ``start``."""
        self._gate = gate
        self._started: Start | None = None
        self._fault = ""
        self._threads: _Threads | None = None
        self._stopping = threading.Event()
        self._watch_thread = threading.Thread(target=self._watch, name="centre-watch", daemon=True)
        self._played = _PlayedLink()

    @property
    def uplink(self) -> Uplink | None:
        """The uplink that runs, if a centre is known."""
        return self._threads.uplink if self._threads else None

    def start(self) -> None:
        """Count this start of the identity, and begin to send."""
        self._started = count_start(self._gate.store.files, random_bytes=self._gate.random_bytes)
        self._gate.on_record(self.nudge)
        self._meet_if_possible()
        self._watch_thread.start()

    def stop(self, *, timeout_s: float) -> None:
        """End after the requests in flight."""
        self._stopping.set()
        self._watch_thread.join(timeout_s)
        if self._threads is not None:
            self._threads.stop(timeout_s=timeout_s)

    def nudge(self) -> None:
        """Say that there are new records. For the writer's thread: it returns at once."""
        threads = self._threads
        if threads is not None:
            threads.nudge()

    def order_resume(self) -> None:
        """Let a halted uplink ask again, on a person's order."""
        if self._threads is not None:
            self._threads.uplink.order_resume()

    def play(self, *, is_up: bool) -> None:
        """Cut the link of a drill, or restore it. A drill has no centre: its screens show what is played."""
        self._played = msgspec.structs.replace(self._played, is_up=is_up, since=self._gate.clock())

    def view(self) -> UplinkView:
        """Say where the uplink stands and how the records stand."""
        delivery, found = self._gate.store.outgoing.delivery(), self._gate.store.outgoing.finding()
        shown = UplinkView(
            state=NOT_CONFIGURED,
            pending=delivery.pending,
            confirmed=delivery.confirmed,
            recovered=delivery.recovered,
            incarnation=delivery.incarnation,
            finding="" if found is None else found.reason.value,
            last_receipt_at=delivery.last_receipt_at,
        )
        if self._gate.is_exercise:
            return self._played.view(shown, head_sequence=self._gate.head_sequence)
        if self._threads is None:
            return shown
        state = self._threads.uplink.state
        return UplinkView(
            **{name: getattr(shown, name) for name in _OF_THE_STORE},
            state=state.phase.value,
            since=state.since,
            reason=state.reason,
        )

    def _watch(self) -> None:
        """Look once a second for what other programs changed beside this one."""
        keep_at(self._look, stopping=self._stopping, pause_s=_WATCH_S, log=_log, fault="watch_failed")

    def _look(self) -> None:
        for username in self._gate.store.accounts.look_again():
            _log.info("officer_changed", username=username)
        self._meet_if_possible()
        order = self._gate.settings.data_path / RESUME_NAME
        if order.exists():
            order.unlink(missing_ok=True)
            _log.info("resume_ordered")
            self.order_resume()

    def _meet_if_possible(self) -> None:
        """Meet the centre; a file of it that cannot be used costs the link until it is mended, never a lane.

        A drill meets none, whatever file somebody laid into its folder.
        """
        if self._gate.is_exercise:
            return
        try:
            self._meet(known_centre(self._gate.settings.edge, files=self._gate.store.files))
        except (StoreError, OSError, ValueError) as error:
            fault = type(error).__name__
            if fault != self._fault:
                remedy = "mend ca_file, the proxy or identity/centre.json; it is tried again each second"
                _log.error("centre_not_met", error=fault, what_to_do=remedy)
            self._fault = fault
        else:
            self._fault = ""

    def _meet(self, centre: CentreFile | None) -> None:
        """Begin with a centre, or anew with another one, or under another incarnation."""
        if centre is None:
            return
        incarnation = self._gate.store.outgoing.delivery().incarnation
        running = self._threads
        if running is not None and (running.centre, running.incarnation) == (centre, incarnation):
            return
        if running is not None and running.centre == centre:
            running.renew(self._identity(centre, incarnation=incarnation))
            return
        if running is not None:
            running.stop(timeout_s=_RESTART_PAUSE_S)
        if centre.province_sealing_key:
            self._gate.meet_centre(centre)
        self._threads = _Threads(self._gate, centre=centre, identity=self._identity(centre, incarnation=incarnation))

    def _identity(self, centre: CentreFile, *, incarnation: int) -> UplinkIdentity:
        started = self._started or count_start(self._gate.store.files, random_bytes=self._gate.random_bytes)
        return UplinkIdentity(
            edge_id=self._gate.identity.edge_id,
            incarnation=incarnation,
            signing_key=self._gate.identity.signing_key,
            centre_public_key=bytes.fromhex(centre.centre_public_key),
            instance=started.instance,
            start_number=started.number,
        )


_OF_THE_STORE = ("pending", "confirmed", "recovered", "incarnation", "finding", "last_receipt_at")


class _Threads:
    """The three drivers for one centre. The uplink follows new incarnations itself, the others begin anew."""

    def __init__(self, gate: Gate, *, centre: CentreFile, identity: UplinkIdentity) -> None:
        """Start all three."""
        self.centre = centre
        self.incarnation = identity.incarnation
        self._gate = gate
        self._mirror = Mirror(gate)
        transport = self._transport()
        self._batches = BatchesAhead(JournalBatches(gate.store.outgoing))
        self.uplink = Uplink(
            identity,
            journal=gate.store.outgoing,
            transport=transport,
            clock=gate.clock,
            random_bytes=gate.random_bytes,
            batches=self._batches,
            down_sequence=lambda: self._mirror.position().sequence,
        )
        self._loops = {"uplink": _Loop("uplink", self.uplink, transport=transport)}
        self._begin_others(identity)

    def nudge(self) -> None:
        """Wake those who wait for records."""
        for name in ("uplink", "express"):
            self._loops[name].driver.nudge()

    def renew(self, identity: UplinkIdentity) -> None:
        """Let express and downlink speak under the new incarnation."""
        for name in ("express", "downlink"):
            self._loops[name].stop(timeout_s=_RESTART_PAUSE_S)
        self.incarnation = identity.incarnation
        self._begin_others(identity)

    def stop(self, *, timeout_s: float) -> None:
        """End all three, and the packing ahead once the uplink asks for nothing more.

        An uplink that did not end in time still has a request in flight: its packing ends with the program.
        """
        for loop in self._loops.values():
            loop.order_stop()
        for loop in self._loops.values():
            loop.stop(timeout_s=timeout_s)
        if not self._loops["uplink"].is_alive:
            self._batches.close()

    def _begin_others(self, identity: UplinkIdentity) -> None:
        beside = self._transport(is_impatient=True)
        express = ExpressLane(
            identity,
            journal=self._gate.store.outgoing,
            transport=beside,
            random_bytes=self._gate.random_bytes,
        )
        down = self._transport()
        downlink = Downlink(
            identity,
            journal=self._mirror,
            transport=down,
            clock=self._gate.clock,
            random_bytes=self._gate.random_bytes,
            on_contradiction=lambda _reason: self.uplink.order_testimony(),
        )
        self._loops |= {
            "express": _Loop("express", express, transport=beside),
            "downlink": _Loop("downlink", downlink, transport=down),
        }

    def _transport(self, *, is_impatient: bool = False) -> HttpTransport:
        """Open a way to the centre as the settings say: by which proxy, believing which authority."""
        edge = self._gate.settings.edge
        return HttpTransport(
            self.centre.centre_url,
            proxy_url=edge.proxy_url,
            ca_file=edge.ca_file,
            deadline_s=_EXPRESS_TIMEOUT_S if is_impatient else ANSWER_TIMEOUT_S,
            connect_timeout_s=_EXPRESS_CONNECT_S if is_impatient else CONNECT_TIMEOUT_S,
        )


class _Loop:
    """One driver on one thread. A driver that fails starts afresh; it never ends the program."""

    def __init__(self, name: str, driver: Driver, *, transport: HttpTransport) -> None:
        self.driver = driver
        self._name = name
        self._transport = transport
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def order_stop(self) -> None:
        self._stopping.set()
        self.driver.nudge()

    def stop(self, *, timeout_s: float) -> None:
        self.order_stop()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        keep_at(
            partial(self.driver.run, self._stopping),
            stopping=self._stopping,
            pause_s=_RESTART_PAUSE_S,
            is_endless=True,
            log=_log,
            fault="centre_link_failed",
            thread=self._name,
        )
        self._transport.close()
