"""Handhelds over HTTP: enrolled and taken up by a signed-in officer, and what a device sends in by its own signature.

``/handheld/v1/flush`` knows no session: the officer's may have ended long before the edge was reached again. The
device signs the body with its own key, and each act carries the permit under which it was done. One request holds
few acts and few bytes; each act is a transaction of its own, so that one that cannot be taken holds up no other.
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any, Final
from uuid import UUID

import anyio.to_thread
import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.forgetting_acts import without_the_erased
from checkpoint.actions.gate import Turn
from checkpoint.actions.handheld_acts import note_refused, take_act
from checkpoint.actions.handheld_list import handhelds_csv, note_handhelds_export
from checkpoint.actions.handhelds import (
    CodeCommand,
    EnrolCommand,
    HandheldsView,
    MendCommand,
    PermitCommand,
    RevokeCommand,
    SetAsideActCommand,
    bundle_of,
    enrol_handheld,
    grant_permit,
    handhelds_view,
    mend_act,
    note_sending,
    require_at_work,
    reveal_act,
    revoke_handheld,
    set_act_aside,
)
from checkpoint.actions.kept_act import ActAnswer, ActDisposition, HandheldAct, Sending
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.app.answers import Endpoint, committed, json_answer, read_command, refusing
from checkpoint.app.document_routes import told_of_picture
from checkpoint.app.edge_app import EdgeApp
from checkpoint.documents.camera.picture import LARGEST_PICTURE_BYTES
from checkpoint.handhelds.bundle import HandBundle
from checkpoint.handhelds.device_key import DeviceKeyError, check_request
from checkpoint.handhelds.enrolment import EnrolmentCode, EnrolmentCodes
from checkpoint.isolation import IsolationError
from checkpoint.lane import LaneError
from checkpoint.store.handhelds import Handheld, look_up_handheld
from sync.agreement.handheld_words import HandheldClock
from web.access import is_transport_safe
from web.attempts import AttemptDelays
from web.forms import FormRefusedError, read_body
from web.qr import draw_any_qr
from web.roles import permit

SIGNED_PREFIX: Final = "/handheld/v1/"
MOST_ACTS: Final = 20
LARGEST_FLUSH_BYTES: Final = 192 * 1024
_may_see = permit("handheld.see")
_may_act = permit("handheld.act")
_may_screen = permit("lane.act")
_log = structlog.get_logger("checkpoint")


class Flush(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device sends: when its clock says it is, which rules it has, and the acts it kept, oldest first.

    Each act is read by itself: one that cannot be read holds up no other.
    """

    sent_at: datetime
    stamp: Annotated[str, msgspec.Meta(max_length=64)] = ""
    acts: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=MOST_ACTS)] = ()

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.sent_at.tzinfo is None:
            msg = "sent_at must be an aware time"
            raise ValueError(msg)


class FlushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each act, the edge's clock, and newer rules if there are any."""

    answers: tuple[ActAnswer, ...]
    now: datetime
    is_revoked: bool
    bundle: HandBundle | None = None


class _NamedAct(msgspec.Struct, frozen=True, kw_only=True):
    """What must be readable of an act so that its device can be told about it."""

    act_id: UUID
    observed_at: datetime


_ACTS: Final = msgspec.json.Decoder(HandheldAct)
_NAMED_ACTS: Final = msgspec.json.Decoder(_NamedAct)
_FLUSHES: Final = msgspec.json.Decoder(Flush)


def handheld_routes(edge: EdgeApp) -> list[Route]:
    """Return the routes of the handhelds."""
    codes = EnrolmentCodes(lives_for=timedelta(minutes=edge.gate.settings.handheld.code_lives_min))
    act_posts: dict[str, tuple[type[msgspec.Struct], Callable[[Turn, str, Any], Any]]] = {
        "mend": (MendCommand, mend_act),
        "set-aside": (SetAsideActCommand, set_act_aside),
        "reveal": (_Nothing, lambda turn, act_id, _given: reveal_act(turn, act_id)),
    }
    return [
        Route("/api/handhelds", refusing(_show(edge)), methods=["GET"]),
        Route("/api/handhelds/export.csv", refusing(_export(edge)), methods=["GET"]),
        Route("/api/handhelds/codes", refusing(_make_code(edge, codes)), methods=["POST"]),
        Route("/api/handhelds/enrol", refusing(_enrol(edge, codes)), methods=["POST"]),
        Route("/api/handhelds/permit", refusing(_grant(edge)), methods=["POST"]),
        Route("/api/handhelds/{handheld_id}/revoke", refusing(_revoke(edge)), methods=["POST"]),
        *(
            Route(f"/api/handhelds/acts/{{act_id}}/{word}", refusing(_on_act(edge, *one)), methods=["POST"])
            for word, one in act_posts.items()
        ),
        Route(f"{SIGNED_PREFIX}flush", refusing(_flush(edge)), methods=["POST"]),
        Route(f"{SIGNED_PREFIX}read-picture", refusing(_read_picture(edge)), methods=["POST"]),
    ]


