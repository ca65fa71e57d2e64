"""The centre's own keys: Ed25519 for receipts, X25519 to open what edges seal for the province.

A third signs what a province sends to the national centre, a fourth makes the names of cases there that
nobody can go back from. Files of 32 raw bytes in ``data_dir/identity``, mode 0600, made once, never printed. A key file
that others may read is refused: repair it with ``chmod 600`` after asking who read it.
"""

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_SIGNING_NAME = "centre_ed25519.key"
_SEALING_NAME = "province_x25519.key"
_FEDERATION_NAME = "federation_ed25519.key"
_REFERENCE_NAME = "case_reference.key"
_KEY_BYTES = 32
_OTHERS = 0o077


class KeyFileError(RuntimeError):
    """A key file is readable by others or not 32 bytes long; a person must repair it."""


class CentreKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The private keys, and the secret behind the references of cases."""

    signing: Ed25519PrivateKey
    sealing: X25519PrivateKey
    federation: Ed25519PrivateKey
    case_reference: bytes


def load_keys(data_dir: Path) -> CentreKeys:
    """Read the keys, making them on the first start."""
    folder = data_dir / "identity"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = {
        _SIGNING_NAME: Ed25519PrivateKey.generate().private_bytes_raw(),
        _SEALING_NAME: X25519PrivateKey.generate().private_bytes_raw(),
        _FEDERATION_NAME: Ed25519PrivateKey.generate().private_bytes_raw(),
        _REFERENCE_NAME: secrets.token_bytes(_KEY_BYTES),
    }
    kept = {name: _read(folder / name, fresh=key) for name, key in fresh.items()}
    return CentreKeys(
        signing=Ed25519PrivateKey.from_private_bytes(kept[_SIGNING_NAME]),
        sealing=X25519PrivateKey.from_private_bytes(kept[_SEALING_NAME]),
        federation=Ed25519PrivateKey.from_private_bytes(kept[_FEDERATION_NAME]),
        case_reference=kept[_REFERENCE_NAME],
    )


def _read(path: Path, *, fresh: bytes) -> bytes:
    if not path.exists():
        _write(path, key=fresh)
    if path.stat().st_mode & _OTHERS:
        msg = f"{path}: others may read this key; find out who did, then chmod 600"
        raise KeyFileError(msg)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        msg = f"{path}: a key has {_KEY_BYTES} bytes, this file {len(key)}; restore it from its backup"
        raise KeyFileError(msg)
    return key


def _write(path: Path, *, key: bytes) -> None:
    """Write durably under another name, then link: two starts at once agree on one key."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(key)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
