"""The uplink's two requests over HTTP, with httpx.

An answer counts as the centre's only if it is JSON of the expected shape: a captive portal's page
with status 200, a proxy's error page, an empty body are transport faults, never receipts.
"""

from collections.abc import Mapping
from typing import TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages import HeadAnswer, HeadQuestion, PushAnswer, PushHeaders, Refusal
from sync.exchange.uplink import RefusedError, TransportError

ANSWER_LIMIT_BYTES = 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 60.0

_Answer = TypeVar("_Answer", HeadAnswer, PushAnswer)
_REFUSALS = msgspec.json.Decoder(Refusal)


class HttpTransport:
    """Speaks to one centre. Keeps one connection open; never follows a redirect."""

    def __init__(self, centre_url: str, *, client: httpx.Client | None = None) -> None:
        """``centre_url`` without path, such as ``https://kiemdich.example``."""
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._client = client or httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        self._url = centre_url.rstrip("/") + "/sync/v1"

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask_head(self, question: HeadQuestion, *, key: Ed25519PrivateKey) -> HeadAnswer:
        """GET the centre's head of this edge's chain."""
        where = {"edge_id": question.edge, "incarnation": str(question.incarnation)}
        answer = self._send("GET", path="/head", headers=question.as_http(key=key), params=where)
        return _read(answer, kind=HeadAnswer)

    def push(self, headers: PushHeaders, *, body: bytes, key: Ed25519PrivateKey) -> PushAnswer:
        """POST one batch."""
        http_headers = {**headers.as_http(body, key=key), "Content-Type": "application/zstd"}
        return _read(self._send("POST", path="/push", headers=http_headers, content=body), kind=PushAnswer)

    def _send(
        self,
        method: str,
        *,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        try:
            request = self._client.build_request(
                method, self._url + path, headers=dict(headers), params=params, content=content
            )
            answer = self._client.send(request, stream=True)
            try:
                _read_bounded(answer)
            finally:
                answer.close()
        except httpx.TimeoutException as error:
            reason = "timeout"
            raise TransportError(reason) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = "no_link"
            raise TransportError(reason) from error
        return answer


def _read_bounded(answer: httpx.Response) -> None:
    """Read the body into the response, but never more than an answer of ours can have."""
    pieces, size = [], 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > ANSWER_LIMIT_BYTES:
            reason = "not_the_centre"
            raise TransportError(reason)
        pieces.append(piece)
    answer._content = b"".join(pieces)  # noqa: SLF001  # as httpx's own read() does, with a bound


def _read(answer: httpx.Response, *, kind: type[_Answer]) -> _Answer:
    retry_after_s = _retry_after_s(answer)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if not is_json:
        reason = "not_the_centre" if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR else "unavailable"
        raise TransportError(reason, retry_after_s=retry_after_s)
    try:
        if answer.status_code == httpx.codes.OK:
            return msgspec.json.decode(answer.content, type=kind)
        refusal = _REFUSALS.decode(answer.content)
    except (msgspec.DecodeError, ValueError) as error:
        reason = "not_the_centre"
        raise TransportError(reason, retry_after_s=retry_after_s) from error
    raise RefusedError(refusal, retry_after_s=retry_after_s)


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Read Retry-After in its form of seconds; a date or rubbish counts as absent."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
