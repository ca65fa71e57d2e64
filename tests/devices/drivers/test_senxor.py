"""SenXor arrays against the maker's own package, in both directions; the bytes are made, never captured."""

import json
import subprocess
import sys

import numpy as np
import pytest

from devices.drivers.senxor import Senxor, read_registers, write_register
from devices.errors import DeviceConfigurationError
from devices.reading import CommandReply, Fault, FaultCode, ThermalFrame
from tests.devices.senxor_bytes import SHAPES, content_of, frame, packet, scene
from tests.devices.specimens import AT, decode

ORACLE = """
import json, sys
from types import SimpleNamespace
from senxor.interface.serial_port.parser import SenxorAckDecoder, SenxorAckParser, SenxorCmdEncoder
from senxor.proc import process_senxor_data
packets = {name: bytearray.fromhex(text) for name, text in json.load(sys.stdin).items()}
told = {
    "read": SenxorCmdEncoder.encode_ack_rreg(0xB1).hex(), "write": SenxorCmdEncoder.encode_ack_wreg(0xB1, 3).hex(),
    "read several": SenxorCmdEncoder.encode_ack_rrse([0xB2, 0xB3, 0xE5]).hex(),
}
for name, content in packets.items():
    command, data, size = SenxorAckParser(None).parse_ack(content)
    if command == "GFRA":
        pixels = process_senxor_data(bytes(SenxorAckDecoder._parse_ack_gfra(data)[1]))
        told[name] = [command, size, pixels.shape, pixels.ravel().tolist()]
    else:
        told[name] = [command, size, getattr(SenxorAckDecoder, "_parse_ack_" + command.lower())(data)]
json.dump(told, sys.stdout)
"""
FORMS = [(shape, True) for shape in SHAPES] + [((62, 80), False), ((120, 160), False)]
ANSWERS = {
    "register": packet("RREG", b"9F"),
    "registers": packet("RRSE", b"B245B30CE50A"),
    "written": packet("WREG"),
}


@pytest.fixture(scope="module")
def maker():
    """What the maker's package says of our bytes; in a program of its own, for it takes the logging over."""
    packets = {repr(form): frame(3, form[0], with_header=form[1]).hex() for form in FORMS}
    packets |= {name: content.hex() for name, content in ANSWERS.items()}
    done = subprocess.run(
        [sys.executable, "-c", ORACLE], input=json.dumps(packets).encode(), capture_output=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_frame_is_read_as_the_makers_package_reads_it(maker, form):
    content = frame(3, form[0], with_header=form[1])
    (picture,) = decode("senxor", [content])
    command, size, shape, pixels = maker[repr(form)]
    assert (command, size, tuple(shape)) == ("GFRA", len(content), picture.celsius.shape)
    assert picture.celsius.dtype == np.float32
    # the maker rounds to tenths: 309.0 K is 35.9 there and 35.85 here
    np.testing.assert_allclose(picture.celsius.ravel(), pixels, atol=0.0501)
    np.testing.assert_allclose(picture.celsius, scene(3, form[0]) / 10 - 273.15, atol=1e-4)


def test_commands_are_those_of_the_makers_package(maker):
    assert read_registers([0xB1]).hex() == maker["read"]
    assert write_register(0xB1, value=3).hex() == maker["write"]
    assert read_registers([0xB2, 0xB3, 0xE5]).hex() == maker["read several"]


def test_answers_are_read_as_the_makers_package_reads_them(maker):
    (register,), (several,), (written,) = (decode("senxor", [content]) for content in ANSWERS.values())
    assert (register.name, register.value) == ("register", maker["register"][2])
    assert maker["registers"][2] == {"178": 0x45, "179": 0x0C, "229": 0x0A}
    assert (several.name, several.value) == ("registers_b2_b3_e5", 0x450C0A)
    assert maker["written"][2]
    assert written.name == "register_written"


def test_the_golden_packets_of_the_reference_are_ours():
    assert packet("WREG") == b"   #0008WREG01FD"
    assert read_registers([0xB1]) == b"   #000ARREGB1XXXX"
    assert write_register(0xB1, value=3) == b"   #000CWREGB103XXXX"


def test_on_opening_it_is_set_asked_who_it_is_and_started():
    options = {"emissivity": 0.98, "rate_divider": 2}
    sent = [command.payload for command in Senxor(device_id="x", options=options).opening]
    assert sent == [
        b"   #000CWREGCA62XXXX",
        b"   #000CWREGB402XXXX",
        b"   #001CRRSEB2B3BAE0E1E2E3E4E5FFXXXX",
        b"   #000CWREGB102XXXX",
    ]
    assert len(Senxor(device_id="x").opening) == 2


@pytest.mark.parametrize("options", [{"emissivity": 1.2}, {"emissivity": "x"}, {"rate_divider": 0}, {"rate": 1}])
def test_an_option_that_means_nothing_is_a_configuration_error(options):
    with pytest.raises(DeviceConfigurationError):
        Senxor(device_id="x", options=options)


def test_what_is_asked_of_the_registers_is_a_byte():
    with pytest.raises(DeviceConfigurationError, match="are bytes, 256 is not"):
        write_register(0xB1, value=256)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (np.zeros((62, 80), dtype="<u2"), FaultCode.NOT_MEASURED),
        (np.full((62, 80), 365), FaultCode.IMPLAUSIBLE_FRAME),
        (np.full((62, 80), 12000), FaultCode.IMPLAUSIBLE_FRAME),
    ],
)
def test_pixels_that_are_no_tenths_of_a_kelvin_make_no_picture(content, code):
    events = decode("senxor", [packet("GFRA", content_of(content)), frame(1)])
    lost = [event for event in events if isinstance(event, Fault)]
    assert {event.code for event in lost} == {code}
    assert sum(event.byte_count for event in lost) == 10256
    assert [event.byte_offset for event in events if isinstance(event, ThermalFrame)] == [10256]


def test_a_module_without_its_sensor_says_so_and_it_is_counted():
    (fault,) = decode("senxor", [packet("SERR")])
    assert (fault.code, fault.byte_count) == (FaultCode.NOT_MEASURED, 16)


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (packet("GFRA", bytes(10239)), FaultCode.BAD_HEADER),
        (b"   #FFFFGFRA", FaultCode.BAD_HEADER),
        (packet("RREG", b"9F", sum_error=1), FaultCode.BAD_CHECKSUM),
        (packet("RREG", b"zz"), FaultCode.BAD_MESSAGE),
        (b"   #0008WREG01F-", FaultCode.BAD_CHECKSUM),
    ],
)
def test_a_packet_that_cannot_be_is_counted_and_hides_nothing(spoilt, code):
    events = decode("senxor", [spoilt, frame(1), ANSWERS["register"]])
    assert next(event.code for event in events if isinstance(event, Fault)) is code
    assert [type(event) for event in events if not isinstance(event, Fault)] == [ThermalFrame, CommandReply]
    assert sum(event.byte_count for event in events if isinstance(event, Fault)) == len(spoilt)


def test_pictures_are_numbered_and_know_their_place():
    events = decode("senxor", [frame(1), frame(2)])
    assert [(event.sequence, event.byte_offset, event.observed_at) for event in events] == [(0, 0, AT), (1, 10256, AT)]
