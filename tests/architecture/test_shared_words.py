"""Two rooms that may not import each other use the same slugs where they speak of the same thing."""

import pytest

from devices import reading
from sync.agreement import vocabulary


@pytest.mark.parametrize("name", ["DeviceKind", "MeasuringSite", "ReadingKind"])
def test_devices_and_agreement_have_the_same_words(name):
    of_devices, agreed = getattr(reading, name), getattr(vocabulary, name)
    assert {word.value for word in of_devices} == {word.value for word in agreed}
