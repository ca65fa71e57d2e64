"""What an officer writes in own words goes into the sealed part: it may name anybody, and is erased with the person.

The open part then says ``SEALED_WORDS``. Each later record of a crossing seals the whole identity again
with all remarks so far, so that the newest sealed part tells everything. Of a person who was erased no
words are kept at all: there is no key to seal them with.

Places are sealed with them: where from and where to. The open part only counts the areas that were visited.
"""

from typing import Final

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.store.crossings import CrossingRow
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import find_episode_key
from checkpoint.store.sealed import newest_sealed
from sync.agreement.records import TravellerIdentity
from sync.exchange.envelope import Envelope
from sync.exchange.sealing import SealedIdentity, associated_bytes, open_sealed, unwrap_episode_key

REMARKS_LIMIT: Final = 8000
REMARKS_LIMIT_BYTES: Final = 12_000
"""As they are written in JSON. A record has at most 64 KiB with everything else in it; the newest words win."""


def with_remark(identity: TravellerIdentity, words: str) -> TravellerIdentity:
    r"""Add an officer's words to what is sealed about a person.

    >>> with_remark(TravellerIdentity(full_name="A", document_number="1", remarks="một"), "hai").remarks
    'một\nhai'
    """
    remarks = "\n".join(part for part in (identity.remarks, words) if part)
    remarks = remarks[-REMARKS_LIMIT:]
    while len(msgspec.json.encode(remarks)) > REMARKS_LIMIT_BYTES:
        remarks = remarks[len(remarks) // 8 + 1 :]
    return msgspec.structs.replace(identity, remarks=remarks)


def sealed_remark(turn: Turn, row: CrossingRow, words: str, *, destination: str | None = None) -> SealedFor | None:
    """Return what seals an officer's words about a crossing, or ``None`` if its person was erased.

    Without a ``destination`` the one that was sealed before stays.
    """
    found = newest_identity(turn, row)
    if found is None:
        return None
    identity = with_remark(found.identity, words)
    if destination is not None:
        identity = msgspec.structs.replace(identity, destination=destination)
    return msgspec.structs.replace(found, identity=identity)


def newest_identity(turn: Turn, row: CrossingRow) -> SealedFor | None:
    """Open what was last sealed about a crossing, with the key it is sealed with; ``None`` of an erased person."""
    kept = find_episode_key(turn.transaction, row.crossing_id)
    envelope = newest_sealed(turn.transaction, row)
    if kept is None or envelope is None:
        return None
    key = unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)
    return SealedFor(identity=opened_identity(envelope, key=key), episode_id=row.crossing_id, episode_key=key)


def opened_identity(envelope: Envelope, *, key: bytes) -> TravellerIdentity:
    """Open what one record seals about its person."""
    if envelope.sealed is None or envelope.sealing is None:
        msg = f"record {envelope.sequence} seals nothing"
        raise TypeError(msg)
    sealed = SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce)
    associated = associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id)
    return open_sealed(sealed, episode_key=key, associated=associated)
