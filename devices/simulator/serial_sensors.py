"""Simulated sensors on serial lines beside the GY-MCU90640: a point thermometer and a SenXor array.

Each is a thread that owns its pseudo-terminal. Time is counted in frames, as in ``serial_devices``.
A module that talks at another speed than the host listens at sends what such a host would see: noise.
"""

import math
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

import msgspec
import numpy as np

from devices.errors import DeviceConfigurationError
from devices.simulator.point_module import PointModule
from devices.simulator.pty_line import PtyLine
from devices.simulator.senxor_module import COLUMNS, ROWS, SenxorModule
from devices.simulator.thermal_scene import Person, ThermalScene

Answer = dict[str, object]
_STOP_TIMEOUT_S: Final = 5.0
_EMPTY_FRAMES_BETWEEN_PEOPLE: Final = 6
_IDLE_S: Final = 0.05


class _Module(Protocol):
    """What both modules have in common."""

    @property
    def streams(self) -> bool: ...
    @property
    def rate_hz(self) -> float: ...
    def receive(self, chunk: bytes) -> bytes: ...


class _Show(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    skin_c: float
    ambient_c: float = 24.0
    duration_s: float = 0.8
    glasses: bool = False


class _LineFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: str
    byte_count: int = 100
    duration_s: float = 1.0


class SimulatedSensor:
    """One sensor on a line. ``draw`` gives the bytes for whoever stands before it, or for nobody."""

    def __init__(
        self,
        module: _Module,
        *,
        link: Path,
        draw: Callable[[Person | None, float], bytes],
        baud: int | None = None,
        seed: int = 0,
    ) -> None:
        """Make the sensor, unplugged. ``baud``: the one speed it talks at; by default it is heard at any."""
        self._line = PtyLine(link=link)
        self._module, self._draw, self._baud = module, draw, baud
        self._random = random.Random(seed)
        self._ambient_c = 24.0
        self._frames: deque[Person | None] = deque()
        self._faults: deque[_LineFault] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sensor-{link.name}", daemon=True)

    def start(self) -> None:
        """Plug in and come to life."""
        self._line.plug_in()
        self._thread.start()

    def stop(self) -> None:
        """Stop and pull the plug."""
        self._stopping.set()
        self._thread.join(_STOP_TIMEOUT_S)

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Show a person, spoil the line, or say whether anybody still stands there."""
        match wish:
            case "show":
                self._queue(msgspec.convert(details, type=_Show))
            case "fault":
                self._faults.append(msgspec.convert(details, type=_LineFault))
            case "ask" if details == {"what": "idle"}:
                return {"idle": not self._frames}
            case _:
                msg = f"a sensor cannot {wish} {details.get('what', '')}".rstrip()
                raise DeviceConfigurationError(msg)
        return {}

    def _queue(self, show: _Show) -> None:
        frames = max(1, math.ceil(show.duration_s * self._module.rate_hz))
        self._ambient_c = show.ambient_c
        self._frames.extend([Person(skin_c=show.skin_c, glasses=show.glasses)] * frames)
        self._frames.extend([None] * _EMPTY_FRAMES_BETWEEN_PEOPLE)

    def _run(self) -> None:
        due_s = monotonic()
        while not self._stopping.is_set():
            while self._faults:
                self._suffer(self._faults.popleft())
            if self._module.streams:
                self._send(self._draw(self._frames.popleft() if self._frames else None, self._ambient_c))
                due_s = max(due_s + 1.0 / self._module.rate_hz, monotonic())
            else:
                due_s = monotonic() + _IDLE_S
            while (left_s := due_s - monotonic()) > 0 and not self._stopping.is_set():
                self._listen(left_s)
        self._line.unplug()

    def _listen(self, left_s: float) -> None:
        heard = self._line.read(timeout_s=left_s)
        if heard and self._is_at_speed and (answers := self._module.receive(heard)):
            self._send(answers)

    def _send(self, content: bytes) -> None:
        sent = content if self._is_at_speed else self._random.randbytes(len(content))
        self._line.write(sent, timeout_s=1.0 / self._module.rate_hz)

    @property
    def _is_at_speed(self) -> bool:
        return self._baud is None or self._line.host_baud == self._baud

    def _suffer(self, fault: _LineFault) -> None:
        if fault.kind == "garbage":
            self._line.write(self._random.randbytes(fault.byte_count), timeout_s=1.0)
        elif fault.kind == "unplug":
            self._line.unplug()
            self._stopping.wait(fault.duration_s)
            self._line.plug_in()


def point_thermometer(
    *, link: Path, rate_hz: float = 14.0, seed: int = 0, is_clone: bool = False, baud: int | None = None
) -> SimulatedSensor:
    """Make a point thermometer: it shows the skin of who stands there with a tenth of noise, or the room."""
    module, chance = PointModule(is_clone=is_clone, rate_hz=rate_hz), np.random.default_rng(seed)

    def draw(person: Person | None, ambient_c: float) -> bytes:
        shown_c = ambient_c if person is None else person.skin_c
        return module.frame(shown_c + float(np.clip(chance.normal(0.0, 0.03), -0.1, 0.1)), own_c=ambient_c + 1.0)

    return SimulatedSensor(module, link=link, draw=draw, baud=baud, seed=seed)


def senxor_array(*, link: Path, rate_hz: float = 25.0, seed: int = 0, baud: int | None = None) -> SimulatedSensor:
    """Make an 80 x 62 array that sees the scene of the smaller one, each of its pixels several times."""
    module, scene = SenxorModule(rate_hz=rate_hz), ThermalScene(seed=seed)
    stood: list[Person | None] = [None]

    def draw(person: Person | None, ambient_c: float) -> bytes:
        if person is not stood[0]:
            scene.let_stand()
        stood[0] = person
        coarse = scene.picture(person, ambient_c=ambient_c)
        rows, columns = (np.arange(ROWS) * coarse.shape[0] // ROWS), (np.arange(COLUMNS) * coarse.shape[1] // COLUMNS)
        return module.frame(coarse[np.ix_(rows, columns)])

    return SimulatedSensor(module, link=link, draw=draw, baud=baud, seed=seed)
