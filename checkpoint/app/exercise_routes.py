"""A drill over HTTP: its timeline as it runs, and as a table and a paper. A real edge has none of these."""

from datetime import datetime

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.exercise_papers import DrillView, drill_csv, drill_pdf, drill_view
from checkpoint.actions.exercising import ShownDrill, shown_drill
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, json_answer, refusing
from checkpoint.app.edge_app import EdgeApp
from sync.agreement.labels_catalogue import Catalogue
from web.language import language_of
from web.roles import is_allowed, permit

_may_see = permit("drill.see")


def exercise_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of a drill; none for a real edge."""
    if not edge.gate.is_exercise:
        return []
    return [
        Route("/api/drill", refusing(_show(edge)), methods=["GET"]),
        Route("/api/drill/timeline.csv", refusing(_table(edge)), methods=["GET"]),
        Route("/api/drill/timeline.pdf", refusing(_paper(edge)), methods=["GET"]),
    ]


async def _drawn(edge: EdgeApp, request: Request) -> ShownDrill:
    """Draw the drill for somebody who may see it now: those who are drilled see it afterwards."""
    session = _may_see(request)
    shown = await anyio.to_thread.run_sync(shown_drill, edge.gate)
    if shown.timeline.closed_at is None and not is_allowed(session.role, action="drill.lead"):
        code = "drill_running"
        raise ActionRefusedError(code, http_code=403)
    return shown


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        shown = await _drawn(edge, request)
        view: DrillView = drill_view(shown, catalogue=_catalogue(request), now=edge.gate.clock())
        return json_answer(view)

    return show


def _table(edge: EdgeApp) -> Endpoint:
    async def table(request: Request) -> Response:
        shown = await _drawn(edge, request)
        content = drill_csv(shown, catalogue=_catalogue(request))
        return _file(content, media_type="text/csv; charset=utf-8", name=_name(shown, at=edge.gate.clock(), form="csv"))

    return table


def _paper(edge: EdgeApp) -> Endpoint:
    async def paper(request: Request) -> Response:
        shown = await _drawn(edge, request)
        at = edge.gate.clock()
        catalogue = Catalogue.load("en" if language_of(request) == "en" else "vi")
        content = await anyio.to_thread.run_sync(lambda: drill_pdf(shown, gate=edge.gate, catalogue=catalogue, at=at))
        return _file(content, media_type="application/pdf", name=_name(shown, at=at, form="pdf"))

    return paper


def _name(shown: ShownDrill, *, at: datetime, form: str) -> str:
    return f"{shown.scenario.id}-{at:%Y%m%d}.{form}"


def _file(content: bytes, *, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _catalogue(request: Request) -> Catalogue:
    return Catalogue.load(language_of(request))
