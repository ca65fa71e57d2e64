"""Who may do what: one table of actions, each with the roles that hold it.

Roles are the slugs of ``vocabulary.Role`` (a test holds them equal). Administrators see no traveller;
command sees figures, never rows. A route names its action: ``dependencies=[require("lane.act")]``.
"""

from collections.abc import Callable

from fastapi import Depends
from fastapi.params import Depends as DependsParameter
from starlette.requests import HTTPConnection

from web.refusals import AccessRefusedError
from web.sign_in import Session

ROLES_BY_ACTION: dict[str, frozenset[str]] = {
    "lane.see": frozenset({"officer"}),
    "lane.act": frozenset({"officer"}),
    "isolation.see": frozenset({"officer", "cdc"}),
    "isolation.act": frozenset({"officer", "cdc"}),
    "desk.see": frozenset({"cdc"}),
    "desk.review": frozenset({"cdc"}),
    "desk.reveal": frozenset({"cdc"}),
    "command.see": frozenset({"command", "cdc"}),
    "reports.see": frozenset({"command", "cdc"}),
    "reports.freeze": frozenset({"cdc"}),
    "devices.see": frozenset({"officer", "administrator"}),
    "units.see": frozenset({"administrator"}),
}


def is_allowed(role: str, *, action: str) -> bool:
    """Tell whether a role holds an action; an action that is not in the table is nobody's.

    >>> is_allowed("command", action="desk.see"), is_allowed("cdc", action="desk.see")
    (False, True)
    """
    return role in ROLES_BY_ACTION.get(action, frozenset())


def session_of(connection: HTTPConnection) -> Session:
    """Return who is signed in on this request or WebSocket; raises AccessRefusedError (401)."""
    session = connection.scope.get("state", {}).get("session")
    if not isinstance(session, Session):
        raise AccessRefusedError(code="not_signed_in", http_code=401)
    return session


def permit(action: str) -> Callable[[HTTPConnection], Session]:
    """Make the check of one action: returns the session, or raises AccessRefusedError (401 or 403)."""
    if action not in ROLES_BY_ACTION:
        msg = f"{action!r} stands in no row of web.roles.ROLES_BY_ACTION"
        raise ValueError(msg)

    def check(connection: HTTPConnection) -> Session:
        session = session_of(connection)
        if not is_allowed(session.role, action=action):
            raise AccessRefusedError(code="not_your_role", http_code=403)
        return session

    return check


def require(action: str) -> DependsParameter:
    """Make the FastAPI dependency of an action: a parameter that takes the session, or ``dependencies=[...]``."""
    return Depends(permit(action))  # type: ignore[no-any-return]
