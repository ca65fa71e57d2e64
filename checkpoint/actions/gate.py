"""The gate: everything the commands of one edge share, and the one door through which they change it.

A command is a function of a ``Turn``. It runs on the store's writer thread inside one transaction;
what it stages for the lanes becomes visible only after the commit is on the disk. So what a screen
shows is never ahead of the database.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from checkpoint.actions.sheet import LaneDot, LaneSheet, decode_sheet, encode_sheet
from checkpoint.lane import Pairing
from checkpoint.settings import Settings
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import EdgeIdentity, boot_id
from checkpoint.store.journal import Origin, Saved, SealedFor, append
from checkpoint.store.lanes import load_drafts, put_draft
from checkpoint.store.tally import DayTally, recent_dots
from checkpoint.store.writer import Transaction
from sync.agreement.policy import PolicyInForce
from sync.agreement.records import RecordBody
from sync.agreement.vocabulary import ClockQuality, PointOfEntryKind
from sync.exchange.sealing import Recipient, sealing_public_key

_T = TypeVar("_T")
_log = structlog.get_logger("checkpoint")
LAST_HOUR = timedelta(hours=1)
_MOST_DOTS = 400
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The point of entry this edge stands at, as the deployment names it. ``names`` by language.

    ``gate_names`` are those of every point of entry of the province by id: where an order may send people.
    """

    point_of_entry_id: str
    kind: PointOfEntryKind
    locality: str
    names: Mapping[str, str]
    gate_names: Mapping[str, Mapping[str, str]] = {}


class Turn:
    """One command's view of the gate inside one transaction, at one instant."""

    def __init__(self, gate: "Gate", transaction: Transaction, *, officer_ref: str | None) -> None:
        """Read the clock once: everything one command writes has one time."""
        self.gate = gate
        self.transaction = transaction
        self.officer_ref = officer_ref
        self.at = gate.clock()

    def sheet(self, lane_id: str) -> LaneSheet:
        """Return the lane as it was last committed."""
        return self.gate.sheets[lane_id]

    def stage(self, lane_id: str, sheet: LaneSheet) -> LaneSheet:
        """Keep what a lane becomes: in this transaction now, on the screens after the commit."""
        put_draft(self.transaction, lane_id, content=encode_sheet(sheet), at=self.at)
        self.transaction.after_commit(lambda: self.gate.publish(lane_id, sheet))
        return sheet

    def append(
        self, body: RecordBody, *, lane_id: str | None, observed_at: datetime, sealed_for: SealedFor | None = None
    ) -> Saved:
        """Write one record into the journal as part of this transaction."""
        origin = Origin(
            observed_at=observed_at,
            recorded_at=self.at,
            boot_id=self.gate.boot_id,
            monotonic_ns=time.monotonic_ns(),
            clock_quality=clock_quality(),
            lane_id=lane_id,
            officer_ref=self.officer_ref,
        )
        saved = append(self.transaction, body, origin=origin, sealed_for=sealed_for)
        self.transaction.after_commit(lambda: self.gate.notice_record(saved))
        return saved


class Gate:
    """One edge at work. ``sheets`` and ``versions`` are replaced by the writer thread only."""

    def __init__(  # the parts of an edge, each handed in so that tests hand in their own
        self,
        settings: Settings,
        *,
        store: EdgeStore,
        identity: EdgeIdentity,
        policy: PolicyInForce,
        place: Place,
        clock: Callable[[], datetime],
    ) -> None:
        """Load the lanes as they were when the edge last stopped."""
        self.settings = settings
        self.store = store
        self.identity = identity
        self.policy = policy
        self.place = place
        self.clock = clock
        self.boot_id = boot_id()
        self.pairing = Pairing(window_s=settings.pairing.window_s, stale_after_s=settings.pairing.stale_after_s)
        self.recipients = _recipients(settings, identity=identity)
        self.episode_keys: dict[str, bytes] = {}
        self.versions: dict[str, int] = dict.fromkeys(settings.lanes, 1)
        with store.readers.connect() as connection:
            drafts = load_drafts(connection)
            self.tally = DayTally.load(connection, at=clock())
            self.dots = {
                lane_id: deque(
                    (LaneDot(observed_at=a, temperature_c=c, outcome=o) for a, c, o in rows), maxlen=_MOST_DOTS
                )
                for lane_id, rows in recent_dots(connection, lanes=settings.lanes, since=clock() - LAST_HOUR).items()
            }
        self.sheets = {lane_id: _restored(drafts.get(lane_id), lane_id=lane_id) for lane_id in settings.lanes}
        self.head_sequence = store.outgoing.head().sequence
        self._lane_listeners: list[Callable[[str], None]] = []
        self._record_listeners: list[Callable[[], None]] = []

    def perform(self, command: Callable[[Turn], _T], *, officer_ref: str | None = None) -> "Future[_T]":
        """Run a command in one transaction; its future resolves after the commit is on the disk."""
        return self.store.writer.submit(lambda transaction: command(Turn(self, transaction, officer_ref=officer_ref)))

    def on_lane_change(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the lane's id after each change; from the writer's thread."""
        self._lane_listeners.append(listener)

    def on_record(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each commit that wrote a record; from the writer's thread."""
        self._record_listeners.append(listener)

    def publish(self, lane_id: str, sheet: LaneSheet) -> None:
        """Show a committed sheet. For the writer's thread."""
        self.sheets[lane_id] = sheet
        self.versions[lane_id] += 1
        for listener in self._lane_listeners:
            listener(lane_id)

    def forget_key(self, crossing_id: str) -> None:
        """Drop an episode's key from memory: its record is written, or its draft was discarded."""
        self.episode_keys.pop(crossing_id, None)

    def notice_record(self, saved: Saved) -> None:
        """Tell those who wait that the journal grew. For the writer's thread."""
        self.head_sequence = saved.sequence
        for listener in self._record_listeners:
            listener()


def _restored(draft: bytes | None, *, lane_id: str) -> LaneSheet:
    """Read a lane as it was kept. One that a newer program cannot read is told and left; its record is safe."""
    if draft is None:
        return LaneSheet()
    try:
        return decode_sheet(draft)
    except msgspec.DecodeError:
        _log.error("draft_unreadable", lane_id=lane_id, what_to_do="present the person in the lane again")
        return LaneSheet()


def clock_quality() -> ClockQuality:
    """Say how far the wall clock may be trusted: what the system's time service knows."""
    return ClockQuality.SYNCHRONISED if _SYNCHRONISED.exists() else ClockQuality.UNKNOWN


def _recipients(settings: Settings, *, identity: EdgeIdentity) -> dict[Recipient, X25519PublicKey]:
    recipients: dict[Recipient, X25519PublicKey] = {"site": identity.site_key.public_key()}
    if settings.edge.province_sealing_key:
        recipients["province"] = sealing_public_key(settings.edge.province_sealing_key)
    return recipients
