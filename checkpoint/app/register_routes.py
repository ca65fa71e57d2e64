"""The pass register over HTTP: searching, one holder, lists, labels, and a POST for each act.

A search travels in a body, never in an address: it may be a name or a number. Identifiers in addresses are
random and name nobody.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.first_sight import register_at_lane
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import (
    ChildFields,
    LinkCommand,
    MovePassCommand,
    RegisterCommand,
    UnlinkCommand,
    add_child_to,
    give_label,
    link_persons,
    move_pass,
    unlink_persons,
)
from checkpoint.actions.labelling import label_dots, label_pdf, label_png
from checkpoint.actions.listing import LARGEST_CURSOR
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.relabelling import WithdrawLabelCommand, withdraw_label
from checkpoint.actions.searching import (
    AwayLine,
    PersonLine,
    SearchCommand,
    away_list,
    holder_card,
    note_export,
    register_list,
    reveal_number,
    search_people,
)
from checkpoint.app.answers import Endpoint, committed, day_asked, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.printers import PrinterError
from checkpoint.printing import NO_PRINTER, PRINTER_FAILED, print_page
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import PassState
from web.roles import permit

LIST_ROWS: Final = 50
EXPORTED_ROWS: Final = 100_000
_EXPIRING: Final = "expiring"
_EVERYBODY: Final = "all"
_AWAY_DAYS: Final = {"away": 1, "away_week": 7, "away_month": 30}
"""Lists of who has not come home, by how many days back they may have left."""
_FOUND: Final = "found"
_COLUMNS: Final = (
    "kind", "person_id", "full_name", "date_of_birth", "sex", "commune", "document_number_masked", "regime", "state",
    "expires_on",
)  # fmt: skip
_AWAY_COLUMNS: Final = ("full_name", "document_kind", "document_number_masked", "is_foreign", "left_at")
_may_see = permit("register.see")
_may_act = permit("register.act")


class ListCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the register: a state, ``expiring``, or ``all``."""

    part: str = _EVERYBODY
    after: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_CURSOR)] = 0


class ExportCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The list that an officer sees: a part as ``ListCommand``, of ``_AWAY_DAYS``, or what was found by ``search``."""

    part: str = _EVERYBODY
    search: SearchCommand | None = None


def register_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the register."""
    return [
        Route("/api/register/search", refusing(_search(edge)), methods=["POST"]),
        Route("/api/register/list", refusing(_list(edge)), methods=["POST"]),
        Route("/api/register/export", refusing(_export(edge)), methods=["POST"]),
        Route("/api/register/away", refusing(_away(edge)), methods=["GET"]),
        Route("/api/register/holders", refusing(_register(edge)), methods=["POST"]),
        Route("/api/register/links", refusing(_plain(edge, LinkCommand, link_persons)), methods=["POST"]),
        Route("/api/register/unlinks", refusing(_plain(edge, UnlinkCommand, unlink_persons)), methods=["POST"]),
        Route("/api/register/holders/{holder_id}", refusing(_show(edge)), methods=["GET"]),
        Route(
            "/api/register/holders/{holder_id}/move",
            refusing(_about(edge, MovePassCommand, move_pass)),
            methods=["POST"],
        ),
        Route(
            "/api/register/holders/{holder_id}/children",
            refusing(_about(edge, ChildFields, add_child_to)),
            methods=["POST"],
        ),
        Route(
            "/api/register/holders/{holder_id}/label-withdraw",
            refusing(_about(edge, WithdrawLabelCommand, withdraw_label)),
            methods=["POST"],
        ),
        Route("/api/register/holders/{holder_id}/reveal", refusing(_reveal(edge)), methods=["POST"]),
        Route("/api/register/holders/{holder_id}/label.{form}", refusing(_label(edge)), methods=["POST"]),
    ]


