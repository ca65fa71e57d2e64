"""Which speed a device talks at: judged by its driver, for the right bytes and for what a wrong speed makes of them."""

import random

import pytest

from devices.baud_choice import LEAST_BYTES, choose_baud
from devices.links.baud_search import LISTEN_S, BaudSearch
from devices.registry import load_driver
from tests.devices import gy_bytes, point_bytes, senxor_bytes
from tests.devices.specimens import AT

HEARD = {
    "gy_mcu90640": gy_bytes.frame(1)[900:] + gy_bytes.frame(2) + gy_bytes.frame(3) + gy_bytes.frame(4)[:700],
    "gy_mcu9061x": point_bytes.frame(24.0)[5:] + point_bytes.frame(24.1) * 5,
    "senxor": senxor_bytes.frame(1)[5000:] + senxor_bytes.frame(2) + senxor_bytes.frame(3)[:900],
}


def choose(name, heard):
    return choose_baud(heard, new_driver=lambda: load_driver(name)(device_id="x", options={}), at=AT)


def noise(seed, *, length=6000):
    return random.Random(seed).randbytes(length)


@pytest.mark.parametrize("name", sorted(HEARD))
def test_the_speed_at_which_the_driver_understands_is_chosen(name):
    assert choose(name, {9600: noise(1), 57600: b"", 115200: HEARD[name], 460800: noise(2)}) == 115200


@pytest.mark.parametrize("name", sorted(HEARD))
def test_noise_and_silence_convince_of_nothing(name):
    assert choose(name, {9600: noise(3), 115200: bytes(3000), 460800: b"", 57600: b"\xff" * 3000}) is None


def test_a_few_bytes_understood_by_chance_are_not_enough():
    assert choose("gy_mcu9061x", {9600: point_bytes.frame(24.0) * 2}) is None
    assert choose("gy_mcu9061x", {9600: point_bytes.frame(24.0) * 3}) == 9600
    assert 3 * len(point_bytes.GOLDEN) == LEAST_BYTES


def test_a_search_goes_round_and_gives_all_that_was_heard_at_the_right_speed():
    search = BaudSearch(
        (9600, 115200), new_driver=lambda: load_driver("gy_mcu9061x")(device_id="x", options={}), now_s=0
    )
    assert search.hear(noise(1, length=40), now_s=0.5) is None
    assert not search.is_in_vain(now_s=LISTEN_S - 0.1)
    assert search.is_in_vain(now_s=LISTEN_S)
    assert search.try_next(now_s=LISTEN_S) == 115200
    assert search.hear(b"", now_s=LISTEN_S + 0.1) is None
    assert search.try_next(now_s=2 * LISTEN_S) == 9600
    whole = point_bytes.frame(24.0) * 3
    assert search.hear(whole[:20], now_s=13.0) is None
    assert search.hear(whole[20:], now_s=13.3) == whole
