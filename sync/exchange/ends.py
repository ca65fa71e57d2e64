"""The two ends of the wire, as the drivers of the protocol need them: a journal here, a centre there.

The edge's store implements the journals, ``transport`` the requests; a simulation implements both.
Every journal call sees and writes only what is durably committed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.chain import GENESIS_HASH, ChainHead
from sync.exchange.messages import (
    DownAnswer,
    DownQuestion,
    EnrolmentAnswer,
    EnrolmentRequest,
    Evidence,
    ExpressAnswer,
    ExpressHeaders,
    HeadAnswer,
    HeadQuestion,
    IncarnationGrant,
    IncarnationQuestion,
    PushAnswer,
    PushHeaders,
    Receipt,
    Refusal,
    RenewalReason,
    SignedHead,
    Testimony,
    TestimonyAnswer,
)
from sync.exchange.sealing import EpisodeKey

_NO_INSTANCE = "0" * 32


class TransportError(OSError):
    """No answer of the centre came back: retry later. Never says whether the request arrived."""

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        """``reason`` is a slug for the lane screen; ``retry_after_s`` what a server asked for."""
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class RefusedError(Exception):
    """The centre answered and refused."""

    def __init__(self, refusal: Refusal, *, retry_after_s: float | None = None) -> None:
        """Keep the centre's code."""
        self.refusal = refusal
        self.retry_after_s = retry_after_s
        super().__init__(refusal.code)


class UplinkIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, and whose words are believed. ``centre_public_key`` is 32 raw bytes (Ed25519).

    ``incarnation`` is the one at the start; the uplink takes it from the journal's chains. ``instance``
    is drawn at each start of the program, ``start_number`` counts those starts.
    """

    edge_id: str
    incarnation: int
    signing_key: Ed25519PrivateKey
    centre_public_key: bytes
    instance: str = _NO_INSTANCE
    start_number: int = 0


class OutgoingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One journal entry on its way: its bytes, its hash, and its episode's wrapped key if it is sealed."""

    sequence: int
    record: bytes
    hash: bytes
    episode_key: EpisodeKey | None = None


class OutgoingChain(msgspec.Struct, frozen=True, kw_only=True):
    """One chain of the journal as it is now. ``receipt`` is the last one kept, ``grant`` the centre's for it.

    An abandoned chain is given with the head up to which the centre is known to hold it as ours (what
    came after was re-entered elsewhere), so that a restored centre gets that part again; with nothing
    left it is not given at all.
    """

    incarnation: int
    head: ChainHead
    receipt: Receipt | None = None
    grant: IncarnationGrant | None = None
    is_current: bool = True
    is_abandoned: bool = False

    @property
    def delivered(self) -> ChainHead | None:
        """How far the last receipt says that the centre held this chain, in the epoch of that receipt."""
        if self.receipt is None:
            return None
        return ChainHead(sequence=self.receipt.sequence, hash=bytes.fromhex(self.receipt.hash))

    @property
    def delivered_epoch(self) -> str:
        """The epoch of the last receipt, or empty."""
        return "" if self.receipt is None else self.receipt.epoch

    def is_drained(self, *, epoch: str) -> bool:
        """Whether the centre of this epoch receipted all of it."""
        return self.head.sequence == 0 or (self.delivered == self.head and self.delivered_epoch == epoch)


