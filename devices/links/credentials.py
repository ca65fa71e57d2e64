"""Who may post to a listener: one device, by a password, by a secret in the path, or by its address alone.

Secrets stand in files of their own, never in a URL of the settings; a file that others may read is
refused. A digest proves the password without sending it; ``basic`` and ``token`` send the secret
with each request, so outside one machine they belong behind TLS.
"""

import base64
import binascii
import hmac
import secrets
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from devices.errors import DeviceConfigurationError
from devices.http_digest import challenge, is_answered, read_answer

REALM: Final = "kiemdich"
NONCE_LIVES_S: Final = 300.0
MOST_NONCES: Final = 64
SHORTEST_SECRET: Final = 12


class Proof(StrEnum):
    """How a device proves that it is the one."""

    DIGEST = "digest"
    BASIC = "basic"
    TOKEN = "token"
    ADDRESS = "address"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What of a request is looked at before its body is kept."""

    method: str
    target: str
    authorization: str


class Credentials:
    """What one listener accepts. ``secret`` is empty where the address alone decides."""

    def __init__(
        self, *, proof: Proof, username: str = "", secret: str = "", clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._proof = proof
        self._username = username
        self._secret = secret
        self._clock_s = clock_s
        self._nonces: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def are_shown_by(self, asked: Asked) -> bool:
        """Whether this request proves the device."""
        match self._proof:
            case Proof.ADDRESS | Proof.TOKEN:
                return True  # the path was compared already, see ``without_token``; the address by the listener
            case Proof.BASIC:
                return self._is_basic(asked.authorization)
            case Proof.DIGEST:
                with self._one_at_a_time:
                    return self._is_digest(asked)

    def challenge(self) -> str:
        """Write what a 401 asks for; each digest has a nonce of its own."""
        if self._proof is Proof.BASIC:
            return f'Basic realm="{REALM}"'
        nonce = secrets.token_urlsafe(18)
        with self._one_at_a_time:
            self._nonces[nonce] = (self._clock_s(), 0)
            while len(self._nonces) > MOST_NONCES:
                self._nonces.popitem(last=False)
        return challenge(realm=REALM, nonce=nonce)

    def without_token(self, path: str) -> str | None:
        """Take the secret off the path's first segment; ``None`` when it is not there."""
        if self._proof is not Proof.TOKEN:
            return path
        shown, slash, rest = path.lstrip("/").partition("/")
        if not hmac.compare_digest(shown.encode(), self._secret.encode()):
            return None
        return slash + rest or "/"

    def _is_basic(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            shown = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        expected = f"{self._username}:{self._secret}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(shown, expected)

    def _is_digest(self, asked: Asked) -> bool:
        """Check a digest: our nonce, not too old, counted up (a request taken off the wire proves nothing again)."""
        answer = read_answer(asked.authorization)
        if answer is None or answer.nonce not in self._nonces or answer.uri != asked.target:
            return False
        made_s, last_count = self._nonces[answer.nonce]
        try:
            count = int(answer.nc or "1", 16)
        except ValueError:
            return False
        if self._clock_s() - made_s > NONCE_LIVES_S or count <= last_count:
            del self._nonces[answer.nonce]
            return False
        if not is_answered(answer, method=asked.method, username=self._username, password=self._secret):
            return False
        self._nonces[answer.nonce] = (made_s, count)
        return True


def read_secret(path: str, *, device_id: str) -> str:
    """Read a secret from its file; ``DeviceConfigurationError`` when it is missing, open to others or short."""
    try:
        file = Path(path)
        mode = file.stat().st_mode
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{device_id}: the secret file {path} cannot be read"
        raise DeviceConfigurationError(msg) from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        msg = f"{device_id}: others may read or write the secret file {path}; chmod 640 it"
        raise DeviceConfigurationError(msg)
    if not secret:
        msg = f"{device_id}: the secret file {path} is empty"
        raise DeviceConfigurationError(msg)
    return secret
