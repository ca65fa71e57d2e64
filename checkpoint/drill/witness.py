"""What a drill's journal says: one value for each record, read from its open part alone. Names nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from sync.agreement.gate_records.exercise import ExerciseInjectPlayed
from sync.exchange.envelope import Envelope, decode_record

_PRESENTED_AT = "presented_at"


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the journal. ``at`` is when the edge wrote it; ``said`` is its open part as JSON values."""

    record_id: str
    type: str
    at: datetime
    observed_at: datetime
    lane_id: str | None
    officer_ref: str | None
    said: Mapping[str, Any]

    @property
    def crossing_id(self) -> str | None:
        """The crossing that it is about, or that it was given for, if any."""
        found = self.said.get("crossing_id") or self.said.get("given_for")
        return found if isinstance(found, str) else None

    @property
    def presented_at(self) -> datetime | None:
        """When the person stood before the lane, for the record that opens a crossing."""
        found = self.said.get(_PRESENTED_AT)
        return datetime.fromisoformat(found) if isinstance(found, str) else None

    @property
    def inject_id(self) -> str | None:
        """Which part of the script it says was played, if it says that."""
        return self.said.get("inject_id") if self.type == ExerciseInjectPlayed.type_name else None


def noted(record: bytes) -> Noted:
    """Read one record of the journal; raises ``EnvelopeError`` for bytes that are none."""
    return noted_of(decode_record(record))


def noted_of(envelope: Envelope) -> Noted:
    """Read one record's envelope."""
    return Noted(
        record_id=str(envelope.record_id),
        type=envelope.type,
        at=envelope.recorded_at,
        observed_at=envelope.observed_at,
        lane_id=envelope.lane_id,
        officer_ref=envelope.officer_ref,
        said=msgspec.json.decode(envelope.open),
    )