class _Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command that says everything by its address."""


def _show(edge: EdgeApp) -> Endpoint:
    async def show(request: Request) -> Response:
        _may_see(request)
        return json_answer(await anyio.to_thread.run_sync(_drawn, edge))

    return show


def _export(edge: EdgeApp) -> Endpoint:
    async def export(request: Request) -> Response:
        session = _may_see(request)
        view = await anyio.to_thread.run_sync(_drawn, edge)
        await committed(edge.gate.perform(note_handhelds_export, officer_ref=session.username))
        headers = {"Content-Disposition": 'attachment; filename="handhelds.csv"'}
        return Response(handhelds_csv(view), media_type="text/csv; charset=utf-8", headers=headers)

    return export


def _drawn(edge: EdgeApp) -> HandheldsView:
    with edge.gate.store.readers.connect() as connection:
        return handhelds_view(edge.gate, connection, at=edge.gate.clock())


def _make_code(edge: EdgeApp, codes: EnrolmentCodes) -> Endpoint:
    decoder = msgspec.json.Decoder(CodeCommand)

    async def make_code(request: Request) -> Response:
        session = _may_act(request)
        given = await read_command(request, decoder)
        gate = edge.gate
        code = codes.make(given.label, made_by=session.username, at=gate.clock(), random_bytes=gate.random_bytes)
        address = gate.settings.handheld.address or given.address
        # The code stands behind the mark #, which no browser sends: it stays out of the logs of what lies between.
        picture = draw_any_qr(f"{address}/handheld/#{code.code}") if address else None
        return json_answer(msgspec.structs.asdict(code) | {"picture": picture, "address": address})

    return make_code


def _enrol(edge: EdgeApp, codes: EnrolmentCodes) -> Endpoint:
    decoder = msgspec.json.Decoder(EnrolCommand)
    delays = AttemptDelays(free_failures=5)

    def used(given: EnrolCommand, *, by: str) -> EnrolmentCode:
        now = edge.gate.clock()
        if wait_s := ceil(delays.wait_s(by, at=now)):
            refusal = "wait"
            raise ActionRefusedError(refusal, http_code=429, values={"wait_s": wait_s})
        code = codes.take(given.code, at=now)
        if code is None:
            refusal = "handheld_code_wrong"
            wait_s = ceil(delays.note_failure(by, at=now))
            raise ActionRefusedError(refusal, http_code=403, values={"wait_s": wait_s})
        delays.forget(by)
        return code

    async def enrol(request: Request) -> Response:
        session = _may_act(request)
        given = await read_command(request, decoder)
        code = used(given, by=session.username)
        done = edge.gate.perform(lambda turn: enrol_handheld(turn, given, code=code), officer_ref=session.username)
        device = await committed(done)
        return json_answer(
            {
                "handheld_id": device.handheld_id,
                "label": device.label,
                "edge_id": edge.gate.identity.edge_id,
                "lanes": [{"lane_id": one.lane_id, "label": one.label} for one in edge.gate.settings.lane],
            }
        )

    return enrol


def _grant(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(PermitCommand)

    async def grant(request: Request) -> Response:
        session = _may_screen(request)
        body, device = await _signed(edge, request)
        given = _decoded(decoder, body)
        done = edge.gate.perform(
            lambda turn: grant_permit(turn, given, handheld_id=device.handheld_id), officer_ref=session.username
        )
        granted = msgspec.to_builtins(await committed(done))
        lanes = [{"lane_id": one.lane_id, "label": one.label} for one in edge.gate.settings.lane]
        return json_answer(granted | {"officer": session.name, "lanes": lanes, "label": device.label})

    return grant


def _revoke(edge: EdgeApp) -> Endpoint:
    decoder = msgspec.json.Decoder(RevokeCommand)

    async def revoke(request: Request) -> Response:
        session = _may_act(request)
        handheld_id: str = request.path_params["handheld_id"]
        given = await read_command(request, decoder)
        done = edge.gate.perform(lambda turn: revoke_handheld(turn, handheld_id, given), officer_ref=session.username)
        await committed(done)
        return json_answer({"handheld_id": handheld_id})

    return revoke


def _on_act(edge: EdgeApp, shape: type[msgspec.Struct], command: Callable[[Turn, str, Any], Any]) -> Endpoint:
    decoder = msgspec.json.Decoder(shape)

    async def act(request: Request) -> Response:
        session = _may_act(request)
        act_id: str = request.path_params["act_id"]
        given = await read_command(request, decoder)
        done = edge.gate.perform(lambda turn: command(turn, act_id, given), officer_ref=session.username)
        return json_answer(await committed(done))

    return act


def _flush(edge: EdgeApp) -> Endpoint:
    async def flush(request: Request) -> Response:
        body, device = await _signed(edge, request)
        arrived_at = edge.gate.clock()
        given = _decoded(_FLUSHES, body)
        is_revoked = await committed(edge.gate.perform(lambda turn: note_sending(turn, device.handheld_id)))
        sending = Sending(handheld_id=device.handheld_id, sent_at=given.sent_at, arrived_at=arrived_at)
        answers = [await _read_and_taken(edge, raw, sending=sending) for raw in given.acts]
        bundle = bundle_of(edge.gate)
        return json_answer(
            FlushAnswer(
                answers=tuple(answers),
                now=edge.gate.clock(),
                is_revoked=is_revoked,
                bundle=None if is_revoked or bundle.stamp == given.stamp else bundle,
            )
        )

    return flush


def _read_picture(edge: EdgeApp) -> Endpoint:
    async def read(request: Request) -> Response:
        """Read a document that an officer at work photographs; nothing of it is kept, as at the lane."""
        image, device = await _signed(edge, request, largest_bytes=LARGEST_PICTURE_BYTES)
        permit_text = request.headers.get("X-Handheld-Permit", "")
        done = edge.gate.perform(lambda turn: require_at_work(turn, device.handheld_id, permit_text=permit_text))
        await committed(done)
        return await told_of_picture(edge, image)

    return read


async def _read_and_taken(edge: EdgeApp, raw: msgspec.Raw, *, sending: Sending) -> ActAnswer:
    """Take one act, or say which field of it cannot be read: it stays on the device, to be put right there."""
    try:
        act = _ACTS.decode(raw)
    except msgspec.ValidationError as error:
        named = _decoded(_NAMED_ACTS, bytes(raw))
        _log.info("handheld_act_unreadable", act_id=str(named.act_id), handheld_id=sending.handheld_id)
        return ActAnswer(
            act_id=str(named.act_id),
            disposition=ActDisposition.REFUSED,
            observed_at=named.observed_at,
            clock=HandheldClock.UNSURE,
            offset_s=0.0,
            code="bad_field",
            values={"field": _field_of(error)},
            is_at_edge=False,
        )
    return await _taken(edge, act, sending=sending)


def _field_of(error: msgspec.ValidationError) -> str:
    """Name the field that is wrong, without what stood in it."""
    return str(error).rpartition("`$.")[2].rstrip("`") or "act"


async def _taken(edge: EdgeApp, act: HandheldAct, *, sending: Sending) -> ActAnswer:
    """Take one act; what the lane's commands refuse is kept here with the reason, in a commit of its own."""
    try:
        done = edge.gate.perform(lambda turn: take_act(turn, without_the_erased(turn, act), sending=sending))
        return await committed(done)
    except ActionRefusedError as refusal:
        code, values = refusal.code, refusal.values
    except (LaneError, IsolationError) as error:
        code, values = error.code.value, {}
    _log.info("handheld_act_refused", code=code, act_id=str(act.act_id), handheld_id=sending.handheld_id)
    done = edge.gate.perform(
        lambda turn: note_refused(turn, without_the_erased(turn, act), sending=sending, code=code, values=values)
    )
    return await committed(done)


