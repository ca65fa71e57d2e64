"""Ed25519 without doing the same sum twice: what a key of this seed signed is known to fit.

The library's answer for one key, one signature and one message never changes. A signature that a
``RememberedKey`` made is therefore taken from memory; anything else goes to the library as ever.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.exchange import signatures

_MADE: set[tuple[bytes, bytes, bytes]] = set()


class RememberedKey:
    """A signing key that remembers what it signed."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        signature = self._key.sign(message)
        _MADE.add((self._public, signature, message))
        return signature

    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()


class _PublicKey:
    """Stands where ``sync.exchange.signatures`` names the library's public key."""

    def __init__(self, public_key: bytes) -> None:
        self._public = public_key

    @classmethod
    def from_public_bytes(cls, public_key: bytes) -> "_PublicKey":
        return cls(public_key)

    def verify(self, signature: bytes, message: bytes) -> None:
        if (self._public, signature, message) not in _MADE:
            Ed25519PublicKey.from_public_bytes(self._public).verify(signature, message)


def remember_signatures() -> None:
    """From now on ask the library only about signatures that this program did not make itself."""
    signatures.Ed25519PublicKey = _PublicKey


def forget_signatures() -> None:
    """Begin a seed with nothing known."""
    _MADE.clear()
