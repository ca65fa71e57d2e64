"""The gate: everything the commands of one edge share, and the one door through which they change it.

A command is a function of a ``Turn``. It runs on the store's writer thread inside one transaction;
what it stages for the lanes becomes visible only after the commit is on the disk. So what a screen
shows is never ahead of the database.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from checkpoint.actions.company import LaneGroup
from checkpoint.actions.known_devices import known_devices
from checkpoint.actions.lane_parties import LaneParty, standing_party
from checkpoint.actions.sheet import LaneDot, LaneSheet, decode_sheet, encode_sheet, succeeded
from checkpoint.actions.shown_slip import SlipPrint
from checkpoint.attendance import Attendance
from checkpoint.images import Glimpses
from checkpoint.papers.clearance_slip import Signer
from checkpoint.presentation import Pairing
from checkpoint.settings import Settings
from checkpoint.store.disk import BALLAST_BYTES, DEMO_BALLAST_BYTES, Disk
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.groups import lane_counts
from checkpoint.store.identity import CentreFile, EdgeIdentity, boot_id, clock_quality, read_centre
from checkpoint.store.journal import Origin, RandomBytes, Saved, SealedFor, append
from checkpoint.store.lanes import load_drafts, put_draft
from checkpoint.store.mirror import MirrorStanding, load_head
from checkpoint.store.parties import parties_at_lanes
from checkpoint.store.scrubbing import scrub_due
from checkpoint.store.tally import DayTally, recent_dots
from checkpoint.store.writer import Transaction
from sync.agreement.deployment import Deployment
from sync.agreement.identifiers import uuid7
from sync.agreement.policy import PolicyInForce
from sync.agreement.records import RecordBody
from sync.agreement.vocabulary import PointOfEntryKind
from sync.exchange.sealing import Recipient, sealing_public_key

_T = TypeVar("_T")
_log = structlog.get_logger("checkpoint")
LAST_HOUR = timedelta(hours=1)
_MOST_DOTS = 400


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The point of entry this edge stands at, as the deployment names it. ``names`` by language.

    ``gate_names`` are those of every point of entry of the province by id: where an order may send people.
    """

    point_of_entry_id: str
    kind: PointOfEntryKind
    locality: str
    names: Mapping[str, str]
    gate_names: Mapping[str, Mapping[str, str]] = {}
    gate_body: str = ""


