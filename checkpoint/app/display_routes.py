"""The travellers' screen over HTTP: an officer makes a code, the screen hands it in once, and then follows its lane.

The screen has no account. Its cookie holds a token that is good for one thing: the stream of one lane's sentence.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from math import ceil
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from checkpoint.actions.displaying import (
    CODE_DIGITS,
    PairingCodes,
    display_view,
    forget_screen,
    pair_screen,
    screen_with,
)
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.cookies import cookie_at
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.lane_routes import require_lane
from checkpoint.store.displays import Screen, ScreenBook
from web.access import cookie_in, cookie_line
from web.attempts import AttemptDelays
from web.roles import permit

OPEN_PATHS: Final = frozenset({"/display", "/api/display/pair", "/api/display/state", "/api/display/events"})
"""What needs no officer's session: each asks for the screen's own token, or for the code."""
LOOK_EVERY_S: Final = 0.5
TELL_AT_LEAST_EVERY_S: Final = 5.0
COOKIE: Final = "kd-display"
_KEPT_S: Final = 365 * 24 * 3600
_SHOWN_ID: Final = 12
_may_pair = permit("display.pair")


class PairCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was typed at the screen."""

    code: str


class ScreenLine(msgspec.Struct, frozen=True, kw_only=True):
    """One paired screen in the list of an officer."""

    display_id: str
    lane_id: str
    paired_at: datetime
    paired_by: str


def display_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the travellers' screens."""
    book, codes = ScreenBook(edge.gate.store.readers), PairingCodes()
    return [
        Route("/api/displays", refusing(_list_screens(edge, book)), methods=["GET"]),
        Route("/api/displays/{display_id}/forget", refusing(_forget(edge, book)), methods=["POST"]),
        Route("/api/lanes/{lane_id}/display-code", refusing(_make_code(edge, codes)), methods=["POST"]),
        Route("/api/display/pair", refusing(_pair(edge, book, codes)), methods=["POST"]),
        Route("/api/display/state", refusing(_tell(edge, book)), methods=["GET"]),
        Route("/api/display/events", refusing(_follow(edge, book)), methods=["GET"]),
    ]


def _make_code(edge: EdgeApp, codes: PairingCodes) -> Endpoint:
    async def make_code(request: Request) -> Response:
        session = _may_pair(request)
        lane_id = require_lane(edge, request)
        return json_answer(codes.make(lane_id, by=session.username, at=edge.gate.clock()))

    return make_code


def _list_screens(edge: EdgeApp, book: ScreenBook) -> Endpoint:
    async def list_screens(request: Request) -> Response:
        _may_pair(request)
        lines = [
            ScreenLine(
                display_id=one.token_hash[:_SHOWN_ID],
                lane_id=one.lane_id,
                paired_at=one.paired_at,
                paired_by=one.paired_by,
            )
            for one in book.all()
        ]
        lanes = [{"lane_id": lane.lane_id, "label": lane.label} for lane in edge.gate.settings.lane]
        return json_answer({"screens": lines, "lanes": lanes})

    return list_screens


def _forget(edge: EdgeApp, book: ScreenBook) -> Endpoint:
    async def forget(request: Request) -> Response:
        session = _may_pair(request)
        display_id: str = request.path_params["display_id"]
        future = edge.gate.perform(
            lambda turn: forget_screen(turn, book, display_id=display_id), officer_ref=session.username
        )
        await committed(future)
        return Response(status_code=204)

    return forget


def _pair(edge: EdgeApp, book: ScreenBook, codes: PairingCodes) -> Endpoint:
    delays = AttemptDelays(free_failures=5)
    decoder = msgspec.json.Decoder(PairCommand)
    name = cookie_at(edge.gate, COOKIE)

    async def pair(request: Request) -> Response:
        now, address = edge.gate.clock(), request.client.host if request.client else ""
        wait_s = delays.wait_s(address, at=now)
        if wait_s > 0:
            raise _wait(wait_s)
        given = await read_command(request, decoder)
        found = codes.take(given.code, at=now) if len(given.code) <= 4 * CODE_DIGITS else None
        if found is None:
            delays.note_failure(address, at=now)
            code = "display_code_wrong"
            raise ActionRefusedError(code, http_code=403)
        lane_id, by = found
        token = await committed(edge.gate.perform(lambda turn: pair_screen(turn, book, lane_id=lane_id, by=by)))
        answer = json_answer({"lane_id": lane_id})
        answer.headers.append("Set-Cookie", cookie_line(name, token, scheme=request.url.scheme, max_age_s=_KEPT_S))
        return answer

    return pair


def _tell(edge: EdgeApp, book: ScreenBook) -> Endpoint:
    async def tell(request: Request) -> Response:
        screen = _require_screen(edge, book, request)
        return json_answer({"lane_id": screen.lane_id, **_content(edge, screen.lane_id)})

    return tell


def _follow(edge: EdgeApp, book: ScreenBook) -> Endpoint:
    async def follow(request: Request) -> Response:
        screen = _require_screen(edge, book, request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(edge, book, screen), media_type="text/event-stream", headers=headers)

    return follow


async def _events(edge: EdgeApp, book: ScreenBook, screen: Screen) -> AsyncIterator[bytes]:
    """Send the message when it changes, and again every few seconds, so that a screen knows that it is not alone."""
    changed = edge.watch(screen.lane_id)
    loop = asyncio.get_running_loop()
    told, told_at_s = b"", 0.0
    try:
        while not edge.is_stopping.is_set() and book.find(screen.token_hash) is not None:
            changed.clear()
            content = msgspec.json.encode(_content(edge, screen.lane_id))
            if content != told or loop.time() - told_at_s >= TELL_AT_LEAST_EVERY_S:
                told, told_at_s = content, loop.time()
                yield b"data: %s\n\n" % content
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await changed.wait()
            except TimeoutError:
                continue
    finally:
        edge.unwatch(screen.lane_id, changed)


def _content(edge: EdgeApp, lane_id: str) -> dict[str, object]:
    view = display_view(edge.gate, lane_id)
    content: dict[str, object] = msgspec.to_builtins(view)
    return content


def _require_screen(edge: EdgeApp, book: ScreenBook, request: Request) -> Screen:
    name = cookie_at(edge.gate, COOKIE)
    screen = screen_with(book, cookie_in(Headers(scope=request.scope), name=name, scheme=request.url.scheme))
    if screen is None or screen.lane_id not in edge.gate.sheets:
        code = "display_not_paired"
        raise ActionRefusedError(code, http_code=403)
    return screen


def _wait(wait_s: float) -> ActionRefusedError:
    return ActionRefusedError("wait", http_code=429, values={"wait_s": ceil(wait_s)})
