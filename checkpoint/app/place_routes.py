"""Posts, trails and openings over HTTP: the page, a search in a body, and a POST for each act on a party."""

from collections.abc import Callable
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.gate import Turn
from checkpoint.actions.parties import (
    ClosePartyCommand,
    OpenCheckCommand,
    RecountCommand,
    ReportCommand,
    TakeCommand,
    close_party,
    open_check,
    recount,
    report_interception,
    take_to_lane,
)
from checkpoint.actions.party_view import (
    EXPORTED,
    PartySearch,
    note_party_export,
    parties_csv,
    party_view,
    place_view,
)
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import permit

_may_see = permit("post.see")
_may_act = permit("post.act")


def place_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the other places."""
    opening: dict[str, tuple[type[msgspec.Struct], Callable[[Turn, Any], Any]]] = {
        "checks": (OpenCheckCommand, open_check),
        "interceptions": (ReportCommand, report_interception),
    }
    about: dict[str, tuple[type[msgspec.Struct], Callable[[Turn, str, Any], Any]]] = {
        "recount": (RecountCommand, recount),
        "lane": (TakeCommand, take_to_lane),
        "close": (ClosePartyCommand, close_party),
    }
    return [
        Route("/api/post", refusing(_show(edge)), methods=["GET"]),
        Route("/api/post/search", refusing(_search(edge)), methods=["POST"]),
        Route("/api/post/export", refusing(_export(edge)), methods=["POST"]),
        *(Route(f"/api/post/{word}", refusing(_open(edge, *one)), methods=["POST"]) for word, one in opening.items()),
        Route("/api/post/parties/{party_id}", refusing(_show_one(edge)), methods=["GET"]),
        *(
            Route(f"/api/post/parties/{{party_id}}/{word}", refusing(_act(edge, *one)), methods=["POST"])
            for word, one in about.items()
        ),
    ]


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        return json_answer(await anyio.to_thread.run_sync(lambda: place_view(edge.gate, PartySearch())))

    return show


def _search(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(PartySearch)

    async def search(request: Request) -> Response:
        _may_see(request)
        asked = await read_command(request, decoder)
        return json_answer(await anyio.to_thread.run_sync(lambda: place_view(edge.gate, asked)))

    return search


def _export(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(PartySearch)

    async def export(request: Request) -> Response:
        session = _may_see(request)
        asked = await read_command(request, decoder)
        view = await anyio.to_thread.run_sync(lambda: place_view(edge.gate, asked, limit=EXPORTED))
        rows = len(view.parties)
        await committed(
            edge.gate.perform(lambda turn: note_party_export(turn, rows=rows), officer_ref=session.username)
        )
        headers = {"Content-Disposition": 'attachment; filename="parties.csv"'}
        return Response(parties_csv(view.parties), media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _show_one(edge: EdgeApp) -> Endpoint:
    async def show_one(request: Request) -> Response:
        _may_see(request)
        party_id: str = request.path_params["party_id"]
        card, people = await anyio.to_thread.run_sync(lambda: party_view(edge.gate, party_id))
        return json_answer({"party": card, "people": people})

    return show_one


def _open(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        given = await read_command(request, decoder)
        done = await committed(edge.gate.perform(lambda turn: command(turn, given), officer_ref=session.username))
        return json_answer({"party_id": done.party_id, "lane_id": done.lane_id, "state": done.state})

    return act


def _act(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, str, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        party_id: str = request.path_params["party_id"]
        given = await read_command(request, decoder)
        future = edge.gate.perform(lambda turn: command(turn, party_id, given), officer_ref=session.username)
        done = await committed(future)
        return json_answer({"party_id": done.party_id, "lane_id": done.lane_id, "state": done.state})

    return act
