"""What the uplink's state table is made of: phases, what is remembered, events, actions, the back-off.

Pure values. ``protocol.advance`` moves between them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from sync.exchange.chain import ChainHead
from sync.exchange.ends import Abandonment, Finding, OutgoingChain
from sync.exchange.messages import (
    BATCH_LIMIT_RECORDS,
    HeadAnswer,
    IncarnationGrant,
    Receipt,
    RefusalCode,
    RenewalReason,
    TestimonyAnswer,
)

BACK_OFF_FLOOR_S = 1.0
BACK_OFF_CAP_S = 300.0
NO_LINK_CAP_S = 4.0
"""Where nobody was reached nobody is burdened: a link that comes back is used within five seconds."""
NO_LINK = "no_link"
HEARTBEAT = timedelta(seconds=60)
"""How often the head is asked for at least: a quiet gate is not a silent one, and a busy one bears witness."""
HALT_RETRY = timedelta(minutes=5)
"""A halted uplink asks again by itself: an edge that is enrolled or confirmed later needs no restart."""


class Phase(StrEnum):
    """Where the uplink stands; the slugs are shown at the lane."""

    IDLE = "idle"
    ASKING_HEAD = "asking_head"
    PUSHING = "pushing"
    BACKING_OFF = "backing_off"
    RENEWING = "renewing"
    TESTIFYING = "testifying"
    HALTED = "halted"


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a new incarnation is asked for, and which chain cannot be delivered under its own name.

    ``high_water`` and ``centre_sequence`` are about the current chain; 0 = not known.
    """

    reason: RenewalReason
    high_water: int = 0
    centre_sequence: int = 0
    abandon: tuple[Abandonment, ...] = ()
    is_for_newer: bool = False


Shown = Literal["receipt", "ledger_head", "grant"]


class UplinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the uplink remembers between two steps.

    ``incarnation`` is the chain in hand (0 = none yet) and ``head`` what the centre holds of it in
    ``epoch``; ``settled`` the older chains that need nothing more in this epoch.
    """

    phase: Phase = Phase.IDLE
    since: datetime
    incarnation: int = 0
    epoch: str = ""
    head: ChainHead | None = None
    heard_at: datetime | None = None
    failures: int = 0
    batch_limit: int = BATCH_LIMIT_RECORDS
    reason: str = ""
    last_receipt_at: datetime | None = None
    has_epoch_changed: bool = False
    settled: frozenset[int] = frozenset()
    renewal: Renewal | None = None
    showing: Shown | None = None
    shown_head: tuple[str, int] | None = None
    has_shown_grant: bool = False
    has_renewed_for_newer: bool = False


class JournalSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Time to look: the journal's chains as they are, and what the edge found at its start."""

    chains: tuple[OutgoingChain, ...]
    finding: Finding | None = None


class HeadReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The centre said where it stands, under its signature.

    ``own_hash`` is our hash there (``None``: we have no such record), ``chain`` the one asked about,
    ``finding`` what the edge found at its start. ``contradicts`` names the witness (epoch, position) that
    the answer's ledger head denies.
    """

    answer: HeadAnswer
    own_hash: bytes | None
    chain: OutgoingChain
    finding: Finding | None = None
    contradicts: tuple[str, int] | None = None


class ReceiptReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt whose signature and words were checked."""

    receipt: Receipt


class GrantReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A granted incarnation was checked, and the journal goes on under it."""

    grant: IncarnationGrant


class TestimonyTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The centre looked at its own signature, and said what it makes of it."""

    answer: TestimonyAnswer


class TestimonyOrdered(msgspec.Struct, frozen=True, kw_only=True):
    """The downlink met a contradiction: show the centre the last ledger head (epoch, position) held."""

    witness: tuple[str, int]


class RequestRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The centre answered, and said no. ``has_grant``: the chain in hand has a grant to show.

    ``batch_records`` is how many records the refused push held; 0 for other requests.
    """

    code: RefusalCode
    retry_after_s: float | None = None
    has_grant: bool = False
    batch_records: int = 0


class TransportFailed(msgspec.Struct, frozen=True, kw_only=True):
    """No answer of ours came back: no link, a cut, a captive portal's page, a broken gateway."""

    reason: str
    retry_after_s: float | None = None


class PauseEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The back-off has passed, or the link was seen to be up again."""


class ResumeOrdered(msgspec.Struct, frozen=True, kw_only=True):
    """A person ordered a halted uplink to try again."""


UplinkEvent = (
    JournalSeen
    | HeadReceived
    | ReceiptReceived
    | GrantReceived
    | TestimonyTaken
    | TestimonyOrdered
    | RequestRefused
    | TransportFailed
    | PauseEnded
    | ResumeOrdered
)


class AskHead(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the centre for its head of this chain (0: the current one)."""

    incarnation: int


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """Send up to ``limit`` records of this chain after ``after.sequence``."""

    incarnation: int
    after: ChainHead
    limit: int
    epoch: str


class AskIncarnation(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a new incarnation, and adopt it as ``renewal`` says."""

    renewal: Renewal


class Testify(msgspec.Struct, frozen=True, kw_only=True):
    """Show the centre something that it signed about this chain."""

    showing: Shown
    incarnation: int


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Wait ``delay_s``, then report ``PauseEnded``."""

    delay_s: float


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to do until the next look at the journal."""


UplinkAction = AskHead | Push | AskIncarnation | Testify | Pause | Rest


def back_off_s(
    failures: int,
    *,
    draw: Callable[[], float],
    retry_after_s: float | None = None,
    cap_s: float = BACK_OFF_CAP_S,
) -> float:
    """Return the pause after the n-th failure in a row: full jitter, 1 s to 5 min.

    ``draw`` returns a number in [0, 1). What the centre asked for by Retry-After is a lower bound, up to
    the same 5 minutes.

    >>> back_off_s(1, draw=lambda: 0.5), back_off_s(30, draw=lambda: 0.999999) <= 300
    (1.5, True)
    >>> back_off_s(1, draw=lambda: 0.5, retry_after_s=20.0)
    21.5
    """
    ceiling_s = min(cap_s, BACK_OFF_FLOOR_S * 2.0 ** min(failures, 16))
    jittered_s = BACK_OFF_FLOOR_S + draw() * (ceiling_s - BACK_OFF_FLOOR_S)
    return min(BACK_OFF_CAP_S, max(0.0, retry_after_s or 0.0) + jittered_s)
