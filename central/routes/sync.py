"""What edges say over HTTP, under ``/sync/v1``: head, push, express, incarnation, testimony, down, enrol.

No session, no cookie: the signature is the credential (for enrolment, the proof of the code). A body is
read under its cap and within its time while it arrives, and the database work runs in worker threads, a
few at a time; more than that is told to come back (503 with Retry-After), never queued in memory. The
express lane has threads of its own: it never waits behind a backlog.
"""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

import anyio
import anyio.to_thread
import msgspec
import structlog
from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from central.actions.doorway import PushRefusedError
from central.actions.downlink import Downlink
from central.actions.enrolling import Enrolling
from central.actions.express import ExpressLane
from central.actions.opening import Centre
from central.actions.reception import Reception
from central.actions.witnessing import Witnessing
from central.store.engine import StoreUnavailableError
from sync.exchange.messages import (
    BODY_LIMIT_BYTES,
    EXPRESS_LIMIT_BYTES,
    SIGNATURE_HEADER,
    DownQuestion,
    EdgeWords,
    EnrolmentRequest,
    ExpressHeaders,
    HeadQuestion,
    IncarnationQuestion,
    PushHeaders,
    Testimony,
    header_name,
)

_LOG = structlog.get_logger(__name__)
_T = TypeVar("_T")
_Words = TypeVar("_Words", bound=EdgeWords)
CONCURRENT_PUSHES = 4
WAITING_PUSHES = 32
BUSY_RETRY_S = 5
BODY_TIMEOUT_S = 60.0
SMALL_BODY_TIMEOUT_S = 15.0
EVIDENCE_LIMIT_BYTES = 16 * 1024
ENROLMENT_LIMIT_BYTES = 4 * 1024


class Line:
    """A few worker threads for one kind of request, and a short queue before them."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        """Make the limiter with the first request: it belongs to the running loop."""
        self._at_once = at_once
        self._waiting = waiting
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do it in a thread; raise ``PushRefusedError`` when too many wait, or the database is away."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._at_once)
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise PushRefusedError(code="busy", http_code=503)
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        except StoreUnavailableError as error:
            _LOG.critical("database_away", reason=str(error))
            raise PushRefusedError(code="unavailable", http_code=503) from error


class SyncRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Make everything that answers edges."""
        store, key, clock = centre.store, centre.keys.signing, centre.clock
        self._reception = Reception(store, signing_key=key, clock=clock)
        self._witnessing = Witnessing(store, signing_key=key, clock=clock)
        self._express = ExpressLane(store, signing_key=key, clock=clock)
        self._downlink = Downlink(store, signing_key=key, clock=clock)
        self._enrolling = Enrolling(centre)
        self._pushes = Line(at_once=CONCURRENT_PUSHES, waiting=WAITING_PUSHES)
        self._questions = Line(at_once=4, waiting=64)
        self._urgent = Line(at_once=2, waiting=32)
        self._newcomers = Line(at_once=1, waiting=16)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/sync/v1", tags=["sync"])
        router.add_api_route("/head", self.head, methods=["GET"], response_model=None)
        router.add_api_route("/down", self.down, methods=["GET"], response_model=None)
        for name in ("push", "express", "incarnation", "testimony", "enrol"):
            router.add_api_route(f"/{name}", getattr(self, name), methods=["POST"], response_model=None)
        return router

    async def head(self, request: Request) -> Response:
        """Answer where the centre stands with one chain."""
        try:
            question, signature = _signed(request, kind=HeadQuestion)
            work = lambda: self._reception.answer_head(question, signature=signature)  # noqa: E731
            return _answer(await self._questions.run(work))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def push(self, request: Request) -> Response:
        """Take one batch, whole or not at all."""
        try:
            headers, signature = _signed(request, kind=PushHeaders)
            body = await _read_body(request, largest_bytes=BODY_LIMIT_BYTES, timeout_s=BODY_TIMEOUT_S)
            work = lambda: self._reception.take_push(headers, signature=signature, body=body)  # noqa: E731
            return _answer(await self._pushes.run(work), afterwards=BackgroundTask(self._reception.forget_spent))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def express(self, request: Request) -> Response:
        """Take urgent records out of their order."""
        doorway = self._reception.doorway
        try:
            headers, signature = _signed(request, kind=ExpressHeaders)
            body = await _read_body(request, largest_bytes=EXPRESS_LIMIT_BYTES, timeout_s=BODY_TIMEOUT_S)
            work = lambda: self._express.take(headers, signature=signature, body=body, doorway=doorway)  # noqa: E731
            return _answer(await self._urgent.run(work))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def incarnation(self, request: Request) -> Response:
        """Issue the next incarnation; the question stands in the headers."""
        try:
            question, signature = _signed(request, kind=IncarnationQuestion)
            work = lambda: self._reception.grant_incarnation(question, signature=signature)  # noqa: E731
            return _answer(await self._questions.run(work))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def testimony(self, request: Request) -> Response:
        """Look at something that this centre signed."""
        doorway = self._reception.doorway
        try:
            words, signature = _signed(request, kind=Testimony)
            body = await _read_body(request, largest_bytes=EVIDENCE_LIMIT_BYTES, timeout_s=SMALL_BODY_TIMEOUT_S)
            work = lambda: self._witnessing.hear(words, signature=signature, body=body, doorway=doorway)  # noqa: E731
            return _answer(await self._questions.run(work))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def down(self, request: Request) -> Response:
        """Answer the next records of the centre's own journal."""
        doorway = self._reception.doorway
        try:
            question, signature = _signed(request, kind=DownQuestion)
            work = lambda: self._downlink.answer(question, signature=signature, doorway=doorway)  # noqa: E731
            return _answer(await self._questions.run(work))
        except PushRefusedError as refused:
            return _refuse(refused)

    async def enrol(self, request: Request) -> Response:
        """Take in an edge that proves its code."""
        try:
            body = await _read_body(request, largest_bytes=ENROLMENT_LIMIT_BYTES, timeout_s=SMALL_BODY_TIMEOUT_S)
            asked = _enrolment_of(body)
            address = "" if request.client is None else request.client.host
            return _answer(await self._newcomers.run(lambda: self._enrolling.take(asked, address=address)))
        except PushRefusedError as refused:
            return _refuse(refused)