class Turn:
    """One command's view of the gate inside one transaction, at one instant."""

    def __init__(self, gate: "Gate", transaction: Transaction, *, officer_ref: str | None) -> None:
        """Read the clock once: everything one command writes has one time."""
        self.gate = gate
        self.transaction = transaction
        self.officer_ref = officer_ref
        self.at = self.recorded_at = gate.clock()
        self._staged: dict[str, LaneSheet] = {}

    def new_crossing_id(self) -> str:
        """Name the crossing of whoever is presented now."""
        return str(uuid7(self.at, self.gate.random_bytes))

    def sheet(self, lane_id: str) -> LaneSheet:
        """Return the lane as this command left it, or as it was last committed."""
        return self._staged.get(lane_id) or self.gate.sheets[lane_id]

    def stage(self, lane_id: str, sheet: LaneSheet, *, keeps_next: bool = True) -> LaneSheet:
        """Keep what a lane becomes: in this transaction now, on the screens after the commit.

        ``keeps_next``: whoever waits as the next person goes on waiting.
        """
        sheet = succeeded(self.sheet(lane_id), sheet, at=self.at, keeps_next=keeps_next)
        self._staged[lane_id] = sheet
        put_draft(self.transaction, lane_id, content=encode_sheet(sheet), at=self.at)
        self.transaction.after_commit(lambda: self.gate.publish(lane_id, sheet))
        return sheet

    def append(
        self, body: RecordBody, *, lane_id: str | None, observed_at: datetime, sealed_for: SealedFor | None = None
    ) -> Saved:
        """Write one record into the journal as part of this transaction."""
        origin = Origin(
            observed_at=observed_at,
            recorded_at=self.recorded_at,
            boot_id=self.gate.boot_id,
            monotonic_ns=time.monotonic_ns(),
            clock_quality=clock_quality(),
            lane_id=lane_id,
            officer_ref=self.officer_ref,
        )
        saved = append(
            self.transaction, body, origin=origin, sealed_for=sealed_for, random_bytes=self.gate.random_bytes
        )
        self.transaction.after_commit(self.gate.notice_record)
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
        deployment: Deployment,
        clock: Callable[[], datetime],
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Load the lanes as they were when the edge last stopped."""
        self.settings = settings
        self.store = store
        self.identity = identity
        self.policy = policy
        self.place = place
        self.deployment = deployment
        self.clock = clock
        self.random_bytes, self.boot_id = random_bytes, boot_id()
        self.disk = store.writer.reserve = Disk(settings.data_path, ballast_bytes=_ballast_bytes(settings))
        self.pairing = Pairing(window_s=settings.pairing.window_s, stale_after_s=settings.pairing.stale_after_s)
        self.recipients = _recipients(settings, identity=identity, store=store)
        self.episode_keys: dict[str, bytes] = {}
        self.signers: Mapping[bytes, Signer] = {}
        self.slip_prints: dict[str, SlipPrint] = {}
        self.attendance, self.glimpses = Attendance(self._is_open_session), Glimpses()
        self.versions: dict[str, int] = dict.fromkeys(settings.lanes, 1)
        with store.readers.connect() as connection:
            drafts = load_drafts(connection)
            self.groups = {lane_id: LaneGroup.of(one) for lane_id, one in lane_counts(connection).items()}
            self.mirror = MirrorStanding(head=load_head(connection), scrub_due=scrub_due(connection))
            self.parties = {lane_id: standing_party(one) for lane_id, one in parties_at_lanes(connection).items()}
            self.tally = DayTally.load(connection, at=clock())
            self.instruments, self.watch = known_devices(store, settings=settings)
            self.dots = _by_lane(recent_dots(connection, lanes=settings.lanes, since=clock() - LAST_HOUR))
        self.sheets = {lane_id: _restored(drafts.get(lane_id), lane_id=lane_id) for lane_id in settings.lanes}
        self._lane_listeners: list[Callable[[str], None]] = []
        self._record_listeners: list[Callable[[], None]] = []

    @property
    def head_sequence(self) -> int:
        """The number of the newest record in the chain that grows."""
        return self.store.outgoing.delivery().head_sequence

    @property
    def is_exercise(self) -> bool:
        """Whether this edge runs a drill: its papers say so."""
        return self.settings.edge.is_exercise

    def note_print(self, lane_id: str, standing: SlipPrint) -> None:
        """Show at a lane how its printer fares; from the printer's own thread."""
        self.slip_prints[lane_id] = standing
        self.wake(lane_id)

    def wake(self, lane_id: str) -> None:
        """Have a lane's screens look again although its sheet is as it was; from any thread."""
        for listener in self._lane_listeners:
            listener(lane_id)

    def attended_since(self, lane_id: str, *, at: datetime) -> datetime | None:
        """Return since when an officer is at a lane's unlocked workstation; ``None``: nobody is."""
        return self.attendance.since(lane_id, at=at)

    def _is_open_session(self, token_hash: str) -> bool:
        is_locked = self.store.stations.find_standing(token_hash).is_locked
        return not is_locked and self.store.accounts.find_session(token_hash) is not None

    def meet_centre(self, centre: CentreFile) -> None:
        """Seal for the province too, from now on: this edge was enrolled while it ran."""
        self.recipients = {**self.recipients, "province": sealing_public_key(centre.province_sealing_key)}

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
        self.wake(lane_id)

    def show_party(self, lane_id: str, standing: LaneParty | None) -> None:
        """Show at a lane whose people go through it, or that single travellers do. For the writer's thread."""
        self.parties.pop(lane_id, None)
        if standing is not None:
            self.parties[lane_id] = standing
        self.versions[lane_id] += 1
        self.wake(lane_id)

    def show_group(self, lane_id: str, standing: LaneGroup | None) -> None:
        """Show at a lane the group that stands there, or none. For the writer's thread."""
        self.groups.pop(lane_id, None)
        if standing is not None:
            self.groups[lane_id] = standing
        self.versions[lane_id] += 1
        for listener in self._lane_listeners:
            listener(lane_id)

    def forget_key(self, crossing_id: str) -> None:
        """Drop an episode's key from memory: its record is written, or its draft was discarded."""
        self.episode_keys.pop(crossing_id, None)

    def notice_record(self) -> None:
        """Tell those who wait that the journal grew. For the writer's thread."""
        for listener in self._record_listeners:
            listener()


def _by_lane(rows: Mapping[str, list[tuple[datetime, float, str]]]) -> dict[str, deque[LaneDot]]:
    """Make the dots of each lane; the oldest fall out by themselves."""
    return {
        lane_id: deque((LaneDot(observed_at=a, temperature_c=c, outcome=o) for a, c, o in dots), maxlen=_MOST_DOTS)
        for lane_id, dots in rows.items()
    }


def _restored(draft: bytes | None, *, lane_id: str) -> LaneSheet:
    """Read a lane as it was kept. One that a newer program cannot read is told and left; its record is safe."""
    if draft is None:
        return LaneSheet()
    try:
        return decode_sheet(draft)
    except msgspec.DecodeError:
        _log.error("draft_unreadable", lane_id=lane_id, what_to_do="present the person in the lane again")
        return LaneSheet()


def _ballast_bytes(settings: Settings) -> int:
    """Hold back what the settings say; a demonstration on somebody's own machine holds back little."""
    if settings.edge.ballast_mib is not None:
        return settings.edge.ballast_mib * 1024 * 1024
    return DEMO_BALLAST_BYTES if settings.edge.is_demo else BALLAST_BYTES


def _recipients(settings: Settings, *, identity: EdgeIdentity, store: EdgeStore) -> dict[Recipient, X25519PublicKey]:
    recipients: dict[Recipient, X25519PublicKey] = {"site": identity.site_key.public_key()}
    enrolled = read_centre(store.files)
    province = settings.edge.province_sealing_key or (enrolled.province_sealing_key if enrolled else "")
    if province:
        recipients["province"] = sealing_public_key(province)
    return recipients
