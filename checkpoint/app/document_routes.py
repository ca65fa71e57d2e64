"""A camera's picture over HTTP: looked at, answered, forgotten. Nothing of it is written or logged.

The answer is for the officer to confirm; what is confirmed comes back as a text, the way a reader would send it.
One picture at a time is unpacked, so that cameras cannot take the memory or the processor from the lanes.
"""

from datetime import datetime
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, json_answer, refusing
from checkpoint.app.edge_app import EdgeApp
from checkpoint.documents.camera.picture import (
    LARGEST_PICTURE_BYTES,
    PictureFaultCode,
    SeenDocument,
    documents_in_picture,
)
from sync.agreement.local_time import local_date
from web.forms import FormRefusedError, read_body
from web.roles import permit

_HTTP_CODES: Final = {
    PictureFaultCode.TOO_LARGE: 413,
    PictureFaultCode.NOT_A_PICTURE: 415,
    PictureFaultCode.NOTHING_FOUND: 422,
}
_may_act = permit("lane.act")


def document_routes(edge: EdgeApp) -> list[Route]:
    """Return the route that reads a picture of a document."""
    return [Route("/api/documents/read-picture", refusing(_read_picture(edge)), methods=["POST"])]


def _read_picture(edge: EdgeApp) -> Endpoint:
    async def read(request: Request) -> Response:
        _may_act(request)
        try:
            image = await read_body(request, largest_bytes=LARGEST_PICTURE_BYTES)
        except FormRefusedError:
            raise _refused(PictureFaultCode.TOO_LARGE) from None
        return await told_of_picture(edge, image)

    return read


async def told_of_picture(edge: EdgeApp, image: bytes) -> Response:
    """Answer with what a picture shows; refuses one that shows nothing. It is forgotten with this call."""
    today = local_date(_now(edge))
    async with edge.picture_turn:
        found = await anyio.to_thread.run_sync(lambda: documents_in_picture(image, today=today))
    if isinstance(found, PictureFaultCode):
        raise _refused(found)
    return json_answer({"found": [_line(seen) for seen in found]})


def _now(edge: EdgeApp) -> datetime:
    return edge.gate.clock()


def _refused(fault: PictureFaultCode) -> ActionRefusedError:
    return ActionRefusedError(fault.value, http_code=_HTTP_CODES[fault])


def _line(found: SeenDocument) -> dict[str, object]:
    """Say what was seen; a text that is no document (a label or a declaration of ours) has no ``document``."""
    return {"seen": found.seen, "document": found.document, "fault": None if found.fault is None else found.fault.code}
