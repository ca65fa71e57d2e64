"""Sealing who a record is about: one AES-256-GCM key per episode, wrapped by HPKE for each reader.

An episode is one crossing. Its key encrypts the identity in every record of that crossing; the key
itself is wrapped (HPKE, RFC 9180: X25519, HKDF-SHA256, AES-256-GCM) for the recipients ``province``
and ``site``. The wrapped keys lie and travel beside the records, never inside the hashed bytes:
destroying them erases the person and leaves every chain verifiable (crypto-shredding).
The associated bytes bind a ciphertext to its record and edge, so that it cannot be moved.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.agreement.records import TravellerIdentity

EPISODE_KEY_BYTES = 32
NONCE_BYTES = 12
Recipient = Literal["province", "site"]

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_SEALED_TAG = b"kiemdich/sealed/v1\x00"
_WRAP_TAG = b"kiemdich/episode-key/v1\x00"
_IDENTITIES = msgspec.json.Decoder(TravellerIdentity)


class SealingError(ValueError):
    """Wrong key, moved or changed ciphertext: nothing was revealed; a retry fails in the same way."""


class SealedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The ciphertext with its tag, and the nonce it was made with (12 bytes, random)."""

    ciphertext: bytes
    nonce: bytes


class EpisodeKey(msgspec.Struct, frozen=True, kw_only=True):
    """One episode's key, wrapped for each recipient; a line of its own in a batch."""

    episode_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
    wrapped: dict[Recipient, bytes]


def new_episode_key(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Draw a fresh AES-256 key for one crossing."""
    return random_bytes(EPISODE_KEY_BYTES)


def associated_bytes(record_id: str, *, edge_id: str) -> bytes:
    r"""Say which record of which edge a ciphertext belongs to.

    >>> associated_bytes("018f", edge_id="mong-cai-1")
    b'kiemdich/sealed/v1\x00mong-cai-1\x00018f'
    """
    return _SEALED_TAG + edge_id.encode() + b"\x00" + str(record_id).encode()


def seal(
    identity: TravellerIdentity,
    *,
    episode_key: bytes,
    associated: bytes,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> SealedIdentity:
    """Encrypt who a record is about; ``associated`` comes from ``associated_bytes``."""
    nonce = random_bytes(NONCE_BYTES)
    ciphertext = AESGCM(episode_key).encrypt(nonce, msgspec.json.encode(identity), associated)
    return SealedIdentity(ciphertext=ciphertext, nonce=nonce)


def open_sealed(sealed: SealedIdentity, *, episode_key: bytes, associated: bytes) -> TravellerIdentity:
    """Decrypt a sealed identity; raise ``SealingError`` if key, record, edge or bytes do not fit."""
    try:
        plain = AESGCM(episode_key).decrypt(sealed.nonce, sealed.ciphertext, associated)
        return _IDENTITIES.decode(plain)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        msg = "the sealed part does not open with this key for this record"
        raise SealingError(msg) from None


def wrap_episode_key(
    episode_key: bytes,
    *,
    episode_id: str,
    recipients: Mapping[Recipient, X25519PublicKey],
) -> EpisodeKey:
    """Wrap one episode's key for every recipient (each wrapping is 80 bytes)."""
    return EpisodeKey(
        episode_id=episode_id,
        wrapped={
            name: _SUITE.encrypt(episode_key, public_key, _wrap_binding(episode_id, name))
            for name, public_key in recipients.items()
        },
    )


def unwrap_episode_key(key: EpisodeKey, *, recipient: Recipient, private_key: X25519PrivateKey) -> bytes:
    """Return the episode's key; raise ``SealingError`` if it was not wrapped for this recipient."""
    try:
        return _SUITE.decrypt(key.wrapped[recipient], private_key, _wrap_binding(key.episode_id, recipient))
    except (KeyError, ValueError, InvalidTag):
        msg = f"the key of episode {key.episode_id} is not wrapped for this {recipient} key"
        raise SealingError(msg) from None


def sealing_public_key(text: str) -> X25519PublicKey:
    """Read an X25519 public key from 64 hex digits."""
    return X25519PublicKey.from_public_bytes(bytes.fromhex(text))


def sealing_public_text(key: X25519PrivateKey) -> str:
    """Write the public half of a sealing key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def _wrap_binding(episode_id: str, recipient: str) -> bytes:
    return _WRAP_TAG + recipient.encode() + b"\x00" + episode_id.encode()
