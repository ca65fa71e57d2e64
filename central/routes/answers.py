"""JSON answers for the pages, and reading small JSON bodies, by msgspec alone."""

from typing import Annotated, TypeVar

import anyio.to_thread
import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from web.forms import FormRefusedError, read_body
from web.refusals import refusal_response

BODY_LIMIT_BYTES = 16 * 1024
ROWS_PER_PAGE = 100
Word = Annotated[str, Query(max_length=60)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
"""What a page of rows is asked for by: a word to look for, and how many rows come before it."""
_Body = TypeVar("_Body", bound=msgspec.Struct)

run_in_thread = anyio.to_thread.run_sync
"""The store blocks: routes call it through a worker thread."""


class BadBodyError(ValueError):
    """The body is not the JSON that this route takes: answer 400; do not retry unchanged."""


def answer(content: object) -> Response:
    """Answer 200 with JSON."""
    return Response(msgspec.json.encode(content), media_type="application/json")


async def read_json(request: Request, *, kind: type[_Body]) -> _Body:
    """Read a small JSON body; raises ``BadBodyError``."""
    try:
        return msgspec.json.decode(await read_body(request, largest_bytes=BODY_LIMIT_BYTES), type=kind)
    except (msgspec.DecodeError, FormRefusedError) as error:
        raise BadBodyError from error


def refuse(code: str, *, http_code: int) -> Response:
    """Answer with a refusal that the pages have words for."""
    return refusal_response(code, http_code=http_code)
