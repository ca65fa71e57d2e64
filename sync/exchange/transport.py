"""The requests of an edge over HTTP, with httpx.

An answer counts as the centre's only if it is JSON of the expected shape: a captive portal's page
with status 200, a proxy's error page, a redirect, an empty or a compressed body are transport faults,
never receipts. Certificates are always verified.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.deadline import DeadlineTransport
from sync.exchange.ends import RefusedError, TransportError
from sync.exchange.messages import (
    DownAnswer,
    DownQuestion,
    EnrolmentAnswer,
    EnrolmentRequest,
    Evidence,
    ExpressAnswer,
    ExpressHeaders,
    HeadAnswer,
    HeadQuestion,
    IncarnationGrant,
    IncarnationQuestion,
    PushAnswer,
    PushHeaders,
    Refusal,
    Testimony,
    TestimonyAnswer,
)
from sync.exchange.phases import NO_LINK

ANSWER_LIMIT_BYTES = 1024 * 1024
CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 60.0

NOT_THE_CENTRE = "not_the_centre"

_Answer = TypeVar("_Answer", bound=msgspec.Struct)
_ZSTD = {"Content-Type": "application/zstd"}
_JSON = {"Content-Type": "application/json"}
_REFUSALS = msgspec.json.Decoder(Refusal)


def _now() -> datetime:
    return datetime.now(UTC)


class HttpTransport:
    """Speaks to one centre. Keeps one connection open; never follows a redirect. One thread each."""

    def __init__(
        self,
        centre_url: str,
        *,
        client: httpx.Client | None = None,
        proxy_url: str = "",
        ca_file: str = "",
        deadline_s: float = ANSWER_TIMEOUT_S,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """``centre_url`` without path, such as ``https://kiemdich.example``.

        A proxy is used only if it is named here, never from the environment. ``deadline_s`` bounds a whole
        request. ``clock`` serves a Retry-After that is a date, where the answer has no date of its own.
        """
        self._client = client or httpx.Client(
            transport=DeadlineTransport(allowed_s=deadline_s, proxy_url=proxy_url, ca_file=ca_file),
            timeout=httpx.Timeout(deadline_s, connect=connect_timeout_s),
            follow_redirects=False,
            trust_env=False,
        )
        self._url = centre_url.rstrip("/") + "/sync/v1"
        self._clock = clock

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask_head(self, question: HeadQuestion, *, key: Ed25519PrivateKey) -> HeadAnswer:
        """GET the centre's head of this edge's chain."""
        where = {"edge_id": question.edge, "incarnation": str(question.incarnation)}
        answer = self._send("GET", path="/head", headers=question.as_http(key=key), params=where)
        return self._read(answer, kind=HeadAnswer)

    def push(self, headers: PushHeaders, *, body: bytes, key: Ed25519PrivateKey) -> PushAnswer:
        """POST one batch."""
        http_headers = headers.as_http(body, key=key) | _ZSTD
        return self._read(self._send("POST", path="/push", headers=http_headers, content=body), kind=PushAnswer)

    def ask_incarnation(self, question: IncarnationQuestion, *, key: Ed25519PrivateKey) -> IncarnationGrant:
        """POST the question for the next incarnation: all of it stands in the headers."""
        return self._read(
            self._send("POST", path="/incarnation", headers=question.as_http(key=key)), kind=IncarnationGrant
        )

    def testify(self, words: Testimony, *, evidence: Evidence, key: Ed25519PrivateKey) -> TestimonyAnswer:
        """POST something that the centre signed."""
        body = msgspec.json.encode(evidence)
        answer = self._send("POST", path="/testimony", headers=words.as_http(body, key=key) | _JSON, content=body)
        return self._read(answer, kind=TestimonyAnswer)

    def express(self, headers: ExpressHeaders, *, body: bytes, key: Ed25519PrivateKey) -> ExpressAnswer:
        """POST urgent records out of their order."""
        http_headers = headers.as_http(body, key=key) | _ZSTD
        return self._read(self._send("POST", path="/express", headers=http_headers, content=body), kind=ExpressAnswer)

    def ask_down(self, question: DownQuestion, *, key: Ed25519PrivateKey) -> DownAnswer:
        """GET the centre's records after a place."""
        where = {"after": str(question.after)}
        return self._read(
            self._send("GET", path="/down", headers=question.as_http(key=key), params=where), kind=DownAnswer
        )

    def enrol(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        """POST a new edge's keys."""
        body = msgspec.json.encode(request)
        return self._read(self._send("POST", path="/enrol", headers=_JSON, content=body), kind=EnrolmentAnswer)

    def _send(
        self,
        method: str,
        *,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        all_headers = {**headers, "Accept-Encoding": "identity", "Accept": "application/json"}
        try:
            request = self._client.build_request(
                method, self._url + path, headers=all_headers, params=params, content=content
            )
            answer = self._client.send(request, stream=True)
            try:
                _read_bounded(answer)
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransportError(_reason_of(error)) from error
        return answer

    def _read(self, answer: httpx.Response, *, kind: type[_Answer]) -> _Answer:
        """Return the centre's answer, or raise what it is instead."""
        retry_after_s = _retry_after_s(answer.headers, clock=self._clock)
        if not answer.headers.get("content-type", "").startswith("application/json"):
            if answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
                # A gateway on the way takes smaller bodies than the centre: a smaller batch gets through.
                raise RefusedError(Refusal(code="too_large"), retry_after_s=retry_after_s)
            is_broken = answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            raise TransportError("unavailable" if is_broken else NOT_THE_CENTRE, retry_after_s=retry_after_s)
        try:
            if answer.status_code == httpx.codes.OK:
                return msgspec.json.decode(answer.content, type=kind)
            refusal = _REFUSALS.decode(answer.content)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise TransportError(NOT_THE_CENTRE, retry_after_s=retry_after_s) from error
        if answer.status_code < httpx.codes.BAD_REQUEST:
            raise TransportError(NOT_THE_CENTRE, retry_after_s=retry_after_s)
        raise RefusedError(refusal, retry_after_s=retry_after_s)


def _reason_of(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    """Say in one slug what the lane should show."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return NO_LINK
        case httpx.ProxyError():
            return "proxy_refused"
        case httpx.TimeoutException():
            return "timeout"
        case _:
            return "link_cut"


def _read_bounded(answer: httpx.Response) -> None:
    """Read the body into the response, but never more than an answer of ours can have, and nothing compressed."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise TransportError(NOT_THE_CENTRE)
    pieces, size = [], 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > ANSWER_LIMIT_BYTES:
            raise TransportError(NOT_THE_CENTRE)
        pieces.append(piece)
    answer._content = b"".join(pieces)  # noqa: SLF001  # as httpx's own read() does, with a bound


def _retry_after_s(headers: httpx.Headers, *, clock: Callable[[], datetime]) -> float | None:
    """Read Retry-After in either form (RFC 9110 section 10.2.3); rubbish counts as absent.

    A date is held against the answer's own Date, so that an edge whose clock is wrong waits as asked.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    until = _http_date(text)
    if until is None:
        return None
    return max(0.0, (until - (_http_date(headers.get("date", "")) or clock())).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
