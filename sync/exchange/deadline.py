"""An httpx transport whose requests end: one deadline for everything from the first byte to the last.

httpx bounds each single read and write, so a peer that sends a byte now and then holds a request for
ever. Here every socket operation gets what is left of the request's time. TLS certificates are always
verified; a proxy is used only if it is named. Name look-ups are bounded by the resolver's own time-outs.
"""

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

_PIECE_BYTES = 64 * 1024
"""How much is written between two looks at the clock."""


class _Deadline:
    """How much time the present request has left."""

    def __init__(self, allowed_s: float) -> None:
        self._allowed_s = allowed_s
        self._ends_s = math.inf

    def begin(self) -> None:
        self._ends_s = time.monotonic() + self._allowed_s

    def left_s(self, timeout_s: float | None, *, late: type[httpcore.TimeoutException]) -> float:
        """Return the shorter of a single operation's time-out and what is left; raise ``late`` if none is."""
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0.0:
            message = "the request's time is over"
            raise late(message)
        return left_s if timeout_s is None else min(timeout_s, left_s)


class _Stream(httpcore.NetworkStream):
    """A connection that knows the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, *, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left_s(timeout, late=httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE_BYTES):
            left_s = self._deadline.left_s(timeout, late=httpcore.WriteTimeout)
            self._inner.write(buffer[start : start + _PIECE_BYTES], left_s)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left_s(timeout, late=httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), deadline=self._deadline)

    def get_extra_info(self, name: str, /) -> object:  # httpcore passes it by position
        return self._inner.get_extra_info(name)


class _Backend(httpcore.NetworkBackend):
    """Opens connections that know the deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(  # noqa: PLR0917  # the signature is the library's
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left_s(timeout, late=httpcore.ConnectTimeout)
        return _Stream(
            self._inner.connect_tcp(host, port, left_s, local_address, socket_options), deadline=self._deadline
        )


class _Body(httpx.SyncByteStream):
    """An answer's body as it arrives, with the faults of httpx."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _faults_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _faults_of_httpx():
            self._answer.close()


class DeadlineTransport(httpx.BaseTransport):
    """One connection to one centre, by way of a proxy or not. Not for several threads."""

    def __init__(self, *, allowed_s: float, proxy_url: str = "", ca_file: str = "") -> None:
        """``allowed_s`` for a whole request; ``ca_file`` instead of the public authorities, if given."""
        self._deadline = _Deadline(allowed_s)
        context = ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context(trust_env=False)
        backend = _Backend(self._deadline)
        if not proxy_url:
            self._pool = httpcore.ConnectionPool(ssl_context=context, max_connections=1, network_backend=backend)
            return
        proxy = httpx.Proxy(proxy_url)
        self._pool = httpcore.HTTPProxy(
            proxy_url=str(proxy.url),
            proxy_auth=proxy.raw_auth,
            ssl_context=context,
            max_connections=1,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its deadline begins now and covers the reading of the answer."""
        self._deadline.begin()
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        with _faults_of_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


_FAULTS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.NetworkError, httpx.ReadError),
)


@contextmanager
def _faults_of_httpx() -> Iterator[None]:
    """Say what went wrong in httpx's words, as the client's callers know them."""
    try:
        yield
    except tuple(theirs for theirs, _ in _FAULTS) as error:
        fault = next(ours for theirs, ours in _FAULTS if isinstance(error, theirs))
        raise fault(str(error)) from error
