"""The supervisor of one device: link, driver and measurement in one thread that never gives up.

What it promises:

* A lost cable, broker or camera is told once when it goes and once when it is back; in between it
  tries again, more and more slowly (``_RETRY_S``).
* A reading or a scanned text is handed to the sink, and the sink returns only when it is stored.
  When the sink fails, nothing is acknowledged. A broker then delivers it again after the link was
  reopened; a cable cannot, so there the event is held and offered again until it is stored.
* Faults are counted, pictures go to the sink as a preview and at most nine a second; a sink that
  fails on these is counted and not asked again for the same one.
* Nothing that this thread meets ends the process. This file is one of the two places where every
  exception is caught: drivers, links and sinks are foreign code, a lane must not stop because one
  of them has a mistake, and each such mistake is counted, told and followed by a fresh start.

Log lines carry the device and the kind of error, never what was read: it may be somebody's name.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic
from typing import Final

import msgspec
import structlog

from devices.awaited import Awaited, awaited_of
from devices.driver import Driver, Manifest, idle_of, opening_of
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.health import DeviceHealth, DeviceState, heard
from devices.imaging.face_finder import load_face_finder
from devices.link import Delivery, Link
from devices.measurement.measuring_options import for_driver, settings_from
from devices.measurement.presence import PresenceTracker, Preview
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceVoice,
    Fault,
    FaultCode,
    Reading,
    ScannedText,
    ThermalFrame,
)
from devices.registry import DeviceConfig, load_driver, load_link

_RECEIVE_TIMEOUT_S: Final = 0.2
_PREVIEW_EVERY_S: Final = 0.11
_RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_log = structlog.get_logger("devices")

Sink = Callable[[DeviceEvent], None]
Clock = Callable[[], datetime]


Room = Callable[[datetime], float | None]


def _told_by_nobody(at: datetime) -> float | None:
    del at
    return None


class _NotStoredError(Exception):
    """The sink did not take an event of a link that can deliver it again."""


class _Tally:
    """The counts and the state of one device, shared between its thread and those who ask."""

    def __init__(self, device_id: str, *, awaited: Awaited | None = None) -> None:
        """``awaited`` is what a device sends while it is well; None for one that may be silent."""
        self._lock = threading.Lock()
        self._device_id = device_id
        self._awaited = awaited
        self._state = DeviceState.STARTING
        self._detail = ""
        self._counts: Counter[str] = Counter()
        self._faults: Counter[FaultCode] = Counter()
        self._last_event_at: datetime | None = None
        self._last_streamed_s = monotonic()
        self._streaming_since: datetime | None = None
        self._voice = DeviceVoice()

    def enter(self, state: DeviceState, *, detail: str = "", at: datetime | None = None) -> bool:
        """Change the state, at an instant where it is the link that came; tell whether it is another than before."""
        with self._lock:
            changed = self._state is not state
            self._state, self._detail = state, detail
            if changed:
                self._last_streamed_s = monotonic()
                self._streaming_since = at
            return changed

    def count(self, what: str) -> int:
        """Add one to a count and give it."""
        with self._lock:
            self._counts[what] += 1
            return self._counts[what]

    def hear(self, *, at: datetime) -> None:
        """Note that bytes came, whatever they mean: an empty place before a thermometer makes no event."""
        with self._lock:
            self._last_event_at = at
            if self._awaited is not None and not self._awaited.is_picture:
                self._last_streamed_s = monotonic()

    def note(self, event: DeviceEvent, *, at: datetime) -> None:
        """Count an event."""
        with self._lock:
            self._last_event_at = at
            match event:
                case Fault():
                    self._faults[event.code] += 1
                case ThermalFrame():
                    self._counts["frames"] += 1
                    self._last_streamed_s = monotonic()
                case Reading():
                    self._counts["readings"] += 1
                case ScannedText():
                    self._counts["scans"] += 1
                case CommandReply(voice=DeviceVoice() as voice):
                    self._voice = heard(self._voice, voice)

    def health(self) -> DeviceHealth:
        """Give the counts; what is awaited and does not come makes a device stale."""
        with self._lock:
            silent_s, awaited = monotonic() - self._last_streamed_s, self._awaited
            is_stale = awaited is not None and self._state is DeviceState.UP and silent_s > awaited.longest_s
            return DeviceHealth(
                device_id=self._device_id,
                state=DeviceState.STALE if is_stale else self._state,
                last_event_at=self._last_event_at,
                readings=self._counts["readings"],
                scans=self._counts["scans"],
                frames=self._counts["frames"],
                faults=dict(self._faults),
                sink_failures=self._counts["sink_failures"],
                restarts=self._counts["restarts"],
                detail=awaited.missing if awaited is not None and is_stale else self._detail,
                streaming_since=self._streaming_since,
                voice=self._voice,
            )


class Scanner:
    """One device under supervision. ``start`` it once, ``stop`` it once; ``health`` any time, from any thread."""

    def __init__(self, config: DeviceConfig, *, sink: Sink, clock: Clock, room: Room = _told_by_nobody) -> None:
        """Keep the configuration; nothing is opened before ``start``, and a mistake in it shows in ``health``.

        ``room`` says how warm the room was at an instant, for a device that does not know; None: nobody does.
        """
        self._config = config
        self._sink = sink
        self._clock = clock
        self._room = room
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tally = _Tally(config.device_id)
        self._log = _log.bind(device_id=config.device_id, driver=config.driver)
        self._last_preview_s = 0.0
        self._is_sink_failing = False
        self._preview: Preview | None = None
        self._measured: ThermalFrame | None = None
        self._limit = ""

    def start(self) -> None:
        """Open the device in a thread of its own. A wrong configuration is told and left for a person to mend."""
        try:
            self._prepare()
        except DeviceConfigurationError as error:
            self._tally.enter(DeviceState.MISCONFIGURED, detail=str(error))
            self._log.error("device_misconfigured", reason=str(error))
            return
        self._thread = threading.Thread(target=self._supervise, name=f"scanner-{self._config.device_id}", daemon=True)
        self._thread.start()

    def stop(self, *, timeout_s: float) -> bool:
        """Let the device go. Gives whether its thread ended in time; what was not stored is not acknowledged."""
        self._stopping.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def health(self) -> DeviceHealth:
        """Say how the device is."""
        return self._tally.health()

    def preview(self) -> Preview | None:
        """Say what to draw over the picture that was last given to the sink; no measurement, never stored."""
        return self._preview

    def measured_picture(self) -> ThermalFrame | None:
        """Give the picture that completed the reading which the sink is being given now; None at any other time.

        For the sink, on this scanner's thread. Terminals that measure by themselves never have one.
        """
        return self._measured

    def _prepare(self) -> None:
        driver_class = load_driver(self._config.driver)
        self._manifest: Manifest = driver_class.manifest
        self._driver: Driver = driver_class(device_id=self._config.device_id, options=for_driver(self._config.options))
        self._link: Link = load_link(self._config.url)(self._config, manifest=self._manifest)
        self._tally = _Tally(
            self._config.device_id, awaited=awaited_of(self._manifest, told_s=self._config.longest_silence_s)
        )
        self._tracker, self._limit = _tracker_for(self._config, manifest=self._manifest)
        if self._limit:
            self._log.warning("faces_limited", reason=self._limit)

    def _supervise(self) -> None:
        """Keep the device running until told to stop; the one loop that outlives every mistake."""
        failures = 0
        while not self._stopping.is_set():
            frames_before = self._tally.health()
            try:
                self._run_link()
            except DeviceConfigurationError as error:
                self._tally.enter(DeviceState.MISCONFIGURED, detail=str(error))
                self._log.error("device_misconfigured", reason=str(error))
                return
            except LinkLostError as error:
                self._go_down(str(error))
            except _NotStoredError:
                self._go_down("the store does not take readings")
            except Exception as error:  # noqa: BLE001  the supervisor: see the first lines of this file
                self._tally.count("restarts")
                self._go_down(f"our own mistake: {_named(error)}")
            finally:
                self._close()
            failures = 0 if self._tally.health().last_event_at != frames_before.last_event_at else failures + 1
            self._stopping.wait(_RETRY_S[min(failures, len(_RETRY_S) - 1)])

    def _run_link(self) -> None:
        """Open the link, say what the device must hear, and feed what comes until it is lost or we are told to stop."""
        self._link.open()
        for command in opening_of(self._driver):
            self._link.send(command)
        self._come_up()
        while not self._stopping.is_set():
            delivery = self._link.receive(timeout_s=_RECEIVE_TIMEOUT_S)
            if delivery is not None:
                self._take(delivery)
                continue
            for event in idle_of(self._driver, received_at=self._clock()):
                self._hand_over(event)

    def _take(self, delivery: Delivery) -> None:
        """Bring everything in a delivery to the sink; only then answer the device and the broker."""
        self._tally.hear(at=self._clock())
        answers = []
        for event in self._events_of(delivery):
            self._hand_over(event)
            if not isinstance(event, ThermalFrame | ScannedText) and event.acknowledge_with is not None:
                answers.append(event.acknowledge_with)
        for answer in answers:
            self._link.send(answer)
        self._link.acknowledge(delivery)

    def _events_of(self, delivery: Delivery) -> Iterable[DeviceEvent]:
        """Decode. A driver never raises; should one, the bytes become a fault and it begins afresh."""
        at = self._clock()
        try:
            return tuple(self._driver.feed(delivery.payload, received_at=at, is_retained=delivery.is_retained))
        except Exception as error:  # noqa: BLE001  a poisonous message must not come back for ever
            self._tally.count("restarts")
            self._log.error("driver_failed", error=_named(error), byte_count=len(delivery.payload))
            self._renew_driver()
            return (
                Fault(
                    device_id=self._config.device_id,
                    observed_at=at,
                    code=FaultCode.BAD_MESSAGE,
                    detail=f"the driver failed: {_named(error)}",
                    byte_offset=0,
                    byte_count=len(delivery.payload),
                ),
            )

    def _hand_over(self, event: DeviceEvent) -> None:
        """Give an event to the sink in the way its kind deserves."""
        event = self._in_its_room(event)
        self._tally.note(event, at=self._clock())
        if isinstance(event, ThermalFrame):
            for reading in self._tracker.accept_each(event) if self._tracker else ():
                self._measured = event
                try:
                    self._hand_over(reading)
                finally:
                    self._measured = None
            if monotonic() - self._last_preview_s >= _PREVIEW_EVERY_S:
                self._last_preview_s = monotonic()
                self._preview = self._tracker.preview(event) if self._tracker else None
                self._offer(event)
        elif isinstance(event, Reading | ScannedText) or self._manifest.acknowledges:
            self._store(event)
        else:
            self._offer(event)

    def _in_its_room(self, event: DeviceEvent) -> DeviceEvent:
        """Add how warm the room was then, where the device did not say it and a thermometer beside it did."""
        if not isinstance(event, ThermalFrame | Reading) or event.ambient_c is not None:
            return event
        room_c = self._room(event.observed_at)
        return event if room_c is None else msgspec.structs.replace(event, ambient_c=room_c)

    def _store(self, event: DeviceEvent) -> None:
        """Give an event to the sink until it is stored, or until the broker will have to bring it again."""
        attempt = 0
        while not self._offer(event):
            if self._manifest.acknowledges:
                raise _NotStoredError
            self._tally.enter(DeviceState.DOWN, detail="the store does not take readings; the last one is held")
            if self._stopping.wait(_RETRY_S[min(attempt, len(_RETRY_S) - 1)]):
                self._log.error("event_lost_at_stop", kind=type(event).__name__)
                return
            attempt += 1
        if attempt:
            self._come_up()

    def _offer(self, event: DeviceEvent) -> bool:
        """Give an event to the sink once; tell whether it took it."""
        try:
            self._sink(event)
        except Exception as error:  # noqa: BLE001  the sink is foreign code; a failure is an answer
            self._tally.count("sink_failures")
            if not self._is_sink_failing:
                self._log.error("sink_failed", kind=type(event).__name__, error=_named(error))
            self._is_sink_failing = True
            return False
        if self._is_sink_failing:
            self._log.info("sink_recovered")
        self._is_sink_failing = False
        return True

    def _come_up(self) -> None:
        if self._tally.enter(DeviceState.UP, detail=self._limit, at=self._clock()):
            self._log.info("device_up")

    def _go_down(self, reason: str) -> None:
        if self._tally.enter(DeviceState.DOWN, detail=reason):
            self._log.warning("device_down", reason=reason)

    def _close(self) -> None:
        """Close the link, and end the stream: what was half received belongs to no later one."""
        self._link.close()
        for event in self._driver.finish(received_at=self._clock()):
            if not (isinstance(event, Fault) and self._stopping.is_set()):  # we broke it off ourselves
                self._hand_over(event)
        self._renew_driver()
        self._tracker, self._limit = _tracker_for(self._config, manifest=self._manifest)

    def _renew_driver(self) -> None:
        driver_class = load_driver(self._config.driver)
        self._driver = driver_class(device_id=self._config.device_id, options=for_driver(self._config.options))


def _tracker_for(config: DeviceConfig, *, manifest: Manifest) -> tuple[PresenceTracker | None, str]:
    """Give the measurement for a device of pictures, and what limits it ("" if nothing); others measure themselves."""
    settings = settings_from(config.options, manifest=manifest)
    if settings is None:
        return None, ""
    finder, limit = load_face_finder(longer_side_px=max(manifest.columns or 0, manifest.rows or 0))
    return PresenceTracker(device_id=config.device_id, manifest=manifest, settings=settings, finder=finder), limit


def _named(error: Exception) -> str:
    """Name an error and its place without its message, which may quote what was read."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return type(error).__name__
    where = traceback.tb_frame.f_code
    return f"{type(error).__name__} in {where.co_name}, line {traceback.tb_lineno}"
