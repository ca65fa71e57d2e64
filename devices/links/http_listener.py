"""A small HTTP server for one device: bounded in every direction, and it answers only what it is told to answer.

The protocol is h11's (a pure state machine, the one under uvicorn); here are the socket and the
limits that a listener on a lane's network needs and that no framework sets by itself:

==========================  ==========================================================
connections at once         ``MOST_CONNECTIONS``; one more is closed at once
header                      16 KiB
body                        ``largest_body_bytes``, counted as it comes, 413 beyond
time for a whole request    ``REQUEST_WITHIN_S``, however slowly it drips
idle connection             ``IDLE_S``
requests a second           ``rate_per_s`` with a burst of twice as many, 429 beyond
encoding                    none: a compressed body is refused with 415
==========================  ==========================================================
"""

import socket
import ssl
import threading
from collections.abc import Callable
from email.utils import formatdate
from time import monotonic
from typing import Final

import h11
import msgspec
import structlog

MOST_CONNECTIONS: Final = 16
REQUEST_WITHIN_S: Final = 10.0
IDLE_S: Final = 60.0
LARGEST_HEAD_BYTES: Final = 16 * 1024
PIECE_BYTES: Final = 64 * 1024

log = structlog.get_logger("devices")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent back."""

    code: int
    body: bytes = b""
    media_type: str = "text/plain"
    fields: tuple[tuple[str, str], ...] = ()


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A request before its body: enough to refuse it."""

    method: str
    target: str
    fields: dict[str, str]


class ListenerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one listener takes."""

    largest_body_bytes: int = 8 * 1024 * 1024
    rate_per_s: float = 20.0


Judge = Callable[[Head], Answer | None]
Take = Callable[[Head, bytes], Answer]


class _Refusal(Exception):  # noqa: N818  an answer on its way, not a mistake
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


class HttpListener:
    """Listens from ``start`` to ``stop``.

    ``judge`` may refuse a request by its head; ``take`` gives the answer to a whole one.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        judge: Judge,
        take: Take,
        is_welcome: Callable[[str], bool],
        limits: ListenerLimits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Bind; ``OSError`` when the port is taken."""
        self._judge, self._take, self._is_welcome = judge, take, is_welcome
        self._limits, self._tls = limits, tls
        self._socket = socket.create_server(address, backlog=MOST_CONNECTIONS)
        self._socket.settimeout(0.2)
        self._stopping = threading.Event()
        self._slots = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._bucket = _Bucket(limits.rate_per_s)
        self._thread = threading.Thread(target=self._accept, name="http-listener", daemon=True)

    @property
    def port(self) -> int:
        """The port that was bound; of use where port 0 was asked for."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to take connections."""
        self._thread.start()

    def stop(self) -> None:
        """Let the port go. Requests that wait for their answer are answered by who holds them."""
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, peer = self._socket.accept()
            except OSError:  # the timeout, or a caller who went away before he was let in
                continue
            if not self._is_welcome(str(peer[0])) or not self._slots.acquire(blocking=False):
                log.warning("http_listener.turned_away")
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="http-request", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection, until it ends or breaks a rule."""
        try:
            connection.settimeout(REQUEST_WITHIN_S)
            secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with secured:
                _Conversation(secured, listener=self).run()
        except (OSError, h11.ProtocolError) as error:
            log.info("http_listener.connection_ended", error=type(error).__name__)
        finally:
            connection.close()
            self._slots.release()

    def answer(self, head: Head, read_body: Callable[[], bytes]) -> Answer:
        """Give the answer to one request; its body is read in any case, and kept only if it is welcome."""
        refusal = self._refusal(head)
        body = read_body()
        return refusal or self._take(head, body)

    def _refusal(self, head: Head) -> Answer | None:
        if not self._bucket.allows():
            return Answer(code=429, fields=(("Retry-After", "1"),))
        if head.method not in {"GET", "POST", "PUT"}:
            return Answer(code=405)
        if head.fields.get("content-encoding", "identity").lower() != "identity":
            return Answer(code=415)
        return self._judge(head)

    @property
    def largest_body_bytes(self) -> int:
        """The longest body that is taken."""
        return self._limits.largest_body_bytes

    @property
    def is_stopping(self) -> bool:
        """Whether no further request is to be read."""
        return self._stopping.is_set()


class _Conversation:
    """One connection: requests one after the other."""

    def __init__(self, connection: socket.socket, *, listener: HttpListener) -> None:
        self._socket = connection
        self._listener = listener
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD_BYTES)
        self._deadline_s = 0.0

    def run(self) -> None:
        """Serve until the connection ends; a request that breaks the protocol gets 400 and the end."""
        while not self._listener.is_stopping:
            self._deadline_s = monotonic() + IDLE_S
            try:
                request = self._next()
                if not isinstance(request, h11.Request):
                    return
                self._deadline_s = monotonic() + REQUEST_WITHIN_S
                answer = self._listener.answer(_head_of(request), self._read_body)
            except h11.RemoteProtocolError as error:
                answer = Answer(code=error.error_status_hint)
            except TimeoutError:
                if self._protocol.their_state is h11.IDLE and not self._protocol.trailing_data[0]:
                    return
                answer = Answer(code=408)
            except _Refusal as refusal:
                answer = refusal.answer
            if not self._send(answer):
                return

    def _read_body(self) -> bytes:
        """Read the body, whose size is counted while it comes."""
        pieces, size = [], 0
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > self._listener.largest_body_bytes:
                    raise _Refusal(Answer(code=413))
                pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return b"".join(pieces)
            else:
                raise _Refusal(Answer(code=400))

    def _next(self) -> object:
        while True:
            event = self._protocol.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._protocol.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            left_s = self._deadline_s - monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
            self._protocol.receive_data(self._socket.recv(PIECE_BYTES))

    def _send(self, answer: Answer) -> bool:
        """Write the answer; tell whether another request may follow on this connection."""
        if self._protocol.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return False
        self._socket.settimeout(REQUEST_WITHIN_S)
        fields = [
            ("Date", formatdate(usegmt=True)),  # ZKTeco terminals set their clock by it
            ("Content-Type", answer.media_type),
            ("Content-Length", str(len(answer.body))),
            *answer.fields,
        ]
        self._write(h11.Response(status_code=answer.code, headers=fields))
        if answer.body:
            self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())
        if set(self._protocol.states.values()) != {h11.DONE}:
            return False
        self._protocol.start_next_cycle()
        return True

    def _write(self, event: h11.Event) -> None:
        written = self._protocol.send(event)
        if written:
            self._socket.sendall(written)


class _Bucket:
    """So many requests a second, with a burst of twice as many."""

    def __init__(self, rate_per_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._left = 2 * rate_per_s
        self._filled_s = monotonic()
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Take one; ``False`` when there is none."""
        with self._lock:
            now_s = monotonic()
            self._left = min(2 * self._rate_per_s, self._left + (now_s - self._filled_s) * self._rate_per_s)
            self._filled_s = now_s
            if self._left < 1:
                return False
            self._left -= 1
            return True


def _head_of(request: h11.Request) -> Head:
    return Head(
        method=request.method.decode("ascii"),
        target=request.target.decode("ascii", "replace"),
        fields={name.decode("ascii"): content.decode("latin-1") for name, content in request.headers},
    )
