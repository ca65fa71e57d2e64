"""The fuzzer runs, counts, covers and catches; the long campaign is the same command with a larger number."""

import json
import subprocess
import sys

import pytest

from devices.reading import Fault
from tests.devices.specimens import AT, SPECIMENS, driver_of
from tests.fuzzing import campaign as fuzzing
from tests.fuzzing.campaign import Campaign, LawBrokenError


def test_a_short_campaign_over_every_driver_breaks_no_law_and_prints_its_count():
    words = [sys.executable, "-m", "tests.fuzzing", "--executions", "10000", "--seed", "5"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["executions"], result["broken_laws"]) == (10_000, 0)
    assert set(result["drivers"]) == set(SPECIMENS)
    assert all(one["executions"] >= 400 for one in result["drivers"].values())
    assert all(one["blocks_reached"] > 5 for one in result["drivers"].values()), "coverage reached the drivers' code"
    found = {name: one["inputs_kept"] - len(SPECIMENS[name].units) for name, one in result["drivers"].items()}
    assert sum(found.values()) > 200, "and led it on"


class Careless:
    """The array's real decoder, made worse in one way."""

    def __init__(self, way):
        self._driver, self._way, self._held = driver_of("gy_mcu90640"), way, []

    def feed(self, chunk, *, received_at):
        if self._way == "raises" and chunk[:2] == b"\x5a\x5a" and len(chunk) % 7 == 3:
            raise ValueError(chunk[:4])
        while self._way == "never ends" and chunk[:2] != b"\x5a\x5a":
            pass
        if self._way == "hoards":
            self.__dict__.setdefault("_hoard", []).append(bytes(8_000_000))
        events = list(self._driver.feed(chunk, received_at=received_at))
        if self._way == "believes":
            return [*self._invented(chunk), *events]
        if self._way == "gives up" and any(isinstance(event, Fault) for event in events):
            self._way = "silent"
        return [] if self._way == "silent" else events

    def finish(self, *, received_at):
        return [] if self._way == "silent" else list(self._driver.finish(received_at=received_at))

    def _invented(self, chunk):
        """Takes the first frame without looking at its sum."""
        fresh, whole = driver_of("gy_mcu90640"), chunk[:1542]
        if len(chunk) < 1544 or chunk[:4] != b"\x5a\x5a\x02\x06":
            return []
        total = sum(int.from_bytes(whole[at : at + 2], "little") for at in range(0, 1542, 2)) & 0xFFFF
        return [one for one in fresh.feed(whole + total.to_bytes(2, "little"), received_at=AT) if not is_fault(one)]


def is_fault(event):
    return isinstance(event, Fault)


@pytest.mark.parametrize(
    ("way", "law"),
    [
        ("raises", "raised ValueError"),
        ("hoards", "holds more"),
        ("believes", "checksum"),
        ("gives up", "not back"),
        ("never ends", "takes more than"),
    ],
)
def test_a_decoder_that_breaks_a_law_is_caught(monkeypatch, way, law):
    one = Campaign("gy_mcu90640", seed=3)
    monkeypatch.setattr(Campaign, "_fresh", lambda _campaign: Careless(way))
    monkeypatch.setattr(fuzzing, "LOOK_AT_CLOCK_S", 0.3)
    if way == "hoards":
        monkeypatch.setattr(Careless, "__module__", "devices.careless")
    with pytest.raises(LawBrokenError, match=law):
        one.run(3000)
