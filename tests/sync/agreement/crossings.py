"""Invented crossings for the tests of the agreement, and ways to draw any crossing at all."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sync.agreement.decision_words import Exposure, OverrideReason
from sync.agreement.deployment import Deployment, load_deployment, policy_in_force
from sync.agreement.facts import CrossingCount, Facts, Measurement, Override, PlaceAnswer
from sync.agreement.policy import PolicyInForce, parse_policy_document
from sync.agreement.policy.lane_rules import Threshold
from sync.agreement.vocabulary import (
    DeviceKind,
    Direction,
    DocumentKind,
    ExceptionCode,
    MeasuringSite,
    ModeOfEntry,
    PointOfEntryKind,
    PurposeOfCrossing,
    ReadingKind,
    ReasonCode,
    Role,
    Symptom,
    TravellerCategory,
)

PROVINCES = Path(__file__).resolve().parents[3] / "deploy/provinces"
NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
POLICY_FIELDS = {
    "version": 1,
    "kind": "orders",
    "title": {"vi": "Lệnh", "en": "Order", "zh": "命令"},
    "cite_as": "Lệnh số 1",
    "issued_by": "Chủ tịch Ủy ban nhân dân tỉnh",
}

as_a_law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For properties: a busy machine is no counterexample."""


@cache
def province(name: str = "quang-ninh") -> Deployment:
    return load_deployment(PROVINCES / f"{name}.toml")


@cache
def policy(name: str = "quang-ninh", law: str | None = None) -> PolicyInForce:
    return policy_in_force(province(name), law=law)


def order_document(*rules: dict, document_id: str = "orders-test", version: int = 1):
    """A later order of the centre, built as if it had been read from a file."""
    complete = [
        {
            "rule_id": f"{document_id}-{number}",
            "effective_from": NOON - timedelta(days=1),
            "citation": {"clause": "Điều 1"},
            **rule,
        }
        for number, rule in enumerate(rules, 1)
    ]
    return parse_policy_document(
        {**POLICY_FIELDS, "id": document_id, "version": version, "rule": complete}, file_name="test.toml"
    )


def scanned(temperature_c: float, *, reading_id: str = "r1", **changes) -> Measurement:
    """A reading of the thermal array: skin, hottest point of the face."""
    fields = {
        "device_id": "array-1",
        "device_kind": DeviceKind.THERMAL_ARRAY,
        "kind": ReadingKind.RAW_SKIN,
        "site": MeasuringSite.FACE_MAXIMUM,
        "observed_at": NOON,
    }
    return Measurement(reading_id=reading_id, temperature_c=temperature_c, **{**fields, **changes})


def clinical(temperature_c: float, *, reading_id: str = "c1", **changes) -> Measurement:
    """A reading of a clinical thermometer under the arm."""
    fields = {
        "device_id": "thermometer-1",
        "device_kind": DeviceKind.CLINICAL_THERMOMETER,
        "kind": ReadingKind.CLINICAL,
        "site": MeasuringSite.AXILLARY,
        "observed_at": NOON,
    }
    return Measurement(reading_id=reading_id, temperature_c=temperature_c, **{**fields, **changes})


def crossing(*measurements: Measurement, **changes) -> Facts:
    """A border resident who enters at Móng Cái to trade."""
    fields = {
        "point_of_entry_id": "mong-cai",
        "point_of_entry_kind": PointOfEntryKind.INTERNATIONAL,
        "locality": "mong-cai",
        "direction": Direction.ENTRY,
        "mode_of_entry": ModeOfEntry.ROAD,
        "category": TravellerCategory.BORDER_RESIDENT,
        "purpose": PurposeOfCrossing.TRADE_OR_WORK,
        "document_kind": DocumentKind.BORDER_PASS,
    }
    return Facts(measurements=measurements, **{**fields, **changes})


def codes(assessment) -> list[str]:
    return [reason.code.value for reason in assessment.reasons]


