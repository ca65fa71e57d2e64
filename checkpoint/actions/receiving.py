"""What devices deliver: kept durably first, then led to the lane where it belongs.

``accept_device_event`` returns only after the commit, so that the caller may acknowledge to the
device; it raises when nothing was written, so that the device delivers again.
"""

import hashlib

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.lane import LaneError, NotBound, take_reading
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.readings import keep_reading, was_delivered
from devices.reading import Arrival, Reading, ScannedText, UnusableReason
from sync.agreement.facts import Measurement
from sync.agreement.vocabulary import DeviceKind, MeasuringSite, ReadingKind

_READINGS = msgspec.json.Encoder()
LONGEST_SCAN = 2000


def accept_device_event(gate: Gate, event: Reading | ScannedText) -> None:
    """Store what a device delivered and let its lane react; returns after the durable commit.

    The same delivery, however often it comes, is stored and used once.
    """
    if isinstance(event, Reading):
        gate.perform(lambda turn: receive_reading(turn, event)).result(COMMIT_TIMEOUT_S)
    else:
        gate.perform(lambda turn: receive_scan(turn, event)).result(COMMIT_TIMEOUT_S)


def receive_reading(turn: Turn, reading: Reading) -> NotBound | None:
    """Keep one reading and let its lane take it; returns why it was not bound, if it was not."""
    if was_delivered(turn.transaction, device_id=reading.device_id, delivery_key=reading.delivery_key):
        return NotBound.REPEATED
    measurement = as_measurement(reading)
    lane = turn.gate.settings.lane_of_device(reading.device_id)
    sheet = turn.sheet(lane.lane_id) if lane is not None else None
    not_bound: NotBound | None = NotBound.NOBODY_THERE
    taken = None
    if sheet is not None:
        taken = take_reading(sheet.state, measurement, at=turn.at, pairing=turn.gate.pairing)
        not_bound = taken.not_bound
    _keep(turn, reading, measurement=measurement, not_bound=not_bound)
    if lane is None or sheet is None or taken is None:
        return not_bound
    changed = msgspec.structs.replace(sheet, state=taken.state)
    if not_bound is not None:
        turn.stage(lane.lane_id, changed)
        return not_bound
    settle(turn, lane.lane_id, sheet=concluded(turn.gate, changed, state=taken.state, at=turn.at))
    return None


def receive_scan(turn: Turn, scan: ScannedText) -> None:
    """Present whom a document reader read; what cannot be presented is shown as a notice, not lost."""
    lane = turn.gate.settings.lane_of_device(scan.device_id)
    if lane is None:
        return
    text = "\n".join(scan.lines)[:LONGEST_SCAN]
    try:
        present_person(turn, lane.lane_id, PresentCommand(text=text))
    except ActionRefusedError as refusal:
        _notice(turn, lane.lane_id, code=refusal.code)
    except LaneError as error:
        _notice(turn, lane.lane_id, code=error.code.value)


def as_measurement(reading: Reading) -> Measurement:
    """Turn a device's reading into the value that travels in records; its delivery names it."""
    unusable = tuple(reason.value for reason in reading.unusable_because)
    if reading.arrival is not Arrival.LIVE and not unusable:
        unusable = (UnusableReason.NOT_LIVE.value,)
    return Measurement(
        reading_id=reading_id_of(reading),
        device_id=reading.device_id,
        device_kind=DeviceKind(reading.device_kind.value),
        kind=ReadingKind(reading.kind.value),
        site=MeasuringSite(reading.site.value),
        temperature_c=reading.temperature_c,
        observed_at=reading.observed_at,
        raw_c=reading.raw_c,
        reported_c=reading.reported_c,
        uncertainty_c=reading.uncertainty_c,
        ambient_c=reading.ambient_c,
        vendor_alarm=reading.vendor_alarm,
        unusable_because=unusable,
    )


def reading_id_of(reading: Reading) -> str:
    """Name a reading by its device and delivery: two deliveries of one measurement have one name."""
    return hashlib.sha256(f"{reading.device_id}\0{reading.delivery_key}".encode()).hexdigest()[:32]


def _keep(turn: Turn, reading: Reading, *, measurement: Measurement, not_bound: NotBound | None) -> None:
    keep_reading(
        turn.transaction,
        device_id=reading.device_id,
        delivery_key=reading.delivery_key,
        reading_id=measurement.reading_id,
        content=_READINGS.encode(measurement),
        received_at=turn.at,
        not_bound_because=None if not_bound is None else not_bound.value,
    )


def _notice(turn: Turn, lane_id: str, *, code: str) -> None:
    turn.stage(lane_id, msgspec.structs.replace(turn.sheet(lane_id), notice=code))
