"""A workstation over HTTP: lock it wherever it stands, and give a lane's to whoever shows badge and PIN.

Both may be asked for while it is locked. The draft in the lane stays where it is, at the edge: it is not sent
to a locked screen, and it is there again for whoever unlocks it.
"""

from math import ceil

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.gate import Turn
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.cookies import cookie_at
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.lane_routes import require_lane
from checkpoint.store.lanes import log_access
from web.access import session_cookie
from web.refusals import refusal_response
from web.roles import permit
from web.sign_in import SESSION_COOKIE, SignInRefusedError
from web.stations import Stations

_HTTP_CODES = {"wrong_pin": 403, "wait": 429, "busy": 503}
_SHIFT_S = 12 * 3600
_may_glance = permit("lane.glance")
_may_lock = permit("station.lock")


class SwitchCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was scanned or typed, and the PIN."""

    badge: str
    pin: str


def station_routes(edge: EdgeApp, *, stations: Stations) -> list[Route]:
    """Return the routes of a workstation."""
    return [
        Route("/api/station/lock", refusing(_lock(edge, stations)), methods=["POST"]),
        Route("/api/lanes/{lane_id}/switch", refusing(_switch(edge, stations)), methods=["POST"]),
    ]


def _lock(edge: EdgeApp, stations: Stations) -> Endpoint:
    async def lock(request: Request) -> Response:
        session = _may_lock(request)
        await stations.lock(session.token)
        await _note(edge, "", officer_ref=session.username, action="station_locked", subject=session.username)
        for lane_id in edge.gate.sheets:
            edge.wake(lane_id)
        return Response(status_code=204)

    return lock


def _switch(edge: EdgeApp, stations: Stations) -> Endpoint:
    decoder = msgspec.json.Decoder(SwitchCommand)
    name = cookie_at(edge.gate, SESSION_COOKIE)

    async def switch(request: Request) -> Response:
        before = _may_glance(request)
        lane_id = require_lane(edge, request)
        given = await read_command(request, decoder)
        address = request.client.host if request.client else ""
        try:
            session = await stations.change_officer(given.badge, pin=given.pin, station=address, token=before.token)
        except SignInRefusedError as refusal:
            return _refused(refusal)
        await _note(edge, lane_id, officer_ref=session.username, action="officer_switched", subject=before.username)
        edge.gate.attendance.forget_badge(lane_id)
        edge.wake(lane_id)
        answer = json_answer({"name": session.name, "csrf_token": session.csrf_token})
        cookie = session_cookie(session.token, scheme=request.url.scheme, max_age_s=_SHIFT_S, name=name)
        answer.headers.append("Set-Cookie", cookie)
        return answer

    return switch


def _refused(refusal: SignInRefusedError) -> Response:
    wait_s = ceil(refusal.retry_after_s)
    answer = refusal_response(refusal.code, http_code=_HTTP_CODES[refusal.code], values={"wait_s": wait_s})
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


async def _note(edge: EdgeApp, lane_id: str, *, officer_ref: str, action: str, subject: str) -> None:
    def note(turn: Turn) -> None:
        log_access(
            turn.transaction, at=turn.at, officer_ref=officer_ref, action=action, subject=subject, reason=lane_id
        )

    await committed(edge.gate.perform(note, officer_ref=officer_ref))
