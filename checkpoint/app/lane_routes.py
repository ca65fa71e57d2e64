"""The lane over HTTP: state, live stream, and one POST for each thing an officer can do.

Plain Starlette routes over the raw body: these are the requests that somebody stands waiting for.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.children import ChildCommand, call_child
from checkpoint.actions.conveying import RideCommand, ride_in
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
from checkpoint.actions.declaring import (
    AskedCommand,
    SetDeclarationAsideCommand,
    ask_about_declaration,
    set_declaration_aside,
)
from checkpoint.actions.elsewhere import TwinCommand, confirm_person
from checkpoint.actions.entering import EnterCommand, enter_document
from checkpoint.actions.gate import Turn
from checkpoint.actions.grouping import ConfirmMemberCommand, StandCommand, confirm_member, stand_at_lane
from checkpoint.actions.next_person import (
    NextCommand,
    StillHereCommand,
    call_next,
    drop_next,
    follow_on,
    say_still_here,
    scan_person,
)
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.rechecking import RecheckCommand, SetAsideCommand, recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sending_back import SendBackCommand, send_back
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.travelling_together import note_looked, travelling_together
from checkpoint.actions.view import LaneName
from checkpoint.app.answers import committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from web.roles import is_allowed, permit
from web.sign_in import Session, hash_token

_Command = Callable[[Turn, str, Any], LaneSheet]

# path word -> what the body is, and the command that it becomes
COMMANDS: dict[str, tuple[type[msgspec.Struct], _Command]] = {
    "present": (PresentCommand, scan_person),
    "document": (EnterCommand, enter_document),
    "next": (NextCommand, call_next),
    "next-discard": (NextCommand, drop_next),
    "still-here": (StillHereCommand, say_still_here),
    "same-person": (TwinCommand, confirm_person),
    "send-back": (SendBackCommand, send_back),
    "child": (ChildCommand, call_child),
    "details": (DetailsCommand, change_details),
    "choose": (ChooseCommand, choose_reading),
    "measure": (MeasureCommand, measure_person),
    "close": (CloseCommand, close_crossing),
    "exception": (ExceptionCommand, except_person),
    "recheck": (RecheckCommand, recheck_person),
    "set-aside": (SetAsideCommand, set_aside_person),
    "discard": (DiscardCommand, discard_draft),
    "declaration-asked": (AskedCommand, ask_about_declaration),
    "declaration-set-aside": (SetDeclarationAsideCommand, set_declaration_aside),
    "vehicle": (RideCommand, ride_in),
    "group": (StandCommand, stand_at_lane),
    "group-member": (ConfirmMemberCommand, confirm_member),
}

_may_see = permit("lane.see")
_may_glance = permit("lane.glance")
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
        Route("/api/lanes/{lane_id}/together", refusing(_tell_together(edge)), methods=["POST"]),
        *commands,
    ]


def require_lane(edge: EdgeApp, request: Request) -> str:
    """Return the lane named in the path, or refuse with 404."""
    lane_id: str = request.path_params["lane_id"]
    if lane_id not in edge.gate.sheets:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    return lane_id


def note_attendance(edge: EdgeApp, lane_id: str, *, session: Session) -> None:
    """Note that whoever may act at a lane is there, with a screen that is not locked."""
    if not session.is_locked and is_allowed(session.role, action="lane.act"):
        edge.gate.attendance.see(lane_id, token_hash=hash_token(session.token), at=edge.gate.clock())


def _command_endpoint(
    edge: EdgeApp, shape: type[msgspec.Struct], command: _Command
) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        lane_id = require_lane(edge, request)
        note_attendance(edge, lane_id, session=session)
        given = await read_command(request, decoder)

        def carry_out(turn: Turn) -> LaneSheet:
            command(turn, lane_id, given)
            return follow_on(turn, lane_id)

        await committed(edge.gate.perform(carry_out, officer_ref=session.username))
        return json_answer(edge.lane_view(lane_id, officer=session.name, has_last_hour=False))

    return refusing(act)


def _tell_together(edge: EdgeApp) -> Callable[[Request], Awaitable[Response]]:
    """Name who comes with the person in the lane: a POST, because it is noted that somebody looked."""

    async def tell_together(request: Request) -> Response:
        session = _may_act(request)
        lane_id = require_lane(edge, request)
        gate = edge.gate
        people = await anyio.to_thread.run_sync(lambda: travelling_together(gate, lane_id))
        await committed(
            gate.perform(lambda turn: note_looked(turn, lane_id, count=len(people)), officer_ref=session.username)
        )
        return json_answer({"people": people})

    return tell_together


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
        session = _may_glance(request)
        view = edge.lane_view(require_lane(edge, request), officer=session.name, is_locked=session.is_locked)
        return json_answer(view)

    return tell_state
