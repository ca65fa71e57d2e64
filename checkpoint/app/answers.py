"""How the edge answers: JSON by msgspec, refusals in one form, bodies capped and checked at the door."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.isolation import IsolationError
from checkpoint.lane import LaneError
from checkpoint.store.writer import DiskRefusedError, WriterStoppedError
from web.forms import FormRefusedError, read_body
from web.refusals import refusal_response

_T = TypeVar("_T")
_log = structlog.get_logger("checkpoint")
Endpoint = Callable[[Request], Awaitable[Response]]
LARGEST_BODY_BYTES = 16 * 1024
_ENCODER = msgspec.json.Encoder()


def json_answer(value: object) -> Response:
    """Answer with a value as JSON."""
    return Response(_ENCODER.encode(value), media_type="application/json")


async def read_command(request: Request, decoder: "msgspec.json.Decoder[_T]") -> _T:
    """Read a capped body as a command; refuses with 400 what is no JSON and with 422 what does not fit."""
    try:
        return decoder.decode(await read_body(request, largest_bytes=LARGEST_BODY_BYTES) or b"{}")
    except msgspec.ValidationError as error:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": _field_of(error)}) from None
    except (msgspec.DecodeError, FormRefusedError):
        code = "bad_request"
        raise ActionRefusedError(code, http_code=400) from None


async def committed(future: "Future[_T]") -> _T:
    """Wait for the durable commit without holding up the other lanes."""
    return await asyncio.wrap_future(future)


def refusing(endpoint: Endpoint) -> Endpoint:
    """Turn what the rooms below refuse into answers with a stable code; everything else is our fault."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ActionRefusedError as error:
            return refusal_response(error.code, http_code=error.http_code, values=error.values)
        except (LaneError, IsolationError) as error:
            return refusal_response(error.code.value, http_code=409)
        except WriterStoppedError:
            return refusal_response("edge_stopping", http_code=503)
        except DiskRefusedError as error:
            _log.critical("disk_refused", reason=str(error), what_to_do="free space on the disk; nothing was written")
            return refusal_response("disk_full", http_code=507)

    return answer


def _field_of(error: msgspec.ValidationError) -> str:
    """Name the field only: the message itself may quote what was typed."""
    _, _, place = str(error).partition(" - at `$")
    return place.rstrip("`").lstrip(".") or "body"
