"""The HTTP push link: a listener for terminals that post what they measured, answered only when it is stored.

One device, one port: ``http-push://address:port/path?...`` or ``https-push://...``. A request becomes
one delivery; its connection waits. The scanner's thread takes the delivery, feeds the driver, waits
until the sink has everything on disk, and only then ``acknowledge`` lets the answer go out. A store,
an edge or a cable that dies in between therefore gives the terminal no answer or 503, and it sends
again; the store keeps one per ``delivery_key``.

Behind the ``?``:

=================  ===============================================================================
``auth``           ``digest``, ``basic``, ``token`` (the secret is the first segment of the path) or
                   ``address`` (only together with ``from``); required
``user``           the name for ``digest`` and ``basic``
``secret_file``    where the password or token stands; readable by nobody else
``from``           the only address that is let in
``device``         what the parameter ``device`` of each request must say, if set
``cert_file``,     the listener's certificate and key (``https-push`` only), and the authority whose
``key_file``,      certificates devices must show, if they must
``client_ca_file``
``rate_per_s``, ``largest_body_kb``, ``answer_within_s``   limits
=================  ===============================================================================

What the driver says in answer (``Outgoing``) becomes the body; its ``topic`` is the media type.
"""

import ipaddress
import queue
import ssl
import threading
from typing import Final, NoReturn
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

import msgspec
import structlog

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.http_message import write_request
from devices.link import Delivery
from devices.links.credentials import SHORTEST_SECRET, Asked, Credentials, Proof, read_secret
from devices.links.http_listener import Answer, Head, HttpListener, ListenerLimits
from devices.reading import Outgoing
from devices.registry import DeviceConfig

SCHEMES: Final = frozenset({"http-push", "https-push"})
QUEUE_LENGTH: Final = 16

log = structlog.get_logger("devices")


class HttpPushSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_address": "from"}
):
    """What may stand behind the ``?`` of the URL."""

    auth: Proof
    user: str = ""
    secret_file: str = ""
    from_address: str = ""
    device: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    rate_per_s: float = 20.0
    largest_body_kb: int = 8 * 1024
    answer_within_s: float = 10.0


class _Exchange:
    """A request that waits for its answer."""

    def __init__(self) -> None:
        self.is_answered = threading.Event()
        self.is_abandoned = False
        self.answer = Answer(code=503)
        self.said = Answer(code=200)

    def end(self, answer: Answer) -> None:
        """Let the answer go out."""
        self.answer = answer
        self.is_answered.set()


