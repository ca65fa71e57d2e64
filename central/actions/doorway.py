"""Who may come in: the edge is known, confirmed, not revoked, not too fast, and signed these very words."""

from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.pacing import Pace, Pacing, TooOftenError
from central.store import CentralStore
from central.store.edges import Edge
from central.store.handshakes import Door
from sync.exchange.chain import ChainHead
from sync.exchange.messages import (
    DownQuestion,
    EdgeWords,
    ExpressHeaders,
    HeadQuestion,
    IncarnationQuestion,
    PushHeaders,
    Refusal,
    RefusalCode,
    Testimony,
)
from sync.exchange.signatures import SignatureError

PACES: dict[type[EdgeWords], Pace] = {
    PushHeaders: Pace(burst=400, per_s=200.0),
    HeadQuestion: Pace(burst=120, per_s=10.0),
    DownQuestion: Pace(burst=120, per_s=10.0),
    ExpressHeaders: Pace(burst=60, per_s=5.0),
    IncarnationQuestion: Pace(burst=20, per_s=0.1),
    Testimony: Pace(burst=20, per_s=0.2),
}
"""What one edge may ask, counted after its signature was found good: nobody uses up another's share."""


class PushRefusedError(Exception):
    """A request of an edge was not taken; ``refusal`` goes back as JSON with ``http_code``."""

    def __init__(
        self,
        code: RefusalCode,
        *,
        http_code: int,
        head: ChainHead | None = None,
        epoch: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        """Add the centre's head where the edge needs it to go on, and how long to wait where that helps."""
        self.http_code = http_code
        self.retry_after_s = retry_after_s
        self.refusal = Refusal(
            code=code,
            sequence=None if head is None else head.sequence,
            hash=None if head is None else head.hash.hex(),
            epoch=epoch or None,
        )
        super().__init__(code)


class Doorway:
    """One for all kinds of requests of edges."""

    def __init__(self, store: CentralStore, *, clock: Callable[[], datetime]) -> None:
        """Make the first epoch if there is none yet."""
        self._store = store
        store.edges.epoch(now=clock())
        self._nobody = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        self._pacing = {kind: Pacing(pace, clock=clock) for kind, pace in PACES.items()}

    def admit(self, words: EdgeWords, *, signature: str, body: bytes = b"") -> tuple[Door, Edge]:
        """Return the epoch's door and the edge that signed these words, or raise ``PushRefusedError``.

        Who has not the key of an edge learns nothing of it: no such name, revoked, unconfirmed or another's
        are one answer, after the same work.
        """
        door = self._store.handshakes.door(words.edge)
        edge = None if door is None else door.edge
        try:
            words.check(body, signature=signature, public_key=self._nobody if edge is None else edge.public_key)
        except SignatureError as error:
            raise PushRefusedError(code="bad_signature", http_code=401) from error
        if door is None or edge is None:  # nobody has the key to that lock
            raise PushRefusedError(code="bad_signature", http_code=401)
        if edge.revoked_at is not None:
            raise PushRefusedError(code="revoked_edge", http_code=403)
        if edge.confirmed_at is None:
            raise PushRefusedError(code="not_confirmed", http_code=403)
        try:
            self._pacing[type(words)].take(edge.edge_id)
        except TooOftenError as error:
            raise PushRefusedError(code="busy", http_code=429, retry_after_s=error.retry_after_s) from error
        return door, edge


def check_incarnation(incarnation: int, *, edge: Edge) -> None:
    """Refuse a chain whose incarnation this centre has not issued to this edge."""
    if not 1 <= incarnation <= edge.incarnation:
        raise PushRefusedError(code="wrong_incarnation", http_code=409)
