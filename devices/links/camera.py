"""The camera link: frames of a USB camera (UVC) exactly as it sends them, through OpenCV and Video4Linux.

``uvc:///dev/v4l/by-id/...`` with, behind the ``?``, ``width``, ``height`` and ``fourcc`` where they differ from what
the driver's manifest asks for. The path is opened and no other: a number would take whichever camera comes first.

* FOURCC is set before CONVERT_RGB, and CONVERT_RGB as the number 0: in the other order, or as a bool, some builds of
  OpenCV convert all the same.
* What comes is looked at before it is believed. A frame that was converted to colour or to eight bits is no
  measurement any more, and no later frame will be: that is a mistake in the settings, not a lost camera. Some builds
  give the right bytes as one flat row; as bytes they are the same, and are taken.
* Reading blocks inside OpenCV, so a thread of its own does it and keeps the newest frames only: a picture that
  nobody had time for is worth nothing a second later. How many were let go is counted.

OpenCV is imported when a camera is opened and not before.
"""

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import numpy as np
import numpy.typing as npt
import structlog

from devices.driver import CaptureFormat, Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.opencv import cv2
from devices.reading import Outgoing
from devices.registry import DeviceConfig

_QUEUE_LENGTH: Final = 4
_JOIN_WITHIN_S: Final = 2.0
_MOST_FAILED_READS: Final = 20
"""A Lepton stands still for about a second at each shutter event."""
_PAUSE_AFTER_FAILURE_S: Final = 0.1

_log = structlog.get_logger("devices")


class Capture(Protocol):
    """What is used of ``cv2.VideoCapture``; a test may stand in for it."""

    def isOpened(self) -> bool:  # noqa: N802  OpenCV's name
        """Whether the camera is there."""
        ...

    def set(self, name: int, value: float, /) -> bool:
        """Ask for a property."""
        ...

    def get(self, name: int, /) -> float:
        """Say what a property is."""
        ...

    def read(self) -> tuple[bool, npt.NDArray[np.generic] | None]:
        """Wait for the next frame."""
        ...

    def release(self) -> None:
        """Let the camera go."""
        ...


class _Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand behind the ``?`` of the URL; 0 and nothing take the driver's own."""

    width: int = 0
    height: int = 0
    fourcc: str = ""


# The numbers of OpenCV's properties, so that they can be said without importing it; a test compares them.
FRAME_WIDTH, FRAME_HEIGHT, FOURCC, CONVERT_RGB, BUFFER_SIZE = 3, 4, 6, 16, 38