def _signed(request: Request, *, kind: type[_Words]) -> tuple[_Words, str]:
    """Read the KD- headers; anything missing or mistyped is malformed."""
    headers: Mapping[str, str] = request.headers
    given = {field: headers[header_name(field)] for field in kind.__struct_fields__ if header_name(field) in headers}
    try:
        return msgspec.convert(given, kind, strict=False), headers.get(SIGNATURE_HEADER, "")
    except msgspec.ValidationError as error:
        raise PushRefusedError(code="malformed", http_code=400) from error


def _enrolment_of(body: bytes) -> EnrolmentRequest:
    try:
        return msgspec.json.decode(body, type=EnrolmentRequest)
    except (msgspec.DecodeError, ValueError) as error:
        raise PushRefusedError(code="malformed", http_code=400) from error


async def _read_body(request: Request, *, largest_bytes: int, timeout_s: float) -> bytes:
    """Read the body up to its cap and within its time."""
    pieces, size = [], 0
    try:
        with anyio.move_on_after(timeout_s) as scope:
            async for piece in request.stream():
                size += len(piece)
                if size > largest_bytes:
                    raise PushRefusedError(code="too_large", http_code=413)
                pieces.append(piece)
    except ClientDisconnect as error:
        raise PushRefusedError(code="malformed", http_code=400) from error
    if scope.cancelled_caught:
        raise PushRefusedError(code="malformed", http_code=408)
    return b"".join(pieces)


def _answer(answer: msgspec.Struct, *, afterwards: BackgroundTask | None = None) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json", background=afterwards)


def _refuse(refused: PushRefusedError) -> Response:
    headers = {}
    if refused.http_code in {429, 503}:
        headers["Retry-After"] = str(max(1, math.ceil(refused.retry_after_s or BUSY_RETRY_S)))
    body = msgspec.json.encode(refused.refusal)
    return Response(body, status_code=refused.http_code, media_type="application/json", headers=headers)
