"""A simulated Hikvision access terminal: Digest, an alert stream that never ends, and a search.

``link`` is where it listens, with the password it wants: ``http://user:password@127.0.0.1:port``.
Its habits are those of real ones: pieces cut anywhere, tab-padded JSON, booleans as words, a
heartbeat that is an inactive video loss, pictures between the messages, a field left out when
nothing was measured. What it saw it keeps, and gives to who searches, thirty at a time.
"""

import random
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from time import monotonic
from typing import Final, Literal, cast
from urllib.parse import unquote, urlsplit

import msgspec

from devices.errors import DeviceConfigurationError
from devices.http_digest import challenge, is_answered, read_answer

Answer = dict[str, object]
VIETNAM: Final = timezone(timedelta(hours=7))
PAGE_LENGTH: Final = 30
TICK_S: Final = 0.02
LONGEST_BODY_BYTES: Final = 64 * 1024


class CameraOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is set. ``first_serial`` is the number of its first event."""

    heartbeat_s: float = 1.0
    alarm_c: float = 37.3
    first_serial: int = 1
    unit: Literal["celsius", "fahrenheit", "kelvin"] = "celsius"
    seed: int = 0


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands before it. ``skin_c`` 0: nothing was measured. ``is_missed``: only a search tells of it."""

    skin_c: float
    is_missed: bool = False


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What may be made to go wrong on the stream: nonsense, falling silent without hanging up, hanging up."""

    kind: Literal["garbage", "silence", "hang_up"]
    byte_count: int = 100


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is kept."""

    serial: int
    front: int
    at: datetime
    fields: dict[str, object]