temperatures_c = st.floats(min_value=33.0, max_value=42.0).map(lambda number: round(number, 2))
instants = st.datetimes(datetime(2019, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
reasons_not_to_use = st.lists(st.sampled_from(["stale", "repeated", "no_face"]), max_size=1).map(tuple)


known_places = st.sampled_from(
    [(t.device_kind, t.site, t.reading_kind) for t in policy().rules_at(NOON).of_type(Threshold)]
)
any_places = st.tuples(
    st.sampled_from([kind for kind in DeviceKind if kind is not DeviceKind.CLINICAL_THERMOMETER]),
    st.sampled_from(list(MeasuringSite)),
    st.sampled_from(list(ReadingKind)),
)


@st.composite
def scanner_readings(draw, *, may_be_unusable: bool = True, places=known_places | any_places) -> Measurement:
    """Half of them from devices and sites that the procedure has a threshold for."""
    device_kind, site, kind = draw(places)
    return Measurement(
        reading_id=draw(st.uuids()).hex,
        device_id="scanner",
        device_kind=device_kind,
        kind=kind,
        site=site,
        temperature_c=draw(temperatures_c),
        observed_at=NOON - timedelta(seconds=draw(st.integers(0, 3000))),
        ambient_c=draw(st.none() | st.floats(5.0, 35.0)),
        unusable_because=draw(reasons_not_to_use) if may_be_unusable else (),
    )


raised_readings = scanner_readings(may_be_unusable=False, places=known_places).map(
    lambda reading: msgspec.structs.replace(reading, temperature_c=37.3 + abs(reading.temperature_c - 37.3))
)
"""At or above the highest threshold of the procedure, whatever the device."""


@st.composite
def clinical_readings(draw, *, may_be_unusable: bool = True) -> Measurement:
    return clinical(
        draw(temperatures_c),
        reading_id=draw(st.uuids()).hex,
        site=draw(st.sampled_from([MeasuringSite.AXILLARY, MeasuringSite.ORAL, MeasuringSite.WRIST])),
        unusable_because=draw(reasons_not_to_use) if may_be_unusable else (),
    )


unusable_readings = (scanner_readings() | clinical_readings()).map(
    lambda reading: msgspec.structs.replace(reading, unusable_because=("stale",))
)
any_readings = st.lists(scanner_readings() | clinical_readings(), max_size=4).map(tuple)


counts = st.builds(
    CrossingCount,
    category=st.sampled_from(list(TravellerCategory)),
    direction=st.sampled_from(list(Direction)),
    today=st.integers(0, 20),
    this_hour=st.integers(0, 20),
)
answers = st.builds(PlaceAnswer, place=st.sampled_from(["cho-dong-hung", "elsewhere"]), was_there=st.booleans())
overrides = st.builds(
    Override,
    code=st.sampled_from(list(OverrideReason)),
    role=st.sampled_from(list(Role)),
    covers=st.lists(st.sampled_from(list(ReasonCode)), unique=True).map(tuple),
)
"""Whatever anybody might ask for, most of it forbidden."""


@st.composite
def crossings(draw, measurements=any_readings, *, only_kinds: frozenset = frozenset(PointOfEntryKind)) -> Facts:
    """Any crossing of anybody at any point of entry of the province, or at those of some kinds."""
    point = draw(st.sampled_from([point for point in province().points_of_entry if point.kind in only_kinds]))
    return Facts(
        point_of_entry_id=point.id,
        point_of_entry_kind=point.kind,
        locality=point.locality,
        direction=draw(st.sampled_from(list(Direction))),
        mode_of_entry=draw(st.sampled_from(list(ModeOfEntry))),
        category=draw(st.sampled_from(list(TravellerCategory))),
        purpose=draw(st.sampled_from(list(PurposeOfCrossing))),
        document_kind=draw(st.sampled_from(list(DocumentKind))),
        measurements=draw(measurements),
        nationality=draw(st.sampled_from([None, "VNM", "CHN", "LAO"])),
        age_years=draw(st.none() | st.integers(0, 99)),
        document_expires_on=draw(st.none() | st.dates()),
        is_document_cancelled=draw(st.booleans()),
        are_check_digits_valid=draw(st.sampled_from([None, True, False])),
        visited_areas=draw(st.lists(st.sampled_from(["CHN", "đông hưng", "LAO", "vung-dich"]), max_size=2).map(tuple)),
        symptoms=draw(st.lists(st.sampled_from(list(Symptom)), max_size=2, unique=True).map(tuple)),
        has_declaration=draw(st.booleans()),
        exception_code=draw(st.none() | st.sampled_from(list(ExceptionCode))),
        same_category_crossings_today=draw(st.integers(0, 20)),
        crossings_counted=draw(st.lists(counts, max_size=3).map(tuple)),
        place_answers=draw(st.lists(answers, max_size=2).map(tuple)),
        exposures=draw(st.lists(st.sampled_from(list(Exposure)), max_size=1).map(tuple)),
        is_symptom_checked=draw(st.booleans()),
        has_employer=draw(st.booleans()),
        is_fallback_tried=draw(st.booleans()),
        override=draw(st.none() | overrides),
    )
