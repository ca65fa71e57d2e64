"""Who is at the screen: sign-in, server-side sessions, their end.

A session is an opaque 256-bit number in a cookie; the store keeps only its SHA-256, so that a stolen
database opens no session. It ends when idle, after a shift, on sign-out, when the account is disabled;
role and name are read anew with each request, so that a change of rights counts at once.
Storage stands behind two Protocols that the services implement over their own tables.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import anyio
import anyio.to_thread
import msgspec

from web.attempts import LONGEST_WAIT_OF_ALL_S, AttemptDelays
from web.passwords import Passwords

_TOUCH_EVERY = timedelta(seconds=60)
_WAITING_HASHES = 16
ROLE_OF_PIN = "officer"
"""The one role that a badge and a PIN may open."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the store keeps it. ``role`` is a slug of ``vocabulary.Role``."""

    username: str
    name: str
    role: str
    password_hash: str
    is_disabled: bool = False


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """What the table ``web_session`` holds: never the token itself. Both times are aware UTC."""

    token_hash: str
    username: str
    created_at: datetime
    last_seen_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person for the length of one request. ``token`` stays in the cookie."""

    token: str
    username: str
    name: str
    role: str
    csrf_token: str
    is_locked: bool = False


class SessionStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is besides open: begun with a badge and a PIN, or locked at its workstation."""

    is_by_pin: bool = False
    is_locked: bool = False


class StandingStore(Protocol):
    """Where workstations are locked; a service without them has none. Must answer from memory."""

    def find_standing(self, token_hash: str) -> SessionStanding:
        """Return what is known of this session; the default for one of which nothing is."""


class UserStore(Protocol):
    """Accounts: table ``officer`` at the edge, ``user`` at the centre. Called from a worker thread."""

    def find_user(self, username: str) -> User | None:
        """Return the account with exactly this name."""

    def replace_password_hash(self, username: str, *, password_hash: str) -> None:
        """Store a hash made with today's parameters."""


class SessionStore(Protocol):
    """Table ``web_session``. Called from a worker thread; each call is one commit."""

    def add_session(self, session: StoredSession) -> None:
        """Keep a new session."""

    def find_session(self, token_hash: str) -> StoredSession | None:
        """Return the session with this hash."""

    def touch_session(self, token_hash: str, *, last_seen_at: datetime) -> None:
        """Note activity; unknown hashes are ignored."""

    def remove_session(self, token_hash: str) -> None:
        """End one session; unknown hashes are ignored."""

    def remove_sessions_of(self, username: str) -> None:
        """End all sessions of an account (disabled, new password)."""


class SignInRefusedError(Exception):
    """Nobody was signed in: ``code`` is wrong_credentials, wait or busy; retry after ``retry_after_s``."""

    def __init__(self, *, code: str, retry_after_s: float = 0.0) -> None:
        """The refusal never tells whether the name exists."""
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s


def hash_token(token: str) -> str:
    """Return the hex SHA-256 under which the store knows a session token."""
    return hashlib.sha256(b"kiemdich/session/v1\x00" + token.encode()).hexdigest()


def csrf_token_of(token: str) -> str:
    """Derive the CSRF token of a session: nothing to store, useless without the session.

    >>> len(csrf_token_of("x")), csrf_token_of("x") == csrf_token_of("y")
    (64, False)
    """
    return hashlib.sha256(b"kiemdich/csrf/v1\x00" + token.encode()).hexdigest()


SESSION_COOKIE: Final = "kd"


