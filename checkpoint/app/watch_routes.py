"""Limits and drift over HTTP: the figures, both tables as files, taking a change back, watching a device anew."""

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.watch_view import changes_csv, drift_csv, note_watch_export, watch_page
from checkpoint.actions.watching import RestartCommand, ReverseCommand, reverse_change, watch_anew
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import permit

_may_see = permit("watch.see")
_may_act = permit("watch.act")


def watch_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of limits and drift."""
    return [
        Route("/api/watch", refusing(_show(edge)), methods=["GET"]),
        Route("/api/watch/changes.csv", refusing(_export(edge, "changes")), methods=["GET"]),
        Route("/api/watch/drift.csv", refusing(_export(edge, "drift")), methods=["GET"]),
        Route("/api/watch/reverse", refusing(_reverse(edge)), methods=["POST"]),
        Route("/api/watch/restart", refusing(_restart(edge)), methods=["POST"]),
    ]


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        return json_answer(await anyio.to_thread.run_sync(lambda: watch_page(edge.gate)))

    return show


def _export(edge: EdgeApp, subject: str) -> Endpoint:
    written = changes_csv if subject == "changes" else drift_csv

    async def export(request: Request) -> Response:
        session = _may_see(request)
        table = await anyio.to_thread.run_sync(lambda: written(edge.gate))
        note = edge.gate.perform(lambda turn: note_watch_export(turn, subject), officer_ref=session.username)
        await committed(note)
        headers = {"Content-Disposition": f'attachment; filename="{subject}.csv"'}
        return Response(table, media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _reverse(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(ReverseCommand)

    async def reverse(request: Request) -> Response:
        session = _may_act(request)
        command = await read_command(request, decoder)
        await committed(edge.gate.perform(lambda turn: reverse_change(turn, command), officer_ref=session.username))
        return json_answer({})

    return reverse


def _restart(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(RestartCommand)

    async def restart(request: Request) -> Response:
        session = _may_act(request)
        command = await read_command(request, decoder)
        await committed(edge.gate.perform(lambda turn: watch_anew(turn, command), officer_ref=session.username))
        return json_answer({})

    return restart
