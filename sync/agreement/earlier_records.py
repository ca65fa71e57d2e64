"""The structs of records as earlier versions wrote them: read for ever, written never again.

Where a version said a place in the open part (where to, where from), its words are read here alone: the
newest struct has no room for them, and whoever reads it meets them in the sealed part only.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.declaration.words import DeclarationChannel, Exposure
from sync.agreement.facts import Assessment, CrossingCount, Override, PlaceAnswer, RunningClock
from sync.agreement.facts import Measurement as NewestMeasurement
from sync.agreement.gate_records.isolation import SmallCount
from sync.agreement.isolation_words import NoticeMeans
from sync.agreement.records import CodedException, Count
from sync.agreement.vocabulary import (
    ClockKind,
    DeviceKind,
    Direction,
    Disposition,
    DocumentKind,
    ExceptionCode,
    MeasuringSite,
    ModeOfEntry,
    PassRegime,
    PointOfEntryKind,
    PurposeOfCrossing,
    ReadingKind,
    Sex,
    Symptom,
    TravellerCategory,
)

PlaceWords = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class MeasurementV1(msgspec.Struct, frozen=True, kw_only=True):
    """A reading as screenings up to version 2 carried it: no reasons of quality, no second site, no learnt limit."""

    reading_id: str
    device_id: str
    device_kind: DeviceKind
    kind: ReadingKind
    site: MeasuringSite
    temperature_c: float
    observed_at: datetime
    raw_c: float | None = None
    reported_c: float | None = None
    uncertainty_c: float | None = None
    ambient_c: float | None = None
    vendor_alarm: bool | None = None
    unusable_because: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse whatever today's reading refuses."""
        self.as_newest()

    def as_newest(self) -> NewestMeasurement:
        """Say the same in today's words."""
        return NewestMeasurement(**{name: getattr(self, name) for name in self.__struct_fields__})

    def require_human(self) -> None:
        """Refuse a usable measurement of no living person."""
        self.as_newest().require_human()


class FactsV1(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of version 1: no counts for quotas, no answers about places and contacts, no override."""

    point_of_entry_id: str
    point_of_entry_kind: PointOfEntryKind
    locality: str
    direction: Direction
    mode_of_entry: ModeOfEntry
    category: TravellerCategory
    purpose: PurposeOfCrossing
    document_kind: DocumentKind
    measurements: tuple[MeasurementV1, ...] = ()
    nationality: str | None = None
    age_years: int | None = None
    sex: Sex | None = None
    document_expires_on: date | None = None
    is_document_cancelled: bool = False
    are_check_digits_valid: bool | None = None
    visited_areas: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    has_declaration: bool = False
    exception_code: ExceptionCode | None = None
    same_category_crossings_today: int = 0


class FactsV2(FactsV1, frozen=True, kw_only=True):
    """The facts of version 2: of version 1, and counts for quotas, answers about places and contacts, an override."""

    crossings_counted: tuple[CrossingCount, ...] = ()
    place_answers: tuple[PlaceAnswer, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    is_symptom_checked: bool = False
    has_employer: bool = False
    is_fallback_tried: bool = False
    override: Override | None = None


class CrossingScreenedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: the areas visited stood in the open part."""

    type_name: ClassVar[str] = "crossing_screened"
    type_version: ClassVar[int] = 1

    crossing_id: str
    lane_id: str
    presented_at: datetime
    facts: FactsV1
    assessment: Assessment
    disposition: Disposition
    person_key: str = ""
    exception: CodedException | None = None
    clocks: tuple[RunningClock, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a usable measurement of no living person."""
        for measurement in self.facts.measurements:
            measurement.require_human()


class CrossingScreenedV2(msgspec.Struct, frozen=True, kw_only=True):
    """Version 2: its readings said nothing of their picture, of a second site and of a learnt limit."""

    type_name: ClassVar[str] = "crossing_screened"
    type_version: ClassVar[int] = 2

    crossing_id: str
    lane_id: str
    presented_at: datetime
    facts: FactsV2
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


class TemperatureRecheckedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: could not say what the officer changed while the alarm was open."""

    type_name: ClassVar[str] = "temperature_rechecked"
    type_version: ClassVar[int] = 1

    crossing_id: str
    measurement: MeasurementV1
    assessment: Assessment
    disposition: Disposition
    clocks: tuple[RunningClock, ...] = ()


class TemperatureRecheckedV2(msgspec.Struct, frozen=True, kw_only=True):
    """Version 2: the areas visited stood in the open part."""

    type_name: ClassVar[str] = "temperature_rechecked"
    type_version: ClassVar[int] = 2

    crossing_id: str
    measurement: MeasurementV1
    assessment: Assessment
    disposition: Disposition
    clocks: tuple[RunningClock, ...] = ()
    symptoms: tuple[Symptom, ...] | None = None
    visited_areas: tuple[str, ...] | None = None
    has_declaration: bool | None = None

    def __post_init__(self) -> None:
        """Refuse a usable measurement of no living person."""
        self.measurement.require_human()


class TemperatureRecheckedV3(msgspec.Struct, frozen=True, kw_only=True):
    """Version 3: its reading said nothing of its picture, of a second site and of a learnt limit."""

    type_name: ClassVar[str] = "temperature_rechecked"
    type_version: ClassVar[int] = 3

    crossing_id: str
    measurement: MeasurementV1
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


class TravellerDischargedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: where the person went stood in the open part."""

    type_name: ClassVar[str] = "traveller_discharged"
    type_version: ClassVar[int] = 1

    crossing_id: str
    place_id: str
    disposition: Disposition
    destination: str
    reason: str


class HandoverDepartedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: the facility stood in the open part."""

    type_name: ClassVar[str] = "handover_departed"
    type_version: ClassVar[int] = 1

    crossing_id: str
    ends: tuple[ClockKind, ...] = ()
    clocks: tuple[RunningClock, ...] = ()
    place_id: str
    destination: PlaceWords
    escorts: SmallCount


class HandoverArrivedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: the facility stood in the open part."""

    type_name: ClassVar[str] = "handover_arrived"
    type_version: ClassVar[int] = 1

    crossing_id: str
    ends: tuple[ClockKind, ...] = ()
    clocks: tuple[RunningClock, ...] = ()
    destination: PlaceWords
    means: NoticeMeans


class DeclarationReceivedV1(msgspec.Struct, frozen=True, kw_only=True):
    """Version 1: the areas visited stood in the open part."""

    type_name: ClassVar[str] = "declaration_received"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    declaration_id: str
    given_for: str
    declared_at: datetime
    valid_until: datetime
    rule_id: str
    channel: DeclarationChannel
    language: str
    is_verified: bool
    symptoms: tuple[Symptom, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    area_codes: tuple[str, ...] = ()


class TravellerIdentityV1(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed part before places were sealed; ``TravellerIdentity`` reads it as it is."""

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
