"""The isolation room over HTTP: the board, one case, and one POST for each act on a person's path."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.deadlines import ClockCommand, escalate_clock, extend_clock
from checkpoint.actions.gate import Turn
from checkpoint.actions.handing_over import ArriveCommand, DepartCommand, ReturnCommand, arrive, bring_back, depart
from checkpoint.actions.isolating import (
    ActCommand,
    CheckEndCommand,
    CompelCommand,
    ContactCommand,
    DecideCommand,
    NotifyCommand,
    ProposeCommand,
    ProvideCommand,
    RefuseCommand,
    compel_isolation,
    decide_isolation,
    end_check,
    give_notice,
    give_provisions,
    list_contact,
    propose_isolation,
    refuse_isolation,
    start_check,
)
from checkpoint.actions.isolation_board import (
    FindOnBoardCommand,
    board_csv,
    find_on_board,
    isolation_case,
    isolation_view,
)
from checkpoint.actions.isolation_veiled import veiled_room
from checkpoint.actions.picturing import LookCommand, view_picture
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import DischargeCommand, admit_person, discharge_person
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.store.lanes import log_access
from web.roles import permit

_Command = Callable[[Turn, str, Any], Any]

# path word -> what the body is, and the act that it becomes
ACTS: dict[str, tuple[type[msgspec.Struct], _Command]] = {
    "check-start": (ActCommand, start_check),
    "check-end": (CheckEndCommand, end_check),
    "propose": (ProposeCommand, propose_isolation),
    "decide": (DecideCommand, decide_isolation),
    "refuse": (RefuseCommand, refuse_isolation),
    "compel": (CompelCommand, compel_isolation),
    "provide": (ProvideCommand, give_provisions),
    "notify": (NotifyCommand, give_notice),
    "contact": (ContactCommand, list_contact),
    "depart": (DepartCommand, depart),
    "arrive": (ArriveCommand, arrive),
    "return": (ReturnCommand, bring_back),
    "extend": (ClockCommand, extend_clock),
    "escalate": (ClockCommand, escalate_clock),
    "discharge": (DischargeCommand, discharge_person),
}

_may_glance = permit("isolation.glance")
_may_see = permit("isolation.see")
_may_act = permit("isolation.act")


def isolation_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the isolation room."""
    acts = [
        Route(f"/api/isolation/{{crossing_id}}/{word}", refusing(_act(edge, shape, command)), methods=["POST"])
        for word, (shape, command) in ACTS.items()
    ]
    return [
        Route("/api/isolation", refusing(_show_room(edge)), methods=["GET"]),
        Route("/api/isolation/veiled", refusing(_show_veiled(edge)), methods=["GET"]),
        Route("/api/isolation/export.csv", refusing(_export(edge)), methods=["GET"]),
        Route("/api/isolation/find", refusing(_find(edge)), methods=["POST"]),
        *acts,
        Route("/api/isolation/{crossing_id}/picture", refusing(_show_picture(edge)), methods=["POST"]),
        Route("/api/isolation/{crossing_id}/admit", refusing(_admit(edge)), methods=["POST"]),
        Route("/api/isolation/{crossing_id}", refusing(_show_case(edge)), methods=["GET"]),
    ]


def _act(edge: EdgeApp, shape: type[msgspec.Struct], command: _Command) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        crossing_id: str = request.path_params["crossing_id"]
        given = await read_command(request, decoder)
        future = edge.gate.perform(lambda turn: command(turn, crossing_id, given), officer_ref=session.username)
        return json_answer({"saved": await committed(future)})

    return act


def _admit(edge: EdgeApp) -> Endpoint:
    async def admit(request: Request) -> Response:
        session = _may_act(request)
        crossing_id: str = request.path_params["crossing_id"]
        referral = await committed(
            edge.gate.perform(lambda turn: admit_person(turn, crossing_id), officer_ref=session.username)
        )
        if referral.place_id is None:
            raise ActionRefusedError(referral.room_reason or "room_full")
        return json_answer({"place_id": referral.place_id, "saved": referral.saved})

    return admit


def _show_room(edge: EdgeApp) -> Endpoint:
    async def show_room(request: Request) -> Response:
        _may_see(request)
        return json_answer(await anyio.to_thread.run_sync(isolation_view, edge.gate))

    return show_room


def _show_veiled(edge: EdgeApp) -> Endpoint:
    async def show_veiled(request: Request) -> Response:
        session = _may_glance(request)
        draw = partial(veiled_room, edge.gate, is_locked=session.is_locked)
        return json_answer(await anyio.to_thread.run_sync(draw))

    return show_veiled


def _find(edge: EdgeApp) -> Endpoint:
    """Tell who of the board a scanned document is about; what was scanned travels in a body, never in an address."""
    decoder = msgspec.json.Decoder(FindOnBoardCommand)

    async def find(request: Request) -> Response:
        session = _may_see(request)
        given = await read_command(request, decoder)
        found = edge.gate.perform(lambda turn: find_on_board(turn, given), officer_ref=session.username)
        return json_answer({"crossing_ids": await committed(found)})

    return find


def _show_case(edge: EdgeApp) -> Endpoint:
    async def show_case(request: Request) -> Response:
        session = _may_see(request)
        crossing_id: str = request.path_params["crossing_id"]
        case = await committed(
            edge.gate.perform(lambda turn: isolation_case(turn, crossing_id), officer_ref=session.username)
        )
        return json_answer(case)

    return show_case


def _show_picture(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(LookCommand)

    async def show_picture(request: Request) -> Response:
        session = _may_act(request)
        crossing_id: str = request.path_params["crossing_id"]
        given = await read_command(request, decoder)
        looking = edge.gate.perform(lambda turn: view_picture(turn, crossing_id, given), officer_ref=session.username)
        picture = await committed(looking)
        return json_answer(picture)

    return show_picture


def _export(edge: EdgeApp) -> Endpoint:
    """Answer with the board as a file; that it was taken stands in the access log."""

    async def export(request: Request) -> Response:
        session = _may_see(request)
        content = board_csv(await anyio.to_thread.run_sync(isolation_view, edge.gate))
        await committed(edge.gate.perform(_note_export, officer_ref=session.username))
        name = f"isolation-{datetime.now(UTC):%Y%m%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _note_export(turn: Turn) -> None:
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="isolation_exported",
        subject="",
        reason="",
    )