class HttpPushLink:
    """One terminal's listener. ``receive`` and ``acknowledge`` are for one thread."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the URL and the secrets; ``DeviceConfigurationError`` says what a person must change."""
        del manifest
        self._device_id = config.device_id
        self._address = _address_of(config)
        self._settings = _settings_of(config.device_id, query=self._address.query)
        self._path = self._address.path.rstrip("/")
        self._credentials = self._read_credentials()
        self._tls = self._read_tls()
        self._arrived: queue.Queue[Delivery] = queue.Queue(QUEUE_LENGTH)
        self._listener: HttpListener | None = None
        self._current: _Exchange | None = None

    @property
    def port(self) -> int:
        """The port on which it listens, once it is open."""
        return self._listener.port if self._listener else 0

    def open(self) -> None:
        """Listen. A port that is taken, or an address that is not ours yet, is a lost link."""
        self.close()
        try:
            self._listener = HttpListener(
                (self._address.hostname or "", self._address.port or 0),
                judge=self._judge,
                take=self._take,
                is_welcome=self._is_welcome,
                limits=ListenerLimits(
                    largest_body_bytes=self._settings.largest_body_kb * 1024, rate_per_s=self._settings.rate_per_s
                ),
                tls=self._tls,
            )
        except OSError as error:
            msg = f"{self._device_id}: the port cannot be listened on: {error.strerror}"
            raise LinkLostError(msg) from error
        self._listener.start()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next request; one whose terminal was told to come again is not given any more."""
        if self._listener is None:
            msg = f"{self._device_id}: nobody listens"
            raise LinkLostError(msg)
        try:
            delivery = self._arrived.get(timeout=timeout_s)
        except queue.Empty:
            return None
        exchange = delivery.token
        if not isinstance(exchange, _Exchange) or exchange.is_abandoned:
            return None
        self._current = exchange
        return delivery

    def send(self, outgoing: Outgoing) -> None:
        """Lay the answer ready; it goes out with ``acknowledge``. Who asked nothing cannot be told anything."""
        if self._current is None:
            log.warning("http_push.nobody_asked", device_id=self._device_id)
            return
        self._current.said = Answer(code=200, body=outgoing.payload, media_type=outgoing.topic or "text/plain")

    def acknowledge(self, delivery: Delivery) -> None:
        """Answer the request of this delivery: everything that it said is stored."""
        exchange = delivery.token
        if isinstance(exchange, _Exchange):
            exchange.end(exchange.said)
        self._current = None

    def close(self) -> None:
        """Stop listening. Whoever still waits is told to come again."""
        listener, self._listener = self._listener, None
        current, self._current = self._current, None
        if current is not None:
            current.end(Answer(code=503))
        while not self._arrived.empty():
            waiting = self._arrived.get_nowait().token
            if isinstance(waiting, _Exchange):
                waiting.end(Answer(code=503))
        if listener is not None:
            listener.stop()

    def _is_welcome(self, address: str) -> bool:
        return self._settings.from_address in {"", address.removeprefix("::ffff:")}

    def _judge(self, head: Head) -> Answer | None:
        """Refuse by the head alone: a wrong path is not there, a wrong or missing proof is asked for."""
        target = urlsplit(head.target)
        is_ours = target.path == self._path or target.path.startswith(self._path + "/")
        if not is_ours or self._inner_path(target) is None or not self._names_device(target):
            return Answer(code=404)
        authorization = head.fields.get("authorization", "")
        asked = Asked(method=head.method, target=head.target, authorization=authorization)
        if self._credentials.are_shown_by(asked):
            return None
        if authorization:
            log.warning("http_push.wrong_credentials", device_id=self._device_id)
        return Answer(code=401, fields=(("WWW-Authenticate", self._credentials.challenge()),))

    def _names_device(self, target: SplitResult) -> bool:
        named = dict(parse_qsl(target.query)).get("device", "")
        return self._settings.device in {"", named}

    def _inner_path(self, target: SplitResult) -> str | None:
        return self._credentials.without_token(target.path.removeprefix(self._path) or "/")

    def _take(self, head: Head, body: bytes) -> Answer:
        """Hand a request to the scanner's thread and wait for its answer, not for ever."""
        target = urlsplit(head.target)
        inner = (self._inner_path(target) or "/") + (f"?{target.query}" if target.query else "")
        media_type = head.fields.get("content-type", "")
        payload = write_request(head.method, inner, media_type=media_type, body=body)
        exchange = _Exchange()
        try:
            self._arrived.put_nowait(Delivery(payload=payload, token=exchange))
        except queue.Full:
            return Answer(code=503, fields=(("Retry-After", "1"),))
        if not exchange.is_answered.wait(self._settings.answer_within_s):
            exchange.is_abandoned = True
            return Answer(code=503, fields=(("Retry-After", "1"),))
        return exchange.answer

    def _read_credentials(self) -> Credentials:
        settings = self._settings
        if settings.auth is Proof.ADDRESS:
            if not settings.from_address:
                self._refuse("auth=address needs from=, the device's address")
            return Credentials(proof=Proof.ADDRESS)
        if not settings.secret_file or (settings.auth is not Proof.TOKEN and not settings.user):
            self._refuse(f"auth={settings.auth.value} needs secret_file, and user unless it is a token")
        secret = read_secret(settings.secret_file, device_id=self._device_id)
        if settings.auth is Proof.TOKEN and len(secret) < SHORTEST_SECRET:
            self._refuse(f"a token has at least {SHORTEST_SECRET} signs")
        if settings.auth is not Proof.DIGEST and self._address.scheme == "http-push" and not self._is_loopback():
            log.warning("http_push.secret_travels_in_the_clear", device_id=self._device_id)
        return Credentials(proof=settings.auth, username=settings.user, secret=secret)

    def _read_tls(self) -> ssl.SSLContext | None:
        settings = self._settings
        if self._address.scheme == "http-push":
            if settings.cert_file or settings.key_file or settings.client_ca_file:
                self._refuse("certificates belong to https-push")
            return None
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(settings.cert_file, settings.key_file or None)
            if settings.client_ca_file:
                context.load_verify_locations(settings.client_ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            msg = f"{self._device_id}: the listener's certificate or key cannot be used: {type(error).__name__}"
            raise DeviceConfigurationError(msg) from error
        return context

    def _is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self._address.hostname or "").is_loopback
        except ValueError:
            return self._address.hostname == "localhost"

    def _refuse(self, reason: str) -> NoReturn:
        msg = f"{self._device_id}: {reason}"
        raise DeviceConfigurationError(msg)


def _address_of(config: DeviceConfig) -> SplitResult:
    """Check the URL. Port 0 lets the system choose, which is of use to tests alone."""
    address = urlsplit(config.url)
    try:
        is_sound = address.scheme in SCHEMES and bool(address.hostname) and address.port is not None
    except ValueError:
        is_sound = False
    if not is_sound or address.username or address.password:
        msg = (
            f"{config.device_id}: the url must be http[s]-push://address:port[/path]?auth=... without user or password"
        )
        raise DeviceConfigurationError(msg)
    return address


def _settings_of(device_id: str, *, query: str) -> HttpPushSettings:
    fields = {name: texts[-1] for name, texts in parse_qs(query, keep_blank_values=True).items()}
    try:
        return msgspec.convert(fields, HttpPushSettings, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: behind the ? of the url: {error}"
        raise DeviceConfigurationError(msg) from error
