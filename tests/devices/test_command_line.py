"""The commands as a person types them: real processes, real bytes, one JSON line for each event."""

import json
import subprocess
import sys

import pytest

from tests.devices.captures import FOLDER, RECIPES
from tests.devices.gy_bytes import EMISSIVITY_095, FRAME_BYTES, GOLDEN


@pytest.fixture
def run(root):
    def run_devices(*words, stdin=b""):
        command = [sys.executable, "-m", "devices", *map(str, words)]
        return subprocess.run(command, cwd=root, input=stdin, capture_output=True, timeout=60, check=False)

    return run_devices


@pytest.fixture
def decoded(run):
    def decode(*words, stdin=b""):
        ended = run("decode", *words, stdin=stdin)
        assert (ended.returncode, ended.stderr) == (0, b"")
        return [json.loads(line, parse_constant=_no_such_number) for line in ended.stdout.splitlines()]

    return decode


def _no_such_number(text):
    message = f"{text} is no JSON"
    raise AssertionError(message)


def test_the_catalogue_is_one_array_of_models_with_their_limits(run):
    ended = run("list")
    assert ended.returncode == 0
    catalogue = {model["driver"]: model for model in json.loads(ended.stdout)}
    assert {"gy_mcu90640", "mrz_reader", "facesluice"} <= set(catalogue)
    array = catalogue["gy_mcu90640"]
    assert (array["columns"], array["rows"], array["default_baud"]) == (32, 24, 115200)
    assert array["is_indicative"] is True
    assert all(model["known_limits"] and model["sources"] for model in catalogue.values())


def test_the_golden_frame_is_one_line_of_json(decoded, tmp_path):
    file = tmp_path / "golden.bin"
    file.write_bytes(GOLDEN + EMISSIVITY_095)
    picture, answer = decoded("gy_mcu90640", file)
    assert picture["event"] == "thermal_frame"
    assert (picture["byte_offset"], picture["rows"], picture["columns"]) == (0, 24, 32)
    assert (picture["minimum_c"], picture["maximum_c"], picture["device_c"]) == (36.94, 36.94, 37.25)
    assert "ambient_c" not in picture, "the module knows how warm it is itself, and nothing of the room"
    assert (answer["event"], answer["name"], answer["value"]) == ("command_reply", "emissivity", 0.95)
    assert answer["byte_offset"] == FRAME_BYTES


def test_standard_input_is_a_file_too_and_pixels_are_printed_on_demand(decoded):
    (picture,) = decoded("gy_mcu90640", "-", "--pixels", stdin=GOLDEN)
    assert [len(row) for row in picture["celsius"]] == [32] * 24
    assert picture["celsius"][0][0] == 36.94


def test_every_capture_is_what_its_recipe_says():
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.synthetic.*")}
    drivers = {name.split("/")[0] for name in RECIPES}
    assert {name for name in files if name.split("/")[0] in drivers} == set(RECIPES)
    for name, recipe in RECIPES.items():
        assert (FOLDER / name).read_bytes() == recipe(), f"{name}: python -m tests.devices.captures writes it anew"


@pytest.mark.parametrize(
    ("driver", "file", "told"),
    [
        (
            "hikvision",
            "alert_stream.synthetic.bin",
            [35.9, "heartbeat", "not_measured", "garbage", "missing_messages", 37.9, "not_a_person"],
        ),
        ("zkteco_push", "punches.synthetic.txt", [36.5, "not_measured", "door_event", 37.9, 36.9]),
    ],
)
def test_a_networked_devices_recording_says_what_was_and_was_not_measured(decoded, driver, file, told):
    events = decoded(driver, FOLDER / driver / file)
    assert [event.get("temperature_c") or event.get("code") or event["name"] for event in events] == told


