"""A proxy on loopback between an edge and its centre that does to HTTP what bad networks do.

It reads whole requests, and a *fault* decides what becomes of each connection: see ``network_faults``.
The proxy runs on a loop in a thread of its own; ``suffer`` and ``heal`` may be called from any thread.
Connections that are open when the fault changes are cut, as a link that goes and comes back does.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable

_HEAD_END = b"\r\n\r\n"
_PATIENCE_S = 30.0


class Exchange:
    """One connection of a client, as a fault sees it."""

    def __init__(self, proxy: "FaultProxy", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes | None:
        """The next whole request of the client; ``None`` when the client has gone."""
        request = await read_message(self.reader)
        if request:
            self.proxy.requests.append(request.split(b" HTTP/", 1)[0].decode("latin-1"))
        return request

    async def ask(self, request: bytes, *, upto: int | None = None) -> bytes:
        """Send a request (or its first ``upto`` bytes) to the centre on a fresh connection; its whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.centre_port)
        try:
            writer.write(request[:upto])
            await writer.drain()
            if upto is not None:
                return b""
            return await asyncio.wait_for(read_message(reader), _PATIENCE_S) or b""
        finally:
            writer.transport.abort()

    async def answer(self, content: bytes) -> None:
        """Send bytes to the client."""
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection with RST: what was under way is lost on both sides."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def silence(self) -> None:
        """Say nothing for as long as the fault lasts."""
        await asyncio.Event().wait()


Fault = Callable[[Exchange], Awaitable[None]]


async def passing(exchange: Exchange) -> None:
    """No fault at all."""
    while request := await exchange.request():
        await exchange.answer(await exchange.ask(request))


async def read_message(reader: asyncio.StreamReader) -> bytes | None:
    """One HTTP message with its body by Content-Length; ``None`` at the end of the stream."""
    try:
        head = await reader.readuntil(_HEAD_END)
        return head + await reader.readexactly(_content_length(head))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _content_length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name.strip() == b"content-length"), 0)


class FaultProxy:
    """Listens on ``port`` of loopback; ``requests`` holds method and path of each request that came in."""

    def __init__(self, centre_port: int) -> None:
        self.centre_port = centre_port
        self.port = 0
        self.requests: list[str] = []
        self.connections = 0
        self._fault: Fault | None = passing
        self._open: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    @property
    def url(self) -> str:
        """Where the edge believes its centre to be."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        """Cut everything and end."""
        self._do(self._change(None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def suffer(self, fault: Fault | None) -> None:
        """Let this fault begin; ``None``: nobody listens any more."""
        self._do(self._change(fault))

    def heal(self) -> None:
        """Let the network be well again."""
        self._do(self._change(passing))

    def _do(self, work: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _change(self, fault: Fault | None) -> None:
        self._fault = fault
        if fault is None and self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)  # let the closed connections go
        if fault is not None and self._server is None:
            await self._listen()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert self._fault is not None
        self._open.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await self._fault(Exchange(self, reader, writer))
        finally:
            self._open.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()
