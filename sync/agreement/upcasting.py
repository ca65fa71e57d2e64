"""Reading records of every version ever released: old structs, and the step from each to the next.

A record's bytes are never rewritten; whoever reads one gets the newest struct. A step may only fill what
the old version could not say with the value that means "not said", and leave out what the newest version
seals: places said in the open by an old version reach no reader of the newest. The schemas of all versions stand
frozen in ``schemas/``; golden records of all versions stand beside the tests.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from sync.agreement import earlier_records as earlier
from sync.agreement.facts import Facts
from sync.agreement.gate_records.declaration import DeclarationReceived
from sync.agreement.gate_records.isolation import HandoverArrived, HandoverDeparted
from sync.agreement.records import (
    RECORD_TYPES,
    CrossingScreened,
    RecordBody,
    TemperatureRechecked,
    TravellerDischarged,
)


def _screened_v2(old: earlier.CrossingScreenedV1) -> earlier.CrossingScreenedV2:
    """Count the areas; which they were is read from the sealed part, or by ``areas_in_the_open`` alone."""
    facts = earlier.FactsV2(**_said_by(old.facts, but=("visited_areas",)))
    said = _said_by(old, but=("facts",))
    return earlier.CrossingScreenedV2(facts=facts, areas_visited=len(old.facts.visited_areas), **said)


def _screened_v3(old: earlier.CrossingScreenedV2) -> CrossingScreened:
    measurements = tuple(one.as_newest() for one in old.facts.measurements)
    facts = Facts(measurements=measurements, **_said_by(old.facts, but=("measurements",)))
    return CrossingScreened(facts=facts, **_said_by(old, but=("facts",)))


def _rechecked_v2(old: earlier.TemperatureRecheckedV1) -> earlier.TemperatureRecheckedV2:
    return earlier.TemperatureRecheckedV2(**_said_by(old))


def _rechecked_v3(old: earlier.TemperatureRecheckedV2) -> earlier.TemperatureRecheckedV3:
    areas = None if old.visited_areas is None else len(old.visited_areas)
    return earlier.TemperatureRecheckedV3(areas_visited=areas, **_said_by(old, but=("visited_areas",)))


def _rechecked_v4(old: earlier.TemperatureRecheckedV3) -> TemperatureRechecked:
    return TemperatureRechecked(measurement=old.measurement.as_newest(), **_said_by(old, but=("measurement",)))


def _discharged_v2(old: earlier.TravellerDischargedV1) -> TravellerDischarged:
    return TravellerDischarged(**_said_by(old, but=("destination",)))


def _departed_v2(old: earlier.HandoverDepartedV1) -> HandoverDeparted:
    return HandoverDeparted(**_said_by(old, but=("destination",)))


def _arrived_v2(old: earlier.HandoverArrivedV1) -> HandoverArrived:
    return HandoverArrived(**_said_by(old, but=("destination",)))


def _declared_v2(old: earlier.DeclarationReceivedV1) -> DeclarationReceived:
    return DeclarationReceived(areas=len(old.area_codes), **_said_by(old, but=("area_codes",)))


def _said_by(old: msgspec.Struct, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the next version says in the same words."""
    return {name: getattr(old, name) for name in old.__struct_fields__ if name not in but}


EVERY_VERSION: dict[tuple[str, int], type[msgspec.Struct]] = {
    **RECORD_TYPES,
    ("crossing_screened", 1): earlier.CrossingScreenedV1,
    ("crossing_screened", 2): earlier.CrossingScreenedV2,
    ("temperature_rechecked", 1): earlier.TemperatureRecheckedV1,
    ("temperature_rechecked", 2): earlier.TemperatureRecheckedV2,
    ("temperature_rechecked", 3): earlier.TemperatureRecheckedV3,
    ("traveller_discharged", 1): earlier.TravellerDischargedV1,
    ("handover_departed", 1): earlier.HandoverDepartedV1,
    ("handover_arrived", 1): earlier.HandoverArrivedV1,
    ("declaration_received", 1): earlier.DeclarationReceivedV1,
}
"""The struct of every (type, version) that was ever released."""

STEPS: dict[tuple[str, int], Callable[[Any], msgspec.Struct]] = {
    ("crossing_screened", 1): _screened_v2,
    ("crossing_screened", 2): _screened_v3,
    ("temperature_rechecked", 1): _rechecked_v2,
    ("temperature_rechecked", 2): _rechecked_v3,
    ("temperature_rechecked", 3): _rechecked_v4,
    ("traveller_discharged", 1): _discharged_v2,
    ("handover_departed", 1): _departed_v2,
    ("handover_arrived", 1): _arrived_v2,
    ("declaration_received", 1): _declared_v2,
}
"""From the struct of a (type, version) to that of the next version."""

_DECODERS = {key: msgspec.json.Decoder(struct) for key, struct in EVERY_VERSION.items()}
_ENCODER = msgspec.json.Encoder()


def read_body(written: bytes | msgspec.Raw, *, type_name: str, type_version: int) -> RecordBody | None:
    """Decode a record's open part as it was written, and raise it to the newest version.

    ``None`` for a type or version that is newer than this program; ``msgspec.DecodeError``,
    ``RecursionError`` or ``ValueError`` where the bytes do not fit the version they name, or are not the
    one spelling of what they say: with a name twice, two readers could read two things.
    """
    decoder = _DECODERS.get((type_name, type_version))
    if decoder is None:
        return None
    body: Any = decoder.decode(written)
    if _ENCODER.encode(body) != bytes(written):
        message = f"{type_name} is not in its one canonical spelling"
        raise ValueError(message)
    while (step := STEPS.get((type_name, type_version))) is not None:
        body, type_version = step(body), type_version + 1
    newest: RecordBody = body
    return newest


def areas_in_the_open(written: bytes | msgspec.Raw, *, type_name: str, type_version: int) -> tuple[str, ...]:
    """Return the areas that version 1 of a screening said in the open; nothing of any other record.

    For the edge that wrote it and must assess the same person again after an upgrade.
    """
    if (type_name, type_version) != ("crossing_screened", 1):
        return ()
    old: Any = _DECODERS[type_name, type_version].decode(written)
    areas: tuple[str, ...] = old.facts.visited_areas
    return areas
