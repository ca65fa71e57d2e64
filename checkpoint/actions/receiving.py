"""What devices deliver: kept durably first, then led to the lane where it belongs.

``accept_device_event`` returns only after the commit, so that the caller may acknowledge to the
device; it raises when nothing was written, so that the device delivers again.
"""

import hashlib

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.instruments import as_policy_allows
from checkpoint.actions.next_person import scan_person
from checkpoint.actions.picturing import hold_glimpse, hold_raised
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.actions.watching import note_reading, with_learnt_limit
from checkpoint.images import FaceCrop
from checkpoint.lane import LaneError, NotBound, take_reading
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.lanes import log_access
from checkpoint.store.readings import keep_reading, was_delivered
from devices.reading import ADVISORY_REASONS, Arrival, Reading, ScannedText, UnusableReason
from sync.agreement.facts import Measurement
from sync.agreement.vocabulary import DeviceKind, MeasuringSite, ReadingKind
from web.stations import scanned_badge

_READINGS = msgspec.json.Encoder()
LONGEST_SCAN = 2000
_MAY_BE_SOMEBODYS = frozenset({None, NotBound.NOBODY_THERE, NotBound.OUTSIDE_WINDOW})
"""Bound, or kept for a moment for whoever is presented next: of any other reading no picture is held."""


def accept_device_event(gate: Gate, event: Reading | ScannedText, *, crop: FaceCrop | None = None) -> None:
    """Store what a device delivered and let its lane react; returns after the durable commit.

    The same delivery, however often it comes, is stored and used once. ``crop`` is the face that a camera
    measured: it stays in memory unless the reading turns out to be raised.
    """
    if isinstance(event, Reading):
        gate.perform(lambda turn: receive_reading(turn, event, crop=crop)).result(COMMIT_TIMEOUT_S)
        return
    badge, lane = scanned_badge("\n".join(event.lines)), gate.settings.lane_of_device(event.device_id)
    if badge and lane is not None:
        show_badge(gate, lane.lane_id, badge)
    else:
        gate.perform(lambda turn: receive_scan(turn, event)).result(COMMIT_TIMEOUT_S)


def show_badge(gate: Gate, lane_id: str, badge: str) -> None:
    """Lock a lane's screens, because an officer's badge was read there, and let them ask that officer's PIN.

    Where no screen shows the lane there is nothing to lock; a PIN means something at a workstation only.
    """
    at = gate.clock()
    locked = gate.attendance.sessions_at(lane_id, at=at)
    for token_hash in locked:
        gate.store.stations.lock_session(token_hash, locked_at=at)
    gate.attendance.show_badge(lane_id, badge, at=at)
    if locked:
        gate.perform(lambda turn: _note_lock(turn, lane_id)).result(COMMIT_TIMEOUT_S)
    gate.wake(lane_id)


def _note_lock(turn: Turn, lane_id: str) -> None:
    log_access(
        turn.transaction, at=turn.at, officer_ref="", action="station_locked", subject=lane_id, reason="badge_scanned"
    )


def receive_reading(turn: Turn, reading: Reading, *, crop: FaceCrop | None = None) -> NotBound | None:
    """Keep one reading and let its lane take it; returns why it was not bound, if it was not."""
    if was_delivered(turn.transaction, device_id=reading.device_id, delivery_key=reading.delivery_key):
        return NotBound.REPEATED
    measurement = as_policy_allows(turn.gate, with_learnt_limit(turn, as_measurement(reading)), at=turn.at)
    lane = turn.gate.settings.lane_of_device(reading.device_id)
    sheet = turn.sheet(lane.lane_id) if lane is not None else None
    not_bound: NotBound | None = NotBound.NOBODY_THERE
    taken = None
    if sheet is not None:
        taken = take_reading(sheet.state, measurement, at=turn.at, pairing=turn.gate.pairing)
        not_bound = taken.not_bound
    _keep(turn, reading, measurement=measurement, not_bound=not_bound)
    note_reading(turn, reading)
    if lane is not None and not_bound in _MAY_BE_SOMEBODYS:
        hold_glimpse(turn, lane.lane_id, measurement.reading_id, crop=crop)
    if lane is not None and not_bound is not None and not_bound in _MAY_BE_SOMEBODYS:
        hold_raised(turn, lane.lane_id, measurement)
    if lane is None or sheet is None or taken is None:
        return not_bound
    troubles = _troubles(measurement) if not_bound is NotBound.UNUSABLE else ()
    changed = msgspec.structs.replace(sheet, state=taken.state, troubles=troubles)
    if not_bound is not None:
        turn.stage(lane.lane_id, changed)
        return not_bound
    settled = settle(turn, lane.lane_id, sheet=concluded(turn.gate, changed, state=taken.state, at=turn.at))
    if settled.saved is None:
        hold_raised(turn, lane.lane_id, measurement, assessment=settled.assessment)
    return None


def _troubles(measurement: Measurement) -> tuple[str, ...]:
    """Return why a reading was unusable, in words that help: a failed gate is told by what was wrong, not as a gate."""
    wrong = tuple(slug for slug in measurement.quality if slug not in ADVISORY_REASONS)
    told = [slug for slug in measurement.unusable_because if slug != UnusableReason.QUALITY_GATE or not wrong]
    return tuple(dict.fromkeys((*told, *wrong)))


def receive_scan(turn: Turn, scan: ScannedText) -> None:
    """Present whom a document reader read; what cannot be presented is shown as a notice, not lost."""
    lane = turn.gate.settings.lane_of_device(scan.device_id)
    if lane is None:
        return
    text = "\n".join(scan.lines)[:LONGEST_SCAN]
    try:
        scan_person(turn, lane.lane_id, PresentCommand(text=text))
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
        quality=tuple(reason.value for reason in reading.quality),
        second_site=None if reading.second_site is None else MeasuringSite(reading.second_site.value),
        second_site_c=reading.second_site_c,
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
