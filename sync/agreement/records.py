"""The records of the journals: what happened, in the past tense, never edited.

A record has an open part (codes, counts, temperatures, times), one of the structs below, and
for some a sealed part, ``TravellerIdentity``, encrypted under the episode's key. A correction, a
recheck, a withdrawal or a review is a new record that names the crossing it is about. The type
and its version travel in the envelope (``sync.exchange.envelope``); ``RECORD_TYPES`` maps both to
the newest struct (``upcasting`` knows the older ones). Records about the journals themselves have the
``crossing_id`` ``None``. A released struct is never changed: a new field means a new version.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, get_args

import msgspec

from sync.agreement.contact_records import ContactRecord
from sync.agreement.decision_words import Exposure
from sync.agreement.facts import Assessment, Facts, Measurement, PlaceAnswer, RunningClock
from sync.agreement.gate_records.coverage import CoverageRecord
from sync.agreement.gate_records.decision import DecisionRecord
from sync.agreement.gate_records.declaration import DeclarationRecord
from sync.agreement.gate_records.device import DeviceRecord
from sync.agreement.gate_records.exercise import ExerciseRecord
from sync.agreement.gate_records.groups import GroupRecord
from sync.agreement.gate_records.handheld import HandheldRecord
from sync.agreement.gate_records.isolation import IsolationRecord
from sync.agreement.gate_records.papers import PaperRecord
from sync.agreement.gate_records.places import PlaceRecord
from sync.agreement.gate_records.register import RegisterRecord
from sync.agreement.gate_records.shift import ShiftRecord
from sync.agreement.gate_records.threshold import ThresholdRecord
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked, EpochRenewed, ExpressSettled
from sync.agreement.vocabulary import (
    CaseClass,
    Direction,
    Disposition,
    ExceptionCode,
    IncarnationReason,
    PassRegime,
    PurposeOfCrossing,
    Sex,
    Symptom,
    TravellerCategory,
)

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


SEALED_WORDS = "sealed"
"""Stands in the open part where an officer's own words are among the sealed ``remarks``."""


class TravellerIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who: the sealed part. Names as printed, NFC; numbers as printed; dates local calendar dates.

    ``remarks`` are an officer's own words about this record, which may name anybody: they are erased with
    the person, as are ``destination``, where the person went from here, and ``visited_areas``, where from. A
    reader that does not know a field leaves it out, as msgspec does by default.
    """

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
    remarks: str = ""
    employer: str = ""
    project: str = ""
    destination: str = ""
    visited_areas: tuple[str, ...] = ()


class CodedException(msgspec.Struct, frozen=True, kw_only=True):
    """Why nobody was measured: code, the officer's words, and who said so (R008)."""

    code: ExceptionCode
    reason: str
    officer_ref: str


class CrossingScreened(msgspec.Struct, frozen=True, kw_only=True):
    """A person was presented, measured and assessed at a lane. Opens the crossing.

    ``disposition`` is cleared, pending (a raised reading awaits its recheck) or refused. It is
    written the moment a reading is found raised, so that no alarm can be talked away. Which areas were
    visited stands in the sealed part; ``areas_visited`` only counts them.
    """

    type_name: ClassVar[str] = "crossing_screened"
    type_version: ClassVar[int] = 3

    crossing_id: str
    lane_id: str
    presented_at: datetime
    facts: Facts
    assessment: Assessment
    disposition: Disposition
    person_key: str = ""
    exception: CodedException | None = None
    clocks: tuple[RunningClock, ...] = ()
    areas_visited: Count = 0

    def __post_init__(self) -> None:
        """Refuse a usable measurement of no living person, and a journey in the open part."""
        if self.facts.visited_areas:
            msg = "visited areas are sealed: the open part counts them"
            raise ValueError(msg)
        for measurement in self.facts.measurements:
            measurement.require_human()


class TemperatureRechecked(msgspec.Struct, frozen=True, kw_only=True):
    """A clinical thermometer closed the alarm: cleared, referred, or refused by an order.

    ``symptoms`` and what follows say what the officer changed while the alarm was open; ``None`` leaves what
    the screening said. The areas themselves stand in the sealed part.
    """

    type_name: ClassVar[str] = "temperature_rechecked"
    type_version: ClassVar[int] = 4

    crossing_id: str
    measurement: Measurement
    assessment: Assessment
    disposition: Disposition
    clocks: tuple[RunningClock, ...] = ()
    symptoms: tuple[Symptom, ...] | None = None
    areas_visited: Count | None = None
    has_declaration: bool | None = None
    place_answers: tuple[PlaceAnswer, ...] | None = None
    exposures: tuple[Exposure, ...] | None = None
    is_symptom_checked: bool | None = None
    has_employer: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a usable measurement of no living person."""
        self.measurement.require_human()


class TravellerIsolated(msgspec.Struct, frozen=True, kw_only=True):
    """A referred person took a place in the gate's isolation room; its clocks run from here."""

    type_name: ClassVar[str] = "traveller_isolated"
    type_version: ClassVar[int] = 1

    crossing_id: str
    place_id: str
    clocks: tuple[RunningClock, ...]


