"""Papers over HTTP: the slip of a cleared person at a lane, and the orders and records of one isolation."""

from datetime import datetime

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.case_papers import FORMS, case_for_paper, offered_papers, paper_file
from checkpoint.actions.issuing_slips import SlipCommand, issue_slip, slip_pdf
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.lane_routes import require_lane
from checkpoint.printing import PrintJob
from sync.agreement.local_time import local_date
from sync.agreement.paper_words import PrinterKind
from web.roles import permit

_may_clear = permit("lane.act")
_may_see = permit("isolation.see")


def paper_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of slips and papers."""
    return [
        Route("/api/lanes/{lane_id}/slip", refusing(_print_slip(edge)), methods=["POST"]),
        Route("/api/lanes/{lane_id}/slip.pdf", refusing(_give_slip(edge)), methods=["POST"]),
        Route("/api/isolation/{crossing_id}/papers", refusing(_list_papers(edge)), methods=["GET"]),
        Route("/api/isolation/{crossing_id}/papers/{topic}.{form}", refusing(_give_paper(edge)), methods=["GET"]),
    ]


def _print_slip(edge: EdgeApp) -> Endpoint:
    """Let the lane's printer print a slip; the answer is the lane, which tells how it goes."""
    decoder = msgspec.json.Decoder(SlipCommand)

    async def print_slip(request: Request) -> Response:
        session = _may_clear(request)
        lane_id = require_lane(edge, request)
        command = await read_command(request, decoder)
        job = PrintJob(lane_id=lane_id, crossing_id=str(command.crossing_id), officer_ref=session.username)
        edge.workers.print_slip(job)
        return json_answer(edge.lane_view(lane_id, officer=session.name, has_last_hour=False))

    return print_slip


def _give_slip(edge: EdgeApp) -> Endpoint:
    """Answer with the slip as a page: a POST, because that it was issued is written down."""
    decoder = msgspec.json.Decoder(SlipCommand)

    async def give_slip(request: Request) -> Response:
        session = _may_clear(request)
        lane_id = require_lane(edge, request)
        crossing_id = str((await read_command(request, decoder)).crossing_id)
        future = edge.gate.perform(
            lambda turn: issue_slip(turn, lane_id, crossing_id, printer=PrinterKind.PDF), officer_ref=session.username
        )
        issued = await committed(future)
        return _attached(await anyio.to_thread.run_sync(slip_pdf, issued), name="slip.pdf", form="pdf")

    return give_slip


def _list_papers(edge: EdgeApp) -> Endpoint:
    async def list_papers(request: Request) -> Response:
        session = _may_see(request)
        crossing_id: str = request.path_params["crossing_id"]
        topics = await committed(
            edge.gate.perform(lambda turn: offered_papers(turn, crossing_id), officer_ref=session.username)
        )
        return json_answer({"papers": topics})

    return list_papers


def _give_paper(edge: EdgeApp) -> Endpoint:
    async def give_paper(request: Request) -> Response:
        session = _may_see(request)
        crossing_id, topic, form = (request.path_params[name] for name in ("crossing_id", "topic", "form"))
        if form not in FORMS:
            code = "no_such_paper"
            raise ActionRefusedError(code, http_code=404)
        case = await committed(
            edge.gate.perform(lambda turn: case_for_paper(turn, crossing_id, topic=topic), officer_ref=session.username)
        )
        now: datetime = edge.gate.clock()
        content = await anyio.to_thread.run_sync(lambda: paper_file(edge.gate, case, topic=topic, form=form, at=now))
        return _attached(content, name=f"{topic}-{local_date(now):%Y%m%d}.{form}", form=form)

    return give_paper


def _attached(content: bytes, *, name: str, form: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=FORMS[form], headers=headers)
