"""What a device says, as values: the only nouns that leave this package.

A device reports a temperature; it never concludes anything. Absence stays ``None`` and never
becomes zero: several terminals send 0 for "not measured". Each value names its unit. Everything
here is frozen and checked at birth, so that a reading without a time zone or with a temperature
that is no number cannot exist.
"""

import math
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt


class DeviceKind(StrEnum):
    """What kind of instrument it is; the policy's thresholds are per kind and site."""

    THERMAL_ARRAY = "thermal_array"
    THERMAL_CAMERA = "thermal_camera"
    FACE_TERMINAL = "face_terminal"
    INFRARED_THERMOMETER = "infrared_thermometer"
    CLINICAL_THERMOMETER = "clinical_thermometer"
    DOCUMENT_READER = "document_reader"


class MeasuringSite(StrEnum):
    """Where on the body was measured."""

    INNER_CANTHUS = "inner_canthus"
    FACE_MAXIMUM = "face_maximum"
    FOREHEAD = "forehead"
    WRIST = "wrist"
    EAR = "ear"
    ORAL = "oral"
    AXILLARY = "axillary"


class ReadingKind(StrEnum):
    """What the number is; kinds are never mixed, because their errors differ."""

    RAW_SKIN = "raw_skin"
    DEVICE_COMPENSATED = "device_compensated"
    CORE_ESTIMATE = "core_estimate"
    CLINICAL = "clinical"


class ClockBasis(StrEnum):
    """Whose clock ``observed_at`` is: a device without a trustworthy zone is timed on arrival."""

    DEVICE = "device"
    RECEIVED = "received"


class Arrival(StrEnum):
    """How a reading came; only a live one may ever drive a lane."""

    LIVE = "live"
    RETAINED = "retained"
    BACKFILLED = "backfilled"


class UnusableReason(StrEnum):
    """Why a reading may not be used for a decision. It is kept, shown and counted all the same."""

    NOT_LIVE = "not_live"
    STALE = "stale"
    REPEATED = "repeated"
    FROZEN = "frozen"
    IMPLAUSIBLE = "implausible"
    REFERENCE_INVALID = "reference_invalid"
    TOO_FEW_FRAMES = "too_few_frames"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    DEVICE_CLOCK_INVALID = "device_clock_invalid"
    QUALITY_GATE = "quality_gate"
    SITES_APART = "sites_apart"
    DEVICE_OUT_OF_CALIBRATION = "device_out_of_calibration"
    DEVICE_SUSPICIOUS = "device_suspicious"
    DEVICE_DRIFTING = "device_drifting"
    DEVICE_WARMING_UP = "device_warming_up"


class QualityReason(StrEnum):
    """What is wrong with the picture behind a reading. All but ``ADVISORY_REASONS`` forbid a decision on it."""

    TOO_FEW_PIXELS = "too_few_pixels"
    FACE_TURNED = "face_turned"
    GLASSES = "glasses"
    SEVERAL_FACES = "several_faces"
    MOVING = "moving"
    SHUTTER_EVENT = "shutter_event"
    WARMING_UP = "warming_up"
    ROOM_OUT_OF_RANGE = "room_out_of_range"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    NOT_ACCLIMATISED = "not_acclimatised"
    NOT_STEADY = "not_steady"
    OUT_OF_RANGE = "out_of_range"
    REFERENCE_LOST = "reference_lost"
    REFERENCE_OCCLUDED = "reference_occluded"
    REFERENCE_MOVED = "reference_moved"
    REFERENCE_CHANGED = "reference_changed"
    REFERENCE_TOO_OLD = "reference_too_old"
    REFERENCE_SETTLING = "reference_settling"
    SATURATED = "saturated"
    INDICATIVE_ARRAY = "indicative_array"
    ROOM_BORDERLINE = "room_borderline"
    FACE_NOT_WHOLE = "face_not_whole"


ADVISORY_REASONS: Final = frozenset({QualityReason.INDICATIVE_ARRAY, QualityReason.ROOM_BORDERLINE})
"""Reasons that are shown beside a reading and do not stop it."""


class FaultCode(StrEnum):
    """What was wrong with bytes that became no reading; each is counted per device."""

    GARBAGE = "garbage"
    BAD_CHECKSUM = "bad_checksum"
    BAD_HEADER = "bad_header"
    TRUNCATED = "truncated"
    IMPLAUSIBLE_FRAME = "implausible_frame"
    NOT_RADIOMETRIC = "not_radiometric"
    SHUTTER_EVENT = "shutter_event"
    NOT_MEASURED = "not_measured"
    BAD_MESSAGE = "bad_message"
    UNKNOWN_MESSAGE = "unknown_message"
    OVERLONG = "overlong"
    MISSING_MESSAGES = "missing_messages"
    NOT_A_PERSON = "not_a_person"


class FaceBox(msgspec.Struct, frozen=True, kw_only=True):
    """A face in image pixels: left, top, width and height, origin upper left as the scene is seen."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes to send to the device: a command, or the answer to a reading that is safely stored.

    Topic is empty on serial links.
    """

    topic: str
    payload: bytes


