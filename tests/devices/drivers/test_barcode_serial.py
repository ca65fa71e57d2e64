"""Barcode readers by how they end a code; made bytes, no reader of a particular make."""

import pytest

from devices.drivers.barcode_serial import BarcodeSerial
from devices.errors import DeviceConfigurationError
from devices.health import DeviceState
from devices.reading import Fault, FaultCode, ScannedText
from tests.devices.lines import Sink, config, plugged_line, scanner_for, wait_until
from tests.devices.specimens import AT, decode


def decode_with(chunks, **options):
    return decode("barcode_serial", chunks, driver=BarcodeSerial(device_id="device-1", options=options))


def codes(events):
    return [event.lines for event in events if isinstance(event, ScannedText)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_every_line_is_one_code(end):
    events = decode("barcode_serial", [b"GTH-2026-000123" + end + b"GTH-2026-000124" + end])
    assert codes(events) == [("GTH-2026-000123",), ("GTH-2026-000124",)]
    assert [event.byte_offset for event in events] == [0, 15 + len(end)]
    assert {(event.observed_at, event.check_digits_valid) for event in events} == {(AT, None)}


def test_frames_of_stx_and_etx_hold_one_code_each():
    events = decode_with([b"\x02GTH-1\x03\x02GTH-2\x03\r\n"], ends="framed")
    assert codes(events) == [("GTH-1",), ("GTH-2",)]


def test_a_reader_may_end_with_a_tabulator():
    assert codes(decode_with([b"GTH-1\tGTH-2\t"], ends="tab")) == [("GTH-1",), ("GTH-2",)]


def test_a_code_without_an_end_is_broken_unless_silence_is_the_end():
    (fault,) = decode("barcode_serial", [b"GTH-2026"])
    assert (fault.code, fault.byte_offset, fault.byte_count) == (FaultCode.TRUNCATED, 0, 8)
    assert codes(decode_with([b"GTH-", b"2026"], ends="silence")) == [("GTH-2026",)]


def test_silence_ends_a_code_only_where_it_is_the_end():
    by_line, by_silence = BarcodeSerial(device_id="x"), BarcodeSerial(device_id="x", options={"ends": "silence"})
    for driver in (by_line, by_silence):
        assert list(driver.feed(b"GTH-2026", received_at=AT)) == []
    assert list(by_line.idle(received_at=AT)) == []
    assert codes(by_silence.idle(received_at=AT)) == [("GTH-2026",)]
    assert list(by_silence.idle(received_at=AT)) == []
    (line_end, _) = by_silence.feed(b"GTH-1\rGTH-2\r", received_at=AT)
    assert line_end.byte_offset == 8, "silence is no byte"
    assert codes(by_line.feed(b"-000123\r", received_at=AT)) == [("GTH-2026-000123",)]


def test_a_reader_that_ends_with_nothing_is_heard_on_a_real_line(tmp_path):
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("barcode_serial", tmp_path / "port", options={"ends": "silence"}), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    for code in (b"GTH-1", b"GTH-2"):
        line.write(code, timeout_s=1.0)
        wait_until(lambda code=code: codes(sink.events)[-1:] == [(code.decode(),)])
    assert scanner.stop(timeout_s=5.0)
    line.unplug()
    assert len(sink.events) == 2


def test_the_same_code_twice_is_told_twice_with_keys_of_its_own():
    events = decode("barcode_serial", [b"GTH-1\rGTH-1\r"])
    assert len({event.delivery_key for event in events}) == 2


def test_vietnamese_stays_itself_and_separators_become_blanks():
    text = "022087001234||Nguyễn Thị Bưởi\x1dNữ|Móng Cái"
    assert codes(decode("barcode_serial", [text.encode() + b"\r"])) == [(text.replace("\x1d", " "),)]


def test_a_reader_of_another_encoding_is_told_so():
    content = "边民证 001".encode("gb18030") + b"\r"
    assert codes(decode_with([content], encoding="gb18030")) == [("边民证 001",)]
    assert [event.code for event in decode("barcode_serial", [content])] == [FaultCode.GARBAGE]


def test_what_is_longer_than_any_code_is_a_fault():
    events = decode("barcode_serial", [b"A" * 5000 + b"\rGTH-1\r"])
    assert {event.code for event in events if isinstance(event, Fault)} == {FaultCode.OVERLONG}
    assert codes(events) == [("GTH-1",)]


@pytest.mark.parametrize("options", [{"ends": "somehow"}, {"encoding": "klingon"}, {"timeout": 3}])
def test_an_option_that_means_nothing_is_a_configuration_error(options):
    with pytest.raises(DeviceConfigurationError):
        BarcodeSerial(device_id="x", options=options)
