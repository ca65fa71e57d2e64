"""What a device sent, kept with its times: read back by ``decode`` and played again, byte for byte."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.capture_file import Captured, delivery_line, header_line, is_capture, read_capture
from devices.errors import DeviceConfigurationError
from devices.links.replay import ReplayLink
from devices.registry import DeviceConfig, load_driver
from tests.devices.gy_bytes import GOLDEN, frame

BEGAN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
RECORDED = b"noise" + GOLDEN + frame(1) + frame(2) + frame(3)


def run(root, *words):
    command = [sys.executable, "-m", "devices", *map(str, words)]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=60, check=False)


def pictures(output):
    events = [json.loads(line) for line in output.splitlines()]
    return [event for event in events if event["event"] == "thermal_frame"]


@pytest.fixture(scope="module")
def captured(root, tmp_path_factory):
    """A stream captured from a link; here that of a recording, which paces itself like the device's line."""
    folder = tmp_path_factory.mktemp("capture")
    source, kept = folder / "bare.bin", folder / "kept.jsonl"
    source.write_bytes(RECORDED)
    ended = run(
        root, "capture", f"replay://{source}?speed=4", "--driver", "gy_mcu90640", "--to", kept, "--seconds", "1.2"
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    return source, kept, json.loads(ended.stdout)


def test_every_byte_is_kept_with_the_time_at_which_it_came(captured):
    _, kept, said = captured
    header, deliveries = read_capture(kept.read_bytes())
    parts = list(deliveries)
    assert b"".join(part.payload for part in parts) == RECORDED
    assert said == {"deliveries": len(parts), "bytes": len(RECORDED)}
    assert [part.after_s for part in parts] == sorted(part.after_s for part in parts)
    assert header.driver == "gy_mcu90640"
    assert kept.stat().st_mode & 0o077 == 0


def test_decode_reads_a_capture_as_it_reads_the_bare_bytes_and_with_their_times(root, captured):
    source, kept, _ = captured
    bare = pictures(run(root, "decode", "gy_mcu90640", source).stdout)
    timed = pictures(run(root, "decode", "gy_mcu90640", kept).stdout)
    assert len(timed) == 4
    untimed = [{name: value for name, value in event.items() if name != "observed_at"} for event in timed]
    assert untimed == [{name: value for name, value in event.items() if name != "observed_at"} for event in bare]
    times = [datetime.fromisoformat(event["observed_at"]) for event in timed]
    assert times == sorted(times)
    assert times[-1] > times[0]


def test_a_capture_is_played_again_at_its_own_times_and_at_any_speed(tmp_path):
    file = tmp_path / "kept.jsonl"
    parts = [Captured(after_s=at, payload=part) for at, part in ((0.0, b"a"), (0.3, b"b"), (30.0, b"c"))]
    file.write_bytes(header_line(driver="gy_mcu90640", began_at=BEGAN) + b"".join(map(delivery_line, parts)))
    config = DeviceConfig(device_id="one", driver="gy_mcu90640", url=f"replay://{file}?speed=100")
    link = ReplayLink(config, manifest=load_driver("gy_mcu90640").manifest)
    link.open()
    began_s = monotonic()
    found = [link.receive(timeout_s=1.0).payload for _ in parts]
    assert found == [b"a", b"b", b"c"]
    assert monotonic() - began_s >= 0.25


@given(
    parts=st.lists(st.tuples(st.floats(0, 1e5), st.binary(max_size=60), st.booleans()), max_size=8),
    cut=st.integers(0, 40),
)
def test_a_capture_that_was_broken_off_anywhere_keeps_all_that_was_whole(parts, cut):
    written = [Captured(after_s=at, payload=payload, retained=retained) for at, payload, retained in parts]
    lines = [delivery_line(part) for part in written]
    first = header_line(driver="x", began_at=BEGAN)
    assert is_capture(first)
    assert list(read_capture(first + b"".join(lines))[1]) == written
    if lines:
        broken = first + b"".join(lines[:-1]) + lines[-1][: min(cut, len(lines[-1]) - 1)]
        assert list(read_capture(broken)[1]) == written[:-1]


@pytest.mark.parametrize(
    "damaged",
    [
        b'{"kiemdich_capture":1}\n',
        b'{"kiemdich_capture":9,"driver":"x","began_at":"2026-11-22T01:00:00Z"}\n',
        b'{"kiemdich_capture":1,"driver":"x","began_at":"2026-11-22T01:00:00Z"}\n{"after_s":1e20,"payload":""}\n',
    ],
)
def test_a_capture_that_cannot_be_read_is_said_to_be_so(damaged):
    with pytest.raises(DeviceConfigurationError, match="capture"):
        read_capture(damaged)


def test_a_device_that_is_not_there_leaves_no_empty_file_behind(root, tmp_path):
    kept = tmp_path / "kept.jsonl"
    ended = run(root, "capture", f"serial://{tmp_path}/nothing", "--driver", "gy_mcu90640", "--to", kept)
    assert ended.returncode == 2
    assert not kept.exists()


def test_a_file_that_is_there_is_not_written_over(root, captured):
    source, kept, _ = captured
    before = kept.read_bytes()
    ended = run(root, "capture", f"replay://{source}", "--driver", "gy_mcu90640", "--to", kept)
    assert ended.returncode == 2
    assert kept.read_bytes() == before
