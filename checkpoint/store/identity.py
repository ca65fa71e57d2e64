"""Who this edge is: keys and incarnation, in files of mode 0600 outside the database.

They lie outside so that a restored or copied database is noticed: it does not fit the files, or the
files do not fit the centre's head. ``site`` and ``person index`` keys never leave the edge.
"""

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from checkpoint.store.connection import DatabaseKeyError, read_private_file, write_private_file
from sync.exchange.sealing import sealing_public_text
from sync.exchange.signatures import public_text

_KEY_BYTES = 32
_SIGNING_KEY = "edge_ed25519.key"
_SITE_KEY = "site_x25519.key"
_PERSON_KEY = "person_index.key"
_INCARNATION = "incarnation"
_FIRST_INCARNATION = 1


class PublicIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre needs to enrol this edge: public keys as 64 hex digits."""

    edge_id: str
    public_key: str
    site_sealing_key: str


class EdgeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets of this edge. Never logged, never sent."""

    edge_id: str
    incarnation: int
    signing_key: Ed25519PrivateKey
    site_key: X25519PrivateKey
    person_index_key: bytes

    @property
    def public(self) -> PublicIdentity:
        """The half that may be told."""
        return PublicIdentity(
            edge_id=self.edge_id,
            public_key=public_text(self.signing_key),
            site_sealing_key=sealing_public_text(self.site_key),
        )


def open_identity(data_path: Path, *, edge_id: str) -> EdgeIdentity:
    """Read the identity files; make those that are missing, unless there is a journal already."""
    folder = data_path / "identity"
    is_new = not (data_path / "edge.db").exists()
    incarnation = folder / _INCARNATION
    if not incarnation.exists():
        _refuse_if_known(incarnation, is_new=is_new)
        write_private_file(incarnation, f"{_FIRST_INCARNATION}\n".encode())
    return EdgeIdentity(
        edge_id=edge_id,
        incarnation=_read_incarnation(incarnation),
        signing_key=Ed25519PrivateKey.from_private_bytes(_secret(folder / _SIGNING_KEY, is_new=is_new)),
        site_key=X25519PrivateKey.from_private_bytes(_secret(folder / _SITE_KEY, is_new=is_new)),
        person_index_key=_secret(folder / _PERSON_KEY, is_new=is_new),
    )


def boot_id() -> str:
    """Name this start of the machine, to which monotonic times belong."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"process-{os.getpid()}-{secrets.token_hex(8)}"


def _secret(path: Path, *, is_new: bool) -> bytes:
    if not path.exists():
        _refuse_if_known(path, is_new=is_new)
        write_private_file(path, secrets.token_bytes(_KEY_BYTES))
    return read_private_file(path, size_bytes=_KEY_BYTES)


def _read_incarnation(path: Path) -> int:
    text = path.read_text(encoding="ascii").strip()
    if not text.isdigit() or int(text) < _FIRST_INCARNATION:
        msg = f"{path} must hold a number from 1 on; restore it from its backup"
        raise DatabaseKeyError(msg)
    return int(text)


def _refuse_if_known(path: Path, *, is_new: bool) -> None:
    if not is_new:
        msg = f"{path} is missing although there is a journal; restore it from its backup"
        raise DatabaseKeyError(msg)
