"""Two rooms that may not import each other use the same slugs where they speak of the same thing."""

import pytest

from devices import condition, reading
from devices.measurement.thresholds.methods import NoPriorError, documented_prior
from devices.measurement.thresholds.state import ChangeReason
from sync.agreement import device_words, vocabulary
from sync.agreement.policy.method_rules import ADAPTIVE_SITES
from sync.agreement.threshold_words import ThresholdReason


@pytest.mark.parametrize("name", ["DeviceKind", "MeasuringSite", "ReadingKind"])
def test_devices_and_agreement_have_the_same_words(name):
    of_devices, agreed = getattr(reading, name), getattr(vocabulary, name)
    assert {word.value for word in of_devices} == {word.value for word in agreed}


def test_a_device_has_the_same_conditions_on_both_sides():
    of_devices, agreed = condition.DeviceCondition, device_words.DeviceCondition
    assert {word.value for word in of_devices} == {word.value for word in agreed}


def test_a_limit_moves_for_the_same_reasons_on_both_sides():
    assert {word.value for word in ChangeReason} == {word.value for word in ThresholdReason}


def test_an_adaptive_limit_may_be_ordered_where_its_beginning_is_documented_and_nowhere_else():
    known = set()
    for site in reading.MeasuringSite:
        try:
            documented_prior(reading.ReadingKind.RAW_SKIN, (site,))
        except NoPriorError:
            continue
        known.add(site.value)
    assert known == {site.value for site in ADAPTIVE_SITES}
