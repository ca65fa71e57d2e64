"""Files that lie in the data folder for seconds, sealed for this edge's own key: no name is ever in clear there.

HPKE (RFC 9180) for the site's sealing key, as an episode's key is wrapped: whoever has the file and not the
edge's identity reads nothing. The file's own name is bound in, so that one cannot stand for another.
"""

from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from checkpoint.store.connection import StoreError, write_private_file
from checkpoint.store.identity import site_key

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_TAG = b"kiemdich/entrusted/v1\x00"


class UnreadableFileError(StoreError):
    """Not sealed for this edge, or changed: nothing of it was used."""


def write_sealed(path: Path, content: bytes) -> None:
    """Seal a file for the edge whose folder it lies in, and write it whole or not at all (0600)."""
    write_private_file(path, _SUITE.encrypt(content, site_key(path.parent).public_key(), _binding(path)))


def open_sealed_file(path: Path, *, content: bytes, key: X25519PrivateKey) -> bytes:
    """Return what a sealed file holds; raise ``UnreadableFileError``."""
    try:
        return _SUITE.decrypt(content, key, _binding(path))
    except (ValueError, InvalidTag):
        msg = f"{path.name} is not sealed for this edge"
        raise UnreadableFileError(msg) from None


def _binding(path: Path) -> bytes:
    return _TAG + path.name.encode()
