"""The workstation at a lane: officers change with badge and PIN, and a screen is locked between them.

A badge is an identifier that can be copied; the PIN is worth something only where a session is open already,
so a stolen PIN opens nothing elsewhere. Whoever comes gets a new session and the one before ends. A session
that was begun this way is an officer's and never more: an account that may do more signs in with its password.
"""

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import anyio
import anyio.to_thread
import msgspec

from web.attempts import LONGEST_WAIT_OF_ALL_S, AttemptDelays
from web.pins import Pins
from web.sign_in import (
    ROLE_OF_PIN,
    Session,
    SessionStore,
    SignInRefusedError,
    StoredSession,
    UserStore,
    hash_token,
    session_from,
)

BADGE_PATTERN: Final = re.compile(r"(?:KD-?CB[-:]?)?([A-Z0-9]{4,16})")
BADGE_MARK: Final = re.compile(r"KD-?CB")
_WAITING_HASHES: Final = 8


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """Whose badge it is, and the hash of that officer's PIN."""

    username: str
    badge: str
    pin_hash: str


class BadgeStore(Protocol):
    """Table ``officer_badge``. Called from a worker thread."""

    def find_badge(self, badge: str) -> Badge | None:
        """Return who has this badge."""


class LockStore(Protocol):
    """Table ``station_session``: what a session is besides open. Each change is one commit."""

    def add_pin_session(self, session: StoredSession) -> None:
        """Keep a session that was begun with a PIN."""

    def lock_session(self, token_hash: str, *, locked_at: datetime) -> None:
        """Note that a session is locked; unknown hashes are ignored."""


def scanned_badge(text: str) -> str:
    """Return the number of a badge that a reader read, marked as one, or an empty text: bare digits are a document's.

    >>> scanned_badge("KD-CB-004217"), scanned_badge("kdcb:004217"), scanned_badge("004217")
    ('004217', '004217', '')
    """
    return badge_in(text) if BADGE_MARK.match(text.strip().upper()) else ""


def badge_in(text: str) -> str:
    """Return the badge's number in a scan or in what was typed, or an empty text.

    >>> badge_in("kd-cb-004217"), badge_in("004217"), badge_in("P<VNM")
    ('004217', '004217', '')
    """
    found = BADGE_PATTERN.fullmatch(text.strip().upper())
    return found.group(1) if found else ""


class Stations:
    """Changes officers at a workstation, and locks it. Failures cost a growing delay, never a lock-out."""

    def __init__(
        self,
        *,
        users: UserStore,
        sessions: SessionStore,
        badges: BadgeStore,
        locks: LockStore,
        clock: Callable[[], datetime],
        pins: Pins | None = None,
    ) -> None:
        """One PIN is hashed at a time, so that guessing takes no processor from the lanes."""
        self._users, self._sessions, self._badges, self._locks = users, sessions, badges, locks
        self._clock = clock
        self._pins = pins or Pins()
        self._hashing = anyio.CapacityLimiter(1)
        self._delays_of_badge = AttemptDelays(free_failures=5)
        self._delays_of_station = AttemptDelays(free_failures=15, longest_wait_s=LONGEST_WAIT_OF_ALL_S)

    async def change_officer(self, badge_text: str, *, pin: str, station: str, token: str) -> Session:
        """Give the workstation to whoever shows badge and PIN, or raise SignInRefusedError.

        ``token`` is the session that is open there, locked or not; it ends. ``station`` is the workstation's address.
        """
        badge = badge_in(badge_text)
        pair = f"{badge}\x00{station}"
        self._refuse_too_early(pair, station=station)
        if self._hashing.statistics().tasks_waiting >= _WAITING_HASHES:
            raise SignInRefusedError(code="busy", retry_after_s=2.0)
        known = await anyio.to_thread.run_sync(self._badges.find_badge, badge)
        user = None if known is None else await anyio.to_thread.run_sync(self._users.find_user, known.username)
        may_enter = user is not None and not user.is_disabled and user.role == ROLE_OF_PIN
        pin_hash = known.pin_hash if known is not None and may_enter else None
        is_right = await anyio.to_thread.run_sync(
            lambda: self._pins.verify(pin, pin_hash=pin_hash), limiter=self._hashing
        )
        if user is None or not is_right:
            raise SignInRefusedError(code="wrong_pin", retry_after_s=self._note_failure(pair, station=station))
        self._delays_of_badge.forget(pair)
        self._delays_of_station.forget(station)
        now = self._clock()
        new_token = secrets.token_urlsafe(32)
        stored = StoredSession(
            token_hash=hash_token(new_token), username=user.username, created_at=now, last_seen_at=now
        )
        await anyio.to_thread.run_sync(self._locks.add_pin_session, stored)
        await anyio.to_thread.run_sync(self._sessions.remove_session, hash_token(token))
        return session_from(new_token, user=user)

    async def lock(self, token: str) -> None:
        """Lock the workstation's session: it may show a lane without a person, and change officers."""
        now = self._clock()
        await anyio.to_thread.run_sync(lambda: self._locks.lock_session(hash_token(token), locked_at=now))

    def _refuse_too_early(self, pair: str, *, station: str) -> None:
        now = self._clock()
        wait_s = max(self._delays_of_badge.wait_s(pair, at=now), self._delays_of_station.wait_s(station, at=now))
        if wait_s > 0:
            raise SignInRefusedError(code="wait", retry_after_s=wait_s)

    def _note_failure(self, pair: str, *, station: str) -> float:
        now = self._clock()
        wait_s = self._delays_of_badge.note_failure(pair, at=now)
        return max(wait_s, self._delays_of_station.note_failure(station, at=now))
