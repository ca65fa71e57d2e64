"""The Bluetooth link without a radio: a file of values, and an honest word where the library is missing."""

import asyncio
import sys
import types
from datetime import UTC, datetime

import pytest

from devices.drivers.ble_thermometer import BleThermometer
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.links.bluetooth import TEMPERATURE_MEASUREMENT, BluetoothLink, HexFileLink
from devices.reading import FaultCode, Reading
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from devices.simulator.bluetooth_thermometer import BluetoothThermometer, Shown
from tests.services.processes import wait_until

GOLDEN = bytes.fromhex("066D0100FFE407030F0A1E0002")


def config_for(url, **options):
    return DeviceConfig(device_id="t", driver="ble_thermometer", url=url, options=options)


@pytest.mark.parametrize("options", [{}, {"is_fahrenheit": True}, {"has_time": False}])
def test_what_the_thermometer_wrote_arrives_as_it_was_measured(options, tmp_path):
    thermometer = BluetoothThermometer("t", str(tmp_path / "values.hex"), options)
    thermometer.start()
    for skin_c in (36.5, 0, 38.4):
        thermometer.show(Shown(skin_c=skin_c))
    events = []
    config = config_for(f"ble-hex://{tmp_path}/values.hex?interval_s=0")
    scanner = Scanner(config, sink=events.append, clock=lambda: datetime.now(UTC))
    scanner.start()
    wait_until(lambda: len(events) == 3, timeout_s=5, what="three values")
    assert scanner.stop(timeout_s=5)
    measured = [event.temperature_c for event in events if isinstance(event, Reading)]
    assert measured == pytest.approx([36.5, 38.4], abs=0.03), "a tenth of a degree Fahrenheit"
    assert events[1].code is FaultCode.NOT_MEASURED


def test_values_come_one_at_a_time_and_remarks_are_none(tmp_path):
    file = tmp_path / "values.hex"
    file.write_text("# two\n06 6D 01 00 FF E4 07 03 0F 0A 1E 00 02  # golden\n\n0102\n", encoding="utf-8")
    link = HexFileLink(config_for(f"ble-hex://{file}?interval_s=0.2"), manifest=BleThermometer.manifest)
    link.open()
    assert link.receive(timeout_s=0.1).payload == GOLDEN
    assert link.receive(timeout_s=0.05) is None
    assert link.receive(timeout_s=0.5).payload == b"\x01\x02"
    assert link.receive(timeout_s=0.01) is None


@pytest.mark.parametrize("content", [None, "not hexadecimal\n"])
def test_a_file_that_cannot_be_played_is_a_mistake_in_the_settings(content, tmp_path):
    if content is not None:
        (tmp_path / "values.hex").write_text(content, encoding="utf-8")
    link = HexFileLink(config_for(f"ble-hex://{tmp_path}/values.hex"), manifest=BleThermometer.manifest)
    with pytest.raises(DeviceConfigurationError):
        link.open()


def test_without_the_library_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "bleak", None)
    with pytest.raises(DeviceConfigurationError, match="bleak"):
        BluetoothLink(config_for("ble://02:00:5E:00:00:01"), manifest=BleThermometer.manifest)
    with pytest.raises(DeviceConfigurationError, match="url must be"):
        BluetoothLink(config_for("ble://"), manifest=BleThermometer.manifest)


class BleakError(Exception):
    pass


class FakeScanner:
    """A stand-in for the library's scanner: the thermometer is found, or the radio is gone."""

    is_radio_gone = False

    @classmethod
    async def find_device_by_address(cls, address, **_):
        if cls.is_radio_gone:
            raise BleakError
        await asyncio.sleep(0.01)
        return address


class FakeClient:
    """A stand-in for the library's client: it indicates one value and hangs up."""

    is_connected = False

    def __init__(self, found):
        self.found = found

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def start_notify(self, characteristic, taken):
        assert characteristic == TEMPERATURE_MEASUREMENT
        taken(self, bytearray(GOLDEN))


def test_a_thermometer_is_heard_out_again_and_again_until_the_radio_is_gone(monkeypatch):
    stand_in = types.SimpleNamespace(
        BleakScanner=FakeScanner, BleakClient=FakeClient, exc=types.SimpleNamespace(BleakError=BleakError)
    )
    monkeypatch.setitem(sys.modules, "bleak", stand_in)
    link = BluetoothLink(config_for("ble://02:00:5E:00:00:01"), manifest=BleThermometer.manifest)
    link.open()
    assert [link.receive(timeout_s=2).payload for _ in range(2)] == [GOLDEN, GOLDEN]
    monkeypatch.setattr(FakeScanner, "is_radio_gone", True)
    with pytest.raises(LinkLostError, match="radio"):
        drain(link)
    link.close()


def drain(link):
    while link.receive(timeout_s=0.5) is not None:
        pass
