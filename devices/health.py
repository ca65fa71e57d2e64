"""How a device fares: the state of its link, what it counted, and what it says of itself.

Absent is not known: a device that never told its battery has none here, and never 0 %.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from devices.reading import DeviceVoice, FaultCode


class DeviceState(StrEnum):
    """How a device's link is; ``stale`` is a stream that stopped though its link stands."""

    STARTING = "starting"
    UP = "up"
    STALE = "stale"
    DOWN = "down"
    MISCONFIGURED = "misconfigured"


class DeviceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer and an operator may know of a device. Counts are since the start of the program.

    ``streaming_since``: since when its link stands without a break; ``None`` while it does not.
    """

    device_id: str
    state: DeviceState
    last_event_at: datetime | None = None
    readings: int = 0
    scans: int = 0
    frames: int = 0
    faults: dict[FaultCode, int] = {}
    sink_failures: int = 0
    restarts: int = 0
    detail: str = ""
    streaming_since: datetime | None = None
    voice: DeviceVoice = DeviceVoice()


def heard(before: DeviceVoice, now: DeviceVoice) -> DeviceVoice:
    """Put what a device says now over what it said before; what it does not say now stays.

    >>> heard(DeviceVoice(serial_number="A7"), DeviceVoice(clock_offset_s=-2.0)).serial_number
    'A7'
    """
    said = {name: value for name, value in msgspec.structs.asdict(now).items() if value is not None}
    return msgspec.structs.replace(before, **said)
