"""Batches that no honest protocol sends: gaps, forks, other orders, other people's signatures.

The centre's cursor never produces a gap by itself, so a simulation that only runs honest edges would
never notice a centre that takes one (seen in a first design). These are made by hand and delivered
past the network; none of them may add a record that does not belong.
"""

import secrets
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages import PushHeaders, pack_batch
from tests.simulation.chance import Chance
from tests.simulation.databases import Killed
from tests.simulation.model import record_hash
from tests.simulation.wire import Message

if TYPE_CHECKING:
    from tests.simulation.world import World


class Held(NamedTuple):
    """What a forger knows: a chain as its edge holds it, and where the centre stands with it."""

    edge_id: str
    incarnation: int
    records: list[bytes]
    centre_sequence: int


class Batch(NamedTuple):
    """Records for a push, and what its headers shall claim."""

    records: list[bytes]
    first: int
    epoch: str


def forge(world: "World", chance: Chance) -> bool:
    """Send one forged batch; ``False`` where the moment has nothing to forge with."""
    name = chance.one_of(sorted(world.edges))
    held = _held(world, name, chance=chance)
    if not held.records:
        return False
    kind = chance.one_of(sorted(_KINDS))
    batch = _KINDS[kind](held, chance)
    if batch is None or not batch.records:
        return False
    key = world.edges[name].identity.signing_key
    if kind == "strangers_signature":
        key = Ed25519PrivateKey.from_private_bytes(chance.bytes(32))
    epoch = batch.epoch or _epoch(world)
    world.strike(f"forged_{kind}")
    _deliver(world, name, held=held, batch=batch._replace(epoch=epoch), key=key, kind=kind)
    return True


def _deliver(world: "World", name: str, *, held: Held, batch: Batch, key: Ed25519PrivateKey, kind: str) -> None:
    headers = PushHeaders(
        edge=held.edge_id,
        incarnation=held.incarnation,
        first=batch.first,
        last=batch.first + len(batch.records) - 1,
        head_hash=record_hash(batch.records[-1]).hex(),
        epoch=batch.epoch,
        nonce=secrets.token_hex(16),
    )
    body = pack_batch(batch.records)
    signed = {header.lower(): value for header, value in headers.as_http(body, key=key).items()}
    message = Message(
        sender=f"forger-{name}",
        method="POST",
        path="/sync/v1/push",
        query=b"",
        headers=tuple(signed.items()),
        body=body,
    )
    try:
        answer = world.centre.take(message)
        world.trace(f"forged {kind} {message.fingerprint}: {answer.code}")
        if answer.code == 200 and kind not in _HARMLESS:
            world.fail(f"the centre took a forged batch ({kind})")
    except Killed as killed:
        world.trace(f"forged {kind}: {killed}")
        world.centre.start()


def _held(world: "World", name: str, *, chance: Chance) -> Held:
    """Choose one chain that this edge holds, and read its records."""
    edge = world.edges[name]
    journal = world.model.journals[name]
    incarnations = sorted({entry.incarnation for entry in journal}) or [1]
    incarnation = chance.one_of(incarnations)
    wanted = {entry.hash for entry in journal if entry.incarnation == incarnation}
    rows = [row[1] for row in edge.rows("SELECT hash, bytes FROM journal ORDER BY rowid") if row[0] in wanted]
    sequence = world.model.centre.heads.get((edge.edge_id, incarnation), (0, b""))[0]
    return Held(edge.edge_id, incarnation, rows, min(sequence, len(rows)))


def _epoch(world: "World") -> str:
    return str(world.laboratory.centre.database.anchor.execute("SELECT epoch FROM centre").fetchone()[0])


def _gap(held: Held, chance: Chance) -> Batch | None:
    """Leave out the next record."""
    first = held.centre_sequence + 2
    return Batch(held.records[first - 1 : first + 2], first, "") if len(held.records) >= first else None


def _hole(held: Held, chance: Chance) -> Batch | None:
    """Begin rightly, and leave out a record in the middle."""
    first = held.centre_sequence + 1
    rest = held.records[first - 1 : first + 2]
    return Batch([rest[0], rest[2]], first, "") if len(rest) == 3 else None


def _reordered(held: Held, chance: Chance) -> Batch | None:
    """Swap the next two records."""
    first = held.centre_sequence + 1
    pair = held.records[first - 1 : first + 1]
    return Batch(pair[::-1], first, "") if len(pair) == 2 else None


def _renumbered(held: Held, chance: Chance) -> Batch | None:
    """Claim that a later record stands at the next place."""
    first = held.centre_sequence + 1
    return Batch(held.records[first : first + 1], first, "") if len(held.records) > first else None


def _changed_past(held: Held, chance: Chance) -> Batch | None:
    """Send another record where the centre holds one already: a fork."""
    if held.centre_sequence == 0:
        return None
    sequence = chance.number(1, held.centre_sequence)
    return Batch([_changed(held.records[sequence - 1])], sequence, "")


def _foreign_past(held: Held, chance: Chance) -> Batch | None:
    """Continue after the centre's head with a record that names another predecessor."""
    first = held.centre_sequence + 1
    if len(held.records) < first or held.centre_sequence == 0:
        return None
    record = held.records[first - 1]
    start = record.index(b'"previous_hash":"') + len(b'"previous_hash":"')
    return Batch([record[:start] + b"00" * 32 + record[start + 64 :]], first, "")


def _strangers_signature(held: Held, chance: Chance) -> Batch | None:
    """Right records, signed with a key the centre does not know."""
    first = held.centre_sequence + 1
    return Batch(held.records[first - 1 : first + 3], first, "") if len(held.records) >= first else None


def _other_epoch(held: Held, chance: Chance) -> Batch | None:
    """Right records for a centre that is no more."""
    first = held.centre_sequence + 1
    return Batch(held.records[first - 1 : first + 3], first, "0" * 32) if len(held.records) >= first else None


def _sent_again(held: Held, chance: Chance) -> Batch | None:
    """What the centre holds already, word for word: harmless, and it must add nothing."""
    if held.centre_sequence == 0:
        return None
    first = chance.number(1, held.centre_sequence)
    return Batch(held.records[first - 1 : held.centre_sequence], first, "")


def _changed(record: bytes) -> bytes:
    """Change one character of a record so that it still reads as one."""
    return record.replace(b'"boot_id":"boot-1"', b'"boot_id":"boot-2"')


_KINDS = {
    "gap": _gap,
    "hole": _hole,
    "reordered": _reordered,
    "renumbered": _renumbered,
    "changed_past": _changed_past,
    "foreign_past": _foreign_past,
    "strangers_signature": _strangers_signature,
    "other_epoch": _other_epoch,
    "sent_again": _sent_again,
}
_HARMLESS = frozenset({"sent_again"})
