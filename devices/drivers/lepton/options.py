"""The settings of both Lepton drivers."""

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from devices.driver import DriverOptions
from devices.drivers.lepton.judgement import Rules
from devices.errors import DeviceConfigurationError


class LeptonOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a camera is read.

    ``telemetry`` optional takes pictures of a firmware that cannot send it, if they look like temperatures; shutter
    events are then invisible.
    """

    rotate_clockwise_deg: Literal[0, 90, 180, 270] = 0
    hold_after_shutter_s: float = 3.0
    telemetry: Literal["required", "optional"] = "required"

    @property
    def rules(self) -> Rules:
        """What a picture is judged by."""
        return Rules(hold_after_shutter_s=self.hold_after_shutter_s, needs_telemetry=self.telemetry == "required")

    def turned(self, celsius: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Turn a picture upright, as the camera is mounted."""
        return np.ascontiguousarray(np.rot90(celsius, k=-self.rotate_clockwise_deg // 90))


def read_options(options: DriverOptions, *, device_id: str, driver: str) -> LeptonOptions:
    """Check the settings; ``DeviceConfigurationError`` for one that cannot be meant."""
    try:
        return msgspec.convert(dict(options), LeptonOptions)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: option of {driver}: {error}"
        raise DeviceConfigurationError(msg) from error
