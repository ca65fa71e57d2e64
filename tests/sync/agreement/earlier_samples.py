"""One of each record as earlier versions wrote it, with as much in it as it could hold."""

from datetime import timedelta

import msgspec

from sync.agreement import earlier_records as earlier
from sync.agreement.declaration.words import DeclarationChannel, Exposure
from sync.agreement.facts import Measurement, RunningClock
from sync.agreement.isolation_words import NoticeMeans
from sync.agreement.vocabulary import ClockKind, Direction, Disposition, Symptom
from tests.sync.exchange.journals import MORNING, rechecked, screened


def earlier_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    opened = screened(crossing_id, disposition=Disposition.PENDING, direction=Direction.EXIT, redirect_to="hoanh-mo")
    again = rechecked(crossing_id, disposition=Disposition.REFERRED)
    shared = {name: getattr(again, name) for name in earlier.TemperatureRecheckedV1.__struct_fields__}
    shared["measurement"] = _as_before(again.measurement)
    facts = {name: getattr(opened.facts, name) for name in earlier.FactsV2.__struct_fields__}
    facts["measurements"] = tuple(map(_as_before, opened.facts.measurements))
    return (
        earlier.CrossingScreenedV1(
            **{name: getattr(opened, name) for name in earlier.CrossingScreenedV1.__struct_fields__ if name != "facts"},
            facts=earlier.FactsV1(**{name: facts[name] for name in earlier.FactsV1.__struct_fields__}),
        ),
        earlier.CrossingScreenedV2(
            **{name: getattr(opened, name) for name in earlier.CrossingScreenedV1.__struct_fields__ if name != "facts"},
            facts=earlier.FactsV2(**facts),
            areas_visited=1,
        ),
        earlier.TemperatureRecheckedV1(**shared),
        earlier.TemperatureRecheckedV2(
            **shared, symptoms=(Symptom.COUGH,), visited_areas=("CHN-GX",), has_declaration=True
        ),
        earlier.TemperatureRecheckedV3(**shared, symptoms=(Symptom.COUGH,), areas_visited=1, has_declaration=True),
        *_where_to(crossing_id),
        _declared(crossing_id),
    )


def _as_before(measurement: Measurement) -> earlier.MeasurementV1:
    """Leave out what readings did not say yet."""
    return earlier.MeasurementV1(
        **{name: getattr(measurement, name) for name in earlier.MeasurementV1.__struct_fields__}
    )


def _where_to(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    """The three that said a place in the open."""
    gate_isolation = RunningClock(
        kind=ClockKind.GATE_ISOLATION,
        started_at=MORNING,
        due_at=MORNING + timedelta(hours=48),
        clause="Nghị định 165/2026/NĐ-CP điểm b khoản 3 Điều 17",
    )
    acted = {"crossing_id": crossing_id, "ends": (ClockKind.TEMPORARY_HOLD,), "clocks": (gate_isolation,)}
    return (
        earlier.TravellerDischargedV1(
            crossing_id=crossing_id,
            place_id="C1",
            disposition=Disposition.REFERRED,
            destination="Bệnh viện Móng Cái",
            reason="sốt cao",
        ),
        earlier.HandoverDepartedV1(**acted, place_id="C1", destination="TTYT Móng Cái", escorts=2),
        earlier.HandoverArrivedV1(**acted, destination="TTYT Móng Cái", means=NoticeMeans.TELEPHONE),
    )


def _declared(crossing_id: str) -> msgspec.Struct:
    return earlier.DeclarationReceivedV1(
        declaration_id="018f0000-0000-7000-8000-0000000000d1",
        given_for=crossing_id,
        declared_at=MORNING,
        valid_until=MORNING + timedelta(days=7),
        rule_id="law-2026-declaration-terms",
        channel=DeclarationChannel.PHONE,
        language="zh",
        is_verified=True,
        symptoms=(Symptom.COUGH,),
        exposures=(Exposure.SLAUGHTER,),
        area_codes=("CN-45-06",),
    )
