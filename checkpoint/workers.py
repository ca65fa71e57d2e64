"""What runs beside the officers: one scanner thread for each device, the threads to the centre, the preview.

This supervisor is one of the two places of this product that catch every exception: whatever goes
wrong beside a lane, the lane goes on, and what failed starts afresh.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
import numpy as np
import structlog

from checkpoint.actions.couriering import collect_return
from checkpoint.actions.deadlines import lapse_due_holds
from checkpoint.actions.deciding import is_passage_due, pass_automatically
from checkpoint.actions.declaring import forget_past_declarations
from checkpoint.actions.entrusting import carry_out_orders
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.instruments import look_at_devices
from checkpoint.actions.next_person import follow_on
from checkpoint.actions.picturing import forget_past_pictures
from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.reconciling import LOOKS_BACK, LOOKS_BACK_AT_START, forget_past_lists, hours_due, reconcile
from checkpoint.actions.view import UplinkView
from checkpoint.centre_link import CentreLink
from checkpoint.images import FaceCrop, cut_face
from checkpoint.printing import PrintJob, SlipPrinters
from checkpoint.rooms import RoomBook
from checkpoint.settings import DeviceSettings
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from devices.health import DeviceHealth
from devices.measurement.presence import Preview
from devices.reading import CommandReply, DeviceEvent, FaceBox, Reading, ScannedText, ThermalFrame
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from sync.exchange.supervision import supervised

_log = structlog.get_logger("checkpoint")
_supervised = partial(supervised, log=_log)
_PASSAGE_LOOK_S: Final = 0.2
_DISK_LOOK_S: Final = 2.0
_FORGET_EVERY: Final = timedelta(hours=1)
_RECONCILE_EVERY: Final = timedelta(minutes=1)
_PICTURES_EVERY: Final = timedelta(minutes=1)
_ZERO_CELSIUS_CK: Final = 27315

PreviewListener = Callable[[str, bytes], None]


class Previews:
    """The latest thermal picture of each lane, for whoever looks; never stored, never queued."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: list[PreviewListener] = []

    def listen(self, listener: PreviewListener) -> None:
        """Call ``listener`` with lane and picture from the scanner's thread; it must not block."""
        self._listeners.append(listener)

    def show(self, lane_id: str, frame: ThermalFrame, *, estimate: Preview | None) -> None:
        """Hand a picture to the listeners, with the scanner's present estimate of what is in it."""
        if self._listeners:
            picture = encode_picture(frame, estimate=estimate)
            for listener in self._listeners:
                listener(lane_id, picture)


def encode_picture(frame: ThermalFrame, *, estimate: Preview | None) -> bytes:
    """Write one picture: a line of JSON, then rows of little-endian uint16 in hundredths of a kelvin.

    The face box is live: it is there before the reading exists, and gone when the person is.
    """
    rows, columns = frame.celsius.shape
    head = {
        "device_id": frame.device_id,
        "observed_at": frame.observed_at,
        "width": columns,
        "height": rows,
        "ambient_c": frame.ambient_c,
        "device_c": frame.device_c,
        "faces": _faces(estimate),
        "reference": _place(estimate.reference) if estimate and estimate.reference else None,
        "frames_collected": estimate.frames_collected if estimate else 0,
        "is_measured": bool(estimate and estimate.is_measured),
        "quality": ["several_faces"] if estimate and estimate.face_count > 1 else [],
    }
    centikelvin = np.clip(np.rint(frame.celsius * 100) + _ZERO_CELSIUS_CK, 0, 65535).astype("<u2")
    pixels: bytes = centikelvin.tobytes()
    return msgspec.json.encode(head) + b"\n" + pixels


def _faces(estimate: Preview | None) -> list[dict[str, object]]:
    if estimate is None or estimate.face is None:
        return []
    return [_place(estimate.face) | {"temperature_c": estimate.temperature_c}]


def _place(box: FaceBox) -> dict[str, object]:
    return {"x": box.left_px, "y": box.top_px, "width": box.width_px, "height": box.height_px}


