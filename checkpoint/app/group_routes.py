"""Groups and vehicles over HTTP: lists, one group, its file, opening and closing it, and who was near a crossing.

What names a person or a plate travels in bodies, never in addresses; each act carries an identifier that the client
made, so that a request whose answer was lost is sent again and does nothing twice.
"""

from typing import Annotated, Final, TypeVar
from uuid import UUID

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.conveying import ConveyanceFields, present_conveyance
from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.group_view import (
    MOST_EXPORTED,
    companions,
    group_card,
    group_lines,
    movement_lines,
    note_read,
)
from checkpoint.actions.grouping import (
    CloseGroupCommand,
    OpenGroupCommand,
    close_group,
    decoded_file,
    open_group,
    read_group_list,
)
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.taking_back import TakeBackCommand, take_back_movement
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.groups import LARGEST_FILE_BYTES, is_workbook, read_manifest
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import Direction
from web.forms import FormRefusedError, read_body
from web.roles import permit

LARGEST_LIST_BYTES: Final = LARGEST_FILE_BYTES * 4 // 3 + 8192
_GROUP_COLUMNS: Final = (
    "group_id", "kind", "direction", "operator", "guide", "announced", "listed", "seen", "missing", "unexpected",
    "opened_at", "closed_at", "reason",
)  # fmt: skip
_MEMBER_COLUMNS: Final = (
    "number", "full_name", "document_number_masked", "nationality", "carriage", "seat", "seen_at", "matched_by",
    "is_late", "missing_because",
)  # fmt: skip
_MOVEMENT_COLUMNS: Final = (
    "plates", "kind", "direction", "purpose", "cargo", "presented_at", "movement_today", "occupants_said", "standing",
    "has_other_driver",
)  # fmt: skip
_Command = TypeVar("_Command")
_may_see = permit("groups.see")
_may_act = permit("groups.act")


class FileCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list to look at before anything is opened: the file in base64."""

    file: str


class SearchGroupsCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of a guide's, an operator's or a plate's name; nothing: the newest."""

    query: Annotated[str, msgspec.Meta(max_length=64)] = ""


class GroupCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which group."""

    group_id: UUID


class ExportCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which list: groups, vehicles, or the members of one group."""

    what: str
    query: Annotated[str, msgspec.Meta(max_length=64)] = ""
    group_id: UUID | None = None


class CompanionsCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was near this crossing, and within how many minutes at its lane."""

    crossing_id: UUID
    minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 15


class MovementCommand(ConveyanceFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vehicle that comes without anybody standing in a lane: its direction must be said."""

    lane_id: str | None = None


