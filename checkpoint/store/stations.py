"""Badges and workstations: ``web.stations``' protocols over this edge's tables, kept in memory as accounts are."""

from datetime import datetime

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.accounts import COMMIT_TIMEOUT_S, Accounts
from checkpoint.store.instants import to_text
from checkpoint.store.shift_tables import officer_badge, station_session
from checkpoint.store.statements import compiled
from checkpoint.store.writer import Transaction, Writer
from web.sign_in import SessionStanding, StoredSession
from web.stations import Badge

_BADGE_COLUMNS = ("username", "badge", "pin_hash")
_PUT_BADGE = compiled(
    insert(officer_badge)
    .values(dict.fromkeys(_BADGE_COLUMNS))
    .on_conflict_do_update(
        index_elements=["username"],
        set_={name: getattr(insert(officer_badge).excluded, name) for name in _BADGE_COLUMNS[1:]},
    )
)
_HOLDER_OF_BADGE = compiled(select(officer_badge.c.username).where(officer_badge.c.badge == bindparam("wanted")))
_STATION_COLUMNS = ("token_hash", "is_by_pin", "locked_at")
_PUT_STATION = compiled(
    insert(station_session)
    .values(dict.fromkeys(_STATION_COLUMNS))
    .on_conflict_do_update(
        index_elements=["token_hash"], set_={"locked_at": insert(station_session).excluded.locked_at}
    )
)


class BadgeTakenError(ValueError):
    """Another officer has this badge; nothing was written. Give this one another badge."""


def put_badge(transaction: Transaction, badge: Badge) -> None:
    """Give an officer a badge and a PIN, or replace both; raises ``BadgeTakenError``."""
    holder = transaction.execute(_HOLDER_OF_BADGE, {"wanted": badge.badge}).fetchone()
    if holder is not None and holder[0] != badge.username:
        msg = f"badge {badge.badge} belongs to another officer; take it from that one or give another badge"
        raise BadgeTakenError(msg)
    transaction.execute(_PUT_BADGE, {name: getattr(badge, name) for name in _BADGE_COLUMNS})


class StationBook:
    """``BadgeStore``, ``LockStore`` and ``StandingStore`` in one; each change is one commit of the one writer."""

    def __init__(self, writer: Writer, *, readers: Engine, accounts: Accounts) -> None:
        """Load which sessions are locked or begun with a PIN: a restart unlocks nothing."""
        self._writer, self._readers, self._accounts = writer, readers, accounts
        with readers.connect() as connection:
            rows = connection.execute(select(station_session)).all()
        self._standings = {
            row.token_hash: SessionStanding(is_by_pin=bool(row.is_by_pin), is_locked=row.locked_at is not None)
            for row in rows
        }

    def find_badge(self, badge: str) -> Badge | None:
        """Return who has this badge."""
        with self._readers.connect() as connection:
            row = connection.execute(select(officer_badge).where(officer_badge.c.badge == badge)).first()
        return None if row is None else Badge(username=row.username, badge=row.badge, pin_hash=row.pin_hash)

    def find_standing(self, token_hash: str) -> SessionStanding:
        """Return what is known of this session, from memory."""
        return self._standings.get(token_hash, SessionStanding())

    def add_pin_session(self, session: StoredSession) -> None:
        """Keep a session that was begun with a PIN; it is marked before anybody has its token."""
        self._forget_ended()
        self._accounts.add_session(session)
        self._put(session.token_hash, standing=SessionStanding(is_by_pin=True), locked_at=None)

    def lock_session(self, token_hash: str, *, locked_at: datetime) -> None:
        """Lock a session; unknown hashes are ignored, and one that is locked stays so."""
        known = self.find_standing(token_hash)
        if self._accounts.find_session(token_hash) is None or known.is_locked:
            return
        self._put(token_hash, standing=SessionStanding(is_by_pin=known.is_by_pin, is_locked=True), locked_at=locked_at)

    def _put(self, token_hash: str, *, standing: SessionStanding, locked_at: datetime | None) -> None:
        row = {
            "token_hash": token_hash,
            "is_by_pin": int(standing.is_by_pin),
            "locked_at": None if locked_at is None else to_text(locked_at),
        }
        self._standings[token_hash] = standing
        self._writer.submit(lambda transaction: transaction.execute(_PUT_STATION, row)).result(COMMIT_TIMEOUT_S)

    def _forget_ended(self) -> None:
        for token_hash in [key for key in self._standings if self._accounts.find_session(key) is None]:
            self._standings.pop(token_hash, None)
