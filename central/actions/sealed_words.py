"""What people at the centre write in own words about somebody: sealed with the person, erased with the person.

Logs and journals only grow, so nothing that may name anybody stands open in them. The words are sealed
under the episode's key; once that is destroyed nobody can read them. Of a person who was erased no words
are kept at all: there is no key to seal them with.
"""

import secrets
from uuid import UUID

import msgspec

from central.actions.opening import Centre
from central.store.centre_journal import CENTRE_EDGE_ID, sealed_reviews_of
from central.store.engine import reading
from sync.agreement.records import TravellerIdentity
from sync.exchange.envelope import Envelope, Sealing
from sync.exchange.sealing import SealedIdentity, SealingError, associated_bytes, open_sealed, seal, unwrap_episode_key


class EpisodeLock(msgspec.Struct, frozen=True, kw_only=True):
    """The opened key of one episode: seals words, and opens them again."""

    episode_id: str
    key: bytes

    def seal(self, words: str, *, record_id: UUID) -> tuple[bytes, Sealing]:
        """Seal words for one record of the centre."""
        wordy = TravellerIdentity(full_name="", document_number="", remarks=words)
        associated = associated_bytes(str(record_id), edge_id=CENTRE_EDGE_ID)
        sealed = seal(wordy, episode_key=self.key, associated=associated)
        return sealed.ciphertext, Sealing(episode_id=self.episode_id, nonce=sealed.nonce)

    def seal_entry(self, words: str) -> bytes:
        """Seal words for an entry of the access log, which has no name of its own: the bytes bring one along."""
        entry_id = UUID(bytes=secrets.token_bytes(16), version=4)
        ciphertext, sealing = self.seal(words, record_id=entry_id)
        return msgspec.json.encode(SealedEntry(entry_id=entry_id, ciphertext=ciphertext, sealing=sealing))

    def open(self, ciphertext: bytes, *, sealing: Sealing, record_id: UUID) -> str:
        """Read sealed words again; raise ``SealingError``."""
        sealed = SealedIdentity(ciphertext=ciphertext, nonce=sealing.nonce)
        associated = associated_bytes(str(record_id), edge_id=CENTRE_EDGE_ID)
        return open_sealed(sealed, episode_key=self.key, associated=associated).remarks

    def open_entry(self, kept: bytes) -> str:
        """Read the words of an access log's entry again; raise ``SealingError``."""
        entry = msgspec.json.decode(kept, type=SealedEntry)
        return self.open(entry.ciphertext, sealing=entry.sealing, record_id=entry.entry_id)


class SealedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What column ``sealed_words`` of the access log holds, as JSON."""

    entry_id: UUID
    ciphertext: bytes
    sealing: Sealing


def lock_of(centre: Centre, crossing_id: str) -> EpisodeLock | None:
    """Open the key of the person of a crossing for the centre's own use; ``None`` where there is none any more."""
    person = centre.store.desk.sealed_person(crossing_id)
    if person is None or person.episode_key is None or person.envelope.sealing is None:
        return None
    try:
        key = unwrap_episode_key(person.episode_key, recipient="province", private_key=centre.keys.sealing)
    except SealingError:
        return None
    return EpisodeLock(episode_id=person.envelope.sealing.episode_id, key=key)


def reviewers_words(centre: Centre, crossing_id: str, *, lock: EpisodeLock) -> list[str]:
    """Return what reviewers wrote about a case, oldest first; what does not open is left out."""
    with reading(centre.store.engine) as connection:
        envelopes = sealed_reviews_of(connection, crossing_id=crossing_id)
    return [words for envelope in envelopes if (words := _words_in(envelope, lock=lock))]


def _words_in(envelope: Envelope, *, lock: EpisodeLock) -> str:
    if envelope.sealed is None or envelope.sealing is None:
        return ""
    try:
        return lock.open(envelope.sealed, sealing=envelope.sealing, record_id=envelope.record_id)
    except SealingError:
        return ""
