"""Simulated terminals that post what they measured over HTTP, again and again until they are answered.

``link`` is the listener's address as it would be entered in the terminal's own page:
``http[s]://[user:password@]host:port[/path]``; the password is proven by a digest. What the requests
look like is the dialect's (``posting_dialects``). The outbox is in memory and survives the listener.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from devices.errors import DeviceConfigurationError

Answer = dict[str, object]
TICK_S = 0.05


class PostingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a terminal is set. ``clock_error_s`` is by how much its clock is ahead; ``ca_file`` whom it trusts."""

    serial_number: str | int = ""
    resend_s: float = 1.0
    heartbeat_s: float = 10.0
    clock_error_s: float = 0.0
    is_clock_unset: bool = False
    alarm_c: float = 37.3
    ca_file: str = ""
    timeout_s: float = 12.0


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands before it. ``skin_c`` 0 is what it reports when it did not measure."""

    skin_c: float
    is_history: bool = False


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What may be made to go wrong: nonsense in a body, or the clock jumping by ``seconds``."""

    kind: Literal["garbage", "clock"]
    byte_count: int = 100
    seconds: float = 0.0


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """One request to be made. ``is_awaited``: it is made again until it is accepted."""

    method: str
    target: str
    media_type: str = "text/plain"
    body: bytes = b""
    is_awaited: bool = True


class Dialect(Protocol):
    """The requests of one maker's terminals."""

    def greetings(self) -> tuple[Posted, ...]:
        """Give what it says when it is switched on."""
        ...

    def record(self, person: Shown, *, number: int, at: datetime | None) -> Posted:
        """Give the record of a person; ``at`` is the terminal's own time, ``None`` when it was never set."""
        ...

    def heartbeat(self, *, at: datetime | None) -> Posted:
        """Give its sign of life."""
        ...

    def accepts(self, body: bytes) -> bool:
        """Whether this answer tells it that a record arrived."""
        ...


class PostingTerminal:
    """One terminal that posts in a maker's dialect."""

    def __init__(
        self,
        device_id: str,
        link: str,
        options: Mapping[str, str | int | float | bool],
        *,
        dialect: Callable[[PostingOptions], Dialect],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        try:
            given = msgspec.convert(dict(options), PostingOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated terminal: {error}"
            raise DeviceConfigurationError(msg) from error
        self._options = msgspec.structs.replace(given, serial_number=str(given.serial_number or device_id))
        self._dialect = dialect(self._options)
        self._base, self._proof = _address(device_id, link)
        self._clock = clock
        self._clock_error_s = self._options.clock_error_s
        self._last_number = int(clock().timestamp())
        self._outbox: deque[Posted] = deque()
        self._changes = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"terminal-{device_id}", daemon=True)

    def start(self) -> None:
        """Switch it on: it greets, and posts what it has for ever."""
        self._thread.start()

    def stop(self) -> None:
        """Switch it off; what was not accepted is lost with its memory."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` a person, make a ``fault``, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "fault":
            self._suffer(msgspec.convert(dict(details), Trouble))
            return {}
        if wish == "ask" and details.get("what") in {"acknowledged", "idle"}:
            return {"acknowledged": self.waiting_count == 0, "waiting": self.waiting_count}
        msg = f"a posting terminal cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    def show(self, person: Shown) -> None:
        """Let a person look at it: one record goes out, and again until it is accepted."""
        with self._changes:
            self._last_number += 1
            self._outbox.append(self._dialect.record(person, number=self._last_number, at=self._now()))

    @property
    def waiting_count(self) -> int:
        """How many records still wait to be accepted."""
        with self._changes:
            return len(self._outbox)

    def _now(self) -> datetime | None:
        if self._options.is_clock_unset:
            return None
        return self._clock() + timedelta(seconds=self._clock_error_s)

    def _run(self) -> None:
        verify = self._options.ca_file or True
        with httpx.Client(
            base_url=self._base, auth=self._proof, verify=verify, timeout=self._options.timeout_s
        ) as line:
            for greeting in self._dialect.greetings():
                while not self._stopping.is_set() and not self._post(line, greeting):
                    self._stopping.wait(self._options.resend_s)
            next_heartbeat_s = monotonic() + self._options.heartbeat_s
            while not self._stopping.wait(TICK_S):
                self._send_first(line)
                if monotonic() >= next_heartbeat_s:
                    next_heartbeat_s = monotonic() + self._options.heartbeat_s
                    self._post(line, self._dialect.heartbeat(at=self._now()))

    def _send_first(self, line: httpx.Client) -> None:
        """Post the oldest record; it stays the oldest until it is accepted."""
        with self._changes:
            first = self._outbox[0] if self._outbox else None
        if first is None:
            return
        if self._post(line, first) or not first.is_awaited:
            with self._changes:
                self._outbox.popleft()
        else:
            self._stopping.wait(self._options.resend_s)

    def _post(self, line: httpx.Client, posted: Posted) -> bool:
        """Make one request; tell whether it was accepted."""
        try:
            answer = line.request(
                posted.method, posted.target, content=posted.body, headers={"Content-Type": posted.media_type}
            )
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and self._dialect.accepts(answer.content)

    def _suffer(self, trouble: Trouble) -> None:
        if trouble.kind == "clock":
            self._clock_error_s += trouble.seconds
            return
        nonsense = bytes(index * 37 % 256 for index in range(trouble.byte_count))
        with self._changes:
            sound = self._dialect.record(Shown(skin_c=36.5), number=0, at=self._now())
            self._outbox.append(msgspec.structs.replace(sound, body=nonsense, is_awaited=False))


def _address(device_id: str, link: str) -> tuple[str, httpx.Auth | None]:
    """Part the listener's address from the proof."""
    address = urlsplit(link)
    if address.scheme not in {"http", "https"} or not address.hostname or not address.port:
        msg = f"{device_id}: the link of a posting terminal must be http[s]://[user:password@]host:port[/path]"
        raise DeviceConfigurationError(msg)
    proof = None
    if address.username:
        proof = httpx.DigestAuth(unquote(address.username), unquote(address.password or ""))
    return f"{address.scheme}://{address.hostname}:{address.port}{address.path}", proof
