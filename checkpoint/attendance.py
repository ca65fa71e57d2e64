"""Who is at which lane's workstation now. In memory: after a restart a lane is attended once its screen is back.

A lane that nobody attends clears nobody: people may be presented and measured there, and wait for an officer.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

ATTENDED_FOR: Final = timedelta(seconds=5)
"""So long after a screen was last heard of, its officer counts as there: a page that is loaded anew takes less."""
BADGE_SHOWN_FOR: Final = timedelta(minutes=1)


class _Stay(msgspec.Struct, frozen=True, kw_only=True):
    since: datetime
    seen_at: datetime


class Attendance:
    """``is_open`` tells of a session, by the hash of its token, whether it is signed in and not locked."""

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        """Nobody is anywhere yet."""
        self._is_open = is_open
        self._stays: defaultdict[str, dict[str, _Stay]] = defaultdict(dict)
        self._badges: dict[str, tuple[str, datetime]] = {}

    def see(self, lane_id: str, *, token_hash: str, at: datetime) -> None:
        """Note that this session's screen shows the lane, unlocked."""
        known = self._stays[lane_id].get(token_hash)
        is_still_there = known is not None and at - known.seen_at <= ATTENDED_FOR
        since = known.since if known is not None and is_still_there else at
        self._stays[lane_id] = {
            other: stay for other, stay in self._stays[lane_id].items() if at - stay.seen_at <= ATTENDED_FOR
        } | {token_hash: _Stay(since=since, seen_at=at)}

    def sessions_at(self, lane_id: str, *, at: datetime) -> tuple[str, ...]:
        """Return the hashes of the sessions that are open at a lane."""
        here = dict(self._stays[lane_id])
        return tuple(
            token_hash
            for token_hash, stay in here.items()
            if at - stay.seen_at <= ATTENDED_FOR and self._is_open(token_hash)
        )

    def since(self, lane_id: str, *, at: datetime) -> datetime | None:
        """Return since when somebody is at a lane without a break; ``None``: nobody is."""
        here = dict(self._stays[lane_id])
        return min((here[one].since for one in self.sessions_at(lane_id, at=at) if one in here), default=None)

    def show_badge(self, lane_id: str, badge: str, *, at: datetime) -> None:
        """Keep the badge that was scanned at a lane, for its locked screen to ask the PIN of."""
        self._badges[lane_id] = (badge, at)

    def badge_at(self, lane_id: str, *, at: datetime) -> str:
        """Return the badge scanned at a lane within the last minute, or nothing."""
        badge, shown_at = self._badges.get(lane_id, ("", at))
        return badge if at - shown_at <= BADGE_SHOWN_FOR else ""

    def forget_badge(self, lane_id: str) -> None:
        """The officer has changed, or somebody typed another badge."""
        self._badges.pop(lane_id, None)
