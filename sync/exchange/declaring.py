"""Taking a declaration in, the same at the centre and at an edge: a seal over the code, a sealed copy, a fingerprint.

The code that the traveller shows is signed by the service that took it. What the service keeps is encrypted under a
key of its own, wrapped for those who may open it; the fingerprint tells whether the same identifier came with the
same content, and says nothing to whoever does not hold the signing key.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.agreement.declaration import Declaration, DeclarationChannel, Seal, packed
from sync.agreement.declaration.codec import Verify
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.exchange.sealing import NONCE_BYTES, EpisodeKey, Recipient, new_episode_key, wrap_episode_key

HINT_BYTES: Final = 4
_FINGERPRINT_TAG: Final = b"kiemdich/declaration-fingerprint/v1\x00"
_SEALED_TAG: Final = b"kiemdich/declaration-sealed/v1\x00"
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_ENCODER: Final = msgspec.json.Encoder()


class SealedDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """The kept copy: AES-256-GCM over the packed fields, and its key wrapped for each reader."""

    key: EpisodeKey
    nonce: bytes
    ciphertext: bytes


class KeptDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a service's table. Nothing in it names anybody; ``declared_at`` is a whole second."""

    declaration_id: str
    declared_at: datetime
    keep_until: datetime
    channel: DeclarationChannel
    fingerprint: bytes
    sealed: bytes


def hint_of(public_key: bytes) -> bytes:
    """Return what names a key in a code."""
    return hashlib.sha256(public_key).digest()[:HINT_BYTES]


def service_seal(key: Ed25519PrivateKey) -> Seal:
    """Make the seal of the service that holds ``key``."""
    return Seal(hint=hint_of(key.public_key().public_bytes_raw()), sign=key.sign)


def known_services(public_keys: Iterable[bytes]) -> Verify:
    """Make the check of signatures against the services that a gate knows (32 raw bytes each)."""
    known = {hint_of(key): Ed25519PublicKey.from_public_bytes(key) for key in public_keys}

    def verify(hint: bytes, signature: bytes, message: bytes) -> bool | None:
        key = known.get(hint)
        if key is None:
            return None
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify


def kept_declaration(  # everything a row is made of
    declaration: Declaration,
    *,
    channel: DeclarationChannel,
    at: datetime,
    terms: DeclarationTerms,
    key: Ed25519PrivateKey,
    recipients: Mapping[Recipient, X25519PublicKey],
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> KeptDeclaration:
    """Make the row of a declaration that arrived at ``at``; it is kept as long as the rule says.

    A rule without a term keeps it for as long as it can be used, and no longer.
    """
    declared_at = at.replace(microsecond=0)
    fields = packed(declaration, declared_at=_EPOCH, channel=channel)
    declaration_id = str(declaration.declaration_id)
    return KeptDeclaration(
        declaration_id=declaration_id,
        declared_at=declared_at,
        keep_until=declared_at + timedelta(days=terms.kept_for_days or terms.valid_for_days),
        channel=channel,
        fingerprint=hashlib.sha256(key.sign(_FINGERPRINT_TAG + fields)).digest()[:16],
        sealed=_sealed(fields, episode_id=declaration_id, recipients=recipients, random_bytes=random_bytes),
    )


def _sealed(
    fields: bytes,
    *,
    episode_id: str,
    recipients: Mapping[Recipient, X25519PublicKey],
    random_bytes: Callable[[int], bytes],
) -> bytes:
    key, nonce = new_episode_key(random_bytes), random_bytes(NONCE_BYTES)
    return _ENCODER.encode(
        SealedDeclaration(
            key=wrap_episode_key(key, episode_id=episode_id, recipients=recipients),
            nonce=nonce,
            ciphertext=AESGCM(key).encrypt(nonce, fields, _SEALED_TAG + episode_id.encode()),
        )
    )
