"""The records of the journals: what happened, in the past tense, never edited.

A record has an open part (codes, counts, temperatures, times), one of the structs below, and
for some a sealed part, ``TravellerIdentity``, encrypted under the episode's key. A correction, a
recheck, a withdrawal or a review is a new record that names the crossing it is about. The type
and its version travel in the envelope (``sync.exchange.envelope``); ``RECORD_TYPES`` maps both to
the struct. A released struct is never changed: a new field means a new version.
"""

from datetime import date, datetime
from typing import ClassVar

import msgspec

from sync.agreement.facts import Assessment, Facts, Measurement
from sync.agreement.vocabulary import (
    CaseClass,
    ClockKind,
    Direction,
    Disposition,
    ExceptionCode,
    PassRegime,
    PurposeOfCrossing,
    Sex,
    TravellerCategory,
)


class TravellerIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who: the sealed part. Names as printed, NFC; numbers as printed; dates local calendar dates."""

    full_name: str
    document_number: str
    primary_identifier: str = ""
    secondary_identifier: str = ""
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    personal_number: str = ""
    issuing_state: str = ""
    pass_regime: PassRegime | None = None
    address: str = ""
    telephone: str = ""
    vehicle_plate: str = ""


class CodedException(msgspec.Struct, frozen=True, kw_only=True):
    """Why nobody was measured: code, the officer's words, and who said so (R008)."""

    code: ExceptionCode
    reason: str
    officer_ref: str


class RunningClock(msgspec.Struct, frozen=True, kw_only=True):
    """A legal deadline that began: both instants are aware UTC."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    clause: str


class CrossingScreened(msgspec.Struct, frozen=True, kw_only=True):
    """A person was presented, measured and assessed at a lane. Opens the crossing.

    ``disposition`` is cleared, pending (a raised reading awaits its recheck) or refused. It is
    written the moment a reading is found raised, so that no alarm can be talked away.
    """

    type_name: ClassVar[str] = "crossing_screened"
    type_version: ClassVar[int] = 1

    crossing_id: str
    lane_id: str
    presented_at: datetime
    facts: Facts
    assessment: Assessment
    disposition: Disposition
    person_key: str = ""
    exception: CodedException | None = None
    clocks: tuple[RunningClock, ...] = ()


class TemperatureRechecked(msgspec.Struct, frozen=True, kw_only=True):
    """A clinical thermometer closed the alarm: cleared, referred, or refused by an order."""

    type_name: ClassVar[str] = "temperature_rechecked"
    type_version: ClassVar[int] = 1

    crossing_id: str
    measurement: Measurement
    assessment: Assessment
    disposition: Disposition
    clocks: tuple[RunningClock, ...] = ()


class TravellerIsolated(msgspec.Struct, frozen=True, kw_only=True):
    """A referred person took a place in the gate's isolation room; its clocks run from here."""

    type_name: ClassVar[str] = "traveller_isolated"
    type_version: ClassVar[int] = 1

    crossing_id: str
    place_id: str
    clocks: tuple[RunningClock, ...]


class TravellerDischarged(msgspec.Struct, frozen=True, kw_only=True):
    """A person left the gate's care: to a facility (referred), cleared, or turned back (refused).

    ``place_id`` is empty where the room was full and the person left without having had a place.
    """

    type_name: ClassVar[str] = "traveller_discharged"
    type_version: ClassVar[int] = 1

    crossing_id: str
    place_id: str
    disposition: Disposition
    destination: str
    reason: str


class CrossingCorrected(msgspec.Struct, frozen=True, kw_only=True):
    """An officer corrects what was noted; a field that is ``None`` stays as it was. Never a temperature."""

    type_name: ClassVar[str] = "crossing_corrected"
    type_version: ClassVar[int] = 1

    crossing_id: str
    corrects_record_id: str
    reason: str
    direction: Direction | None = None
    category: TravellerCategory | None = None
    purpose: PurposeOfCrossing | None = None


class CrossingWithdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing was logged in error (the person never crossed, or it was logged twice)."""

    type_name: ClassVar[str] = "crossing_withdrawn"
    type_version: ClassVar[int] = 1

    crossing_id: str
    withdraws_record_id: str
    reason: str


class CaseReviewed(msgspec.Struct, frozen=True, kw_only=True):
    """A CDC reviewer classed a referred traveller; written only into the centre's own journal."""

    type_name: ClassVar[str] = "case_reviewed"
    type_version: ClassVar[int] = 1

    crossing_id: str
    case_class: CaseClass
    note: str
    reviewer_ref: str


RecordBody = (
    CrossingScreened
    | TemperatureRechecked
    | TravellerIsolated
    | TravellerDischarged
    | CrossingCorrected
    | CrossingWithdrawn
    | CaseReviewed
)

RECORD_TYPES: dict[tuple[str, int], type[RecordBody]] = {
    (body.type_name, body.type_version): body
    for body in (
        CrossingScreened,
        TemperatureRechecked,
        TravellerIsolated,
        TravellerDischarged,
        CrossingCorrected,
        CrossingWithdrawn,
        CaseReviewed,
    )
}
