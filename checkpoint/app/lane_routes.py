"""The lane over HTTP: state, live stream, and one POST for each thing an officer can do.

Plain Starlette routes over the raw body: these are the requests that somebody stands waiting for.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.deciding import (
    ChooseCommand,
    CloseCommand,
    DetailsCommand,
    DiscardCommand,
    ExceptionCommand,
    MeasureCommand,
    change_details,
    choose_reading,
    close_crossing,
    discard_draft,
    except_person,
    measure_person,
)
from checkpoint.actions.gate import Turn
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.rechecking import RecheckCommand, SetAsideCommand, recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.view import LaneName
from checkpoint.app.answers import committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import permit

_Command = Callable[[Turn, str, Any], LaneSheet]

# path word -> what the body is, and the command that it becomes
COMMANDS: dict[str, tuple[type[msgspec.Struct], _Command]] = {
    "present": (PresentCommand, present_person),
    "details": (DetailsCommand, change_details),
    "choose": (ChooseCommand, choose_reading),
    "measure": (MeasureCommand, measure_person),
    "close": (CloseCommand, close_crossing),
    "exception": (ExceptionCommand, except_person),
    "recheck": (RecheckCommand, recheck_person),
    "set-aside": (SetAsideCommand, set_aside_person),
    "discard": (DiscardCommand, discard_draft),
}

_may_see = permit("lane.see")
_may_act = permit("lane.act")


def lane_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the lanes."""
    commands = [
        Route(f"/api/lanes/{{lane_id}}/{word}", _command_endpoint(edge, shape, command), methods=["POST"])
        for word, (shape, command) in COMMANDS.items()
    ]
    return [
        Route("/api/lanes", refusing(_list_lanes(edge)), methods=["GET"]),
        Route("/api/lanes/{lane_id}/state", refusing(_tell_state(edge)), methods=["GET"]),
        *commands,
    ]


def require_lane(edge: EdgeApp, request: Request) -> str:
    """Return the lane named in the path, or refuse with 404."""
    lane_id: str = request.path_params["lane_id"]
    if lane_id not in edge.gate.sheets:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    return lane_id


def _command_endpoint(
    edge: EdgeApp, shape: type[msgspec.Struct], command: _Command
) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        lane_id = require_lane(edge, request)
        given = await read_command(request, decoder)
        await committed(edge.gate.perform(lambda turn: command(turn, lane_id, given), officer_ref=session.username))
        return json_answer(edge.lane_view(lane_id, officer=session.name, has_last_hour=False))

    return refusing(act)


def _list_lanes(edge: EdgeApp) -> Callable[[Request], Awaitable[Response]]:
    async def list_lanes(request: Request) -> Response:
        _may_see(request)
        lanes = edge.gate.settings.lane
        rows = [
            {**msgspec.to_builtins(LaneName(lane_id=lane.lane_id, label=lane.label)), "direction": lane.direction}
            for lane in lanes
        ]
        return json_answer(rows)

    return list_lanes


def _tell_state(edge: EdgeApp) -> Callable[[Request], Awaitable[Response]]:
    async def tell_state(request: Request) -> Response:
        session = _may_see(request)
        return json_answer(edge.lane_view(require_lane(edge, request), officer=session.name))

    return tell_state
