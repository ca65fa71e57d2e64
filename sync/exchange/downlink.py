"""The downlink of an edge: takes the centre's journal (orders, policies, decisions), page by page.

``down_rules`` judges each answer; this drives it with a journal and a transport. Runs beside the push, on
a connection of its own. An answer without news is taken too: it says how old the edge's policy is.
"""

import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from random import SystemRandom

import msgspec

from sync.exchange.down_rules import DownlinkError, check_down, question_after
from sync.exchange.ends import DownlinkTransport, MirrorJournal, RefusedError, TransportError, UplinkIdentity
from sync.exchange.phases import BACK_OFF_CAP_S, NO_LINK, NO_LINK_CAP_S, back_off_s

LOOK_S = 10.0
"""How often the centre is asked for news: the longest an order takes to a gate with a link."""
NONCE_BYTES = 16
_CHANCE = SystemRandom()


class DownlinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Failures in a row, why the last try failed, and when (own clock) the centre last answered."""

    failures: int = 0
    reason: str = ""
    heard_at: datetime | None = None


def _ignore(_reason: str) -> None:
    """Nobody listens for contradictions."""


class Downlink:
    """Drives the rules with a journal and a transport. One instance per edge, one thread."""

    def __init__(
        self,
        identity: UplinkIdentity,
        *,
        journal: MirrorJournal,
        transport: DownlinkTransport,
        clock: Callable[[], datetime],
        draw: Callable[[], float] = _CHANCE.random,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        on_contradiction: Callable[[str], None] = _ignore,
    ) -> None:
        """``on_contradiction`` hears why the centre's journal denies what the edge has: let the uplink testify."""
        self._identity = identity
        self._journal = journal
        self._transport = transport
        self._clock = clock
        self._draw = draw
        self._random_bytes = random_bytes
        self._on_contradiction = on_contradiction
        self._awake = threading.Event()
        self._state = DownlinkState()

    @property
    def state(self) -> DownlinkState:
        """How the downlink stands, for health and metrics."""
        return self._state

    def nudge(self) -> None:
        """Say that there may be news, or that the thread is to stop."""
        self._awake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until ``stop`` is set; call ``nudge`` after setting it, to end a pause."""
        while not stop.is_set():
            pause_s = self.step()
            if self._state.failures > 0:
                stop.wait(pause_s)
            elif pause_s > 0.0:
                self._awake.wait(pause_s)
            self._awake.clear()

    def step(self) -> float:
        """Do at most one request; return how many seconds may pass before the next step."""
        me, position = self._identity, self._journal.position()
        question = question_after(position, identity=me, nonce=self._random_bytes(NONCE_BYTES).hex())
        try:
            answer = self._transport.ask_down(question, key=me.signing_key)
            records = check_down(answer, question=question, position=position, public_key=me.centre_public_key)
            self._journal.take(answer, records)
        except (TransportError, RefusedError, DownlinkError) as error:
            return self._fail(error)
        self._state = DownlinkState(heard_at=self._clock())
        has_more = answer.last < answer.length or not answer.epoch
        return 0.0 if has_more and (records or answer.centre_incarnation > position.incarnation) else LOOK_S

    def _fail(self, error: TransportError | RefusedError | DownlinkError) -> float:
        reason, retry_after_s = _reason_of(error)
        is_fork = isinstance(error, RefusedError) and error.refusal.code == "fork"
        if is_fork or (isinstance(error, DownlinkError) and error.is_contradiction):
            self._on_contradiction(reason)
        failures = self._state.failures + 1
        self._state = msgspec.structs.replace(self._state, failures=failures, reason=reason)
        cap_s = NO_LINK_CAP_S if reason == NO_LINK else BACK_OFF_CAP_S
        return back_off_s(failures, draw=self._draw, retry_after_s=retry_after_s, cap_s=cap_s)


def _reason_of(error: TransportError | RefusedError | DownlinkError) -> tuple[str, float | None]:
    if isinstance(error, RefusedError):
        return error.refusal.code, error.retry_after_s
    if isinstance(error, TransportError):
        return error.reason, error.retry_after_s
    return error.reason, None
