"""The token of the immigration counter's program: it may hand over lists and nothing else; only its hash is kept."""

import hashlib
import secrets
from pathlib import Path
from typing import Final

from checkpoint.store.connection import read_private_file, write_private_file

_FILE: Final = "immigration-token.sha256"
_HEX_LENGTH: Final = 64


def token_hash(token: str) -> str:
    """Hash a token of 256 random bits; no slow hash is needed for what cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(folder: Path) -> str:
    """Make a token in the place of the one before, keep its hash beside the database (0600), and return it."""
    token = secrets.token_urlsafe(32)
    write_private_file(folder / _FILE, token_hash(token).encode())
    return token


def wanted_token_hash(folder: Path) -> str:
    """Return the hash of the token in force, or nothing while there is none."""
    if not (folder / _FILE).exists():
        return ""
    return read_private_file(folder / _FILE, size_bytes=_HEX_LENGTH).decode()
