"""Coverage over HTTP: a day, the rows behind a figure, the export, reconciling, and the immigration list.

The immigration counter's own program hands its list over at ``/feed/v1/immigration`` with a token that may do
nothing else (``python -m checkpoint immigration-token``). Numbers travel in bodies, never in addresses.
"""

import hmac
from datetime import date, datetime
from typing import Final

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.coverage_view import (
    coverage_csv,
    coverage_day,
    coverage_rows,
    day_begins_at,
    note_coverage_export,
    take_list,
    wrong_list,
)
from checkpoint.actions.feed_token import token_hash, wanted_token_hash
from checkpoint.actions.immigration_list import ImmigrationError, ImmigrationList, Imported, read_csv, read_list
from checkpoint.actions.reconciling import reconcile_day
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, committed, day_asked, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.coverage import Figure
from web.access import is_transport_safe
from web.forms import FormRefusedError, read_body
from web.roles import permit

LARGEST_LIST_BYTES: Final = 8 * 1024 * 1024
FEED_PREFIX: Final = "/feed/v1/"
FEED_REF: Final = "immigration-feed"
_may_see = permit("coverage.see")
_may_act = permit("coverage.act")


class ListCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list as text (``csv``) or as objects of the same columns (``entries``), and the span that it covers whole."""

    csv: str = ""
    entries: tuple[dict[str, str], ...] = ()
    covers_from: str = ""
    covers_to: str = ""
    replaces: bool = False


class ReconcileCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reconcile the hours of this day that are over."""

    day: date


_LISTS: Final = msgspec.json.Decoder(ListCommand)


def coverage_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of coverage."""
    return [
        Route("/api/coverage", refusing(_show(edge)), methods=["GET"]),
        Route("/api/coverage/rows", refusing(_show_rows(edge)), methods=["GET"]),
        Route("/api/coverage/export.csv", refusing(_export(edge)), methods=["GET"]),
        Route("/api/coverage/reconcile", refusing(_reconcile(edge)), methods=["POST"]),
        Route("/api/coverage/import", refusing(_import(edge)), methods=["POST"]),
        Route(f"{FEED_PREFIX}immigration", refusing(_feed(edge)), methods=["POST"]),
    ]


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        day = _day_in(request)
        return json_answer(await anyio.to_thread.run_sync(lambda: coverage_day(edge.gate, day)))

    return show


def _show_rows(edge: EdgeApp) -> Endpoint:
    async def show_rows(request: Request) -> Response:
        _may_see(request)
        asked = request.query_params
        try:
            starts_at, figure = datetime.fromisoformat(asked.get("starts_at", "")), Figure(asked.get("figure", ""))
        except ValueError:
            raise _bad(field="starts_at") from None
        if starts_at.tzinfo is None:
            raise _bad(field="starts_at")
        day_asked(starts_at.date(), field="starts_at")
        lane_id = asked.get("lane_id", "")
        rows = await anyio.to_thread.run_sync(
            lambda: coverage_rows(edge.gate, starts_at, lane_id=lane_id, figure=figure)
        )
        return json_answer({"rows": rows})

    return show_rows


def _export(edge: EdgeApp) -> Endpoint:
    async def export(request: Request) -> Response:
        session = _may_see(request)
        day = _day_in(request)
        shown = await anyio.to_thread.run_sync(lambda: coverage_day(edge.gate, day))
        note = edge.gate.perform(lambda turn: note_coverage_export(turn, shown.day), officer_ref=session.username)
        await committed(note)
        headers = {"Content-Disposition": f'attachment; filename="coverage-{shown.day:%Y%m%d}.csv"'}
        return Response(coverage_csv(shown), media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _reconcile(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(ReconcileCommand)

    async def reconcile(request: Request) -> Response:
        session = _may_act(request)
        begins_at = day_begins_at(day_asked((await read_command(request, decoder)).day))
        changed = await anyio.to_thread.run_sync(
            lambda: reconcile_day(edge.gate, begins_at, officer_ref=session.username)
        )
        return json_answer({"hours": changed})

    return reconcile


def _import(edge: EdgeApp) -> Endpoint:
    async def import_by_officer(request: Request) -> Response:
        session = _may_act(request)
        return json_answer(await _taken(edge, request, by=session.username))

    return import_by_officer


def _feed(edge: EdgeApp) -> Endpoint:
    """Take a list from the counter's program: its token instead of a session, over https or on this machine."""

    async def feed(request: Request) -> Response:
        is_safe = edge.gate.settings.edge.is_demo or is_transport_safe(request.headers, scheme=request.url.scheme)
        word, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = await anyio.to_thread.run_sync(wanted_token_hash, edge.gate.settings.data_path)
        is_right = word.lower() == "bearer" and hmac.compare_digest(token_hash(token), wanted)
        if not is_safe or not wanted or not is_right:
            code = "feed_refused"
            raise ActionRefusedError(code, http_code=401)
        return json_answer(await _taken(edge, request, by=FEED_REF))

    return feed


async def _taken(edge: EdgeApp, request: Request, *, by: str) -> Imported:
    try:
        command = _LISTS.decode(await read_body(request, largest_bytes=LARGEST_LIST_BYTES))
    except FormRefusedError:
        code = "immigration_list_too_long"
        raise ActionRefusedError(code, http_code=413) from None
    except msgspec.DecodeError:
        raise _bad(field="body") from None
    try:
        given = await anyio.to_thread.run_sync(lambda: _read(command, key=edge.gate.identity.person_index_key))
    except ImmigrationError as error:
        raise wrong_list(error) from None
    return await anyio.to_thread.run_sync(lambda: take_list(edge.gate, given, by=by))


def _read(command: ListCommand, *, key: bytes) -> ImmigrationList:
    lines = command.csv.lstrip("\ufeff").splitlines()
    rows = enumerate(command.entries, start=1) if command.entries else read_csv(lines)
    return read_list(rows, key=key, begins_at=command.covers_from, ends_at=command.covers_to, replaces=command.replaces)


def _day_in(request: Request) -> date | None:
    text = request.query_params.get("day", "")
    return day_asked(text) if text else None


def _bad(*, field: str) -> ActionRefusedError:
    return ActionRefusedError("bad_field", http_code=422, values={"field": field})