async def _signed(
    edge: EdgeApp, request: Request, *, largest_bytes: int = LARGEST_FLUSH_BYTES
) -> tuple[bytes, Handheld]:
    """Read a body that a handheld of this gate signed; revoked ones are known by name still."""
    is_safe = is_transport_safe(request.headers, scheme=request.url.scheme)
    if not (is_safe or edge.gate.settings.edge.is_demo):
        code = "insecure_transport"
        raise ActionRefusedError(code, http_code=403)
    handheld_id = request.headers.get("X-Handheld", "")[:64]
    device = await anyio.to_thread.run_sync(look_up_handheld, edge.gate.store.readers, handheld_id)
    if device is None:  # nobody whom we do not know makes us read
        code = "handheld_unknown"
        raise ActionRefusedError(code, http_code=401)
    try:
        body = await read_body(request, largest_bytes=largest_bytes)
    except FormRefusedError:
        code = "bad_request"
        raise ActionRefusedError(code, http_code=413) from None
    try:
        signature = urlsafe_b64decode(request.headers.get("X-Handheld-Signature", "")[:200])
        check_request(request.url.path, body=body, signature=signature, public_key=device.public_key)
    except (DeviceKeyError, binascii.Error):
        code = "handheld_unknown"
        raise ActionRefusedError(code, http_code=401) from None
    return body, device


def _decoded(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:  # noqa: ANN401  # what the decoder makes
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "body"}) from None
    except msgspec.DecodeError:
        code = "bad_request"
        raise ActionRefusedError(code, http_code=400) from None
