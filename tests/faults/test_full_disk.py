"""A disk that is full: refused in so many words, nothing acknowledged is lost, and work goes on with space."""

import pytest

from tests.faults.small_disk import on_small_disk, why_not

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def small_disk_possible():
    if reason := why_not():
        pytest.skip(reason)


def test_an_edge_refuses_visibly_on_a_full_disk_and_goes_on_when_there_is_space(tmp_path):
    seen = on_small_disk("edge", tmp_path)
    assert seen["refusal"] == [507, "disk_full"]
    assert seen["again"] == 507
    assert seen["health_while_full"] == 200
    assert seen["missing_while_full"] == []
    assert seen["after"] == [200, 200, 200], "without a restart"
    assert seen["saved"] > 6, "some while the last space went"
    assert seen["missing"] == [], "also after kill -9 on the full disk"
    assert seen["last"] == 200
    assert seen["tracebacks"] == 0


def test_an_edge_starts_on_a_full_disk_by_its_ballast_and_shows_it(tmp_path):
    seen = on_small_disk("start_again", tmp_path)
    assert (seen["first"], seen["level"]) == (200, "reserve")
    assert (seen["saved"] > 3, seen["missing"]) == (True, [])
    code, words = seen["refused"]
    assert code == 1, "without a ballast there is nothing to start with"
    said = [line for line in words.splitlines() if not line.startswith("{")]  # a worker's log may come after it
    assert "space" in said[-1]
    assert (seen["last"], seen["tracebacks"]) == (200, [])


def test_a_centre_on_a_full_disk_takes_nothing_and_later_everything_once(tmp_path):
    seen = on_small_disk("centre", tmp_path)
    assert seen["refusal"] == "unavailable"
    assert seen["held"] <= seen["receipted_when_full"] < seen["written"]
    verified = seen["verified"]
    assert (verified["ledger_records"], verified["crossings"]) == (seen["written"], seen["written"])
    assert seen["health_while_full"] == 200
    assert seen["tracebacks"] == 0
