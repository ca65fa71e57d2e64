"""Document readers: however a model sends a zone, the same lines come out. Specimens of ICAO Doc 9303."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.mrz_reader import MrzReader, check_digit
from devices.errors import DeviceConfigurationError
from devices.reading import Fault, FaultCode, ScannedText
from tests.devices.specimens import decode

TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
TD1 = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
MRV_A = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<")
MRV_B = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<")
ZONES = {"TD1": TD1, "TD2": TD2, "TD3": TD3, "MRV-A": MRV_A, "MRV-B": MRV_B}
WAYS = {
    "a CR behind each line": lambda lines: "".join(f"{line}\r" for line in lines),
    "CR LF behind each line": lambda lines: "".join(f"{line}\r\n" for line in lines),
    "LF behind each line": lambda lines: "".join(f"{line}\n" for line in lines),
    "all lines glued, one CR": lambda lines: "".join(lines) + "\r",
    "all lines glued, CR LF": lambda lines: "".join(lines) + "\r\n",
    "a blank between the lines": lambda lines: " ".join(lines) + "\r",
    "STX and ETX": lambda lines: "\x02" + "\r".join(lines) + "\x03",
    "ESC and EOT": lambda lines: "\x1b" + "".join(lines) + "\x04",
    "lower case": lambda lines: "".join(f"{line}\r" for line in lines).lower(),
    "stray signs around": lambda lines: "?#" + "".join(lines) + "!%\r",
    "stray letters before": lambda lines: "AB" + "".join(lines) + "\r",
    "fill bytes between": lambda lines: "\x00" + "\x00\r\x00".join(lines) + "\x00\r",
}
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=29)


def scanned(text, *, driver="mrz_reader"):
    content = text if isinstance(text, bytes) else text.encode()
    return [(e.lines, e.check_digits_valid) if isinstance(e, ScannedText) else e for e in decode(driver, [content])]


@pytest.mark.parametrize("way", sorted(WAYS))
@pytest.mark.parametrize("kind", sorted(ZONES))
def test_a_zone_is_the_same_however_it_is_sent(kind, way):
    assert scanned(WAYS[way](ZONES[kind])) == [(ZONES[kind], True)]


def test_a_zone_may_contain_bytes_above_127_as_line_noise():
    noisy = b"\xff\xfe" + "".join(TD3).encode() + b"\xff\r"
    assert scanned(noisy) == [(TD3, True)]


@pytest.mark.parametrize("kind", sorted(ZONES))
def test_zones_one_after_another_stay_apart(kind):
    assert scanned(WAYS["a CR behind each line"](ZONES[kind]) * 3) == [(ZONES[kind], True)] * 3


@pytest.mark.parametrize("kind", sorted(ZONES))
def test_a_wrong_digit_is_said_and_the_lines_are_kept(kind):
    lines = list(ZONES[kind])
    place = 5 if kind == "TD1" else 0
    which = 0 if kind == "TD1" else 1
    lines[which] = lines[which][:place] + "7" + lines[which][place + 1 :]
    assert scanned(WAYS["a CR behind each line"](lines)) == [(tuple(lines), False)]


def test_a_misread_letter_where_a_digit_must_be_still_joins_the_lines():
    misread = TD3[1].replace("7408122", "74O8122")
    assert scanned(f"{TD3[0]}\r{misread}\r") == [((TD3[0], misread), False)]


def test_a_zone_broken_off_is_told_before_the_next_reading():
    assert scanned(f"{TD3[0]}\rGTH-000123\r") == [((TD3[0],), False), (("GTH-000123",), None)]
    assert scanned(f"{TD1[0]}\r{TD1[1]}\r" + "".join(f"{line}\r" for line in TD3)) == [(TD1[:2], False), (TD3, True)]


def test_the_same_first_line_twice_is_two_attempts():
    assert scanned(f"{TD3[0]}\r{TD3[0]}\r{TD3[1]}\r") == [(TD3[:1], False), (TD3, True)]


def test_a_line_without_an_end_is_a_fault_and_no_text():
    (fault,) = scanned(TD3[0])
    assert (fault.code, fault.byte_offset, fault.byte_count) == (FaultCode.TRUNCATED, 0, 44)


def test_lines_that_wait_at_the_end_are_not_lost():
    assert scanned(f"{TD3[0]}\r") == [((TD3[0],), False)]


def test_a_long_number_of_a_card_has_its_digit_in_the_optional_part():
    assert check_digit("D23145890" + "734") == 9
    long_number = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
    assert scanned("".join(f"{line}\r" for line in long_number)) == [(long_number, True)]
    wrong = ("I<UTOD23145890<7340<<<<<<<<<<<", *long_number[1:])
    assert scanned("".join(f"{line}\r" for line in wrong)) == [(wrong, False)]


def test_an_unused_personal_number_may_have_a_filler_or_a_zero_as_its_digit():
    for digit in "<0":
        body = f"L898902C36UTO7408122F1204159<<<<<<<<<<<<<<{digit}"
        composite = check_digit(body[0:10] + body[13:20] + body[21:43])
        lines = (TD3[0], f"{body}{composite}")
        assert scanned("".join(lines) + "\r") == [(lines, True)]


@pytest.mark.parametrize(
    "text",
    [
        "GTH-2026-000123",
        "022087001234",
        "022087001234||Nguyễn Thị Bưởi|01021987|Nữ|Móng Cái|01022022",
        "]C1ABC123",
        "通行证",
    ],
)
def test_other_text_is_passed_on_as_it_came(text):
    assert scanned(f"{text}\r\n") == [((text,), None)]


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_every_line_of_text_comes_out_once_and_in_order(texts):
    events = scanned("".join(f"{text}\r" for text in texts))
    assert [line for lines, _ in events for line in lines] == texts


def test_bytes_that_are_no_text_are_a_fault_that_quotes_nothing():
    (fault,) = scanned(b"\xfe\xffabc\x80\r")
    assert (fault.code, fault.byte_offset, fault.byte_count) == (FaultCode.GARBAGE, 0, 6)
    assert "abc" not in repr(fault)


def test_a_line_that_never_ends_is_cut_and_counted():
    events = decode("mrz_reader", [b"A" * 5000 + b"\r", b"OK\r"])
    assert {event.code for event in events if isinstance(event, Fault)} == {FaultCode.OVERLONG}
    assert sum(event.byte_count for event in events if isinstance(event, Fault)) == 5000
    assert events[-1].lines == ("OK",)


def test_two_scans_of_one_document_are_two_deliveries():
    events = decode("mrz_reader", ["".join(TD3).encode() + b"\r"] * 2)
    assert len({event.delivery_key for event in events}) == 2
    assert not any(name in event.delivery_key for event in events for name in ("ERIKSSON", "L898902C3"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"commands": "none"}, []),
        (
            {"commands": "honeywell"},
            ["164D0D" + b"allena0!".hex(), "164D0D" + b"ocrena1!".hex(), "164D0D" + b"ocrats2!".hex(), "16540D"],
        ),
        ({"commands": "ide237"}, ["7E01" + b"0000@SCNTCE1;".hex() + "03", "7E01" + b"0000@SCNTRG1;".hex() + "03"]),
    ],
)
def test_a_reader_that_must_be_started_is_started_on_opening(options, expected):
    opening = MrzReader(device_id="x", options=options).opening
    assert [(command.topic, command.payload) for command in opening] == [("", bytes.fromhex(text)) for text in expected]


def test_commands_of_a_reader_that_nobody_knows_are_refused():
    with pytest.raises(DeviceConfigurationError, match="commands is one of none, honeywell, ide237"):
        MrzReader(device_id="x", options={"commands": "desko"})
