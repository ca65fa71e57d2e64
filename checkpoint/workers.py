"""What runs beside the officers: one scanner thread for each device, one uplink thread, the preview.

This supervisor is one of the two places of this product that catch every exception: whatever goes
wrong beside a lane, the lane goes on, and what failed starts afresh.
"""

import threading
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
import structlog

from checkpoint.actions.deciding import is_passage_due, pass_automatically
from checkpoint.actions.gate import Gate
from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.view import UplinkView
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from devices.measurement.presence import Preview
from devices.reading import DeviceEvent, FaceBox, Reading, ScannedText, ThermalFrame
from devices.registry import DeviceConfig
from devices.scanner import DeviceHealth, Scanner
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink, UplinkIdentity

_log = structlog.get_logger("checkpoint")
_RESTART_PAUSE_S: Final = 2.0
_PASSAGE_LOOK_S: Final = 0.2
_ZERO_CELSIUS_CK: Final = 27315
NOT_CONFIGURED: Final = "not_configured"

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
        self._scanners = {
            device.device_id: Scanner(
                DeviceConfig(device_id=device.device_id, driver=device.driver, url=device.url, options=device.options),
                sink=self.take_event,
                clock=gate.clock,
            )
            for device in gate.settings.device
        }
        self._stopping = threading.Event()
        self._uplink = _make_uplink(gate)
        self._uplink_thread = threading.Thread(target=self._run_uplink, name="uplink", daemon=True)
        self._passing = [lane for lane in gate.settings.lane if lane.automatic_passage_s > 0]
        self._passage_thread = threading.Thread(target=self._run_passage, name="passage", daemon=True)

    def start(self) -> None:
        """Open every device and begin to send."""
        for scanner in self._scanners.values():
            scanner.start()
        if self._uplink is not None:
            self._gate.on_record(self._uplink.nudge)
            self._uplink_thread.start()
        if self._passing:
            self._passage_thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Let the devices go first, so that nothing is acknowledged that is not stored; then the uplink."""
        self._stopping.set()
        for scanner in self._scanners.values():
            scanner.stop(timeout_s=timeout_s)
        if self._uplink is not None:
            self._uplink.nudge()
            self._uplink_thread.join(timeout_s)
        if self._passing:
            self._passage_thread.join(timeout_s)

    def take_event(self, event: DeviceEvent) -> None:
        """The scanners' sink: returns when the event is durable; faults are counted by the scanner."""
        lane = self._gate.settings.lane_of_device(event.device_id)
        if isinstance(event, ThermalFrame):
            if lane is not None:
                self.previews.show(lane.lane_id, event, estimate=self._scanners[event.device_id].preview())
        elif isinstance(event, Reading | ScannedText):
            accept_device_event(self._gate, event)

    def device_health(self) -> dict[str, DeviceHealth]:
        """Say how each device is."""
        return {device_id: scanner.health() for device_id, scanner in self._scanners.items()}

    def uplink_view(self) -> UplinkView:
        """Say where the uplink stands and how many records wait."""
        outgoing = self._gate.store.outgoing
        delivered = outgoing.delivered_sequence
        if self._uplink is None:
            return UplinkView(state=NOT_CONFIGURED, pending=self._gate.head_sequence - delivered)
        state = self._uplink.state
        if state.head is not None:
            delivered = state.head.sequence
        return UplinkView(
            state=state.phase.value,
            pending=max(0, self._gate.head_sequence - delivered),
            since=state.since,
            last_receipt_at=state.last_receipt_at or outgoing.last_receipt_at,
            reason=state.reason,
        )

    def _run_passage(self) -> None:
        """Let cleared people pass by themselves on the lanes whose settings say so."""
        while not self._stopping.wait(_PASSAGE_LOOK_S):
            for lane in self._passing:
                sheet, now = self._gate.sheets[lane.lane_id], self._gate.clock()
                if is_passage_due(sheet, after_s=lane.automatic_passage_s, at=now):
                    self._pass(lane.lane_id)

    def _pass(self, lane_id: str) -> None:
        try:
            self._gate.perform(lambda turn: pass_automatically(turn, lane_id)).result(COMMIT_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001  # the supervisor: the officer can still press the key
            _log.error("passage_failed", lane_id=lane_id, error=type(error).__name__)

    def _run_uplink(self) -> None:
        """Keep the uplink running until told to stop."""
        while self._uplink is not None and not self._stopping.is_set():
            try:
                self._uplink.run(self._stopping)
            except Exception as error:  # noqa: BLE001  # the supervisor: the lane must not stop with its uplink
                _log.error("uplink_failed", error=type(error).__name__)
                self._stopping.wait(_RESTART_PAUSE_S)


def _make_uplink(gate: Gate) -> Uplink | None:
    edge = gate.settings.edge
    if not edge.centre_url or not edge.centre_public_key:
        return None
    identity = UplinkIdentity(
        edge_id=gate.identity.edge_id,
        incarnation=gate.identity.incarnation,
        signing_key=gate.identity.signing_key,
        centre_public_key=bytes.fromhex(edge.centre_public_key),
    )
    transport = HttpTransport(edge.centre_url)
    return Uplink(identity, journal=gate.store.outgoing, transport=transport, clock=gate.clock)