def _search(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(SearchCommand)

    async def search(request: Request) -> Response:
        session = _may_see(request)
        command = await read_command(request, decoder)
        lines = await anyio.to_thread.run_sync(lambda: search_people(edge.gate, command, officer_ref=session.username))
        return json_answer({"people": lines})

    return search


def _list(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(ListCommand)

    async def list_holders(request: Request) -> Response:
        _may_see(request)
        command = await read_command(request, decoder)
        lines, following = await anyio.to_thread.run_sync(lambda: _page(edge, command, limit=LIST_ROWS))
        return json_answer({"people": lines, "next": following})

    return list_holders


def _export(edge: EdgeApp) -> Endpoint:
    """Give a list as CSV; numbers stay masked, and that it was taken is noted."""
    decoder = msgspec.json.Decoder(ExportCommand)

    async def export(request: Request) -> Response:
        session = _may_see(request)
        command = await read_command(request, decoder)

        def collect() -> bytes:
            what = _FOUND if command.search is not None else command.part
            note_export(edge.gate, officer_ref=session.username, what=what)
            if command.search is not None:
                return _as_csv(search_people(edge.gate, command.search, officer_ref=session.username), columns=_COLUMNS)
            if command.part in _AWAY_DAYS:
                away = away_list(edge.gate, local_date(edge.gate.clock()), days=_AWAY_DAYS[command.part])
                return _as_csv(away, columns=_AWAY_COLUMNS)
            lines, _ = _page(edge, ListCommand(part=command.part), limit=EXPORTED_ROWS)
            return _as_csv(lines, columns=_COLUMNS)

        content = await anyio.to_thread.run_sync(collect)
        name = {"Content-Disposition": 'attachment; filename="register.csv"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=name)

    return export


def _page(edge: EdgeApp, command: ListCommand, *, limit: int) -> tuple[list[PersonLine], int | None]:
    is_expiring = command.part == _EXPIRING
    try:
        state = None if command.part in {_EVERYBODY, _EXPIRING} else PassState(command.part)
    except ValueError:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "part"}) from None
    return register_list(edge.gate, state, after=max(0, command.after), limit=limit, is_expiring=is_expiring)


def _as_csv(lines: Sequence[PersonLine | AwayLine], *, columns: Sequence[str]) -> bytes:
    return csv_bytes(columns, ([getattr(line, name) for name in columns] for line in lines))


def _away(edge: EdgeApp) -> Endpoint:
    async def away(request: Request) -> Response:
        _may_see(request)
        day = day_asked(request.query_params.get("day", "") or local_date(edge.gate.clock()))
        days = _AWAY_DAYS.get(request.query_params.get("part", "away"))
        if days is None:
            code = "bad_field"
            raise ActionRefusedError(code, http_code=422, values={"field": "part"})
        lines = await anyio.to_thread.run_sync(lambda: away_list(edge.gate, day, days=days))
        return json_answer({"day": day, "people": lines})

    return away


def _register(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(RegisterCommand)

    async def register(request: Request) -> Response:
        session = _may_act(request)
        command = await read_command(request, decoder)
        done = await committed(
            edge.gate.perform(lambda turn: register_at_lane(turn, command), officer_ref=session.username)
        )
        return json_answer(done)

    return register


def _plain(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        given = await read_command(request, decoder)
        saved = await committed(edge.gate.perform(lambda turn: command(turn, given), officer_ref=session.username))
        return json_answer({"saved": saved})

    return act


def _about(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, str, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        holder_id: str = request.path_params["holder_id"]
        given = await read_command(request, decoder)
        saved = await committed(
            edge.gate.perform(lambda turn: command(turn, holder_id, given), officer_ref=session.username)
        )
        return json_answer({"saved": saved})

    return act


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        holder_id: str = request.path_params["holder_id"]
        return json_answer(await anyio.to_thread.run_sync(lambda: holder_card(edge.gate, holder_id)))

    return show


def _reveal(edge: EdgeApp) -> Endpoint:
    async def reveal(request: Request) -> Response:
        session = _may_see(request)
        holder_id: str = request.path_params["holder_id"]
        number = await anyio.to_thread.run_sync(
            lambda: reveal_number(edge.gate, holder_id, officer_ref=session.username)
        )
        return json_answer({"document_number": number})

    return reveal


def _label(edge: EdgeApp) -> Endpoint:
    """Print the label: a POST, because the first print of an imported holder gives it its code."""

    async def label(request: Request) -> Response:
        session = _may_act(request)
        holder_id: str = request.path_params["holder_id"]
        code = await committed(
            edge.gate.perform(lambda turn: give_label(turn, holder_id), officer_ref=session.username)
        )
        if request.path_params["form"] == "print":
            await anyio.to_thread.run_sync(lambda: _print_label(edge, code))
            return Response(status_code=204)
        if request.path_params["form"] == "png":
            picture = await anyio.to_thread.run_sync(lambda: label_png(code, is_exercise=edge.gate.is_exercise))
            return Response(picture, media_type="image/png")
        now = edge.gate.clock()
        paper = await anyio.to_thread.run_sync(lambda: label_pdf(code, at=now, is_exercise=edge.gate.is_exercise))
        return Response(paper, media_type="application/pdf")

    return label


def _print_label(edge: EdgeApp, code: str) -> None:
    """Send a label to the gate's printer; refuses where there is none, or where it does not answer."""
    printer = edge.gate.settings.label_printer
    if not printer.is_connected:
        raise ActionRefusedError(NO_PRINTER)
    try:
        print_page(printer, label_dots(code, dots_per_mm=printer.dots_per_mm, is_exercise=edge.gate.is_exercise))
    except PrinterError:
        raise ActionRefusedError(PRINTER_FAILED, http_code=503) from None
