"""A typed value is a device's value: it says where it was measured, and a slip of the finger decides nothing."""

from datetime import UTC, datetime

import msgspec
import pytest

from devices.drivers.manual import ManualThermometer
from devices.errors import DeviceConfigurationError
from devices.reading import DeviceKind, FaultCode, MeasuringSite, Reading, ReadingKind, UnusableReason
from devices.simulator.typing_officer import Shown, TypingOfficer

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def said(entry, **options):
    payload = entry if isinstance(entry, bytes) else msgspec.json.encode(entry)
    [event] = ManualThermometer(device_id="thermometer-1", options=options).feed(payload, received_at=AT)
    return event


@pytest.mark.parametrize("typed", [37.2, "37.2", "37,2", " 37.2 "])
def test_what_was_typed_is_a_clinical_reading_of_this_device_and_site(typed):
    reading = said({"temperature_c": typed, "site": "axillary", "entry_id": "e1"}, accuracy_c=0.1)
    assert (reading.temperature_c, reading.site, reading.kind) == (37.2, MeasuringSite.AXILLARY, ReadingKind.CLINICAL)
    assert (reading.device_id, reading.delivery_key, reading.uncertainty_c) == ("thermometer-1", "e1", 0.1)
    assert (reading.device_kind, reading.is_usable) == (DeviceKind.CLINICAL_THERMOMETER, True)


def test_one_that_is_pointed_is_no_clinical_thermometer():
    reading = said({"temperature_c": 36.9, "site": "forehead"}, thermometer="infrared")
    assert (reading.device_kind, reading.kind) == (DeviceKind.INFRARED_THERMOMETER, ReadingKind.DEVICE_COMPENSATED)


@pytest.mark.parametrize(
    "entry",
    [
        {"temperature_c": 37.2},
        {"temperature_c": 37.2, "site": ""},
        {"temperature_c": 37.2, "site": "knee"},
        b"37.2",
        b"{",
    ],
)
def test_without_a_site_there_is_no_reading(entry):
    assert said(entry).code is FaultCode.BAD_MESSAGE


@pytest.mark.parametrize("typed", [7.2, "3.72", 372, 45.5])
def test_what_nobody_can_have_is_kept_and_decides_nothing(typed):
    assert said({"temperature_c": typed, "site": "oral"}).unusable_because == (UnusableReason.IMPLAUSIBLE,)


@pytest.mark.parametrize(("typed", "code"), [("", "not_measured"), (0, "not_measured"), ("hot", "bad_message")])
def test_nothing_and_nonsense_are_no_reading(typed, code):
    assert said({"temperature_c": typed, "site": "oral"}).code == code


def test_an_officer_who_slips_is_seen_each_time(tmp_path):
    officer = TypingOfficer("o", str(tmp_path / "sheet"), {"slip_share": 0.5, "has_comma": True, "seed": 3})
    officer.start()
    for _ in range(40):
        officer.show(Shown(skin_c=37.4))
    events = [said(line) for line in (tmp_path / "sheet").read_bytes().splitlines()]
    usable = [event.temperature_c for event in events if isinstance(event, Reading) and event.is_usable]
    assert set(usable) == {37.4}
    assert 10 < len(usable) < 30


def test_a_misspelt_option_is_a_mistake_in_the_settings():
    with pytest.raises(DeviceConfigurationError):
        ManualThermometer(device_id="t", options={"thermometer": "mercury"})
