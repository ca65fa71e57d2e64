"""The records of a shift: who worked when, in what health, what was handed over, what came from paper.

Open parts hold codes, counts and temperatures; the officer is named by the envelope's ``officer_ref`` alone.
A handover's free words are sealed under ``handover_id``. None of these is about one crossing, so
``crossing_id`` is ``None``; ``entered_crossing_id`` names the crossing that a line of paper became.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.shift_words import PaperVoidReason, ShiftMoment
from sync.agreement.vocabulary import ExceptionCode, MeasuringSite

SmallCount = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
SheetNumber = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
BodyTemperature = Annotated[float, msgspec.Meta(ge=25, le=45)]


class ShiftOpened(msgspec.Struct, frozen=True, kw_only=True):
    """An officer began a shift at a lane; ``is_planned``: the roster had this officer there."""

    type_name: ClassVar[str] = "shift_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    shift_id: str
    shift_day: date
    shift_code: str
    is_planned: bool


class ShiftClosed(msgspec.Struct, frozen=True, kw_only=True):
    """An officer ended the shift; ``handover_id`` is what was left to the next one."""

    type_name: ClassVar[str] = "shift_closed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    shift_id: str
    handover_id: str


class OwnTemperatureTaken(msgspec.Struct, frozen=True, kw_only=True):
    """An officer's own temperature in °C at the start or the end of a shift.

    ``limit_c`` is the fever threshold of that site in force, ``None`` where the policy has none. A raised
    one is shown and referred to the head of the gate; it closes no lane by itself.
    """

    type_name: ClassVar[str] = "own_temperature_taken"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    shift_id: str
    moment: ShiftMoment
    temperature_c: BodyTemperature
    site: MeasuringSite
    limit_c: float | None
    is_raised: bool


class ShiftHandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """The leaving officer confirmed what is left: counts, and devices that did not work, by their id."""

    type_name: ClassVar[str] = "shift_handed_over"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    handover_id: str
    shift_id: str
    open_drafts: SmallCount
    open_alarms: SmallCount
    isolated: SmallCount
    in_transit: SmallCount
    device_faults: tuple[str, ...]
    has_notes: bool


class ShiftTakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """The next officer read a handover and confirmed it."""

    type_name: ClassVar[str] = "shift_taken_over"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    handover_id: str


class PaperSheetsPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """Numbered sheets were printed for the time without machines: both numbers are included."""

    type_name: ClassVar[str] = "paper_sheets_printed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    block_id: str
    first_number: SheetNumber
    last_number: SheetNumber


class PaperLineEntered(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing came from paper: this line, written at ``written_at``, entered when the envelope was recorded."""

    type_name: ClassVar[str] = "paper_line_entered"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    number: SheetNumber
    entered_crossing_id: str
    written_at: datetime
    exception_code: ExceptionCode | None = None


class PaperLineVoided(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered line holds no crossing, and why."""

    type_name: ClassVar[str] = "paper_line_voided"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    number: SheetNumber
    reason: PaperVoidReason


ShiftRecord = (
    ShiftOpened
    | ShiftClosed
    | OwnTemperatureTaken
    | ShiftHandedOver
    | ShiftTakenOver
    | PaperSheetsPrinted
    | PaperLineEntered
    | PaperLineVoided
)