class SignIn:
    """Opens, resumes and ends sessions. ``idle`` counts actions, not the polling of an open page."""

    def __init__(
        self,
        *,
        users: UserStore,
        sessions: SessionStore,
        clock: Callable[[], datetime],
        passwords: Passwords | None = None,
        idle: timedelta = timedelta(minutes=30),
        absolute: timedelta = timedelta(hours=12),
        concurrent_hashes: int = 2,
        is_in_memory: bool = False,
        standings: StandingStore | None = None,
    ) -> None:
        """``concurrent_hashes`` caps argon2 runs at once (64 MiB each), against a flood of guesses.

        ``is_in_memory``: the stores' ``find_`` methods ask no disk and no network, so they need no thread.
        ``standings``: where sessions are locked, or begun with a PIN.
        """
        self.cookie = SESSION_COOKIE
        """The plain name under which a browser keeps a session of this service."""
        self._standings = standings
        self._is_in_memory = is_in_memory
        self._users = users
        self._sessions = sessions
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._idle = idle
        self._absolute = absolute
        self._hashing = anyio.CapacityLimiter(concurrent_hashes)
        self._delays_of_pair = AttemptDelays(free_failures=5)
        self._delays_of_address = AttemptDelays(free_failures=25, longest_wait_s=LONGEST_WAIT_OF_ALL_S)

    async def sign_in(self, username: str, *, password: str, address: str) -> Session:
        """Open a session, or raise SignInRefusedError. ``address``: where the attempt comes from."""
        pair = f"{username.casefold()[:64]}\x00{address}"
        self._refuse_too_early(pair, address=address)
        if self._hashing.statistics().tasks_waiting >= _WAITING_HASHES:
            raise SignInRefusedError(code="busy", retry_after_s=2.0)
        user = await anyio.to_thread.run_sync(self._users.find_user, username)
        known_hash = user.password_hash if user is not None and not user.is_disabled else None
        is_right = await anyio.to_thread.run_sync(
            lambda: self._passwords.verify(password, password_hash=known_hash), limiter=self._hashing
        )
        if user is None or not is_right:
            now = self._clock()
            wait_s = self._delays_of_pair.note_failure(pair, at=now)
            wait_s = max(wait_s, self._delays_of_address.note_failure(address, at=now))
            raise SignInRefusedError(code="wrong_credentials", retry_after_s=wait_s)
        self._delays_of_pair.forget(pair)
        await self._renew_hash(user, password=password)
        return await self._open(user)

    async def resume(self, token: str, *, is_activity: bool) -> Session | None:
        """Return the session of a cookie, or None when it has ended. ``is_activity`` postpones the idle end.

        Stores that answer from memory are asked right here: each request of a lane comes this way.
        """
        if self._is_in_memory:
            found, change = self._look_up(token, is_activity=is_activity)
        else:
            found, change = await anyio.to_thread.run_sync(lambda: self._look_up(token, is_activity=is_activity))
        if change is not None:
            await anyio.to_thread.run_sync(change)
        return found

    async def sign_out(self, token: str) -> None:
        """End the session of this token at once."""
        await anyio.to_thread.run_sync(self._sessions.remove_session, hash_token(token))

    def _refuse_too_early(self, pair: str, *, address: str) -> None:
        now = self._clock()
        wait_s = max(self._delays_of_pair.wait_s(pair, at=now), self._delays_of_address.wait_s(address, at=now))
        if wait_s > 0:
            raise SignInRefusedError(code="wait", retry_after_s=wait_s)

    async def _renew_hash(self, user: User, *, password: str) -> None:
        if not self._passwords.is_outdated(user.password_hash):
            return
        new_hash = await anyio.to_thread.run_sync(
            lambda: self._passwords.hash_password(password, username=user.username), limiter=self._hashing
        )
        await anyio.to_thread.run_sync(lambda: self._users.replace_password_hash(user.username, password_hash=new_hash))

    async def _open(self, user: User) -> Session:
        now = self._clock()
        token = secrets.token_urlsafe(32)
        stored = StoredSession(token_hash=hash_token(token), username=user.username, created_at=now, last_seen_at=now)
        await anyio.to_thread.run_sync(self._sessions.add_session, stored)
        return session_from(token, user=user)

    def _look_up(self, token: str, *, is_activity: bool) -> tuple[Session | None, Callable[[], None] | None]:
        """Find the session, and what is to be written because of this look: nothing, nearly always."""
        token_hash = hash_token(token)
        stored = self._sessions.find_session(token_hash)
        if stored is None:
            return None, None
        now = self._clock()
        user = self._users.find_user(stored.username)
        standing = self._standings.find_standing(token_hash) if self._standings else SessionStanding()
        if user is None or user.is_disabled or self._is_over(stored, user=user, standing=standing):
            return None, lambda: self._sessions.remove_session(token_hash)
        session = session_from(token, user=user, is_locked=standing.is_locked)
        if is_activity and not standing.is_locked and now - stored.last_seen_at >= _TOUCH_EVERY:
            return session, lambda: self._sessions.touch_session(token_hash, last_seen_at=now)
        return session, None

    def _is_over(self, stored: StoredSession, *, user: User, standing: SessionStanding) -> bool:
        """Tell whether a session has ended. A locked one waits for its officer; a PIN never opens more than a lane."""
        now = self._clock()
        is_too_old = now - stored.created_at >= self._absolute
        is_idle = now - stored.last_seen_at >= self._idle and not standing.is_locked
        return is_too_old or is_idle or (standing.is_by_pin and user.role != ROLE_OF_PIN)


def session_from(token: str, *, user: User, is_locked: bool = False) -> Session:
    """Make the session of a token for one request."""
    return Session(
        token=token,
        username=user.username,
        name=user.name,
        role=user.role,
        csrf_token=csrf_token_of(token),
        is_locked=is_locked,
    )
