"""What a handheld keeps of one act and sends, and what it is told of it: values, and nothing done."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import ReasonText, Temperature
from checkpoint.actions.presenting import CrossingDetails
from checkpoint.actions.understanding import GivenDocument, ScanText
from checkpoint.handhelds.permit import LONGEST_PERMIT
from checkpoint.store.handhelds import KeptAct
from sync.agreement.facts import Reason
from sync.agreement.handheld_words import HandheldClock
from sync.agreement.vocabulary import DeviceKind, Disposition, ExceptionCode, MeasuringSite, Outcome

RAISED: Final = frozenset({Outcome.RECHECK, Outcome.REFERRED})


class ActKind(StrEnum):
    """What was done."""

    CROSSING = "crossing"
    RECHECK = "recheck"


class ActDisposition(StrEnum):
    """What became of an act: in the journal (now, or before), to be mended, held for an officer, or set aside."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    REFUSED = "refused"
    HELD = "held"
    SET_ASIDE = "set_aside"


class HandheldAct(CrossingDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act as the device kept it; ``act_id`` (UUIDv7, made on the device) names the crossing that it becomes.

    ``scans`` are raw texts of documents and codes, in the order read. ``last_offset_s``: see ``TellingClocks``.
    A recheck names in ``rechecked_id`` whose alarm it ends.
    """

    act_id: UUID
    permit: Annotated[str, msgspec.Meta(max_length=LONGEST_PERMIT)]
    observed_at: datetime
    provisional_outcome: Outcome
    kind: ActKind = ActKind.CROSSING
    last_offset_s: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] | None = None
    scans: Annotated[tuple[ScanText, ...], msgspec.Meta(max_length=3)] = ()
    document: GivenDocument | None = None
    temperature_c: Temperature | None = None
    device_kind: DeviceKind = DeviceKind.INFRARED_THERMOMETER
    site: MeasuringSite = MeasuringSite.FOREHEAD
    exception_code: ExceptionCode | None = None
    exception_reason: ReasonText | None = None
    is_fallback_tried: bool | msgspec.UnsetType = msgspec.UNSET
    rechecked_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.observed_at.tzinfo is None:
            msg = "observed_at must be an aware time"
            raise ValueError(msg)


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """Which device sends, what its clock showed then, and what the edge's showed on arrival."""

    handheld_id: str
    sent_at: datetime
    arrived_at: datetime


class ActAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the device is told of one act; it names nobody. ``code`` with ``values``: why it is not in the journal.

    ``is_at_edge``: the act lies here whole until somebody mends it, or is in the journal; the device may let go of it.
    """

    act_id: str
    disposition: ActDisposition
    observed_at: datetime
    clock: HandheldClock
    offset_s: float
    code: str = ""
    values: dict[str, str | float | int] = {}
    sequence: int | None = None
    record_id: str | None = None
    recorded_at: datetime | None = None
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    crossing_disposition: Disposition | None = None
    place_id: str | None = None
    is_different: bool = False
    is_at_edge: bool = True


_ACTS: Final = msgspec.json.Decoder(HandheldAct)


def act_of(known: KeptAct) -> HandheldAct:
    """Read an act that waits. Holds a person: never to be logged."""
    return _ACTS.decode(known.content or b"")


def raised_of(kept: Iterable[KeptAct]) -> int:
    """Count the acts whose device showed a raised reading: such a person waits for a recheck, or was led aside."""
    return sum(act_of(one).provisional_outcome in RAISED for one in kept)
