"""The gate head's board over HTTP. However many look, the gate is looked at once in a few seconds."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.board_rows import board_csv, board_rows, note_board_export
from checkpoint.actions.board_view import Board, board
from checkpoint.app.answers import Endpoint, committed, json_answer, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import permit

FRESH_FOR_S: Final = 2.0
_may_see = permit("board.see")


class _Look:
    """The newest look at the gate, shared by everybody who asks within ``FRESH_FOR_S``."""

    def __init__(self, edge: EdgeApp) -> None:
        self._edge = edge
        self._lock = asyncio.Lock()
        self._newest: Board | None = None
        self._looked_at_s = 0.0

    async def newest(self) -> Board:
        async with self._lock:
            if self._newest is None or time.monotonic() - self._looked_at_s >= FRESH_FOR_S:
                devices, uplink = self._edge.workers.device_health(), self._edge.workers.uplink_view()
                self._newest = await anyio.to_thread.run_sync(
                    lambda: board(self._edge.gate, devices=devices, uplink=uplink)
                )
                self._looked_at_s = time.monotonic()
            return self._newest


def board_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the board."""
    return [
        Route("/api/board", refusing(_show(_Look(edge))), methods=["GET"]),
        Route("/api/board/rows", refusing(_show_rows(edge)), methods=["GET"]),
        Route("/api/board/rows.csv", refusing(_export(edge)), methods=["GET"]),
    ]


def _show(look: _Look) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        return json_answer(await look.newest())

    return show


def _show_rows(edge: EdgeApp) -> Endpoint:
    async def show_rows(request: Request) -> Response:
        _may_see(request)
        figure, lane_id = _asked(request)
        rows = await anyio.to_thread.run_sync(lambda: board_rows(edge.gate, figure, lane_id=lane_id))
        return json_answer({"rows": rows, "now": edge.gate.clock()})

    return show_rows


def _export(edge: EdgeApp) -> Endpoint:
    async def export(request: Request) -> Response:
        session = _may_see(request)
        figure, lane_id = _asked(request)
        rows = await anyio.to_thread.run_sync(lambda: board_rows(edge.gate, figure, lane_id=lane_id))
        await committed(edge.gate.perform(lambda turn: note_board_export(turn, figure), officer_ref=session.username))
        name = f"board-{figure}-{datetime.now(UTC):%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(board_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _asked(request: Request) -> tuple[str, str]:
    asked = request.query_params
    return asked.get("figure", ""), asked.get("lane_id", "")