class CameraLink:
    """One camera. What is sent to it goes nowhere: a camera is only looked through."""

    def __init__(
        self, config: DeviceConfig, *, manifest: Manifest, open_capture: Callable[[str], Capture] | None = None
    ) -> None:
        """Read the URL; ``DeviceConfigurationError`` when it cannot be meant."""
        self._device_id = config.device_id
        self._path, self._format = _path_and_format(config, manifest=manifest)
        self._open_capture = open_capture or _open_with_opencv
        self._frames: queue.Queue[bytes | Exception] = queue.Queue(_QUEUE_LENGTH)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.frames_let_go = 0

    def open(self) -> None:
        """Open the camera and begin to read. One that is not there is a lost link; another format is a mistake."""
        capture = self._open_capture(self._path)
        try:
            if not capture.isOpened():
                msg = f"{self._device_id}: there is no camera at {self._path}"
                raise LinkLostError(msg)
            self._ask_for_format(capture)
        except Exception:
            capture.release()
            raise
        self._frames, self._stopping = queue.Queue(_QUEUE_LENGTH), threading.Event()
        self._thread = threading.Thread(
            target=self._read,
            args=(capture, self._frames, self._stopping),
            name=f"camera-{self._device_id}",
            daemon=True,
        )
        self._thread.start()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next frame's bytes, or nothing when none came in time."""
        try:
            frame = self._frames.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(frame, Exception):
            raise frame
        return Delivery(payload=frame)

    def send(self, outgoing: Outgoing) -> None:
        """Nobody is there to hear it."""

    def acknowledge(self, delivery: Delivery) -> None:
        """A camera keeps no copy that could be let go."""

    def close(self) -> None:
        """Stop reading; the thread lets the camera go as soon as its last read returns."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_JOIN_WITHIN_S)

    def _ask_for_format(self, capture: Capture) -> None:
        wanted = self._format
        capture.set(FOURCC, float(_fourcc_number(wanted.fourcc)))
        capture.set(CONVERT_RGB, 0.0)
        capture.set(FRAME_WIDTH, float(wanted.columns))
        capture.set(FRAME_HEIGHT, float(wanted.rows))
        capture.set(BUFFER_SIZE, 2.0)
        given = CaptureFormat(
            fourcc=_fourcc_text(int(capture.get(FOURCC))) or wanted.fourcc,
            columns=int(capture.get(FRAME_WIDTH)),
            rows=int(capture.get(FRAME_HEIGHT)),
        )
        if given != wanted:
            msg = (
                f"{self._device_id}: the camera gives {_said(given)} and not {_said(wanted)}; see width, height, fourcc"
            )
            raise DeviceConfigurationError(msg)

    def _read(self, capture: Capture, frames: "queue.Queue[bytes | Exception]", stopping: threading.Event) -> None:
        """Read until told to stop or until the camera fails for good; then let it go."""
        failed = 0
        while not stopping.is_set():
            is_read, frame = capture.read()
            if not is_read or frame is None:
                failed += 1
                if failed >= _MOST_FAILED_READS:
                    self._give(LinkLostError(f"{self._device_id}: the camera gives no frames any more"), onto=frames)
                    break
                stopping.wait(_PAUSE_AFTER_FAILURE_S)
                continue
            failed = 0
            try:
                self._give(raw_bytes(frame, wanted=self._format), onto=frames)
            except DeviceConfigurationError as error:
                self._give(DeviceConfigurationError(f"{self._device_id}: {error}"), onto=frames)
                break
        capture.release()

    def _give(self, frame: bytes | Exception, *, onto: "queue.Queue[bytes | Exception]") -> None:
        """Put a frame where the scanner takes it; the oldest makes room."""
        while True:
            try:
                onto.put_nowait(frame)
            except queue.Full:
                try:
                    onto.get_nowait()
                except queue.Empty:
                    continue
                self.frames_let_go += 1
                if self.frames_let_go.bit_count() == 1:  # told at 1, 2, 4, 8 and so on
                    _log.warning("camera_frames_let_go", device_id=self._device_id, count=self.frames_let_go)
            else:
                return


def raw_bytes(frame: npt.NDArray[np.generic], *, wanted: CaptureFormat) -> bytes:
    """Give a frame's bytes as the camera sent them, little-endian; ``DeviceConfigurationError`` if it was converted.

    >>> raw_bytes(np.zeros((122, 160, 3), dtype=np.uint8), wanted=CaptureFormat(fourcc="Y16 ", columns=160, rows=122))
    Traceback (most recent call last):
    ...
    devices.errors.DeviceConfigurationError: the frames are converted to colour (58560 bytes instead of 39040): ...
    """
    expected = 2 * wanted.rows * wanted.columns
    if frame.nbytes == expected and frame.dtype.itemsize <= 2:
        return frame.astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()
    sizes = f"({frame.nbytes} bytes instead of {expected})"
    if frame.nbytes == 3 * wanted.rows * wanted.columns:
        msg = f"the frames are converted to colour {sizes}: this build of OpenCV ignores CONVERT_RGB"
    elif frame.nbytes == wanted.rows * wanted.columns:
        msg = f"the frames are converted to eight bits {sizes}: nothing is left of the temperatures"
    else:
        msg = f"the frames have the shape {frame.shape} {sizes}: another camera, or another format"
    raise DeviceConfigurationError(msg)


def _open_with_opencv(path: str) -> Capture:
    if not Path(path).exists():
        msg = f"there is no camera at {path}"
        raise LinkLostError(msg)
    return cv2.VideoCapture(path, cv2.CAP_V4L2)


def _path_and_format(config: DeviceConfig, *, manifest: Manifest) -> tuple[str, CaptureFormat]:
    address = urlsplit(config.url)
    path = unquote(address.path)
    if address.netloc or not path.startswith("/"):
        msg = f"{config.device_id}: a camera's url is uvc:///dev/v4l/by-id/NAME; {config.url!r} is not"
        raise DeviceConfigurationError(msg)
    if manifest.capture is None:
        msg = f"{config.device_id}: the driver {manifest.driver} reads no camera's frames"
        raise DeviceConfigurationError(msg)
    given = {name: words[-1] for name, words in parse_qs(address.query, keep_blank_values=True).items()}
    try:
        query = msgspec.convert(given, _Query, strict=False)
        return path, CaptureFormat(
            fourcc=(query.fourcc or manifest.capture.fourcc).ljust(4),
            columns=query.width or manifest.capture.columns,
            rows=query.height or manifest.capture.rows,
        )
    except (msgspec.ValidationError, ValueError) as error:
        msg = f"{config.device_id}: in the camera's url: {error}"
        raise DeviceConfigurationError(msg) from error


def _fourcc_number(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "little")


def _fourcc_text(number: int) -> str:
    """Read OpenCV's number; empty where a build cannot say."""
    return (number & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "replace") if number > 0 else ""


def _said(shape: CaptureFormat) -> str:
    return f"{shape.columns}x{shape.rows} {shape.fourcc.strip()}"