class TravellerDischarged(msgspec.Struct, frozen=True, kw_only=True):
    """A person left the gate's care: to a facility (referred), cleared, or turned back (refused).

    ``place_id`` is empty where the room was full and the person left without having had a place. Where to
    stands in the sealed part.
    """

    type_name: ClassVar[str] = "traveller_discharged"
    type_version: ClassVar[int] = 2

    crossing_id: str
    place_id: str
    disposition: Disposition
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


class IncarnationOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The first record of a new chain: why the edge began one, and what is missing from the old one.

    ``previous_sequence`` is how far the edge's own old journal reached, ``high_water`` how far it is known
    to have reached once; ``lost_records`` of them are neither here nor at the centre.
    """

    type_name: ClassVar[str] = "incarnation_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    reason: IncarnationReason
    previous_incarnation: Count
    previous_sequence: Count
    high_water: Count
    lost_records: Count


class RecordRecovered(msgspec.Struct, frozen=True, kw_only=True):
    """A record of an abandoned chain, carried over whole: ``original`` holds its bytes as first written.

    Its hash, its times and its identifier stay what they were; it counts once however often it arrives.
    """

    type_name: ClassVar[str] = "record_recovered"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    original_incarnation: Count
    original_sequence: Count
    original: bytes


class ErasureCarriedOut(msgspec.Struct, frozen=True, kw_only=True):
    """An edge destroyed the keys and read models of the episodes that an erasure named."""

    type_name: ClassVar[str] = "erasure_carried_out"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    erasure_id: str
    episode_ids: tuple[str, ...]
    keys_destroyed: Count


class PolicyIssued(msgspec.Struct, frozen=True, kw_only=True):
    """The centre issued a policy document (orders, thresholds, risk areas): its whole text as TOML."""

    type_name: ClassVar[str] = "policy_issued"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    policy_id: str
    version: Count
    document: str
    issued_by: str


class EpisodesErased(msgspec.Struct, frozen=True, kw_only=True):
    """The centre ordered and did the erasure of some episodes (Law 91/2025/QH15): the proof that stays.

    Names nobody: episodes only, the legal basis, and the reference of who asked.
    """

    type_name: ClassVar[str] = "episodes_erased"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    erasure_id: str
    episode_ids: tuple[str, ...]
    legal_basis: str
    requested_by: str
    erased_at: datetime


class IncarnationGranted(msgspec.Struct, frozen=True, kw_only=True):
    """The centre gave an edge a new incarnation: the audit trail of every identity."""

    type_name: ClassVar[str] = "incarnation_granted"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    edge_id: str
    incarnation: Count
    previous_incarnation: Count
    reason: IncarnationReason


class FigureReported(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a province's daily report: a sum over whatever is ``None``."""

    point_of_entry_id: str | None
    direction: Direction | None
    category: TravellerCategory | None
    figure: str
    count: Count


class FiguresReported(msgspec.Struct, frozen=True, kw_only=True):
    """A province's frozen daily report as aggregates, for the national centre. Names nobody."""

    type_name: ClassVar[str] = "figures_reported"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    report_day: date
    revision: Count
    ledger_position: Count
    figures: tuple[FigureReported, ...]


class CaseNotified(msgspec.Struct, frozen=True, kw_only=True):
    """A case that a CDC reviewer classed, de-identified for the national centre.

    ``case_ref`` is an HMAC under a key that never leaves the province; ``age_band`` such as ``"40-49"``.
    """

    type_name: ClassVar[str] = "case_notified"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    case_ref: str
    case_class: CaseClass
    report_day: date
    point_of_entry_id: str
    age_band: str | None
    sex: Sex | None
    nationality: str | None
    reviewed_at: datetime


RecordBody = (
    CrossingScreened
    | TemperatureRechecked
    | TravellerIsolated
    | TravellerDischarged
    | CrossingCorrected
    | CrossingWithdrawn
    | CaseReviewed
    | IncarnationOpened
    | RecordRecovered
    | ErasureCarriedOut
    | PolicyIssued
    | EpisodesErased
    | IncarnationGranted
    | EdgeEnrolled
    | EdgeConfirmed
    | EdgeRevoked
    | EpochRenewed
    | ExpressSettled
    | FiguresReported
    | CaseNotified
    | ContactRecord
    | RegisterRecord
    | IsolationRecord
    | DeclarationRecord
    | PaperRecord
    | ShiftRecord
    | CoverageRecord
    | DecisionRecord
    | HandheldRecord
    | PlaceRecord
    | GroupRecord
    | ExerciseRecord
    | DeviceRecord
    | ThresholdRecord
)

RECORD_TYPES: dict[tuple[str, int], type[RecordBody]] = {
    (body.type_name, body.type_version): body for body in get_args(RecordBody)
}
