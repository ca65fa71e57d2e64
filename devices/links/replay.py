"""The replay link: a recording played at its own pace, as if the device stood there.

``replay:///path?speed=1``. A link understands no bytes, so it paces by their number: a serial
capture at its line's rate, any other at ``bytes_per_s`` (a Lepton 3.5 in CPTV needs about 85,000).
``speed=0`` plays as fast as it is read. Recorded messages (one JSON document a line) come one each
``interval_s`` seconds, raw frames of a camera at its rate. With ``loop=1`` the recording begins again
when it has ended; otherwise the device falls silent. A file that ``python -m devices capture`` wrote is played
delivery by delivery at the times at which they came.
"""

import threading
from collections.abc import Iterator
from math import inf
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from devices.capture_file import is_capture, read_capture
from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.reading import Outgoing
from devices.registry import DeviceConfig

BYTES_PER_S = 85_000
BITS_PER_SERIAL_BYTE = 10
STEP_S = 0.05
LARGEST_STEP_BYTES = 64 * 1024


class ReplaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand behind the ``?`` of a replay URL."""

    speed: float = 1.0
    bytes_per_s: float = 0.0
    interval_s: float = 1.0
    loop: int = 0


class ReplayLink:
    """A file in the place of a device. What is sent to it goes nowhere."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        address = urlsplit(config.url)
        self._device_id = config.device_id
        self._path = Path(unquote(address.netloc + address.path))
        self._settings = _settings(config.device_id, query=address.query)
        self._manifest = manifest
        self._parts: Iterator[tuple[float, bytes | Delivery]] = iter(())
        self._next: tuple[float, bytes | Delivery] | None = None
        self._started_s = 0.0
        self._is_over = False
        self._pause = threading.Event()

    def open(self) -> None:
        """Read the recording and begin to play. A missing file is a mistake in the settings."""
        if self._is_over:
            return
        try:
            recorded = self._path.read_bytes()
        except OSError as error:
            msg = f"{self._device_id}: the recording {self._path} cannot be read: {error.strerror}"
            raise DeviceConfigurationError(msg) from error
        self._parts = self._paced(recorded)
        self._next = next(self._parts, None)
        self._started_s = monotonic()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next part when its time has come; ``LinkLostError`` at the end of a recording that loops."""
        if self._next is None:
            self._end(timeout_s=timeout_s)
            return None
        due_s, payload = self._next
        wait_s = self._started_s + due_s - monotonic()
        if wait_s > timeout_s:
            self._pause.wait(timeout_s)
            return None
        if wait_s > 0:
            self._pause.wait(wait_s)
        self._next = next(self._parts, None)
        return payload if isinstance(payload, Delivery) else Delivery(payload=payload)

    def send(self, outgoing: Outgoing) -> None:
        """Nobody is there to hear it."""

    def acknowledge(self, delivery: Delivery) -> None:
        """A recording needs no acknowledgement."""

    def close(self) -> None:
        """Stop playing."""
        self._parts = iter(())
        self._next = None

    def _end(self, *, timeout_s: float) -> None:
        if self._settings.loop and not self._is_over:
            msg = f"{self._device_id}: the recording has ended and begins again"
            raise LinkLostError(msg)
        self._is_over = True
        self._pause.wait(timeout_s)

    def _paced(self, recorded: bytes) -> Iterator[tuple[float, bytes | Delivery]]:
        """Cut the recording into parts, each with the second at which it is due."""
        speed = self._settings.speed
        if is_capture(recorded):
            for captured in read_capture(recorded)[1]:
                delivery = Delivery(payload=captured.payload, is_retained=captured.retained)
                yield (captured.after_s / speed if speed else 0.0), delivery
            return
        if self._manifest.capture is not None:
            every_s = 1 / max(self._manifest.frame_rate_hz, default=1.0)
            for index, frame in enumerate(self._manifest.capture.frames_in(recorded)):
                yield (index * every_s / speed if speed else 0.0), frame
            return
        if self._manifest.wire.is_message:
            for index, line in enumerate(recorded.splitlines()):
                yield (index * self._settings.interval_s / speed if speed else 0.0), line
            return
        step = max(1, min(LARGEST_STEP_BYTES, int(self._bytes_per_s * (speed or 1e9) * STEP_S)))
        for start in range(0, len(recorded), step):
            due_s = start / (self._bytes_per_s * speed) if speed else 0.0
            yield due_s, recorded[start : start + step]

    @property
    def _bytes_per_s(self) -> float:
        by_line = (self._manifest.default_baud or 0) / BITS_PER_SERIAL_BYTE
        return self._settings.bytes_per_s or by_line or BYTES_PER_S


def _settings(device_id: str, *, query: str) -> ReplaySettings:
    given = {name: words[-1] for name, words in parse_qs(query).items()}
    try:
        settings = msgspec.convert(given, ReplaySettings, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: in the replay url: {error}"
        raise DeviceConfigurationError(msg) from error
    if not all(0 <= number < inf for number in (settings.speed, settings.bytes_per_s, settings.interval_s)):
        msg = f"{device_id}: speed, bytes_per_s and interval_s of a replay url are finite, and none is negative"
        raise DeviceConfigurationError(msg)
    return settings
