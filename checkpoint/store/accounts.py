"""Officers and their sessions: ``web.sign_in``'s two protocols over this edge's tables.

Both are kept in memory too, because every request asks for them; every change goes to the database
first, and only a committed change is seen. What another program changed meanwhile (``add-officer``) is
seen by ``look_again``, which a running edge calls every second.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy import Engine, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import officer, web_session
from checkpoint.store.writer import Transaction, Writer
from web.sign_in import StoredSession, User

COMMIT_TIMEOUT_S = 30.0

_OFFICER_COLUMNS = ("username", "name", "role", "password_hash", "is_disabled")
_PUT_OFFICER = compiled(
    insert(officer)
    .values(dict.fromkeys(_OFFICER_COLUMNS))
    .on_conflict_do_update(
        index_elements=["username"],
        set_={name: getattr(insert(officer).excluded, name) for name in _OFFICER_COLUMNS[1:]},
    )
)
_REHASH = compiled(
    update(officer).where(officer.c.username == bindparam("wanted")).values(password_hash=bindparam("new_hash"))
)
_ADD_SESSION = insert_into(web_session)
_TOUCH = compiled(
    update(web_session)
    .where(web_session.c.token_hash == bindparam("wanted"))
    .values(last_seen_at=bindparam("new_last_seen_at"))
)
_REMOVE = compiled(delete(web_session).where(web_session.c.token_hash == bindparam("wanted")))
_REMOVE_ALL = compiled(delete(web_session).where(web_session.c.username == bindparam("wanted")))


class Accounts:
    """``UserStore`` and ``SessionStore`` in one; each change is one commit of the one writer."""

    def __init__(self, writer: Writer, *, readers: Engine) -> None:
        """Load officers and open sessions."""
        self._writer = writer
        self._readers = readers
        self._changing = threading.Lock()
        self.is_thrifty = False
        with readers.connect() as connection:
            users = [_as_user(tuple(row)) for row in connection.execute(select(officer))]
            sessions = [_as_session(tuple(row)) for row in connection.execute(select(web_session))]
        self._users = {user.username: user for user in users}
        self._sessions = {session.token_hash: session for session in sessions}

    def put_officer(self, user: User) -> None:
        """Add an account or replace it; its open sessions end."""
        row = {name: getattr(user, name) for name in _OFFICER_COLUMNS}
        row["is_disabled"] = int(user.is_disabled)
        with self._changing:
            self._commit(lambda transaction: transaction.execute(_PUT_OFFICER, row))
            self._users[user.username] = user
        self.remove_sessions_of(user.username)

    def look_again(self) -> tuple[str, ...]:
        """See what another program changed: its names. Whoever was replaced or disabled is signed out at once."""
        with self._changing:
            with self._readers.connect() as connection:
                users = [_as_user(tuple(row)) for row in connection.execute(select(officer))]
            changed = tuple(user.username for user in users if self._users.get(user.username) != user)
            self._users |= {user.username: user for user in users}
        for token_hash, session in list(self._sessions.items()):
            if session.username in changed:
                self._sessions.pop(token_hash, None)
        return changed

    def find_user(self, username: str) -> User | None:
        """Return the account with exactly this name; one that is not known may have been added just now."""
        if username not in self._users:
            self.look_again()
        return self._users.get(username)

    def replace_password_hash(self, username: str, *, password_hash: str) -> None:
        """Store a hash made with today's parameters."""
        with self._changing:
            user = self._users.get(username)
            if user is None:
                return
            self._commit(lambda t: t.execute(_REHASH, {"wanted": username, "new_hash": password_hash}))
            self._users[username] = User(
                username=user.username,
                name=user.name,
                role=user.role,
                password_hash=password_hash,
                is_disabled=user.is_disabled,
            )

    def add_session(self, session: StoredSession) -> None:
        """Keep a new session."""
        row = {
            "token_hash": session.token_hash,
            "username": session.username,
            "created_at": to_text(session.created_at),
            "last_seen_at": to_text(session.last_seen_at),
        }
        self._commit(lambda transaction: transaction.execute(_ADD_SESSION, row))
        self._sessions[session.token_hash] = session

    def find_session(self, token_hash: str) -> StoredSession | None:
        """Return the session with this hash."""
        return self._sessions.get(token_hash)

    def touch_session(self, token_hash: str, *, last_seen_at: datetime) -> None:
        """Note activity; unknown hashes are ignored."""
        session = self._sessions.get(token_hash)
        if session is None:
            return
        if not self.is_thrifty:  # on a disk that fills up, the instant is kept in memory only
            self._commit(lambda t: t.execute(_TOUCH, {"wanted": token_hash, "new_last_seen_at": to_text(last_seen_at)}))
        self._sessions[token_hash] = StoredSession(
            token_hash=token_hash,
            username=session.username,
            created_at=session.created_at,
            last_seen_at=last_seen_at,
        )

    def remove_session(self, token_hash: str) -> None:
        """End one session; unknown hashes are ignored."""
        self._sessions.pop(token_hash, None)
        self._commit(lambda transaction: transaction.execute(_REMOVE, {"wanted": token_hash}))

    def remove_sessions_of(self, username: str) -> None:
        """End all sessions of an account (disabled, new password)."""
        for token_hash in [key for key, session in self._sessions.items() if session.username == username]:
            self._sessions.pop(token_hash, None)
        self._commit(lambda transaction: transaction.execute(_REMOVE_ALL, {"wanted": username}))

    def _commit(self, job: Callable[[Transaction], object]) -> None:
        future: Future[object] = self._writer.submit(job)
        future.result(COMMIT_TIMEOUT_S)


def _as_user(row: tuple[str, str, str, str, int]) -> User:
    username, name, role, password_hash, is_disabled = row
    return User(username=username, name=name, role=role, password_hash=password_hash, is_disabled=bool(is_disabled))


def _as_session(row: tuple[str, str, str, str]) -> StoredSession:
    token_hash, username, created_at, last_seen_at = row
    return StoredSession(
        token_hash=token_hash,
        username=username,
        created_at=from_text(created_at),
        last_seen_at=from_text(last_seen_at),
    )
