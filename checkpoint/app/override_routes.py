"""Setting a verdict aside over HTTP: by the officer at the lane, or by somebody who gives their own password for it."""

from math import ceil

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.overriding import OverrideCommand, OverrideRequest, override_verdict
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.app.lane_routes import require_lane
from sync.agreement.vocabulary import Role
from web.refusals import refusal_response
from web.roles import permit
from web.sign_in import Session, SignIn, SignInRefusedError

_HTTP_CODES = {"wrong_credentials": 403, "wait": 429, "busy": 503}
_may_act = permit("lane.act")


def override_routes(edge: EdgeApp, *, sign_in: SignIn) -> list[Route]:
    """Return the one route."""
    return [Route("/api/lanes/{lane_id}/override", refusing(_override(edge, sign_in)), methods=["POST"])]


def _override(edge: EdgeApp, sign_in: SignIn) -> Endpoint:
    decoder = msgspec.json.Decoder(OverrideRequest)

    async def override(request: Request) -> Response:
        session = _may_act(request)
        lane_id = require_lane(edge, request)
        given = await read_command(request, decoder)
        approver = session
        if given.approver:
            try:
                approver = await _approver(sign_in, given, address=request.client.host if request.client else "")
            except SignInRefusedError as refusal:
                values = {"wait_s": ceil(refusal.retry_after_s)}
                return refusal_response(refusal.code, http_code=_HTTP_CODES.get(refusal.code, 403), values=values)
        command = OverrideCommand(
            draft_id=given.draft_id,
            code=given.code,
            reason=given.reason,
            role=Role(approver.role),
            approved_by="" if approver is session else approver.username,
        )
        await committed(
            edge.gate.perform(lambda turn: override_verdict(turn, lane_id, command), officer_ref=session.username)
        )
        return json_answer(edge.lane_view(lane_id, officer=session.name, has_last_hour=False))

    return override


async def _approver(sign_in: SignIn, given: OverrideRequest, *, address: str) -> Session:
    """Check somebody's own password, with the same growing delay as at the door; no session stays open."""
    approver = await sign_in.sign_in(given.approver, password=given.password, address=address)
    await sign_in.sign_out(approver.token)
    return approver
