"""Live streams of one lane: its whole state as server-sent events, its picture over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from checkpoint.actions.view import LaneView
from checkpoint.app.answers import refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.lane_routes import note_attendance, require_lane
from web.refusals import AccessRefusedError
from web.roles import is_allowed, permit
from web.sign_in import SignIn

LOOK_AROUND_S = 1.0
TELL_AT_LEAST_EVERY_S = 10.0
_may_see = permit("lane.see")
_may_glance = permit("lane.glance")


def stream_routes(edge: EdgeApp, *, sign_in: SignIn) -> list[Route | WebSocketRoute]:
    """Return the two streams of a lane."""

    async def follow(request: Request) -> Response:
        session = _may_glance(request)
        lane_id = require_lane(edge, request)
        events = _events(edge, lane_id, token=session.token, sign_in=sign_in)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def look(websocket: WebSocket) -> None:
        try:
            session = _may_see(websocket)
        except AccessRefusedError:
            await websocket.close(code=1008)
            return
        lane_id: str = websocket.path_params["lane_id"]
        if lane_id not in edge.gate.sheets:
            await websocket.close(code=1008)
            return
        await _send_pictures(edge, lane_id, websocket=websocket, token=session.token, sign_in=sign_in)

    return [
        Route("/api/lanes/{lane_id}/events", refusing(follow), methods=["GET"]),
        WebSocketRoute("/api/lanes/{lane_id}/thermal", look),
    ]


async def _events(edge: EdgeApp, lane_id: str, *, token: str, sign_in: SignIn) -> AsyncIterator[bytes]:
    """Send the whole state at once, after each change, and when devices or uplink changed."""
    changed = edge.watch(lane_id)
    told, told_at_s = b"", 0.0
    loop = asyncio.get_running_loop()
    try:
        while not edge.is_stopping.is_set():
            changed.clear()
            session = await sign_in.resume(token, is_activity=False)
            if session is None or not is_allowed(session.role, action="lane.glance"):
                return
            note_attendance(edge, lane_id, session=session)
            view = edge.lane_view(lane_id, officer=session.name, is_locked=session.is_locked)
            essence = _essence(view)
            if essence != told or loop.time() - told_at_s >= TELL_AT_LEAST_EVERY_S:
                told, told_at_s = essence, loop.time()
                yield b"id: %d\ndata: %s\n\n" % (view.version, msgspec.json.encode(view))
            await _either(changed, timeout_s=LOOK_AROUND_S)
    finally:
        edge.unwatch(lane_id, changed)


async def _either(changed: asyncio.Event, *, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await changed.wait()
    except TimeoutError:
        return


def _essence(view: LaneView) -> bytes:
    """Reduce a view to what is worth telling: the lane, the uplink, and the states of the devices."""
    states = [(device.device_id, device.state) for device in view.devices]
    uplink = (view.uplink.state, view.uplink.reason, view.uplink.pending)
    standing = (view.policy.freshness, view.policy.refused, view.disk.level)
    return msgspec.json.encode([view.version, view.is_locked, view.badge, states, uplink, standing, view.printing])


async def _send_pictures(edge: EdgeApp, lane_id: str, *, websocket: WebSocket, token: str, sign_in: SignIn) -> None:
    """Send pictures until the other side goes, or may not see them: that is asked before each one, of memory alone."""
    await websocket.accept()
    pictures = edge.view_pictures(lane_id)
    leaving = asyncio.ensure_future(_until_left(websocket))
    try:
        while not edge.is_stopping.is_set() and not leaving.done():
            picture = await _next_picture(pictures)
            session = await sign_in.resume(token, is_activity=False)
            if session is None or session.is_locked or not is_allowed(session.role, action="lane.see"):
                await websocket.close(code=1008)
                return
            if picture is not None:
                await websocket.send_bytes(picture)
    except WebSocketDisconnect:
        return
    finally:
        leaving.cancel()
        edge.leave_pictures(lane_id, pictures)


async def _next_picture(pictures: "asyncio.Queue[bytes]") -> bytes | None:
    try:
        async with asyncio.timeout(LOOK_AROUND_S):
            return await pictures.get()
    except TimeoutError:
        return None


async def _until_left(websocket: WebSocket) -> None:
    """Read until the other side goes; nothing it says is listened to."""
    try:
        while True:
            await websocket.receive_bytes()
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return
