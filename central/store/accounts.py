"""Accounts, sessions and the access log: what ``web.sign_in`` asks for, over the centre's tables."""

from datetime import datetime

import msgspec
from sqlalchemy import Engine, delete, insert, select, update

from central.store.bulk import insert_missing_rows
from central.store.engine import reading, writing
from central.store.tables import access_log, user, web_session
from web.sign_in import StoredSession, User


class Accounts:
    """``UserStore`` and ``SessionStore`` of ``web.sign_in``, and the log of who looked at whom."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def find_user(self, username: str) -> User | None:
        """Return the account with exactly this name."""
        with reading(self._engine) as connection:
            row = connection.execute(select(user).where(user.c.username == username)).mappings().one_or_none()
        return None if row is None else User(**row)

    def put_user(self, account: User) -> None:
        """Add an account, or replace one; a replaced account's sessions end."""
        values = msgspec.structs.asdict(account)
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=user, rows=[tuple(values[column.name] for column in user.c)])
            connection.execute(update(user).where(user.c.username == account.username).values(**values))
            connection.execute(delete(web_session).where(web_session.c.username == account.username))

    def replace_password_hash(self, username: str, *, password_hash: str) -> None:
        """Store a hash made with today's parameters."""
        with writing(self._engine) as connection:
            connection.execute(update(user).where(user.c.username == username).values(password_hash=password_hash))

    def add_session(self, session: StoredSession) -> None:
        """Keep a new session."""
        with writing(self._engine) as connection:
            connection.execute(insert(web_session).values(**msgspec.structs.asdict(session)))

    def find_session(self, token_hash: str) -> StoredSession | None:
        """Return the session with this hash."""
        query = select(web_session).where(web_session.c.token_hash == token_hash)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredSession(**row)

    def touch_session(self, token_hash: str, *, last_seen_at: datetime) -> None:
        """Note activity; unknown hashes are ignored."""
        statement = update(web_session).where(web_session.c.token_hash == token_hash)
        with writing(self._engine) as connection:
            connection.execute(statement.values(last_seen_at=last_seen_at))

    def remove_session(self, token_hash: str) -> None:
        """End one session; unknown hashes are ignored."""
        with writing(self._engine) as connection:
            connection.execute(delete(web_session).where(web_session.c.token_hash == token_hash))

    def remove_sessions_of(self, username: str) -> None:
        """End all sessions of an account."""
        with writing(self._engine) as connection:
            connection.execute(delete(web_session).where(web_session.c.username == username))

    def log_access(
        self, action: str, *, username: str, subject: str, reason: str, at: datetime, sealed_words: bytes | None = None
    ) -> None:
        """Note who looked at, or took away, what; ``subject`` is a crossing or report, never a name.

        ``reason`` is a code or the number of a file: the log only grows. Own words are sealed with the person.
        """
        entry = {"at": at, "username": username, "action": action, "subject": subject, "reason": reason}
        with writing(self._engine) as connection:
            connection.execute(insert(access_log).values(**entry, sealed_words=sealed_words))
