"""The gate as a whole over HTTP: crossings, the isolation room, health, metrics."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.correcting import CorrectCommand, WithdrawCommand, correct_details, withdraw_crossing
from checkpoint.actions.gate import Turn
from checkpoint.actions.listing import crossing_list, isolation_view
from checkpoint.actions.rechecking import DischargeCommand, admit_person, discharge_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.metrics import metrics_answer
from web.roles import permit

MOST_ROWS = 200
_may_act = permit("lane.act")
_may_see = permit("lane.see")
_may_see_room = permit("isolation.see")
_may_act_room = permit("isolation.act")


def site_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the gate."""
    correct = _change(edge, CorrectCommand, correct_details, may=_may_act)
    withdraw = _change(edge, WithdrawCommand, withdraw_crossing, may=_may_act)
    discharge = _change(edge, DischargeCommand, discharge_person, may=_may_act_room)
    return [
        Route("/api/crossings", refusing(_list_crossings(edge)), methods=["GET"]),
        Route("/api/crossings/{crossing_id}/correct", refusing(correct), methods=["POST"]),
        Route("/api/crossings/{crossing_id}/withdraw", refusing(withdraw), methods=["POST"]),
        Route("/api/isolation", refusing(_show_room(edge)), methods=["GET"]),
        Route("/api/isolation/{crossing_id}/discharge", refusing(discharge), methods=["POST"]),
        Route("/api/isolation/{crossing_id}/admit", refusing(_admit(edge)), methods=["POST"]),
        Route("/api/health", refusing(_tell_health(edge)), methods=["GET"]),
        Route("/metrics", refusing(_tell_metrics(edge)), methods=["GET"]),
    ]


def _change(
    edge: EdgeApp,
    shape: type[msgspec.Struct],
    command: Callable[[Turn, str, Any], Any],
    *,
    may: Callable[[Request], Any],
) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def change(request: Request) -> Response:
        session = may(request)
        crossing_id: str = request.path_params["crossing_id"]
        given = await read_command(request, decoder)
        future: Future[Any] = edge.gate.perform(
            lambda turn: command(turn, crossing_id, given), officer_ref=session.username
        )
        return json_answer({"saved": await committed(future)})

    return change


def _admit(edge: EdgeApp) -> Endpoint:
    async def admit(request: Request) -> Response:
        session = _may_act_room(request)
        crossing_id: str = request.path_params["crossing_id"]
        referral = await committed(
            edge.gate.perform(lambda turn: admit_person(turn, crossing_id), officer_ref=session.username)
        )
        if referral.place_id is None:
            raise ActionRefusedError(referral.room_reason or "room_full")
        return json_answer({"place_id": referral.place_id, "saved": referral.saved})

    return admit


def _list_crossings(edge: EdgeApp) -> Endpoint:
    async def list_crossings(request: Request) -> Response:
        session = _may_see(request)
        asked = request.query_params
        limit = min(MOST_ROWS, _number(asked.get("limit"), otherwise=50))
        before = _number(asked["before"], otherwise=0) if "before" in asked else None
        query = asked.get("query", "").strip()[:64]
        rows = await anyio.to_thread.run_sync(
            lambda: crossing_list(edge.gate, limit=limit, before=before, query=query, officer_ref=session.username)
        )
        return json_answer({"crossings": rows})

    return list_crossings


def _show_room(edge: EdgeApp) -> Endpoint:
    async def show_room(request: Request) -> Response:
        _may_see_room(request)
        return json_answer(await anyio.to_thread.run_sync(isolation_view, edge.gate))

    return show_room


def _tell_health(edge: EdgeApp) -> Endpoint:
    async def tell_health(_request: Request) -> Response:
        gate = edge.gate
        uplink = edge.workers.uplink_view()
        is_well = gate.store.writer.is_open
        return json_answer(
            {
                "edge_id": gate.identity.edge_id,
                "status_word": "ok" if is_well else "disk_failed",
                "pending": uplink.pending,
                "head_sequence": gate.head_sequence,
                "uplink": uplink,
                "devices": list(edge.workers.device_health().values()),
                "policies": gate.policy.references,
                "now": gate.clock(),
            }
        )

    return tell_health


def _tell_metrics(edge: EdgeApp) -> Endpoint:
    async def tell_metrics(_request: Request) -> Response:
        return metrics_answer(edge)

    return tell_metrics


def _number(text: str | None, *, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdigit():
        return otherwise
    return int(text[:18])
