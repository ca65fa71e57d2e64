"""What every networked terminal says, said in one way: a reading, a fault with its reason, a sign of life.

A terminal's driver finds the fields; here they become a ``Reading`` or the reason why not. So zero
and absence are "not measured" for all of them, a number beyond every instrument is a broken
message, and an implausible one is kept and never used.
"""

import hashlib
from datetime import datetime
from typing import Final

import msgspec

from devices.device_clock import Timing, age_s
from devices.driver import Manifest
from devices.reading import (
    CommandReply,
    DeviceVoice,
    FaceBox,
    Fault,
    FaultCode,
    MeasuringSite,
    Outgoing,
    Reading,
    ReadingKind,
    UnusableReason,
)
from devices.units import PLAUSIBLE_C, TemperatureUnit, celsius, is_reportable

KEY_LENGTH: Final = 24


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal claims of one person. ``amount`` is in the terminal's unit, ``None`` where it said none."""

    amount: float | None
    unit: TemperatureUnit
    timing: Timing
    delivery_key: str
    site: MeasuringSite
    kind: ReadingKind = ReadingKind.DEVICE_COMPENSATED
    ambient_c: float | None = None
    device_c: float | None = None
    vendor_alarm: bool | None = None
    vendor_threshold: float | None = None
    face: FaceBox | None = None
    reasons: tuple[UnusableReason, ...] = ()
    plausible_c: tuple[float, float] = PLAUSIBLE_C


class TerminalVoice:
    """Makes the events of one device. ``byte_offset`` is where the message stands that is spoken of."""

    def __init__(self, manifest: Manifest, *, device_id: str) -> None:
        self._manifest = manifest
        self._device_id = device_id
        self.byte_offset = 0

    def reading_or_fault(self, measured: Measured, *, byte_count: int) -> Reading | Fault:
        """Turn a claim into a reading; what was not measured is a fault, and 0 is not measured."""
        at = measured.timing.observed_at
        if not measured.amount:
            detail = "temperature missing or zero: nothing was measured"
            return self.fault(FaultCode.NOT_MEASURED, detail, at=at, byte_count=byte_count)
        reported_c = celsius(measured.amount, unit=measured.unit)
        if not is_reportable(reported_c):
            detail = "temperature is beyond every instrument"
            return self.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=byte_count)
        return self._reading(measured, reported_c=reported_c)

    def _reading(self, measured: Measured, *, reported_c: float) -> Reading:
        low_c, high_c = measured.plausible_c
        implausible = () if low_c <= reported_c <= high_c else (UnusableReason.IMPLAUSIBLE,)
        threshold = measured.vendor_threshold
        return Reading(
            device_id=self._device_id,
            driver=self._manifest.driver,
            device_kind=self._manifest.device_kind,
            observed_at=measured.timing.observed_at,
            clock_basis=measured.timing.clock_basis,
            temperature_c=reported_c,
            kind=measured.kind,
            site=measured.site,
            delivery_key=measured.delivery_key,
            raw_c=reported_c if measured.kind is ReadingKind.RAW_SKIN else None,
            reported_c=reported_c,
            uncertainty_c=self._manifest.accuracy_c,
            ambient_c=measured.ambient_c,
            device_c=measured.device_c,
            vendor_alarm=measured.vendor_alarm,
            vendor_threshold_c=celsius(threshold, unit=measured.unit) if threshold else None,
            face=measured.face,
            arrival=measured.timing.arrival,
            unusable_because=(*measured.timing.reasons, *measured.reasons, *implausible),
            byte_offset=self.byte_offset,
        )

    def fault(self, code: FaultCode, detail: str, *, at: datetime, byte_count: int) -> Fault:
        """Say what was wrong with bytes that became no reading."""
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=self.byte_offset,
            byte_count=byte_count,
        )

    def heartbeat(self, claimed_at: datetime | None, *, at: datetime, answer: Outgoing | None = None) -> CommandReply:
        """Say that the device lives, and, where it told the time, how many seconds its clock is behind ours."""
        if claimed_at is None:
            return self.reply("heartbeat", at=at, answer=answer)
        behind_s = age_s(claimed_at, received_at=at)
        reply = self.reply("heartbeat", at=at, value=behind_s, answer=answer)
        return msgspec.structs.replace(reply, voice=DeviceVoice(clock_offset_s=round(-behind_s, 1)))

    def reply(self, name: str, *, at: datetime, value: float = 0.0, answer: Outgoing | None = None) -> CommandReply:
        """Say that the device lives, or what it answered."""
        return CommandReply(
            device_id=self._device_id,
            observed_at=at,
            name=name,
            value=value,
            byte_offset=self.byte_offset,
            acknowledge_with=answer,
        )


def key_of(*parts: str | bytes) -> str:
    """Name a delivery by what it holds, where the device gives no number: a hash, so that nobody is named by it.

    >>> key_of("7", b"a") == key_of("7", b"a"), key_of("7", b"a") == key_of("7a", b"")
    (True, False)
    """
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:KEY_LENGTH]
