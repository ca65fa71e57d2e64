"""The network between edges and centre, with everything a network does; real HTTP messages, no sockets.

Each edge speaks through its own ``Wire`` (an httpx transport under the product's real ``HttpTransport``);
``Network`` decides what becomes of each request and each answer.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple, NoReturn

import httpx

from tests.simulation.chance import Chance
from tests.simulation.databases import KillSwitch

CAPTIVE_PORTAL = b"<html><body>Please accept the terms of this hotel</body></html>"
_KEPT_REQUESTS = 12
_KEPT_ANSWERS = 8


class Message(NamedTuple):
    """One request on its way. ``headers`` are lower case."""

    sender: str
    method: str
    path: str
    query: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def fingerprint(self) -> str:
        named = f"{self.method} {self.path} {sorted(self.headers)}".encode()
        return hashlib.sha256(named + self.query + self.body).hexdigest()[:16]


class Answer(NamedTuple):
    """One answer on its way back."""

    code: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class NetworkFaults:
    """How likely each fault is for one request; drawn once for each seed."""

    KINDS = (
        "request_lost",
        "answer_lost",
        "duplicated",
        "kept_for_later",
        "replayed_late",
        "request_truncated",
        "request_corrupted",
        "answer_truncated",
        "answer_corrupted",
        "old_answer_replayed",
        "captive_portal",
        "gateway_error",
    )

    def __init__(self, chance: Chance) -> None:
        self.rates = {kind: chance.amount(0.0, 0.12) if chance.happens(0.45) else 0.0 for kind in self.KINDS}

    def heal(self) -> None:
        self.rates = dict.fromkeys(self.KINDS, 0.0)


class Network:
    """Carries requests to ``deliver``; counts what it does to them with ``strike``."""

    def __init__(
        self,
        chance: Chance,
        *,
        deliver: Callable[[Message], Answer],
        strike: Callable[[str], None],
        trace: Callable[[str], None],
    ) -> None:
        self.faults = NetworkFaults(chance)
        self.cut_off: set[str] = set()
        self._chance = chance
        self._deliver = deliver
        self._strike = strike
        self._trace = trace
        self._kept: list[Message] = []
        self._answers: dict[str, list[Answer]] = {}

    def carry(self, message: Message) -> Answer:
        """Bring one request there and its answer back, or raise what httpx would."""
        self._trace(f"> {message.sender} {message.method} {message.path} {message.fingerprint}")
        if message.sender in self.cut_off:
            self._break(httpx.ConnectError)
        if self._happens("request_lost"):
            self._break(httpx.ConnectTimeout)
        if self._happens("captive_portal"):
            return Answer(200, (("content-type", "text/html"),), CAPTIVE_PORTAL)
        if self._happens("gateway_error"):
            return Answer(503, (("content-type", "text/html"), ("retry-after", "3")), b"upstream")
        if self._happens("kept_for_later"):
            self._kept = [*self._kept[-_KEPT_REQUESTS:], message]
        self._perhaps_deliver_old()
        answer = self._deliver_damaged(message)
        if self._happens("duplicated"):
            answer = self._deliver(message)
        return self._bring_back(message, answer=answer)

    def _break(self, fault: type[httpx.TransportError]) -> NoReturn:
        reason = "the network took it"
        raise fault(reason)

    def deliver_kept(self) -> bool:
        """Let one request that was kept arrive now; nobody waits for its answer."""
        if not self._kept:
            return False
        self._strike("replayed_late")
        late = self._kept.pop(self._chance.number(0, len(self._kept) - 1))
        self._trace(f"late {late.fingerprint}")
        self._swallow(late)
        return True

    def _perhaps_deliver_old(self) -> None:
        if self._kept and self._chance.happens(self.faults.rates["replayed_late"] * 3):
            self.deliver_kept()

    def _swallow(self, message: Message) -> None:
        try:
            self._deliver(message)
        except httpx.TransportError:
            self._trace("late: no answer")

    def _deliver_damaged(self, message: Message) -> Answer:
        if self._happens("request_truncated") and message.body:
            message = message._replace(body=message.body[: self._chance.number(0, len(message.body) - 1)])
        if self._happens("request_corrupted"):
            message = self._corrupted(message)
        return self._deliver(message)

    def _corrupted(self, message: Message) -> Message:
        """Change one bit of the body, or one character of a signed header."""
        if message.body and self._chance.happens(0.5):
            return message._replace(body=self._flip(message.body))
        headers = list(message.headers)
        signed = [number for number, (name, _) in enumerate(headers) if name.startswith("kd-")]
        if signed:
            number = self._chance.one_of(signed)
            name, value = headers[number]
            headers[number] = (name, self._flip_text(value))
        return message._replace(headers=tuple(headers))

    def _flip(self, body: bytes) -> bytes:
        at = self._chance.number(0, len(body) - 1)
        return body[:at] + bytes([body[at] ^ (1 << self._chance.number(0, 7))]) + body[at + 1 :]

    def _flip_text(self, text: str) -> str:
        if not text:
            return "0"
        at = self._chance.number(0, len(text) - 1)
        return text[:at] + self._chance.one_of("0123456789abcdef") + text[at + 1 :]

    def _bring_back(self, message: Message, *, answer: Answer) -> Answer:
        if self._happens("answer_lost"):
            self._break(httpx.ReadTimeout)
        old = self._answers.setdefault(f"{message.sender}{message.path}", [])
        if old and self._happens("old_answer_replayed"):
            return self._chance.one_of(old)
        old.append(answer)
        del old[:-_KEPT_ANSWERS]
        if self._happens("answer_truncated"):
            return answer._replace(body=answer.body[: len(answer.body) // 2])
        if self._happens("answer_corrupted") and answer.body:
            return answer._replace(body=self._forged(answer.body))
        return answer

    def _forged(self, body: bytes) -> bytes:
        """Change one bit, or one digit so that the answer still reads as JSON."""
        digits = [at for at, byte in enumerate(body) if chr(byte).isdigit()]
        if not digits or self._chance.happens(0.3):
            return self._flip(body)
        at = self._chance.one_of(digits)
        return body[:at] + str(self._chance.number(0, 9)).encode() + body[at + 1 :]

    def _happens(self, kind: str) -> bool:
        if not self._chance.happens(self.faults.rates[kind]):
            return False
        self._strike(kind)
        self._trace(f"! {kind}")
        return True


class StraightClient(httpx.Client):
    """A client whose requests go to its wire at once: there are no cookies, redirects or logins on the way."""

    def send(self, request: httpx.Request, *, stream: bool = False, **ignored: object) -> httpx.Response:
        answer = self._transport.handle_request(request)
        answer.request = request
        return answer


class Wire(httpx.BaseTransport):
    """What one edge's HTTP client speaks through; the edge may die before a request and after an answer."""

    def __init__(self, sender: str, *, network: Network, switch: KillSwitch) -> None:
        self._sender = sender
        self._network = network
        self._switch = switch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._switch.point("before a request")
        message = Message(
            sender=self._sender,
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=tuple((name.lower(), value) for name, value in request.headers.items()),
            body=request.read(),
        )
        answer = self._network.carry(message)
        self._switch.point("after an answer")
        return httpx.Response(answer.code, headers=list(answer.headers), content=answer.body)