def _require_aware(observed_at: datetime) -> None:
    if observed_at.tzinfo is None:
        msg = "observed_at must be an aware time"
        raise ValueError(msg)


class UncertaintyTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One standard uncertainty (k = 1) in kelvin, with where it comes from."""

    name: str
    standard_c: float


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One temperature of one person at one instant, with all that is known about its worth.

    ``temperature_c`` is the corrected value to be compared with thresholds; ``raw_c`` is what the
    sensor saw, ``reported_c`` what a device that computes by itself claims. ``uncertainty_c`` is
    expanded (k = 2). ``delivery_key`` is equal for two deliveries of the same measurement, and for
    nothing else; a store uses it to keep one. ``uncertainty_terms`` list what ``uncertainty_c`` is made
    of. A reading whose ``quality`` names a failed mandatory gate must say in ``unusable_because`` that it may not
    be used: no such reading can be built as usable, and so none can ever be called normal or elevated.
    ``ambient_c`` is what a thermometer of the room says and nothing else, for limits rise with it; ``device_c`` is the
    device's own chip or housing, often several kelvin warmer than the room.
    """

    device_id: str
    driver: str
    device_kind: DeviceKind
    observed_at: datetime
    clock_basis: ClockBasis
    temperature_c: float
    kind: ReadingKind
    site: MeasuringSite
    delivery_key: str
    raw_c: float | None = None
    reported_c: float | None = None
    uncertainty_c: float | None = None
    ambient_c: float | None = None
    device_c: float | None = None
    reference_residual_c: float | None = None
    reference_offset_c: float | None = None
    vendor_alarm: bool | None = None
    vendor_threshold_c: float | None = None
    frame_count: int = 1
    face: FaceBox | None = None
    arrival: Arrival = Arrival.LIVE
    unusable_because: tuple[UnusableReason, ...] = ()
    acknowledge_with: Outgoing | None = None
    byte_offset: int = 0
    uncertainty_terms: tuple[UncertaintyTerm, ...] = ()
    quality: tuple[QualityReason, ...] = ()
    second_site_c: float | None = None
    second_site: MeasuringSite | None = None

    def __post_init__(self) -> None:
        """Refuse a naive time, a temperature that is no number, and a failed gate that nobody would heed."""
        _require_aware(self.observed_at)
        if not math.isfinite(self.temperature_c):
            msg = "temperature_c must be finite; a missing value is no reading at all"
            raise ValueError(msg)
        if not self.unusable_because and not ADVISORY_REASONS.issuperset(self.quality):
            msg = "a reading that failed a mandatory gate of quality is not usable"
            raise ValueError(msg)
        if (self.second_site is None) != (self.second_site_c is None):
            msg = "a second site has a temperature, and a second temperature a site"
            raise ValueError(msg)

    @property
    def is_usable(self) -> bool:
        """Whether a decision may rest on this reading."""
        return not self.unusable_because


class ThermalFrame(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One radiometric picture: ``celsius`` is float32, rows by columns, as the scene is seen (not mirrored).

    ``ambient_c`` is the room's temperature, from a thermometer of the room; ``device_c`` its own (chip or housing).
    ``on_for_s`` is for how many seconds the camera says that it has been switched on, where it says so.
    """

    device_id: str
    observed_at: datetime
    celsius: npt.NDArray[np.float32]
    ambient_c: float | None = None
    device_c: float | None = None
    on_for_s: float | None = None
    sequence: int = 0
    byte_offset: int = 0

    def __post_init__(self) -> None:
        """Refuse a naive time."""
        _require_aware(self.observed_at)


class ScannedText(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that a document or barcode reader sent; what they mean is not this package's business."""

    device_id: str
    observed_at: datetime
    lines: tuple[str, ...]
    delivery_key: str
    check_digits_valid: bool | None = None
    byte_offset: int = 0

    def __post_init__(self) -> None:
        """Refuse a naive time."""
        _require_aware(self.observed_at)


class DeviceVoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself, each as far as it ever said it.

    ``clock_offset_s``: how far the device's clock stood ahead of ours (negative: behind) when it last told it.
    """

    serial_number: str | None = None
    firmware: str | None = None
    battery_percent: float | None = None
    clock_offset_s: float | None = None


ROOM_TOLD: Final = "ambient"


class CommandReply(msgspec.Struct, frozen=True, kw_only=True):
    """A device's answer to a command, for example its emissivity; ``voice`` is what it said of itself with it.

    One of the name ``ROOM_TOLD`` is the word of a thermometer of the room: ``value`` is degrees Celsius.
    """

    device_id: str
    observed_at: datetime
    name: str
    value: float
    byte_offset: int = 0
    acknowledge_with: Outgoing | None = None
    voice: DeviceVoice | None = None


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that became no reading: what, where in the stream, and how many.

    A device that resends until it is answered also wants an answer to what was no reading, so a
    fault may carry one; it is sent after the sink took the fault, like a reading's.
    """

    device_id: str
    observed_at: datetime
    code: FaultCode
    detail: str
    byte_offset: int
    byte_count: int
    acknowledge_with: Outgoing | None = None


DeviceEvent = Reading | ThermalFrame | ScannedText | CommandReply | Fault
