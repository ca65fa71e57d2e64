"""What a lane's screen is drawn from: the lane's state, what was concluded, and what was saved.

One sheet per lane. It is kept in the database with each change, so that a restart in mid-shift
finds the person who stood there. It holds a person: never to be logged.
"""

from datetime import datetime

import msgspec

from checkpoint.lane import LaneState
from checkpoint.store.crossings import PastTemperature
from checkpoint.store.journal import Saved
from sync.agreement.facts import Assessment
from sync.agreement.records import RunningClock
from sync.agreement.vocabulary import Disposition


class ClosedCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """How the crossing before this one ended; ``place_id`` when the person was isolated."""

    crossing_id: str
    disposition: Disposition
    assessment: Assessment
    saved: Saved
    place_id: str | None = None
    room_reason: str | None = None


class LaneSheet(msgspec.Struct, frozen=True, kw_only=True):
    """One lane as it stands. ``saved`` is what the last durable commit of this lane wrote."""

    state: LaneState = LaneState()
    assessment: Assessment | None = None
    clocks: tuple[RunningClock, ...] = ()
    history: tuple[PastTemperature, ...] = ()
    crossings_today: int = 0
    warnings: tuple[str, ...] = ()
    saved: Saved | None = None
    closed: ClosedCrossing | None = None
    notice: str | None = None


class LaneDot(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing in the picture of the last hour."""

    observed_at: datetime
    temperature_c: float
    outcome: str


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(LaneSheet)


def encode_sheet(sheet: LaneSheet) -> bytes:
    """Write a sheet for the database."""
    return _ENCODER.encode(sheet)


def decode_sheet(content: bytes) -> LaneSheet:
    """Read a sheet that ``encode_sheet`` wrote."""
    return _DECODER.decode(content)
