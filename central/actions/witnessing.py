"""The ledger's witnesses: signing heads, hearing testimony, and holding what others kept against the ledger."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.doorway import Doorway, PushRefusedError
from central.store import CentralStore
from central.store.alarms import OF_THE_CENTRE, Alarm, AlarmKind
from central.store.witness import Contradiction, RewrittenError, Witness
from sync.exchange.messages import Evidence, SignedHead, Testimony, TestimonyAnswer, read_evidence
from sync.exchange.signatures import SignatureError

_LOG = structlog.get_logger(__name__)
_HEADS = msgspec.json.Decoder(SignedHead)
_LISTS = msgspec.json.Decoder(list[SignedHead])


class WitnessFileError(ValueError):
    """The file holds no signed heads of this centre: ask for it again; the ledger was not compared."""


class Witnessing:
    """Signs and compares with one centre's key."""

    def __init__(self, store: CentralStore, *, signing_key: Ed25519PrivateKey, clock: Callable[[], datetime]) -> None:
        """Nothing is signed yet."""
        self._store = store
        self._key = signing_key
        self._public_key = signing_key.public_key().public_bytes_raw()
        self._clock = clock

    def sign_head(self) -> SignedHead | None:
        """Read again what came since the last head, and sign if there is news; ``None`` if not.

        A row that is not what it was raises an alarm and ``RewrittenError``: nothing is signed.
        """
        now = self._clock()
        try:
            checked = self._store.witnesses.check()
        except RewrittenError as error:
            self._raise_rewritten(error, now=now)
            raise
        if not checked.is_news:
            return None
        head = SignedHead(
            epoch=checked.epoch.name,
            position=checked.position,
            hash=checked.hash.hex(),
            centre_sequence=checked.centre_head.sequence,
            centre_hash=checked.centre_head.hash.hex(),
            issued_at=now,
        ).signed(key=self._key)
        self._store.witnesses.add(head)
        self._store.own_head.note(head)
        return head

    def compare_at_start(self) -> None:
        """Hold the database against what stands beside the keys, before anybody is answered.

        A number or a signed head that the database knows nothing of means that it went back: a new epoch
        begins at once, with an alarm. A number behind the database means that the folder of the keys went
        back: it is put right, with an alarm. What edges hold is heard when they call (``hear``).
        """
        epochs, now = self._store.edges.epochs, self._clock()
        epoch, noted = epochs.present(now=now), epochs.noted
        beyond = max(noted, epochs.seen_in_database())
        if beyond > epoch.number:
            _LOG.critical("database behind its epoch", database=epoch.number, known=beyond)
            epoch = self._store.testimonies.start_beyond(database=epoch.number, beyond=beyond, now=now)
        elif noted < epoch.number:
            if noted or epoch.number > 1:
                self._store.testimonies.tell_file_behind(noted=noted, number=epoch.number, now=now)
            epochs.note(epoch.number)
        self._hear_own(now=now)

    def _hear_own(self, *, now: datetime) -> None:
        head = self._store.own_head.read()
        if head is None:
            return
        evidence = Evidence(ledger_head=head)
        if not self._is_ours(evidence):
            return
        if self._store.witnesses.compare([head]).contradiction is None:
            return
        _LOG.critical("database contradicts its own newest head", position=head.position)
        self._store.testimonies.take(evidence, edge_id=OF_THE_CENTRE, now=now)
        self._store.own_head.put_aside()

    def hear(self, words: Testimony, *, signature: str, body: bytes, doorway: Doorway) -> TestimonyAnswer:
        """Look at something that this centre once signed; raise ``PushRefusedError``."""
        door, edge = doorway.admit(words, signature=signature, body=body)
        try:
            evidence = read_evidence(body)
        except ValueError as error:
            raise PushRefusedError(code="malformed", http_code=400) from error
        is_ours = self._is_ours(evidence) and _is_about(evidence, edge_id=edge.edge_id)
        epoch = door.epoch
        if is_ours:
            epoch = self._store.testimonies.take(evidence, edge_id=edge.edge_id, now=self._clock())
            if epoch.name != door.epoch.name:
                _LOG.critical("epoch renewed", number=epoch.number, witness=edge.edge_id)
        return TestimonyAnswer(epoch=epoch.name, is_accepted=is_ours, nonce=words.nonce).signed(key=self._key)

    def compare(self, heads: Iterable[SignedHead]) -> Witness:
        """Hold heads that others kept against the ledger; raise ``WitnessFileError`` for one that is not ours."""
        kept = list(heads)
        self._check_signatures(kept)
        return self._store.witnesses.compare(kept)

    def compare_own(self) -> Contradiction | None:
        """Hold every head that was ever signed here against the ledger, and its signature against the key."""
        self._check_signatures(self._store.witnesses.every())
        return self._store.witnesses.stored_contradiction()

    def _check_signatures(self, heads: Iterable[SignedHead]) -> None:
        for head in heads:
            try:
                head.check(public_key=self._public_key)
            except SignatureError as error:
                msg = f"the head at position {head.position} was not signed by this centre"
                raise WitnessFileError(msg) from error

    def compare_file(self, path: Path) -> Witness:
        """Compare with a file as ``python -m checkpoint witness`` prints it."""
        return self.compare(read_heads(path))

    def _is_ours(self, evidence: Evidence) -> bool:
        shown = evidence.receipt or evidence.ledger_head or evidence.grant
        try:
            if shown is not None:
                shown.check(public_key=self._public_key)
        except SignatureError:
            return False
        return shown is not None

    def _raise_rewritten(self, error: RewrittenError, *, now: datetime) -> None:
        _LOG.critical("ledger rewritten", table=error.table, position=error.position)
        self._store.edges.raise_alarm(
            Alarm(
                kind=AlarmKind.LEDGER_REWRITTEN,
                edge_id=OF_THE_CENTRE,
                sequence=error.position,
                expected_hash=error.expected,
                found_hash=error.found,
                raised_at=now,
                detail={"table": error.table},
            )
        )


def read_heads(path: Path) -> list[SignedHead]:
    """Read signed heads: a JSON array, or one head a line. Raises ``WitnessFileError``."""
    try:
        content = path.read_bytes().strip()
        if content.startswith(b"["):
            return _LISTS.decode(content)
        return [_HEADS.decode(line) for line in content.splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        msg = f"{path}: no signed heads can be read ({type(error).__name__})"
        raise WitnessFileError(msg) from error


def _is_about(evidence: Evidence, *, edge_id: str) -> bool:
    """An edge testifies of its own receipts and grants, and of the ledger."""
    return all(part is None or part.edge_id == edge_id for part in (evidence.receipt, evidence.grant))
