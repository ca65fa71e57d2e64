"""The uplink over HTTP: ``GET /sync/v1/head`` and ``POST /sync/v1/push``, signed by the edge.

No session, no cookie: the signature is the credential. The body is read under its cap while it
arrives, and the database work runs in worker threads, a few at a time; more than that is told to
come back (503 with Retry-After), never queued in memory.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import anyio
import anyio.to_thread
import msgspec
import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.reception import PushRefusedError, Reception
from central.store.engine import StoreUnavailableError
from sync.exchange.messages import BODY_LIMIT_BYTES, HEADER_NAMES, SIGNATURE_HEADER, HeadQuestion, PushHeaders

_LOG = structlog.get_logger(__name__)
_T = TypeVar("_T")
_Words = TypeVar("_Words", HeadQuestion, PushHeaders)
CONCURRENT_PUSHES = 4
WAITING_PUSHES = 32
BUSY_RETRY_S = 5
BODY_TIMEOUT_S = 60.0


class SyncRoutes:
    """Bound to one centre's reception."""

    def __init__(self, reception: Reception) -> None:
        """Make the limiter with the first request: it belongs to the running loop."""
        self._reception = reception
        self._limiter: anyio.CapacityLimiter | None = None

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/sync/v1", tags=["sync"])
        router.add_api_route("/head", self.head, methods=["GET"], response_model=None)
        router.add_api_route("/push", self.push, methods=["POST"], response_model=None)
        return router

    async def head(self, request: Request) -> Response:
        """Answer where the centre stands with one chain."""
        try:
            question = _signed_words(request.headers, kind=HeadQuestion)
            signature = request.headers.get(SIGNATURE_HEADER, "")
            return _answer(await self._run(lambda: self._reception.answer_head(question, signature=signature)))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def push(self, request: Request) -> Response:
        """Take one batch, whole or not at all."""
        try:
            headers = _signed_words(request.headers, kind=PushHeaders)
            signature = request.headers.get(SIGNATURE_HEADER, "")
            body = await _read_body(request)
            return _answer(await self._run(lambda: self._reception.take_push(headers, signature=signature, body=body)))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(CONCURRENT_PUSHES)
        if self._limiter.statistics().tasks_waiting >= WAITING_PUSHES:
            raise PushRefusedError(code="busy", http_code=503)
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        except StoreUnavailableError as error:
            _LOG.critical("database_away", reason=str(error))
            raise PushRefusedError(code="unavailable", http_code=503) from error


def _signed_words(headers: Mapping[str, str], *, kind: type[_Words]) -> _Words:
    """Read the KD- headers; anything missing or mistyped is malformed."""
    given = {field: headers.get(HEADER_NAMES[field], "") for field in kind.__struct_fields__}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise PushRefusedError(code="malformed", http_code=400) from error


async def _read_body(request: Request) -> bytes:
    """Read the body up to its cap and within its time."""
    pieces, size = [], 0
    with anyio.move_on_after(BODY_TIMEOUT_S) as scope:
        async for piece in request.stream():
            size += len(piece)
            if size > BODY_LIMIT_BYTES:
                raise PushRefusedError(code="too_large", http_code=413)
            pieces.append(piece)
    if scope.cancelled_caught:
        raise PushRefusedError(code="malformed", http_code=408)
    return b"".join(pieces)


def _answer(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _refuse(refused: PushRefusedError) -> Response:
    headers = {"Retry-After": str(BUSY_RETRY_S)} if refused.http_code in {429, 503} else {}
    body = msgspec.json.encode(refused.refusal)
    return Response(body, status_code=refused.http_code, media_type="application/json", headers=headers)
