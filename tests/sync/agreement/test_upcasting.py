"""Every version ever released stays readable, byte for byte, and no released shape changes unnoticed."""

import json

import msgspec
import pytest

from sync.agreement.earlier_records import TravellerIdentityV1
from sync.agreement.records import RECORD_TYPES, TemperatureRechecked, TravellerIdentity
from sync.agreement.upcasting import EVERY_VERSION, STEPS, areas_in_the_open, read_body
from sync.agreement.vocabulary import Symptom
from sync.exchange.envelope import EnvelopeError, body_of, decode_record
from tests.sync.agreement.frozen import (
    GOLDEN,
    NOT_RECORDS,
    SCHEMAS,
    golden_path,
    golden_record,
    read_schema,
    samples,
    schema_of,
    schema_path,
)

FROZEN = EVERY_VERSION | NOT_RECORDS
VERSIONS = sorted(EVERY_VERSION)


def split_enums(part, path=()):
    """Take the enumerations out of a schema: a value may be added to them, never taken away."""
    if isinstance(part, dict):
        if "enum" in part:
            return {**part, "enum": None}, {path: set(part["enum"])}
        shapes, enums = {}, {}
        for name, value in part.items():
            shapes[name], found = split_enums(value, (*path, name))
            enums |= found
        return shapes, enums
    if isinstance(part, list):
        pairs = [split_enums(value, (*path, str(place))) for place, value in enumerate(part)]
        return [shape for shape, _ in pairs], {key: found for _, enums in pairs for key, found in enums.items()}
    return part, {}


@pytest.mark.parametrize(("type_name", "version"), sorted(FROZEN), ids=str)
def test_a_released_struct_keeps_its_schema(type_name, version):
    path = schema_path(type_name, version)
    assert path.exists(), "a new version: run python -m tests.sync.agreement.frozen"
    frozen_shape, frozen_words = split_enums(read_schema(path.read_text("utf-8")))
    shape, words = split_enums(schema_of(FROZEN[type_name, version]))
    assert shape == frozen_shape, f"{type_name} changed: make it version {version + 1} with a step in upcasting.py"
    assert words.keys() == frozen_words.keys()
    for place, found in frozen_words.items():
        assert found <= words[place], place


def test_no_released_version_was_taken_away():
    released = {path.name.removesuffix(".json") for path in SCHEMAS.glob("*.json")}
    assert released == {f"{type_name}.{version}" for type_name, version in FROZEN}
    golden = {path.name.removesuffix(".json") for path in GOLDEN.glob("*.json")}
    assert golden == {f"{type_name}.{version}" for type_name, version in EVERY_VERSION}


def test_a_changed_struct_is_noticed():
    class Changed(msgspec.Struct, frozen=True, kw_only=True):
        crossing_id: str
        place_id: int

    frozen, _ = split_enums(json.loads(schema_path("traveller_isolated", 1).read_text("utf-8")))
    assert split_enums(schema_of(Changed))[0] != frozen


@pytest.mark.parametrize(("type_name", "version"), VERSIONS, ids=str)
def test_a_golden_record_is_read_as_its_newest_version_and_would_be_written_the_same(type_name, version):
    golden = golden_path(type_name, version).read_bytes()
    envelope = decode_record(golden)
    assert (envelope.type, envelope.type_version) == (type_name, version)
    body = body_of(envelope)
    assert type(body) is next(struct for (name, _), struct in RECORD_TYPES.items() if name == type_name)
    assert golden_record(samples()[type_name, version]) == golden


def test_every_old_version_has_its_step_to_the_next():
    newest = dict(RECORD_TYPES.keys())
    assert set(STEPS) == {(name, version) for name, version in EVERY_VERSION if version < newest[name]}


