"""The HTTP pull link: a connection to a device that answers for ever, watched for silence.

``http-pull://user@host[:port]/path?password_file=...`` or ``https-pull://...``. The path is read as an
endless multipart body; the driver is given its bytes, whole parts at a time, so that the answers to
its own questions (``send``) can be laid between them as parts of their own.

* A password is proven by Digest, and stands in a file. A refused one is a mistake in the settings and
  is not tried again: these devices lock an account after a few attempts.
* A device sends a heartbeat every 0.3 to 10 s. When no whole part has come for ``watchdog_s``, the
  connection is as good as dead, whatever TCP says, and is opened anew; the scanner waits longer and
  longer between attempts.
* A question that fails is asked again a few times, then given up and told. It is asked in a thread of
  its own: what is live does not wait for what was missed.

Behind the ``?``: ``password_file``, ``watchdog_s``, and for ``https-pull`` ``ca_file`` (whom to trust).
"""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Final, NoReturn
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import httpx
import msgspec
import structlog

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.links.credentials import read_secret
from devices.multipart import MultipartStream, Part
from devices.reading import Outgoing
from devices.registry import DeviceConfig

SCHEMES: Final = {"http-pull": "http", "https-pull": "https"}
CONNECT_WITHIN_S: Final = 5.0
ANSWER_WITHIN_S: Final = 10.0
ASK_AGAIN_S: Final = (1.0, 3.0, 10.0, 30.0)
QUEUE_LENGTH: Final = 256
LARGEST_ANSWER_BYTES: Final = 4 * 1024 * 1024

log = structlog.get_logger("devices")


class HttpPullSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand behind the ``?`` of the URL."""

    password_file: str = ""
    watchdog_s: float = 30.0
    ca_file: str = ""


class _Stream:
    """One connection from GET to its end, read in a thread into a bounded queue."""

    def __init__(self, line: httpx.Client, *, path: str, watchdog_s: float) -> None:
        self.arrived: queue.Queue[bytes] = queue.Queue(QUEUE_LENGTH)
        self.is_ready = threading.Event()
        self.is_over = threading.Event()
        self.code = 0
        self.why = "the device ended the stream"
        self._line, self._path, self._watchdog_s = line, path, watchdog_s
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._read, name="http-pull", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the connection, also while it waits for bytes."""
        self._stopping.set()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("http_pull.already_closed")
        self._thread.join(CONNECT_WITHIN_S)

    def _read(self) -> None:
        limits = httpx.Timeout(CONNECT_WITHIN_S, read=self._watchdog_s)
        try:
            with self._line.stream("GET", self._path, timeout=limits) as answer:
                self.code = answer.status_code
                network = answer.extensions.get("network_stream")
                self._socket = network.get_extra_info("socket") if network else None
                self.is_ready.set()
                if self.code == httpx.codes.OK:
                    self._hand_over(answer.iter_raw())
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            self.why = f"the stream broke: {type(error).__name__}"
        finally:
            self.is_over.set()
            self.is_ready.set()

    def _hand_over(self, pieces: Iterator[bytes]) -> None:
        """Put pieces into the queue; a full one holds the device back."""
        for piece in pieces:
            while not self._stopping.is_set():
                try:
                    self.arrived.put(piece, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if self._stopping.is_set():
                return


class _Questions:
    """What the driver wants to know, asked one after the other in a thread of its own."""

    def __init__(self, line: httpx.Client, *, device_id: str) -> None:
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[Outgoing | None] = queue.SimpleQueue()
        self._line = line
        self._device_id = device_id
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http-pull-questions", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask nothing more; an answer that is still awaited is not waited for."""
        self._stopping.set()
        self._asked.put(None)
        self._thread.join(0.5)

    def ask(self, outgoing: Outgoing) -> None:
        """Take a question."""
        self._asked.put(outgoing)

    def _run(self) -> None:
        while not self._stopping.is_set():
            outgoing = self._asked.get()
            if outgoing is None:
                return
            for pause_s in (*ASK_AGAIN_S, 0.0):
                if self._is_answered(outgoing):
                    break
                if self._stopping.wait(pause_s):
                    return
            else:
                log.error("http_pull.question_given_up", device_id=self._device_id)

    def _is_answered(self, outgoing: Outgoing) -> bool:
        """Ask once. An answer, be it a refusal in the device's own words, ends the question; silence does not."""
        method, _, target = outgoing.topic.partition(" ")
        kind = {"Content-Type": "application/json"}
        try:
            answer = self._line.request(method, target, content=outgoing.payload, headers=kind, timeout=ANSWER_WITHIN_S)
        except httpx.HTTPError as error:
            log.warning("http_pull.question_failed", device_id=self._device_id, error=type(error).__name__)
            return False
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            log.warning("http_pull.question_failed", device_id=self._device_id, code=answer.status_code)
            return False
        if answer.status_code != httpx.codes.OK or len(answer.content) > LARGEST_ANSWER_BYTES:
            log.warning("http_pull.question_refused", device_id=self._device_id, code=answer.status_code)
            return True
        self.answers.put(_as_part(answer.content, media_type=answer.headers.get("Content-Type", "application/json")))
        return True


class HttpPullLink:
    """One device's endless answer. Used from one thread."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the URL and the password; ``DeviceConfigurationError`` says what a person must change."""
        del manifest
        self._device_id = config.device_id
        self._address = _address_of(config)
        self._settings = _settings_of(config.device_id, query=self._address.query)
        self._password = ""
        if self._settings.password_file:
            self._password = read_secret(self._settings.password_file, device_id=config.device_id)
        self._trust = self._read_trust()
        self._line: httpx.Client | None = None
        self._stream: _Stream | None = None
        self._questions: _Questions | None = None
        self._parts = MultipartStream()
        self._held = bytearray()
        self._held_at = 0
        self._last_part_s = 0.0

    def open(self) -> None:
        """Connect; returns once the device has begun to answer."""
        self.close()
        self._line = self._new_line()
        self._stream = _Stream(self._line, path=self._path, watchdog_s=self._settings.watchdog_s)
        self._stream.start()
        if not self._stream.is_ready.wait(2 * CONNECT_WITHIN_S):
            self._lose("the device did not answer")
        self._judge(self._stream)
        self._parts, self._held, self._held_at = MultipartStream(), bytearray(), 0
        self._last_part_s = monotonic()
        self._questions = _Questions(self._line, device_id=self._device_id)
        self._questions.start()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give whole parts, or an answer; ``LinkLostError`` when the stream is over or has fallen silent."""
        stream, questions = self._stream, self._questions
        if stream is None or questions is None:
            self._lose("the stream is not open")
        if not questions.answers.empty():
            return Delivery(payload=questions.answers.get())
        try:
            piece = stream.arrived.get(timeout=0.001 if stream.is_over.is_set() else timeout_s)
        except queue.Empty:
            return self._rest_of(stream)
        return self._whole_parts(piece)

    def send(self, outgoing: Outgoing) -> None:
        """Ask the device: ``topic`` is the method and the path; the answer comes as a delivery like any part."""
        if self._questions is None:
            self._lose("the stream is not open")
        self._questions.ask(outgoing)

    def acknowledge(self, delivery: Delivery) -> None:
        """Do nothing: a device does not wait for it. What was not stored is searched for after a new start."""

    def close(self) -> None:
        """Hang up."""
        stream, self._stream = self._stream, None
        questions, self._questions = self._questions, None
        line, self._line = self._line, None
        if questions is not None:
            questions.stop()
        if stream is not None:
            stream.stop()
        if line is not None:
            line.close()

    def _whole_parts(self, piece: bytes) -> Delivery | None:
        """Add a piece and give everything up to the end of its last whole part."""
        self._held += piece
        found = self._parts.feed(piece)
        if not found:
            self._watch()
            return None
        if any(isinstance(one, Part) for one in found):
            self._last_part_s = monotonic()
        end = found[-1].byte_offset + found[-1].byte_count - self._held_at
        whole = bytes(self._held[:end])
        del self._held[:end]
        self._held_at += end
        return Delivery(payload=whole)

    def _rest_of(self, stream: _Stream) -> Delivery | None:
        """Nothing came: fine for a while, too long for a heartbeat, or the end with what is left over."""
        if not stream.is_over.is_set():
            self._watch()
            return None
        if not self._held:
            self._lose(stream.why)
        rest = bytes(self._held)
        self._held.clear()
        return Delivery(payload=rest)

    def _watch(self) -> None:
        silent_s = monotonic() - self._last_part_s
        if silent_s > self._settings.watchdog_s:
            self._lose(f"no heartbeat for {silent_s:.0f} s")

    def _judge(self, stream: _Stream) -> None:
        """Say what the first line of the answer means; a refused password must not be tried again by itself."""
        if stream.code == httpx.codes.UNAUTHORIZED:
            self.close()
            msg = f"{self._device_id}: the device refuses this user and password"
            raise DeviceConfigurationError(msg)
        if stream.code != httpx.codes.OK:
            self._lose(f"the device answers {stream.code}" if stream.code else stream.why)

    @property
    def _path(self) -> str:
        return self._address.path or "/"

    def _new_line(self) -> httpx.Client:
        address = self._address
        scheme = SCHEMES[address.scheme]
        host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
        base = f"{scheme}://{host}" + (f":{address.port}" if address.port else "")
        proof = httpx.DigestAuth(unquote(address.username), self._password) if address.username else None
        return httpx.Client(base_url=base, auth=proof, verify=self._trust, trust_env=False)

    def _read_trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            msg = f"{self._device_id}: the ca_file cannot be used: {type(error).__name__}"
            raise DeviceConfigurationError(msg) from error

    def _lose(self, detail: str) -> NoReturn:
        msg = f"{self._device_id}: {detail}"
        raise LinkLostError(msg)


def _as_part(body: bytes, *, media_type: str) -> bytes:
    head = f"--answer\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1", "replace") + body


def _address_of(config: DeviceConfig) -> SplitResult:
    """Check the URL; a password in it is refused, because URLs are shown and logged."""
    address = urlsplit(config.url)
    try:
        is_sound = address.scheme in SCHEMES and bool(address.hostname) and address.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or address.password:
        msg = f"{config.device_id}: the url must be http[s]-pull://[user@]host[:port]/path[?password_file=...]"
        raise DeviceConfigurationError(msg)
    return address


def _settings_of(device_id: str, *, query: str) -> HttpPullSettings:
    fields = {name: texts[-1] for name, texts in parse_qs(query, keep_blank_values=True).items()}
    try:
        return msgspec.convert(fields, HttpPullSettings, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: behind the ? of the url: {error}"
        raise DeviceConfigurationError(msg) from error