class Workers:
    """Scanners and uplink of one edge. ``start`` once, ``stop`` once."""

    def __init__(self, gate: Gate) -> None:
        """Prepare; nothing runs before ``start``."""
        self._gate = gate
        self.previews = Previews()
        self._rooms = RoomBook()
        self._scanners = {device.device_id: self._scanner_of(device) for device in gate.settings.device}
        gate.instruments.health = self.device_health
        self._stopping = threading.Event()
        self._forget_after = self._reconcile_after = self._pictures_after = gate.clock()
        self._looks_back = LOOKS_BACK_AT_START
        self._hours: set[datetime] = set()
        self._has_room = True
        self._disk_thread = threading.Thread(target=self._run_disk, name="disk", daemon=True)
        self.centre_link = CentreLink(gate)
        self._printers = SlipPrinters(gate, supervise=self._look_at_printer)
        self._passing = [lane for lane in gate.settings.lane if lane.automatic_passage_s > 0]
        self._passage_thread = threading.Thread(target=self._run_passage, name="passage", daemon=True)

    def _scanner_of(self, device: DeviceSettings) -> Scanner:
        return Scanner(
            DeviceConfig(
                device_id=device.device_id,
                driver=device.driver,
                url=device.url,
                options=device.options,
                longest_silence_s=device.longest_silence_s,
            ),
            sink=self.take_event,
            clock=self._gate.clock,
            room=lambda at: self.room_at(device.device_id, at=at),
        )

    def room_at(self, device_id: str, *, at: datetime) -> float | None:
        """Say how warm it was, in degrees Celsius, where a device stands; None where no thermometer told."""
        lane = self._gate.settings.lane_of_device(device_id)
        return self._rooms.temperature_c(None if lane is None else lane.lane_id, at=at)

    def start(self) -> None:
        """Open every device and begin to send."""
        self._disk_thread.start()
        for scanner in self._scanners.values():
            scanner.start()
        self.centre_link.start()
        self._printers.start()
        if self._passing:
            self._passage_thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Let the devices go first, so that nothing is acknowledged that is not stored; then the uplink."""
        self._stopping.set()
        for scanner in self._scanners.values():
            scanner.stop(timeout_s=timeout_s)
        self.centre_link.stop(timeout_s=timeout_s)
        self._printers.stop(timeout_s=timeout_s)
        if self._passing:
            self._passage_thread.join(timeout_s)

    def take_event(self, event: DeviceEvent) -> None:
        """The scanners' sink: returns when the event is durable; faults are counted by the scanner."""
        lane = self._gate.settings.lane_of_device(event.device_id)
        if isinstance(event, ThermalFrame):
            if lane is not None and self._has_room:
                self.previews.show(lane.lane_id, event, estimate=self._scanners[event.device_id].preview())
        elif isinstance(event, Reading | ScannedText):
            crop = self._crop_of(event) if isinstance(event, Reading) else None
            accept_device_event(self._gate, event, crop=crop)
        elif isinstance(event, CommandReply):
            self._rooms.hear(event, lane_id=None if lane is None else lane.lane_id)

    def _crop_of(self, reading: Reading) -> FaceCrop | None:
        """Cut the face out of the picture that a reading comes from, where it comes from one."""
        scanner = self._scanners.get(reading.device_id)
        frame = scanner.measured_picture() if scanner is not None else None
        return None if frame is None or reading.face is None else cut_face(frame, reading.face)

    def _look_at_devices(self) -> None:
        """Note which device came into another condition."""
        _supervised(lambda: look_at_devices(self._gate), fault="conditions_failed")

    def _look_at_courier(self) -> None:
        """Take what a courier brought back, if the command laid it here."""
        _supervised(lambda: collect_return(self._gate), fault="courier_failed")

    def _look_at_orders(self) -> None:
        """Write what a command beside this edge wants written."""
        _supervised(lambda: carry_out_orders(self._gate), fault="order_failed")

    def _look_at_holds(self) -> None:
        """Note holds that ran out: nobody's hold ends without a record, at whatever hour."""
        _supervised(lambda: lapse_due_holds(self._gate), fault="lapses_failed")

    def _look_at_declarations(self) -> None:
        """Once an hour, delete the declarations and immigration lists that nobody may keep any longer."""
        now = self._gate.clock()
        if now < self._forget_after:
            return
        self._forget_after = now + _FORGET_EVERY
        for forget in (forget_past_declarations, forget_past_lists):
            _supervised(partial(forget, self._gate), fault="forgetting_failed")

    def _look_at_pictures(self) -> None:
        """Once a minute, delete the pictures of faces whose time is over."""
        now = self._gate.clock()
        if now < self._pictures_after:
            return
        self._pictures_after = now + _PICTURES_EVERY
        _supervised(lambda: forget_past_pictures(self._gate), fault="forgetting_failed")

    def _look_at_coverage(self) -> None:
        """Once a minute, look for hours that are over, or of which something became known later; reconcile the newest.

        One hour at each look: no lane and no legal clock waits for a month that the edge slept through.
        """
        now = self._gate.clock()
        if not self._has_room:
            return
        if now >= self._reconcile_after:
            self._reconcile_after = now + _RECONCILE_EVERY
            back, self._looks_back = self._looks_back, LOOKS_BACK
            _supervised(lambda: self._hours.update(hours_due(self._gate, back=back)), fault="reconciling_failed")
        if self._hours:
            newest = max(self._hours)
            self._hours.discard(newest)
            _supervised(lambda: reconcile(self._gate, newest), fault="reconciling_failed")

    def look_at_disk(self) -> None:
        """Keep the ballast, and stop what is optional while the disk is nearly full."""
        self._has_room = self._gate.disk.keep().allows_optional_writes
        self._gate.store.accounts.is_thrifty = not self._has_room

    def print_slip(self, job: PrintJob) -> None:
        """Let a slip be printed soon; refuses where the lane has no printer."""
        self._printers.request(job)

    def _look_at_printer(self, print_next: Callable[[], object]) -> None:
        """Let one printer print what waits for it."""
        _supervised(print_next, fault="printing_failed")

    def device_health(self) -> dict[str, DeviceHealth]:
        """Say how each device is."""
        return {device_id: scanner.health() for device_id, scanner in self._scanners.items()}

    def uplink_view(self) -> UplinkView:
        """Say where the uplink stands and how many records wait."""
        return self.centre_link.view()

    def _run_disk(self) -> None:
        """Look at the disk every few seconds until told to stop."""
        while not self._stopping.is_set():
            self.look_at_disk()
            self._look_at_devices()
            self._look_at_courier()
            self._look_at_declarations()
            self._look_at_pictures()
            self._look_at_holds()
            self._look_at_coverage()
            self._look_at_orders()
            self._stopping.wait(_DISK_LOOK_S)

    def _run_passage(self) -> None:
        """Let cleared people pass by themselves on the lanes whose settings say so."""
        while not self._stopping.wait(_PASSAGE_LOOK_S):
            for lane in self._passing:
                if is_passage_due(self._gate, lane.lane_id, at=self._gate.clock()):
                    self._pass(lane.lane_id)

    def _pass(self, lane_id: str) -> None:
        def let_pass(turn: Turn) -> None:
            pass_automatically(turn, lane_id)
            follow_on(turn, lane_id)

        passing = lambda: self._gate.perform(let_pass).result(COMMIT_TIMEOUT_S)  # noqa: E731
        _supervised(passing, fault="passage_failed", lane_id=lane_id)