def group_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of groups and vehicles."""
    return [
        Route("/api/groups/list", refusing(_list(edge)), methods=["POST"]),
        Route("/api/groups/card", refusing(_card(edge)), methods=["POST"]),
        Route("/api/groups/read", refusing(_read(edge)), methods=["POST"]),
        Route("/api/groups/open", refusing(_open(edge)), methods=["POST"]),
        Route("/api/groups/close", refusing(_close(edge)), methods=["POST"]),
        Route("/api/groups/export", refusing(_export(edge)), methods=["POST"]),
        Route("/api/groups/companions", refusing(_companions(edge)), methods=["POST"]),
        Route("/api/conveyances/list", refusing(_movements(edge)), methods=["POST"]),
        Route("/api/conveyances", refusing(_present(edge)), methods=["POST"]),
        Route("/api/conveyances/{conveyance_id}/take-back", refusing(_take_back(edge)), methods=["POST"]),
    ]


def _take_back(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(TakeBackCommand)

    async def take_back(request: Request) -> Response:
        session = _may_act(request)
        conveyance_id: str = request.path_params["conveyance_id"]
        command = await read_command(request, decoder)
        taking = edge.gate.perform(
            lambda turn: take_back_movement(turn, conveyance_id, command), officer_ref=session.username
        )
        return json_answer({"saved": await committed(taking)})

    return take_back


def _list(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(SearchGroupsCommand)

    async def list_all(request: Request) -> Response:
        _may_see(request)
        command = await read_command(request, decoder)
        lines = await anyio.to_thread.run_sync(lambda: group_lines(edge.gate, query=command.query.strip()))
        return json_answer({"groups": lines})

    return list_all


def _card(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(GroupCommand)

    async def show(request: Request) -> Response:
        session = _may_see(request)
        group_id = str((await read_command(request, decoder)).group_id)

        def look() -> object:
            note_read(edge.gate, "group_read", officer_ref=session.username, subject=group_id)
            return group_card(edge.gate, group_id)

        return json_answer(await anyio.to_thread.run_sync(look))

    return show


def _read(edge: EdgeApp) -> Endpoint:
    """Say what a file holds and what is wrong with it; nothing is kept."""
    decoder = msgspec.json.Decoder(FileCommand)

    async def read(request: Request) -> Response:
        _may_act(request)
        command = await _large_command(request, decoder)
        today = local_date(edge.gate.clock())
        content = decoded_file(command.file)
        found = await anyio.to_thread.run_sync(lambda: read_manifest(content, today=today))
        answer = {"read": len(found.members), "refused": len(found.refused), "columns": found.columns}
        sheet = found.reading if is_workbook(content) else 1
        return json_answer({**answer, "sheet": sheet, "faults": found.faults})

    return read


def _open(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(OpenGroupCommand)

    async def open_one(request: Request) -> Response:
        session = _may_act(request)
        command = await _large_command(request, decoder)
        today = local_date(edge.gate.clock())
        read, fingerprint = await anyio.to_thread.run_sync(lambda: read_group_list(command, today=today))
        group = await committed(
            edge.gate.perform(
                lambda turn: open_group(turn, command, read=read, fingerprint=fingerprint),
                officer_ref=session.username,
            )
        )
        card = await anyio.to_thread.run_sync(lambda: group_card(edge.gate, group.group_id))
        return json_answer(card)

    return open_one


def _close(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(CloseGroupCommand)

    async def close(request: Request) -> Response:
        session = _may_act(request)
        command = await read_command(request, decoder)
        await committed(edge.gate.perform(lambda turn: close_group(turn, command), officer_ref=session.username))
        card = await anyio.to_thread.run_sync(lambda: group_card(edge.gate, str(command.group_id)))
        return json_answer(card)

    return close


def _movements(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(SearchGroupsCommand)

    async def list_all(request: Request) -> Response:
        _may_see(request)
        command = await read_command(request, decoder)
        lines = await anyio.to_thread.run_sync(lambda: movement_lines(edge.gate, query=command.query))
        return json_answer({"movements": lines})

    return list_all


def _present(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(MovementCommand)

    async def present(request: Request) -> Response:
        session = _may_act(request)
        command = await read_command(request, decoder)
        if command.direction is None or (command.lane_id is not None and command.lane_id not in edge.gate.sheets):
            code = "bad_field"
            raise ActionRefusedError(code, http_code=422, values={"field": "direction"})
        way: Direction = command.direction
        row = await committed(
            edge.gate.perform(
                lambda turn: present_conveyance(turn, command, lane_id=command.lane_id, direction=way),
                officer_ref=session.username,
            )
        )
        return json_answer(
            {
                "conveyance_id": row.conveyance_id,
                "plates": row.plates,
                "movement_today": row.movement_today,
                "has_come_back": row.pairs_with is not None,
            }
        )

    return present


def _companions(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(CompanionsCommand)

    async def show(request: Request) -> Response:
        session = _may_see(request)
        command = await read_command(request, decoder)
        people = await anyio.to_thread.run_sync(
            lambda: companions(
                edge.gate, str(command.crossing_id), minutes=command.minutes, officer_ref=session.username
            )
        )
        return json_answer({"people": people})

    return show


def _export(edge: EdgeApp) -> Endpoint:
    """Give a list as CSV that a spreadsheet opens without working anything out; that it was taken is noted."""
    decoder = msgspec.json.Decoder(ExportCommand)

    async def export(request: Request) -> Response:
        session = _may_see(request)
        command = await read_command(request, decoder)
        content = await anyio.to_thread.run_sync(lambda: _exported(edge, command, officer_ref=session.username))
        headers = {"Content-Disposition": f'attachment; filename="{command.what}.csv"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _exported(edge: EdgeApp, command: ExportCommand, *, officer_ref: str) -> bytes:
    query = command.query.strip()
    columns: tuple[str, ...]
    lines: list[object]
    if command.what == "members" and command.group_id is not None:
        columns, lines = _MEMBER_COLUMNS, list(group_card(edge.gate, str(command.group_id)).members)
    elif command.what == "groups":
        columns, lines = _GROUP_COLUMNS, list(group_lines(edge.gate, query=query, limit=MOST_EXPORTED))
    elif command.what == "vehicles":
        columns, lines = _MOVEMENT_COLUMNS, list(movement_lines(edge.gate, query=query, limit=MOST_EXPORTED))
    else:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "what"})
    note_read(edge.gate, f"{command.what}_exported", officer_ref=officer_ref, subject=str(command.group_id or ""))
    return csv_bytes(columns, [[getattr(line, column) for column in columns] for line in lines])


async def _large_command(request: Request, decoder: "msgspec.json.Decoder[_Command]") -> "_Command":
    """Read a command that carries a file; larger than any other body, and still bounded."""
    try:
        return decoder.decode(await read_body(request, largest_bytes=LARGEST_LIST_BYTES))
    except FormRefusedError:
        code = "manifest_too_large"
        raise ActionRefusedError(code, http_code=413) from None
    except msgspec.DecodeError:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "body"}) from None
