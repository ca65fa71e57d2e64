"""The gate as a whole over HTTP: crossings, health, metrics."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.correcting import CorrectCommand, WithdrawCommand, correct_details, withdraw_crossing
from checkpoint.actions.day_list import DayCommand, day_csv, day_list, note_day_export
from checkpoint.actions.device_list import device_views
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.listing import crossing_list
from checkpoint.actions.mirroring import policy_age
from checkpoint.actions.view import paper_sheet
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.metrics import metrics_answer
from checkpoint.store.disk import DiskLevel, DiskView
from web.roles import permit

MOST_ROWS = 200
FOUND_ROWS = 20
_may_act = permit("lane.act")
_may_see = permit("lane.see")


class FindCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of a name, or a whole number."""

    query: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def site_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the gate."""
    correct = _change(edge, CorrectCommand, correct_details, may=_may_act)
    withdraw = _change(edge, WithdrawCommand, withdraw_crossing, may=_may_act)
    return [
        Route("/api/crossings", refusing(_list_crossings(edge)), methods=["GET"]),
        Route("/api/crossings/find", refusing(_find_crossings(edge)), methods=["POST"]),
        Route("/api/crossings/day", refusing(_list_day(edge)), methods=["POST"]),
        Route("/api/crossings/day.csv", refusing(_export_day(edge)), methods=["POST"]),
        Route("/api/crossings/{crossing_id}/correct", refusing(correct), methods=["POST"]),
        Route("/api/crossings/{crossing_id}/withdraw", refusing(withdraw), methods=["POST"]),
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


def _list_crossings(edge: EdgeApp) -> Endpoint:
    async def list_crossings(request: Request) -> Response:
        session = _may_see(request)
        asked = request.query_params
        limit = min(MOST_ROWS, _number(asked.get("limit"), otherwise=50))
        before = _number(asked["before"], otherwise=0) if "before" in asked else None
        rows = await anyio.to_thread.run_sync(
            lambda: crossing_list(edge.gate, limit=limit, before=before, query="", officer_ref=session.username)
        )
        return json_answer({"crossings": rows})

    return list_crossings


def _find_crossings(edge: EdgeApp) -> Endpoint:
    """Search all days; what is searched for comes in a body, because addresses are written into logs."""
    decoder = msgspec.json.Decoder(FindCommand)

    async def find_crossings(request: Request) -> Response:
        session = _may_see(request)
        query = (await read_command(request, decoder)).query.strip()
        rows = await anyio.to_thread.run_sync(
            lambda: crossing_list(edge.gate, limit=FOUND_ROWS, before=None, query=query, officer_ref=session.username)
        )
        return json_answer({"crossings": rows})

    return find_crossings


def _list_day(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(DayCommand)

    async def list_day(request: Request) -> Response:
        session = _may_see(request)
        given = await read_command(request, decoder)
        return json_answer(
            await anyio.to_thread.run_sync(lambda: day_list(edge.gate, given, officer_ref=session.username))
        )

    return list_day


def _export_day(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(DayCommand)

    async def export_day(request: Request) -> Response:
        session = _may_see(request)
        given = await read_command(request, decoder)
        content = await anyio.to_thread.run_sync(lambda: day_csv(edge.gate, given))
        await committed(
            edge.gate.perform(lambda turn: note_day_export(turn, given.figure), officer_ref=session.username)
        )
        headers = {"Content-Disposition": 'attachment; filename="crossings.csv"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    return export_day


def _tell_health(edge: EdgeApp) -> Endpoint:
    async def tell_health(_request: Request) -> Response:
        gate = edge.gate
        uplink = edge.workers.uplink_view()
        disk = gate.disk.view()
        return json_answer(
            {
                "edge_id": gate.identity.edge_id,
                "status_word": _status_word(gate, disk=disk),
                "pending": uplink.pending,
                "head_sequence": gate.head_sequence,
                "uplink": uplink,
                "policy": policy_age(gate, at=gate.clock()),
                "disk": disk,
                "paper_from": paper_sheet(gate, disk=disk),
                "scrub_due": gate.mirror.scrub_due,
                "devices": list(device_views(gate, edge.workers.device_health(), at=gate.clock()).values()),
                "policies": gate.policy.references,
                "now": gate.clock(),
            }
        )

    return tell_health


def _status_word(gate: Gate, *, disk: DiskView) -> str:
    """Say in one word how the edge is: what stops records comes before what only warns."""
    if gate.store.damage.words:
        return "database_damaged"
    if not gate.store.writer.is_open:
        return "disk_failed"
    if disk.level is DiskLevel.FULL:
        return "disk_full"
    return "ok" if disk.allows_optional_writes else "disk_low"


def _tell_metrics(edge: EdgeApp) -> Endpoint:
    async def tell_metrics(_request: Request) -> Response:
        return metrics_answer(edge)

    return tell_metrics


def _number(text: str | None, *, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdigit():
        return otherwise
    return int(text[:18])
