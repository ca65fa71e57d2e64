"""One form of error for all pages and interfaces: a stable code and the keys of its words.

``{"code", "detail_key", "values", "what_to_do_key"}``; the words stand in the labels under ``[refusal]``.
"""

from collections.abc import Mapping
from math import ceil

import msgspec
from starlette.responses import Response


class AccessRefusedError(Exception):
    """The caller may not do this (signed out, wrong role, foreign page): do not retry unchanged."""

    def __init__(self, *, code: str, http_code: int) -> None:
        """``code``: a key of ``[refusal]``; ``http_code``: 401 or 403."""
        super().__init__(code)
        self.code = code
        self.http_code = http_code


def refusal_document(code: str, *, values: Mapping[str, str | float | int] | None = None) -> dict[str, object]:
    """Return the JSON form of a refusal.

    >>> refusal_document("not_signed_in")["detail_key"]
    'refusal.not_signed_in'
    """
    return {
        "code": code,
        "detail_key": f"refusal.{code}",
        "values": dict(values or {}),
        "what_to_do_key": f"refusal.{code}_do",
    }


def refusal_response(code: str, *, http_code: int, values: Mapping[str, str | float | int] | None = None) -> Response:
    """Answer with a refusal as JSON; ``wait_s`` among the values is said in ``Retry-After`` too (RFC 9110, 10.2.3)."""
    body = msgspec.json.encode(refusal_document(code, values=values))
    answer = Response(body, status_code=http_code, media_type="application/json")
    if wait_s := ceil(float((values or {}).get("wait_s", 0))):
        answer.headers["Retry-After"] = str(wait_s)
    return answer
