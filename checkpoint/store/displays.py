"""Screens that face the travellers, kept in memory because each asks all day; every change goes to disk first."""

from datetime import datetime

import msgspec
from sqlalchemy import Engine, bindparam, delete, select

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import display_screen
from checkpoint.store.writer import Transaction

MOST_SCREENS = 64

_ADD = insert_into(display_screen)
_DROP = compiled(delete(display_screen).where(display_screen.c.token_hash == bindparam("wanted")))


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """One paired screen; ``token_hash`` names it, and nobody can make the token from it."""

    token_hash: str
    lane_id: str
    paired_at: datetime
    paired_by: str


class ScreenBook:
    """The paired screens of this edge, by the hash of their token."""

    def __init__(self, readers: Engine) -> None:
        """Load them; there are as many as lanes, or a few more."""
        with readers.connect() as connection:
            rows = connection.execute(select(display_screen)).all()
        self._screens = {
            row.token_hash: Screen(
                token_hash=row.token_hash,
                lane_id=row.lane_id,
                paired_at=from_text(row.paired_at),
                paired_by=row.paired_by,
            )
            for row in rows
        }

    def find(self, token_hash: str) -> Screen | None:
        """Return the screen that has this token."""
        return self._screens.get(token_hash)

    def all(self) -> tuple[Screen, ...]:
        """Return every screen, the newest first."""
        return tuple(sorted(self._screens.values(), key=lambda one: one.paired_at, reverse=True))

    def add(self, transaction: Transaction, screen: Screen) -> None:
        """Keep a screen; beyond the most there may be, the oldest one is forgotten."""
        for old in self.all()[MOST_SCREENS - 1 :]:
            self.drop(transaction, old.token_hash)
        row = {**msgspec.structs.asdict(screen), "paired_at": to_text(screen.paired_at)}
        transaction.execute(_ADD, row)
        transaction.after_commit(lambda: self._screens.__setitem__(screen.token_hash, screen))

    def drop(self, transaction: Transaction, token_hash: str) -> None:
        """Forget a screen: it shows nothing any more."""
        transaction.execute(_DROP, {"wanted": token_hash})
        transaction.after_commit(lambda: self._forget(token_hash))

    def _forget(self, token_hash: str) -> None:
        self._screens.pop(token_hash, None)