class Abandonment(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that cannot be delivered under its own name: what follows ``last_known_sequence`` is re-entered."""

    incarnation: int
    last_known_sequence: int


class ChainAtCentre(msgspec.Struct, frozen=True, kw_only=True):
    """How far the centre holds a chain; ``is_ours`` = the journal has the very record that is its head there."""

    incarnation: int
    sequence: int
    is_ours: bool = False
    is_frozen: bool = False


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the edge found at its start: why it needs a new incarnation although nobody asked.

    ``high_water`` is the newest sequence that this identity is known to have written in the current chain.
    """

    reason: RenewalReason
    high_water: int = 0


class ExpressJournal(Protocol):
    """What the express lane needs of the edge's store."""

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` records of referrals that are neither receipted nor expressed, newest first."""

    def note_express(self, record_ids: Sequence[str]) -> None:
        """Remember that the desk has these: ``urgent`` does not give them again."""


class OutgoingJournal(ExpressJournal, Protocol):
    """What the uplink needs of the edge's store."""

    def chains(self) -> Sequence[OutgoingChain]:
        """Return the chains by ascending incarnation; the last one is current."""

    def pending_after(self, sequence: int, *, incarnation: int, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` entries of a chain after ``sequence``, in order, without gaps."""

    def hash_at(self, sequence: int, *, incarnation: int) -> bytes | None:
        """Return the hash of a chain's entry at ``sequence``, or ``None`` if there is none."""

    def note_receipt(self, receipt: Receipt) -> None:
        """Keep the last receipt of its chain; one of a new epoch may be lower than the one before."""

    def note_ledger_head(self, head: SignedHead) -> None:
        """Keep a signed head of the centre's ledger; raise ``WitnessError`` by ``messages.check_witness``."""

    def last_ledger_head(self) -> SignedHead | None:
        """Return the newest head kept."""

    def adopt(
        self,
        grant: IncarnationGrant,
        *,
        abandon: Sequence[Abandonment],
        reason: RenewalReason,
        centre_sequence: int,
        earlier: Sequence[ChainAtCentre] = (),
    ) -> None:
        """Begin the granted chain and re-enter what is abandoned, in one transaction; then the files.

        ``centre_sequence`` is the centre's head of the chain before, as far as it is known (0: unknown);
        ``earlier`` what it said of the chains that ``unstated`` named.
        """

    def unstated(self) -> Sequence[OutgoingChain]:
        """Return the chains of whose loss nothing was delivered: to be asked about before a new one begins."""

    def finding(self) -> Finding | None:
        """Why a new incarnation is needed although nobody asked; ``None`` once it was adopted."""

    def notice(self, kind: str, *, detail: dict[str, str | int]) -> None:
        """Keep something that a person should see; the same notice again changes nothing."""


class UplinkTransport(Protocol):
    """The uplink's requests. All raise ``TransportError`` or ``RefusedError``."""

    def ask_head(self, question: HeadQuestion, *, key: Ed25519PrivateKey) -> HeadAnswer:
        """Ask where the centre stands."""

    def push(self, headers: PushHeaders, *, body: bytes, key: Ed25519PrivateKey) -> PushAnswer:
        """Send one batch."""

    def ask_incarnation(self, question: IncarnationQuestion, *, key: Ed25519PrivateKey) -> IncarnationGrant:
        """Ask for the next incarnation."""

    def testify(self, words: Testimony, *, evidence: Evidence, key: Ed25519PrivateKey) -> TestimonyAnswer:
        """Show the centre something that it signed."""


class ExpressTransport(Protocol):
    """The express lane's request."""

    def express(self, headers: ExpressHeaders, *, body: bytes, key: Ed25519PrivateKey) -> ExpressAnswer:
        """Send urgent records out of their order."""


class DownlinkTransport(Protocol):
    """The downlink's request."""

    def ask_down(self, question: DownQuestion, *, key: Ed25519PrivateKey) -> DownAnswer:
        """Ask for the centre's records after a place."""


class EnrolmentTransport(Protocol):
    """The one request that is made before the centre knows the edge."""

    def enrol(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        """Introduce a key."""


class MirrorPosition(msgspec.Struct, frozen=True, kw_only=True):
    """How far the edge has taken the centre's journal. ``incarnation`` is the centre's; 0 = nothing yet.

    ``issued_at`` is when the centre last spoke, by the centre's clock: the age of what is mirrored.
    """

    incarnation: int = 0
    sequence: int = 0
    hash: bytes = GENESIS_HASH
    epoch: str = ""
    issued_at: datetime | None = None


class CentreRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the centre's journal whose place, hash and signature were checked."""

    incarnation: int
    sequence: int
    record: bytes
    hash: bytes


class MirrorJournal(Protocol):
    """What the downlink needs of the edge's store."""

    def position(self) -> MirrorPosition:
        """Return how far the mirror is."""

    def take(self, answer: DownAnswer, records: Sequence[CentreRecord]) -> None:
        """Apply the records and move the position to the answer's, in one transaction.

        Without records this renews ``epoch`` and ``issued_at`` only. Raises ``down_rules.DownlinkError`` where
        the position moved since the answer was judged.
        """
