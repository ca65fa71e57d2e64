"""The shift over HTTP: begin and end, hand over, report, and the numbered sheets of paper."""

from collections.abc import Callable
from functools import cache
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.gate import Turn
from checkpoint.actions.paper_lines import (
    PaperLineCommand,
    PrintSheetsCommand,
    VoidLineCommand,
    enter_line,
    print_sheets,
    void_line,
)
from checkpoint.actions.policy_then import PolicyHistory
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.shift_papers import PAPER_LANGUAGES, report_pdf, sheets_pdf
from checkpoint.actions.shift_report import shift_report
from checkpoint.actions.shift_view import note_shift_export, shift_csv, shift_view
from checkpoint.actions.shifting import (
    CloseShiftCommand,
    EndForCommand,
    Leftover,
    OpenCommand,
    close_shift,
    day_plan,
    end_for,
    leftover,
    open_shift,
    take_over,
)
from checkpoint.app.answers import Endpoint, committed, day_asked, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.handhelds.bundle import places_asked
from checkpoint.shifts.hours import ShiftHours, ShiftHoursError
from checkpoint.store.shifts import read_blocks
from sync.agreement.labels_catalogue import Catalogue
from web.language import language_of
from web.roles import permit

_may_see = permit("shift.see")
_may_act = permit("shift.act")
_may_end_for = permit("shift.end_for")


def shift_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the shift."""
    posts: dict[str, tuple[type[msgspec.Struct], Callable[[Turn, Any], Any]]] = {
        "open": (OpenCommand, open_shift),
        "close": (CloseShiftCommand, lambda turn, given: close_shift(turn, given, left=_left(edge))),
        "sheets": (PrintSheetsCommand, print_sheets),
        "lines": (PaperLineCommand, enter_line),
        "void": (VoidLineCommand, void_line),
    }
    return [
        Route("/api/shift", refusing(_show(edge)), methods=["GET"]),
        Route("/api/shift/export.csv", refusing(_export(edge)), methods=["GET"]),
        *(Route(f"/api/shift/{word}", refusing(_act(edge, *one)), methods=["POST"]) for word, one in posts.items()),
        Route("/api/shift/end-for", refusing(_end_for(edge)), methods=["POST"]),
        Route("/api/shift/handovers/{handover_id}/take", refusing(_take(edge)), methods=["POST"]),
        Route("/api/shift/report.{form:str}", refusing(_report(edge)), methods=["GET"]),
        Route("/api/shift/sheets/{first:int}.pdf", refusing(_sheets(edge)), methods=["GET"]),
    ]


def _left(edge: EdgeApp) -> Leftover:
    faults = sorted(name for name, device in edge.workers.device_health().items() if device.state.value != "up")
    return leftover(edge.gate, device_faults=tuple(faults))


def _act(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        given = await read_command(request, decoder)
        done = await committed(edge.gate.perform(lambda turn: command(turn, given), officer_ref=session.username))
        return json_answer({"done": done})

    return act


def _end_for(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(EndForCommand)

    async def end_another(request: Request) -> Response:
        session = _may_end_for(request)
        given = await read_command(request, decoder)
        left = await anyio.to_thread.run_sync(_left, edge)
        await committed(edge.gate.perform(lambda turn: end_for(turn, given, left=left), officer_ref=session.username))
        return json_answer({"done": True})

    return end_another


def _take(edge: EdgeApp) -> Endpoint:
    async def take(request: Request) -> Response:
        session = _may_act(request)
        handover_id: str = request.path_params["handover_id"]
        future = edge.gate.perform(lambda turn: take_over(turn, handover_id), officer_ref=session.username)
        return json_answer({"done": await committed(future)})

    return take


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        session = _may_see(request)
        left = await anyio.to_thread.run_sync(_left, edge)
        view = await anyio.to_thread.run_sync(lambda: shift_view(edge.gate, username=session.username, left=left))
        return json_answer(view)

    return show


def _export(edge: EdgeApp) -> Endpoint:
    async def export(request: Request) -> Response:
        session = _may_see(request)
        left = await anyio.to_thread.run_sync(_left, edge)
        view = await anyio.to_thread.run_sync(lambda: shift_view(edge.gate, username=session.username, left=left))
        await committed(edge.gate.perform(note_shift_export, officer_ref=session.username))
        headers = {"Content-Disposition": 'attachment; filename="shift.csv"'}
        return Response(shift_csv(view), media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _report(edge: EdgeApp) -> Endpoint:
    async def report(request: Request) -> Response:
        _may_see(request)
        form: str = request.path_params["form"]
        hours = _hours_asked(edge, request)
        made = await anyio.to_thread.run_sync(lambda: _made(edge, hours))
        if form == "json":
            return json_answer(made)
        catalogue = _catalogue(language_of(request))
        content = await anyio.to_thread.run_sync(lambda: report_pdf(made, catalogue=catalogue))
        return _pdf(content, name=f"shift-{hours.shift_day}-{hours.code}.pdf")

    def _made(edge: EdgeApp, hours: ShiftHours) -> Any:  # noqa: ANN401  # a report, given on as it is
        gate = edge.gate
        history = PolicyHistory(gate.store, settings=gate.settings, deployment=gate.deployment)
        with gate.store.readers.connect() as connection:
            return shift_report(
                connection,
                settings=gate.settings,
                deployment=gate.deployment,
                policy_at=history.at,
                hours=hours,
                at=gate.clock(),
            )

    return report


def _hours_asked(edge: EdgeApp, request: Request) -> ShiftHours:
    asked = request.query_params
    try:
        if request.path_params["form"] not in {"json", "pdf"}:
            raise ValueError
        return day_plan(edge.gate).find(day_asked(asked.get("day", "")), code=asked.get("shift", ""))
    except (ValueError, ActionRefusedError, ShiftHoursError):
        code = "no_such_shift"
        raise ActionRefusedError(code, http_code=404) from None


def _sheets(edge: EdgeApp) -> Endpoint:
    async def sheets(request: Request) -> Response:
        _may_see(request)
        first: int = request.path_params["first"]
        with edge.gate.store.readers.connect() as connection:
            block = next((one for one in read_blocks(connection) if one.first_number == first), None)
        if block is None:
            code = "paper_number_unknown"
            raise ActionRefusedError(code, http_code=404, values={"number": first})
        language = language_of(request)
        gate = edge.gate.place.names.get(language, edge.gate.place.point_of_entry_id)
        at = edge.gate.clock()
        content = await anyio.to_thread.run_sync(
            lambda: sheets_pdf(
                block,
                gate=gate,
                edge_id=edge.gate.identity.edge_id,
                at=at,
                catalogue=_catalogue(language),
                asked=places_asked(edge.gate.policy.rules_at(at), at=at),
                is_exercise=edge.gate.is_exercise,
            )
        )
        return _pdf(content, name=f"paper-{block.first_number}-{block.last_number}.pdf")

    return sheets


def _pdf(content: bytes, *, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@cache
def _catalogue(language: str) -> Catalogue:
    """Return the words of a paper in the language of the screen that asks for it."""
    return Catalogue.load(language if language in PAPER_LANGUAGES else PAPER_LANGUAGES[0])