class HikvisionCamera:
    """One terminal on its port."""

    def __init__(
        self,
        device_id: str,
        link: str,
        options: Mapping[str, str | int | float | bool],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        try:
            self._options = msgspec.convert(dict(options), CameraOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated camera: {error}"
            raise DeviceConfigurationError(msg) from error
        address = urlsplit(link)
        if address.scheme != "http" or not address.hostname or not address.username:
            msg = f"{device_id}: the link of a camera must be http://user:password@host:port"
            raise DeviceConfigurationError(msg)
        self.username, self.password = unquote(address.username), unquote(address.password or "")
        self.nonce = secrets.token_hex(8)
        self.heartbeat_s = self._options.heartbeat_s
        self.searches: list[dict[str, object]] = []
        self._clock = clock
        self._chance = random.Random(self._options.seed)
        self._events: list[_Event] = []
        self._streams: list[_OpenStream] = []
        self._changes = threading.RLock()
        self._server = _CameraServer((address.hostname, address.port or 0), camera=self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=f"camera-{device_id}")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Switch it on."""
        self._thread.start()

    def stop(self) -> None:
        """Switch it off; every connection ends."""
        self.perform("fault", {"kind": "hang_up"})
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` a person, make a ``fault``, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "fault":
            self._suffer(msgspec.convert(dict(details), Trouble))
            return {}
        if wish == "ask" and details.get("what") in {"idle", "listeners"}:
            return {"listeners": self.listener_count}
        msg = f"a camera cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    @property
    def listener_count(self) -> int:
        """How many read its stream."""
        with self._changes:
            return len(self._streams)

    def show(self, person: Shown) -> None:
        """Let a person look at it: one event, kept, and told to who listens."""
        with self._changes:
            last = self._events[-1].serial if self._events else self._options.first_serial - 1
            event = _Event(serial=last + 1, front=last, at=self._clock(), fields=self._measured(person))
            self._events.append(event)
            if not person.is_missed:
                self._tell(self._alert(event))

    def listen(self, stream: "_OpenStream") -> None:
        """Let somebody read the stream."""
        with self._changes:
            self._streams.append(stream)

    def forget(self, stream: "_OpenStream") -> None:
        """Let a reader go."""
        with self._changes:
            if stream in self._streams:
                self._streams.remove(stream)

    def heartbeat(self) -> bytes:
        """Write the event that is none."""
        alert = (
            '<EventNotificationAlert version="2.0"><ipAddress>192.0.2.10</ipAddress><channelID>1</channelID>'
            f"<dateTime>{self._local(self._clock())}</dateTime><activePostCount>0</activePostCount>"
            "<eventType>videoloss</eventType><eventState>inactive</eventState>"
            "<eventDescription>videoloss alarm</eventDescription></EventNotificationAlert>"
        )
        return as_part(alert.encode(), media_type='application/xml; charset="UTF-8"')

    def pieces_of(self, content: bytes) -> list[bytes]:
        """Cut anywhere, as a network does."""
        with self._changes:
            cuts = sorted({0, len(content), *(self._chance.randrange(len(content)) for _ in range(3))})
        return [content[start:end] for start, end in pairwise(cuts)]

    def search(self, condition: Mapping[str, object]) -> bytes:
        """Answer a search by number or by time, one page of it."""
        with self._changes:
            self.searches.append(dict(condition))
            found = [event for event in self._events if self._is_meant(event, condition)]
        start = int(cast(int, condition.get("searchResultPosition", 0)))
        length = min(PAGE_LENGTH, int(cast(int, condition.get("maxResults", PAGE_LENGTH))))
        page = found[start : start + length]
        said = {
            "searchID": condition.get("searchID", ""),
            "totalMatches": len(found),
            "responseStatusStrg": "MORE" if start + length < len(found) else "OK" if page else "NO MATCH",
            "numOfMatches": len(page),
            "InfoList": [self._listed(event) for event in page],
        }
        return msgspec.json.encode({"AcsEvent": said})

    def _is_meant(self, event: _Event, condition: Mapping[str, object]) -> bool:
        if "beginSerialNo" in condition:
            begin, end = cast(int, condition["beginSerialNo"]), cast(int, condition["endSerialNo"])
            return begin <= event.serial <= end
        since = datetime.fromisoformat(str(condition["startTime"]))
        until = datetime.fromisoformat(str(condition["endTime"]))
        return since <= event.at.replace(microsecond=0) <= until

    def _listed(self, event: _Event) -> dict[str, object]:
        named = {"major": 5, "minor": 75, "time": self._local(event.at), "employeeNoString": "0"}
        return named | {"serialNo": event.serial, "userType": "normal", "mask": "unknown"} | event.fields

    def _measured(self, person: Shown) -> dict[str, object]:
        """Say the temperature in the unit it is set to; leave it out when there is none."""
        if not person.skin_c:
            return {}
        unit = self._options.unit
        shown = {"celsius": person.skin_c, "fahrenheit": person.skin_c * 9 / 5 + 32, "kelvin": person.skin_c + 273.15}
        alarm = "true" if person.skin_c >= self._options.alarm_c else "false"
        return {"thermometryUnit": unit, "currTemperature": round(shown[unit], 2), "isAbnomalTemperature": alarm}

    def _alert(self, event: _Event) -> bytes:
        access = {
            "deviceName": "LANE",
            "majorEventType": 5,
            "subEventType": 75,
            "employeeNoString": "0",
            "serialNo": event.serial,
            "frontSerialNo": event.front,
            "currentVerifyMode": "face",
            "mask": "unknown",
            **event.fields,
        }
        alert = {
            "ipAddress": "192.0.2.12",
            "macAddress": "02:00:5e:00:00:03",
            "dateTime": self._local(event.at),
            "eventType": "AccessControllerEvent",
            "eventState": "active",
            "AccessControllerEvent": access,
        }
        text = msgspec.json.encode(alert).replace(b",", b",\t").replace(b":{", b":\t{")
        picture = as_part(b"\xff\xd8\xff\xd9", media_type="image/pjpeg")
        return as_part(text, media_type='application/json; charset="UTF-8"') + picture

    def _local(self, at: datetime) -> str:
        return at.astimezone(VIETNAM).isoformat(timespec="seconds")

    def _tell(self, content: bytes) -> None:
        for stream in self._streams:
            stream.waiting.append(content)

    def _suffer(self, trouble: Trouble) -> None:
        with self._changes:
            for stream in self._streams:
                if trouble.kind == "garbage":
                    stream.waiting.append(bytes(index * 37 % 256 for index in range(trouble.byte_count)))
                elif trouble.kind == "silence":
                    stream.is_silent = True
                else:
                    stream.is_ended.set()


class _OpenStream:
    """One reader of the stream."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.is_silent = False
        self.is_ended = threading.Event()


class _CameraServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, camera: HikvisionCamera) -> None:
        self.camera = camera
        super().__init__(address, _Conversation)


class _Conversation(BaseHTTPRequestHandler):
    """One request to the camera."""

    protocol_version = "HTTP/1.1"

    @property
    def _camera(self) -> HikvisionCamera:
        return cast(_CameraServer, self.server).camera

    def do_GET(self) -> None:
        """Give the alert stream."""
        if not self._is_let_in():
            return
        if self.path != "/ISAPI/Event/notification/alertStream":
            self._answer(404, b"")
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/mixed; boundary=boundary")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        stream = _OpenStream()
        self._camera.listen(stream)
        try:
            self._stream(stream)
        except OSError:
            self.log_message("the reader went away")
        finally:
            self._camera.forget(stream)

    def do_POST(self) -> None:
        """Search."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST_BODY_BYTES))
        if not self._is_let_in():
            return
        if self.path != "/ISAPI/AccessControl/AcsEvent?format=json":
            self._answer(404, b"")
            return
        asked = msgspec.json.decode(body, type=dict[str, dict[str, object]])
        self._answer(200, self._camera.search(asked["AcsEventCond"]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Write nothing: a device has no log of ours."""

    def _stream(self, stream: _OpenStream) -> None:
        next_beat_s = monotonic()
        while not stream.is_ended.wait(TICK_S):
            if stream.is_silent:
                continue
            while stream.waiting:
                self._write(stream.waiting.pop(0))
            if monotonic() >= next_beat_s:
                next_beat_s = monotonic() + self._camera.heartbeat_s
                self._write(self._camera.heartbeat())

    def _write(self, content: bytes) -> None:
        for piece in self._camera.pieces_of(content):
            self.wfile.write(piece)
            self.wfile.flush()

    def _is_let_in(self) -> bool:
        """Check the digest, or ask for it."""
        camera = self._camera
        answer = read_answer(self.headers.get("Authorization", ""))
        if answer is not None and answer.nonce == camera.nonce:
            method = self.command
            if is_answered(answer, method=method, username=camera.username, password=camera.password):
                return True
        asked = challenge(realm="DS-TEST", nonce=camera.nonce)
        self._answer(401, b"", fields={"WWW-Authenticate": asked})
        return False

    def _answer(self, code: int, body: bytes, *, fields: Mapping[str, str] | None = None) -> None:
        self.send_response(code)
        for name, text in (fields or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def as_part(body: bytes, *, media_type: str) -> bytes:
    """Write a part of the stream as these devices do."""
    head = f"--boundary\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n"