def test_a_rough_line_gives_every_whole_frame_and_accounts_for_the_rest(decoded):
    events = decoded("gy_mcu90640", FOLDER / "gy_mcu90640/rough_line.synthetic.bin")
    told = [(event["event"], event.get("code", "")) for event in events]
    assert told == [
        ("fault", "garbage"),
        ("thermal_frame", ""),
        ("command_reply", ""),
        ("fault", "bad_checksum"),
        ("thermal_frame", ""),
        ("fault", "bad_checksum"),
        ("fault", "implausible_frame"),
        ("thermal_frame", ""),
        ("fault", "truncated"),
    ]
    total = (FOLDER / "gy_mcu90640/rough_line.synthetic.bin").stat().st_size
    lengths = {"thermal_frame": FRAME_BYTES, "command_reply": 4}
    assert sum(lengths.get(event["event"], 0) + event.get("byte_count", 0) for event in events) == total


def test_documents_are_told_with_what_their_check_digits_say(decoded):
    events = decoded("mrz_reader", FOLDER / "mrz_reader/three_documents.synthetic.bin")
    assert [(event["event"], len(event["lines"]), event.get("check_digits_valid")) for event in events] == [
        ("scanned_text", 2, True),
        ("scanned_text", 3, True),
        ("scanned_text", 1, None),
    ]
    assert [event["byte_offset"] for event in events] == [0, 89, 185]
    assert events[1]["lines"][2] == "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"


def test_a_terminal_s_messages_stand_at_their_lines(decoded):
    file = FOLDER / "facesluice/records.synthetic.jsonl"
    events = decoded("facesluice", file, "--received-at", "2026-11-22T08:00:01+07:00")
    assert [event["event"] for event in events] == ["reading", "reading", "fault", "reading", "command_reply"]
    assert events[0]["temperature_c"] == 36.5
    assert events[0]["delivery_key"] == events[1]["delivery_key"] != events[3]["delivery_key"]
    assert events[2]["code"] == "not_measured"
    lengths = [len(line) for line in file.read_bytes().splitlines(keepends=True)]
    assert [event["byte_offset"] for event in events] == [sum(lengths[:number]) for number in range(5)]
    assert "EXAMPLE" not in json.dumps(events)


def test_one_document_over_several_lines_is_one_message(decoded):
    message = {"operator": "RecPush", "info": {"RecordID": "1", "facesluiceId": "9", "temperature": "36.4"}}
    events = decoded("facesluice", "-", stdin=json.dumps(message, indent=2).encode())
    assert [(event["event"], event["byte_offset"]) for event in events] == [("reading", 0)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("decode", "crystal_ball", "-"), "there is no driver 'crystal_ball'"),
        (("decode", "gy_mcu90640", "/nowhere/file.bin"), "cannot read /nowhere/file.bin: No such file"),
        (("decode", "gy_mcu90640", "/tmp"), "Is a directory"),
        (("decode", "gy_mcu90640", "/dev/null"), "there is no byte in /dev/null: nothing to decode"),
        (("decode", "cptv", "-"), "there is no byte in standard input: nothing to decode"),
        (("decode", "gy_mcu90640", "-", "--option", "checksm=strict"), "no option checksm"),
        (("decode", "gy_mcu90640", "-", "--option", "checksum"), "an option is NAME=VALUE"),
        (("decode", "gy_mcu90640", "-", "--received-at", "2026-11-22T08:00:00"), "says no zone"),
        (("decode", "gy_mcu90640", "-", "--received-at", "noon"), "is no time"),
    ],
)
def test_what_cannot_be_done_is_exit_code_2_and_one_sentence(run, words, reason):
    ended = run(*words)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert reason in ended.stderr.decode()
    assert len(ended.stderr.decode().strip().splitlines()) == 1


def test_the_report_policy_can_be_asked_for(decoded):
    spoilt = GOLDEN[:-1] + b"\x00"
    assert [event["event"] for event in decoded("gy_mcu90640", "-", stdin=spoilt)] == ["fault"]
    events = decoded("gy_mcu90640", "-", "--option", "checksum=report", stdin=spoilt)
    assert [event["event"] for event in events] == ["thermal_frame", "fault"]


def test_a_reader_that_had_enough_ends_it_quietly(root):
    shell = f"{sys.executable} -m devices decode gy_mcu90640 - | head -n 1"
    ended = subprocess.run(
        ["bash", "-c", shell], cwd=root, input=GOLDEN * 3000, capture_output=True, timeout=60, check=False
    )
    assert json.loads(ended.stdout)["byte_offset"] == 0
    assert ended.stderr == b""
