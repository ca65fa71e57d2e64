"""Clients that send a byte now and then, to hold connections open: cut off by time and by size.

uvicorn closes idle connections, but waits for ever for the rest of a request that has begun, and takes
headers without end. Here the headers must be whole within seconds and within a bound, the body within
little more than what the routes allow for it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_TIMEOUT_S = 10.0
HEADERS_LIMIT_BYTES = 32 * 1024
BODY_TIMEOUT_S = 75.0
CONNECTIONS_AT_ONCE = 512


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own protocol with an end to its patience."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 - handed on as they come
        """Nothing has begun yet."""
        super().__init__(*arguments, **keywords)
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._is_in_headers = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request's headers only so long."""
        super().connection_made(transport)
        self._allow(HEADERS_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, piece: bytes) -> None:
        """Count what comes as headers; too much of it ends the connection."""
        if self._is_in_headers:
            self._header_bytes += len(piece)
        super().data_received(piece)
        if self._is_in_headers and self._header_bytes > HEADERS_LIMIT_BYTES:
            self._cut_off()

    def on_message_begin(self) -> None:
        """A request begins: its headers have their time from here."""
        self._is_in_headers = True
        self._header_bytes = 0
        self._allow(HEADERS_TIMEOUT_S)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Give the body its time."""
        self._is_in_headers = False
        self._allow(BODY_TIMEOUT_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole: from here it is our time that passes."""
        self._stop_waiting()
        super().on_message_complete()

    def _allow(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, self._cut_off)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_off(self) -> None:
        """Close at once: whoever sends so slowly does not wait for an answer."""
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.abort()
