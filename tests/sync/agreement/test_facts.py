"""Values that no instrument can report cannot be built, neither by a program nor from signed bytes."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.facts import HIGHEST_C, LOWEST_C, Measurement, Reason
from sync.agreement.vocabulary import Outcome, ReasonCode, Severity
from sync.exchange.envelope import EnvelopeError, body_of, decode_record
from tests.sync.exchange.journals import EdgeJournal, assessment, measurement, screened

BEYOND = [1e308, -1e308, math.nan, math.inf, -math.inf, HIGHEST_C + 0.1, LOWEST_C - 0.1]
TEMPERATURES = ("temperature_c", "raw_c", "reported_c", "uncertainty_c", "ambient_c")


@pytest.mark.parametrize("name", TEMPERATURES)
@pytest.mark.parametrize("value", BEYOND)
def test_a_temperature_beyond_every_instrument_cannot_be_built(name, value):
    with pytest.raises(ValueError, match="temperature must be finite"):
        msgspec.structs.replace(measurement(), **{name: value})


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_measurement_has_a_number_within_its_bounds_or_does_not_exist(value):
    try:
        built = measurement(value, unusable_because=("implausible",))
    except ValueError:
        assert not LOWEST_C <= value <= HIGHEST_C
    else:
        assert msgspec.json.decode(msgspec.json.encode(built), type=Measurement) == built


def test_a_threshold_and_a_reasons_number_are_bounded_too():
    with pytest.raises(ValueError, match="temperature must be finite"):
        msgspec.structs.replace(assessment(Outcome.CLEARED), threshold_c=math.nan)
    with pytest.raises(ValueError, match="numbers must be finite"):
        Reason(code=ReasonCode.WITHIN_THRESHOLD, severity=Severity.NOTE, rule_id="r", values={"limit_c": 1e308})


@pytest.mark.parametrize(
    "written", [b"1e308", b"1e400", b"-1e308", b"NaN", b"Infinity", b"null", b"10001.0", b"61.0", b"-0.5"]
)
def test_signed_bytes_that_say_such_a_temperature_are_no_record_of_that_type(written):
    honest = EdgeJournal("mong-cai-1").write(screened("c-1", temperature_c=36.4))
    record = honest.replace(b'"temperature_c":36.4', b'"temperature_c":' + written)
    with pytest.raises(EnvelopeError):
        body_of(decode_record(record))


def test_what_a_broken_sensor_shows_is_still_recorded_as_it_spoke():
    kept = measurement(-40.0, unusable_because=("implausible",))
    assert not kept.is_usable
    msgspec.json.decode(msgspec.json.encode(kept), type=Measurement).require_human()
    with pytest.raises(ValueError, match="not be usable"):
        screened("c-1", temperature_c=-40.0)
