"""The two simulated devices on serial lines: each a thread that owns its pseudo-terminal.

Time is counted in frames, not seconds, so that a busy machine shows a person for as many frames as
a quiet one does.
"""

import math
import queue
import random
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from devices.errors import DeviceConfigurationError
from devices.simulator.gy_module import GyModule
from devices.simulator.physical_scene import PhysicalScene
from devices.simulator.pty_line import PtyLine
from devices.simulator.thermal_scene import Person, ThermalScene

Answer = dict[str, object]
_STOP_TIMEOUT_S: Final = 5.0
_OWN_ABOVE_AMBIENT_C: Final = 6.0
_EMPTY_FRAMES_BETWEEN_PEOPLE: Final = 4


class _Show(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person stands before the array."""

    skin_c: float
    ambient_c: float = 24.0
    duration_s: float = 0.8
    glasses: bool = False


class _Scan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document or code lies on the reader."""

    lines: list[str]


class _LineFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something happens to the line. ``unplug`` takes the plug out for ``duration_s``."""

    kind: str
    byte_count: int = 100
    duration_s: float = 1.0


class SimulatedThermalArray:
    """A GY-MCU90640 at a lane: streams frames, obeys commands, shows whom it is told to."""

    def __init__(
        self, *, link: Path, rate_hz: float, seed: int, scene: ThermalScene | PhysicalScene | None = None
    ) -> None:
        """Make the module, dark and unplugged; by default it looks at an empty room without a reference body."""
        self._line = PtyLine(link=link)
        self._module = GyModule(rate_hz=rate_hz)
        self._scene = scene or ThermalScene(seed=seed)
        self._random = random.Random(seed)
        self._ambient_c = 24.0
        self._last_person: Person | None = None
        self._frames: deque[Person | None] = deque()
        self._faults: queue.SimpleQueue[_LineFault] = queue.SimpleQueue()
        self._changes = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gy-{link.name}", daemon=True)

    def start(self) -> None:
        """Plug in and begin to stream."""
        self._line.plug_in()
        self._thread.start()

    def stop(self) -> None:
        """Stop streaming and pull the plug."""
        self._stopping.set()
        self._thread.join(_STOP_TIMEOUT_S)

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Show a person, spoil the line, or say whether anybody still stands there."""
        match wish:
            case "show":
                self._queue(msgspec.convert(details, type=_Show))
            case "fault":
                self._faults.put(_known(msgspec.convert(details, type=_LineFault), kinds=_ARRAY_FAULTS))
            case "ask" if details == {"what": "idle"}:
                return {"idle": not self._frames}
            case "ask" if details == {"what": "settings"}:
                return msgspec.structs.asdict(self._module.settings)
            case _:
                msg = f"a thermal array cannot {wish} {details.get('what', '')}".rstrip()
                raise DeviceConfigurationError(msg)
        return {}

    def _queue(self, show: _Show) -> None:
        """Let a person stand there after those already waiting, and the place be empty before and after."""
        frames = max(1, math.ceil(show.duration_s * self._module.settings.rate_hz))
        person = Person(skin_c=show.skin_c, glasses=show.glasses)
        with self._changes:
            self._ambient_c = show.ambient_c
            self._frames.extend([person] * frames)
            self._frames.extend([None] * _EMPTY_FRAMES_BETWEEN_PEOPLE)

    def _run(self) -> None:
        """Send frame after frame at the module's rate; between two, listen for commands."""
        due_s = monotonic()
        while not self._stopping.is_set():
            while not self._faults.empty():
                self._suffer(self._faults.get())
            frame = self._next_frame()
            if self._module.settings.streams or self._module.takes_frame_request():
                self._line.write(frame, timeout_s=1.0 / self._module.settings.rate_hz)
            due_s = max(due_s + 1.0 / self._module.settings.rate_hz, monotonic())
            self._listen_until(due_s)
        self._line.unplug()

    def _next_frame(self) -> bytes:
        with self._changes:
            person = self._frames.popleft() if self._frames else None
            ambient_c = self._ambient_c
        if person is not self._last_person:
            self._scene.let_stand()
        self._last_person = person
        picture = self._scene.picture(person, ambient_c=ambient_c)
        return self._module.frame(picture, own_c=ambient_c + _OWN_ABOVE_AMBIENT_C)

    def _listen_until(self, due_s: float) -> None:
        while (left_s := due_s - monotonic()) > 0 and not self._stopping.is_set():
            answers = self._module.receive(self._line.read(timeout_s=left_s))
            if answers:
                self._line.write(answers, timeout_s=left_s)

    def _suffer(self, fault: _LineFault) -> None:
        match fault.kind:
            case "garbage":
                self._line.write(self._random.randbytes(fault.byte_count), timeout_s=1.0)
            case "truncated":
                self._line.write(self._next_frame()[: fault.byte_count], timeout_s=1.0)
            case "flipped":
                frame = bytearray(self._next_frame())
                frame[self._random.randrange(4, len(frame))] ^= 1 << self._random.randrange(8)
                self._line.write(bytes(frame), timeout_s=1.0)
            case "unplug":
                self._line.unplug()
                self._stopping.wait(fault.duration_s)
                self._line.plug_in()


class SimulatedDocumentReader:
    """A reader that sends each line of a document with a carriage return."""

    def __init__(self, *, link: Path, seed: int) -> None:
        """Make the reader, unplugged."""
        self._line = PtyLine(link=link)
        self._random = random.Random(seed)
        self._wishes: queue.SimpleQueue[_Scan | _LineFault | None] = queue.SimpleQueue()
        self._unplugging = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reader-{link.name}", daemon=True)

    def start(self) -> None:
        """Plug in."""
        self._line.plug_in()
        self._thread.start()

    def stop(self) -> None:
        """Pull the plug."""
        self._wishes.put(None)
        self._unplugging.set()
        self._thread.join(_STOP_TIMEOUT_S)

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Read a document, or spoil the line."""
        match wish:
            case "scan":
                self._wishes.put(msgspec.convert(details, type=_Scan))
            case "fault":
                self._wishes.put(_known(msgspec.convert(details, type=_LineFault), kinds=_READER_FAULTS))
            case _:
                msg = f"a document reader cannot {wish}"
                raise DeviceConfigurationError(msg)
        return {}

    def _run(self) -> None:
        while (wish := self._wishes.get()) is not None:
            if isinstance(wish, _Scan):
                self._line.write("".join(f"{line}\r" for line in wish.lines).encode(), timeout_s=1.0)
            elif wish.kind == "garbage":
                self._line.write(self._random.randbytes(wish.byte_count), timeout_s=1.0)
            else:
                self._line.unplug()
                self._unplugging.wait(wish.duration_s)
                self._line.plug_in()
        self._line.unplug()


_ARRAY_FAULTS: Final = frozenset({"garbage", "truncated", "flipped", "unplug"})
_READER_FAULTS: Final = frozenset({"garbage", "unplug"})


def _known(fault: _LineFault, *, kinds: frozenset[str]) -> _LineFault:
    if fault.kind not in kinds:
        msg = f"no fault of the kind {fault.kind!r}; there are: {', '.join(sorted(kinds))}"
        raise DeviceConfigurationError(msg)
    return fault
