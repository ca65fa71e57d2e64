"""A tCam on the network: one client at a time, commands and pictures as JSON between 0x02 and 0x03."""

import math
import re
import socket
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Final

import msgspec
import numpy as np

from devices.errors import DeviceConfigurationError
from devices.simulator.lepton_camera import AGC_STATUS, LeptonState, tcam_message
from devices.simulator.thermal_scene import Person, ThermalScene

ROWS, COLUMNS = 120, 160
Answer = dict[str, object]
_STOP_TIMEOUT_S: Final = 5.0
_POLL_S: Final = 0.05
_EMPTY_FRAMES_BETWEEN_PEOPLE: Final = 4
_AFTER_SHUTTER_MS: Final = 3000
_COMMAND: Final = re.compile(rb"\x02([^\x02\x03]*)\x03")
_ADDRESS: Final = re.compile(r"([\w.]+):(\d+)")


class _Show(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    skin_c: float
    ambient_c: float = 24.0
    duration_s: float = 0.8
    glasses: bool = False


class _Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``shutter`` closes it once, ``agc`` paints pictures for the eye from now on, ``drop`` cuts the client off."""

    kind: str


class _Command(msgspec.Struct, frozen=True):
    cmd: str


class SimulatedTcam:
    """The camera. ``address`` is host:port; port 0 takes a free one, see ``port``."""

    def __init__(self, *, address: str, rate_hz: float = 8.7, seed: int = 0) -> None:
        """Make the camera, unreachable."""
        found = _ADDRESS.fullmatch(address)
        if found is None:
            msg = f"a simulated tCam listens at host:port; {address!r} is not"
            raise DeviceConfigurationError(msg)
        self._host, self._wanted_port, self._rate_hz = found[1], int(found[2]), rate_hz
        self._scene = ThermalScene(seed=seed)
        self._ambient_c = 24.0
        self._last_person: Person | None = None
        self._frames: deque[Person | None] = deque()
        self._shutter_at_s = -math.inf
        self._is_agc = self._drops = self._streams = False
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name=f"tcam-{address}", daemon=True)
        self.port = 0

    def start(self) -> None:
        """Listen."""
        self._listener = socket.create_server((self._host, self._wanted_port), backlog=1)
        self._listener.settimeout(_POLL_S)
        self.port = self._listener.getsockname()[1]
        self._thread.start()

    def stop(self) -> None:
        """Go off the network."""
        self._stopping.set()
        self._thread.join(_STOP_TIMEOUT_S)
        if self._listener is not None:
            self._listener.close()

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Show a person, make trouble, or say whether anybody still stands there."""
        match wish:
            case "show":
                self._queue(msgspec.convert(details, type=_Show))
            case "fault":
                self._suffer(msgspec.convert(details, type=_Fault).kind)
            case "ask" if details == {"what": "idle"}:
                return {"idle": not self._frames}
            case _:
                msg = f"a camera cannot {wish} {details.get('what', '')}".rstrip()
                raise DeviceConfigurationError(msg)
        return {}

    def _queue(self, show: _Show) -> None:
        frames = max(1, math.ceil(show.duration_s * self._rate_hz))
        self._ambient_c = show.ambient_c
        self._frames.extend([Person(skin_c=show.skin_c, glasses=show.glasses)] * frames)
        self._frames.extend([None] * _EMPTY_FRAMES_BETWEEN_PEOPLE)

    def _suffer(self, kind: str) -> None:
        match kind:
            case "shutter":
                self._shutter_at_s = monotonic()
            case "agc":
                self._is_agc = True
            case "drop":
                self._drops = True
            case _:
                msg = f"no fault of the kind {kind!r}; there are: shutter, agc, drop"
                raise DeviceConfigurationError(msg)

    def _run(self) -> None:
        while not self._stopping.is_set() and self._listener is not None:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client, suppress(OSError):  # a client that goes away is not the camera's trouble
                self._streams = self._drops = False
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        heard, due_s = b"", monotonic()
        while not self._stopping.is_set() and not self._drops:
            client.settimeout(max(0.001, min(_POLL_S, due_s - monotonic())))
            with suppress(TimeoutError):
                chunk = client.recv(4096)
                if not chunk:
                    return
                heard = (heard + chunk)[-4096:]
            client.settimeout(_STOP_TIMEOUT_S)
            while (found := _COMMAND.search(heard)) is not None:
                heard = heard[found.end() :]
                client.sendall(self._obey(found[1]))
            if self._streams and monotonic() >= due_s:
                client.sendall(self._picture())
                due_s = max(due_s + 1 / self._rate_hz, monotonic())

    def _obey(self, content: bytes) -> bytes:
        try:
            command = msgspec.json.decode(content, type=_Command).cmd
        except msgspec.MsgspecError:
            return _answer(0, "json parse error")
        if command == "get_image":
            return self._picture()
        if command in {"stream_on", "stream_off"}:
            self._streams = command == "stream_on"
            return _answer(1, f"{command} success")
        return _answer(0, f"{command} unsupported")

    def _picture(self) -> bytes:
        person = self._frames.popleft() if self._frames else None
        if person is not self._last_person:
            self._scene.let_stand()
        self._last_person = person
        coarse = self._scene.picture(person, ambient_c=self._ambient_c)
        rows, columns = (np.arange(ROWS) * coarse.shape[0] // ROWS), (np.arange(COLUMNS) * coarse.shape[1] // COLUMNS)
        since_ms = min((monotonic() - self._shutter_at_s) * 1000, 20 * _AFTER_SHUTTER_MS)
        state = LeptonState(since_ffc_ms=int(since_ms))
        if self._is_agc:
            state = msgspec.structs.replace(state, status=AGC_STATUS, is_tlinear=False)
        return tcam_message(coarse[np.ix_(rows, columns)], state)


def _answer(value: int, text: str) -> bytes:
    return b"\x02" + msgspec.json.encode({"cam_info": {"info_value": value, "info_string": text}}) + b"\x03"
