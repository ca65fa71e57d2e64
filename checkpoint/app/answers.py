"""How the edge answers: JSON by msgspec, refusals in one form, bodies capped and checked at the door."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from datetime import date
from typing import TypeVar

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.isolation import IsolationError
from checkpoint.lane import LaneError
from checkpoint.places import PlaceError
from checkpoint.store.connection import DamagedDatabaseError, DamagedPageError, StoreError
from checkpoint.store.writer import CommitInDoubtError, DiskRefusedError, WriterStoppedError
from web.forms import FormRefusedError, read_body
from web.refusals import refusal_response

_T = TypeVar("_T")
_log = structlog.get_logger("checkpoint")
Endpoint = Callable[[Request], Awaitable[Response]]
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""The days that anybody may ask for: each has a day before and after it, in every time zone."""
LARGEST_BODY_BYTES = 16 * 1024
_ENCODER = msgspec.json.Encoder()
_STORE_REFUSALS: dict[type[StoreError], tuple[str, int, str]] = {
    WriterStoppedError: ("edge_stopping", 503, ""),
    DamagedPageError: ("database_unreadable", 503, "restore the backup; delete nothing"),
    DamagedDatabaseError: ("database_damaged", 503, "restore the backup; delete nothing"),
    CommitInDoubtError: ("commit_in_doubt", 503, "the edge restarts by itself; check the disk"),
    DiskRefusedError: ("disk_full", 507, "free space on the disk; nothing was written"),
}
"""The first kind that fits: a commit in doubt is a refusal of the disk of a kind of its own."""


def day_asked(text: str | date, *, field: str = "day") -> date:
    """Read a day that was asked for; refuses with 422 what is none, or lies where no gate ever stood."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else text
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": field})
    return day


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
        except (LaneError, IsolationError, PlaceError) as error:
            return refusal_response(error.code.value, http_code=409)
        except (DamagedDatabaseError, WriterStoppedError, DiskRefusedError) as error:
            return _refused_by_store(error)

    return answer


async def say_damaged(_request: Request, error: Exception) -> Response:
    """Answer for every route that met a damaged page while it read: where and what to do stand in the log."""
    if not isinstance(error, DamagedDatabaseError):  # cannot be: this is what it is asked for
        raise error
    return _refused_by_store(error)


def _refused_by_store(error: StoreError) -> Response:
    """Say what the disk did to what was asked: nothing was written, or nobody knows."""
    code, http_code, what_to_do = next(answer for kind, answer in _STORE_REFUSALS.items() if isinstance(error, kind))
    if what_to_do:
        _log.critical(code, reason=str(error), what_to_do=what_to_do)
    return refusal_response(code, http_code=http_code)


def _field_of(error: msgspec.ValidationError) -> str:
    """Name the field only: the message itself may quote what was typed."""
    _, _, place = str(error).partition(" - at `$")
    return place.rstrip("`").lstrip(".") or "body"
