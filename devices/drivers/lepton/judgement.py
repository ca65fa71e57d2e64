"""Whether a Lepton's picture may be called temperatures, and if so, which.

What is refused, and why: automatic gain (AGC) paints a picture for the eye; without TLinear the counts are raw and
drift by kelvins; while the shutter is closed, and for some seconds after, all pixels step; outside its temperature
range the shutter is locked and nothing is corrected; before the first correction nothing was; and a picture that its
own telemetry contradicts was damaged, mixed or turned on the way.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.drivers.lepton.telemetry import Counts, Telemetry
from devices.reading import FaultCode

_ZERO_CELSIUS_K: Final = 273.15
_BELIEVABLE_C: Final = (-40.0, 450.0)
"""Of the low gain; no pixel of a Lepton is outside of it."""
_BELIEVABLE_MEDIAN_C: Final = (-40.0, 100.0)
"""Of a room with people."""
_LARGEST_AGC_COUNT: Final = 255
KELVIN_A_COUNT: Final = 0.01


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say: seconds to hold back after the shutter, and whether telemetry may be missing."""

    hold_after_shutter_s: float
    needs_telemetry: bool


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a picture gives no temperatures."""

    code: FaultCode
    detail: str


def celsius_or_refusal(
    counts: Counts, telemetry: Telemetry | None, *, rules: Rules
) -> npt.NDArray[np.float32] | Refusal:
    """Give degrees Celsius, rows by columns, or the reason why not."""
    refusal = _by_telemetry(counts, telemetry, rules=rules) if telemetry else _without_telemetry(counts, rules=rules)
    if refusal is not None:
        return refusal
    scale = telemetry.kelvin_a_count if telemetry else KELVIN_A_COUNT
    celsius = (counts * np.float64(scale) - _ZERO_CELSIUS_K).astype(np.float32)
    _mend_last_pixel(celsius)
    median_c = float(np.median(celsius))
    if not _BELIEVABLE_MEDIAN_C[0] <= median_c <= _BELIEVABLE_MEDIAN_C[1]:
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail="the counts are not those of a room in kelvin")
    if float(celsius.min()) < _BELIEVABLE_C[0] or float(celsius.max()) > _BELIEVABLE_C[1]:
        return Refusal(code=FaultCode.IMPLAUSIBLE_FRAME, detail="a pixel is outside of what a Lepton measures")
    return celsius


def _by_telemetry(counts: Counts, telemetry: Telemetry, *, rules: Rules) -> Refusal | None:
    for refusal in (_unfit_camera(telemetry), _shutter(telemetry, rules=rules)):
        if refusal is not None:
            return refusal
    contradiction = telemetry.spot.contradiction(counts)
    return None if contradiction is None else Refusal(code=FaultCode.IMPLAUSIBLE_FRAME, detail=contradiction)


def _unfit_camera(telemetry: Telemetry) -> Refusal | None:
    if telemetry.is_agc:
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail="automatic gain is on: the picture is for the eye")
    if not telemetry.is_tlinear:
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail="TLinear is off: the counts are no temperatures")
    if telemetry.is_overheating:
        return Refusal(code=FaultCode.NOT_MEASURED, detail="the camera is too hot and about to switch itself off")
    if telemetry.is_shutter_locked:
        detail = "the shutter is locked: the camera is outside its temperature range"
        return Refusal(code=FaultCode.SHUTTER_EVENT, detail=detail)
    return None


def _shutter(telemetry: Telemetry, *, rules: Rules) -> Refusal | None:
    if not telemetry.is_ffc_done:
        return Refusal(code=FaultCode.SHUTTER_EVENT, detail=f"the flat-field correction {telemetry.ffc_name}")
    if telemetry.since_ffc_s is not None and telemetry.since_ffc_s < rules.hold_after_shutter_s:
        return Refusal(code=FaultCode.SHUTTER_EVENT, detail="held back: the shutter has just closed")
    return None


def _without_telemetry(counts: Counts, *, rules: Rules) -> Refusal | None:
    if int(counts.max()) <= _LARGEST_AGC_COUNT:
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail="counts of eight bits: automatic gain is on")
    if rules.needs_telemetry:
        detail = "no telemetry: nothing says whether these are temperatures; switch it on, or set telemetry = optional"
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail=detail)
    return None


def _mend_last_pixel(celsius: npt.NDArray[np.float32]) -> None:
    """Take the last pixel from its neighbour where it is nonsense: PureThermal firmware 1.3.0 leaves garbage there."""
    if not _BELIEVABLE_C[0] <= float(celsius[-1, -1]) <= _BELIEVABLE_C[1]:
        celsius[-1, -1] = celsius[-1, -2]