def test_a_recheck_of_version_1_says_nothing_of_what_was_changed_meanwhile():
    old, new = (body_of(decode_record(golden_path("temperature_rechecked", each).read_bytes())) for each in (1, 2))
    assert isinstance(old, TemperatureRechecked)
    assert (old.symptoms, old.areas_visited, old.has_declaration) == (None, None, None)
    assert new == msgspec.structs.replace(old, symptoms=(Symptom.COUGH,), areas_visited=1, has_declaration=True)


PLACES = {
    "crossing_screened": "CHN-GX",
    "temperature_rechecked": "CHN-GX",
    "traveller_discharged": "Bệnh viện Móng Cái",
    "handover_departed": "TTYT Móng Cái",
    "handover_arrived": "TTYT Móng Cái",
    "declaration_received": "CN-45-06",
}
"""What the last version of each that said a place in the open said."""


SAID_LAST = {"crossing_screened": 1, "temperature_rechecked": 2}
"""The version that said a place last, where it is not the one before the newest."""


@pytest.mark.parametrize("type_name", PLACES)
def test_a_place_that_an_old_version_said_in_the_open_reaches_no_reader_of_the_newest(type_name):
    version = SAID_LAST.get(type_name, dict(RECORD_TYPES.keys())[type_name] - 1)
    old = msgspec.json.encode(samples()[type_name, version]).replace(
        b'"visited_areas":[]', b'"visited_areas":["CHN-GX"]'
    )
    assert PLACES[type_name].encode() in old
    body = read_body(old, type_name=type_name, type_version=version)
    assert PLACES[type_name].encode() not in msgspec.json.encode(body)
    if type_name in {"crossing_screened", "temperature_rechecked"}:
        assert body.areas_visited == 1


def test_an_edge_still_reads_where_somebody_came_from_whom_its_old_version_screened():
    old = samples()["crossing_screened", 1]
    facts = msgspec.structs.replace(old.facts, visited_areas=("CHN-GX", "Đông Hưng"))
    written = msgspec.json.encode(msgspec.structs.replace(old, facts=facts))
    named = {"type_name": "crossing_screened"}
    assert areas_in_the_open(written, type_version=1, **named) == ("CHN-GX", "Đông Hưng")
    assert areas_in_the_open(written, type_version=2, **named) == ()


def test_no_screening_can_be_built_with_a_journey_in_its_open_part():
    body = samples()["crossing_screened", 3]
    facts = msgspec.structs.replace(body.facts, visited_areas=("CHN-GX",))
    with pytest.raises(ValueError, match="sealed"):
        msgspec.structs.replace(body, facts=facts).__post_init__()
    written = msgspec.json.encode(body).replace(b'"visited_areas":[]', b'"visited_areas":["CHN-GX"]')
    with pytest.raises(msgspec.ValidationError, match="sealed"):
        read_body(written, type_name="crossing_screened", type_version=3)


def test_the_sealed_part_of_before_is_read_as_one_that_says_no_place():
    before = TravellerIdentityV1(full_name="LÝ A", document_number="B1", remarks="một")
    now = msgspec.json.decode(msgspec.json.encode(before), type=TravellerIdentity)
    assert (now.full_name, now.remarks, now.destination, now.visited_areas) == ("LÝ A", "một", "", ())


def test_a_version_of_tomorrow_is_left_for_tomorrow_and_a_broken_one_is_refused():
    golden = golden_path("temperature_rechecked", 4).read_bytes()
    assert body_of(decode_record(golden.replace(b'"type_version":4', b'"type_version":5'))) is None
    assert body_of(decode_record(golden.replace(b'"temperature_rechecked"', b'"teleported"'))) is None
    broken = decode_record(golden.replace(b'"has_declaration":true', b'"has_declaration":"x"'))
    with pytest.raises(EnvelopeError, match="no temperature_rechecked"):
        body_of(broken)


def test_what_is_written_is_always_the_newest_version():
    for (name, version), body in samples().items():
        if (name, version) in RECORD_TYPES:
            assert decode_record(golden_record(body)).type_version == version
