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
    "lane.glance": frozenset({"officer", "gate_head"}),
    "station.lock": frozenset({"officer", "gate_head", "cdc"}),
    "lane.see": frozenset({"officer", "gate_head"}),
    "lane.act": frozenset({"officer"}),
    "register.see": frozenset({"officer", "gate_head"}),
    "register.act": frozenset({"officer"}),
    "board.see": frozenset({"gate_head"}),
    "display.pair": frozenset({"officer", "gate_head"}),
    "groups.see": frozenset({"officer", "gate_head", "cdc"}),
    "groups.act": frozenset({"officer"}),
    "isolation.see": frozenset({"officer", "gate_head", "cdc"}),
    "isolation.glance": frozenset({"officer", "gate_head", "cdc"}),
    "isolation.act": frozenset({"officer", "gate_head", "cdc"}),
    "desk.see": frozenset({"cdc"}),
    "desk.review": frozenset({"cdc"}),
    "desk.reveal": frozenset({"cdc"}),
    "experts.see": frozenset({"command", "cdc"}),
    "command.see": frozenset({"command", "cdc"}),
    "orders.issue": frozenset({"command"}),
    "reports.see": frozenset({"command", "cdc"}),
    "reports.freeze": frozenset({"cdc"}),
    "coverage.see": frozenset({"officer", "gate_head", "cdc"}),
    "coverage.act": frozenset({"officer", "gate_head"}),
    "post.see": frozenset({"officer", "gate_head"}),
    "post.act": frozenset({"officer"}),
    "shift.see": frozenset({"officer", "gate_head"}),
    "shift.act": frozenset({"officer"}),
    "shift.end_for": frozenset({"gate_head"}),
    "handheld.see": frozenset({"officer", "gate_head"}),
    "handheld.act": frozenset({"officer", "gate_head"}),
    "drill.see": frozenset({"officer", "gate_head", "cdc", "administrator"}),
    "drill.lead": frozenset({"gate_head", "cdc", "administrator"}),
    "devices.see": frozenset({"officer", "gate_head", "administrator"}),
    "watch.see": frozenset({"officer", "gate_head"}),
    "watch.act": frozenset({"gate_head"}),
    "units.see": frozenset({"administrator"}),
    "units.act": frozenset({"administrator"}),
}

WHILE_LOCKED = frozenset({"lane.glance", "isolation.glance", "station.lock"})
"""What a locked workstation may still do: show its lane with nobody in it, and let an officer unlock it; show and sound
the legal clocks of the isolation room, of nobody by name; be told once more that it is locked."""


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
    """Make the check of one action: returns the session, or raises AccessRefusedError (401, 403 or 423)."""
    if action not in ROLES_BY_ACTION:
        msg = f"{action!r} stands in no row of web.roles.ROLES_BY_ACTION"
        raise ValueError(msg)

    def check(connection: HTTPConnection) -> Session:
        session = session_of(connection)
        if not is_allowed(session.role, action=action):
            raise AccessRefusedError(code="not_your_role", http_code=403)
        if session.is_locked and action not in WHILE_LOCKED:
            raise AccessRefusedError(code="station_locked", http_code=423)
        return session

    return check


def require(action: str) -> DependsParameter:
    """Make the FastAPI dependency of an action: a parameter that takes the session, or ``dependencies=[...]``."""
    return Depends(permit(action))  # type: ignore[no-any-return]
