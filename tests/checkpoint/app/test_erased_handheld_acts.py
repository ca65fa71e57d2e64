"""Erased people and the acts of handhelds that wait to be mended: not in the file, and not back with the device."""

import pytest

from checkpoint.store.connection import database_key
from tests.checkpoint.app.test_handhelds import edge, phone, station, told
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import OTHER_PASS
from tests.checkpoint.store.pages import where_found

__all__ = ["edge", "phone", "station"]
ZONE = "P<VNMCHIU<<A<MUI<<<<<<<<<<<<<<<<<<<<<<<<<<<<\nC7654321<3VNM9001014F3001019<<<<<<<<<<<<<<04"
ADDRESS, WORD = "số 7 ngõ Bến Đò", "không chịu đo"
NAMED = {
    "document": {"kind": "passport", "document_number": "C7654321", "full_name": "Chìu A Múi", "issuing_state": "VNM"},
    "address": ADDRESS,
}
WORDS = ["C7654321", "Chìu A Múi", "CHIU<<A<MUI", ADDRESS, WORD]


def found(edge):
    key = bytes.fromhex(database_key(edge.settings.data_path))
    return where_found(edge.settings.data_path, key=key, words=WORDS)


def erase(edge, *episode_ids):
    centre = HandCentre()
    centre.erase(*episode_ids, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)


def settled(edge):
    for _ in range(3):
        edge.gate.perform(lambda turn: turn.at).result(10)


@pytest.mark.parametrize("given", [{"text": ZONE}, {"text": "", **NAMED}], ids=["scanned", "typed"])
def test_an_erased_person_is_in_no_act_that_waits_and_does_not_come_back_with_it(edge, phone, given):
    passed = phone.act("", 38.4, provisional_outcome="recheck", **NAMED)
    waits = phone.act(temperature_c=None, exception_reason=WORD, **given)
    other = phone.act(OTHER_PASS, None)
    assert [one for one, _ in told(phone.flush(passed, waits, other))] == ["accepted", "refused", "refused"]
    settled(edge)
    assert found(edge), "the scan would find the person"

    erase(edge, passed["act_id"])

    assert found(edge) == []
    assert [one["act_id"] for one in phone.station.view()["waiting"]] == [other["act_id"]]
    assert told(phone.flush(waits)) == [("set_aside", "paper_without_temperature")]
    settled(edge)
    assert found(edge) == []


def test_a_recheck_of_an_erased_person_waits_on_with_its_reading_and_no_name(edge, phone):
    passed = phone.act("", 38.4, provisional_outcome="recheck", **NAMED)
    recheck = phone.act(ZONE, 38.9, kind="recheck", rechecked_id=passed["act_id"], permit="x", **NAMED)
    assert told(phone.flush(passed, recheck)) == [("accepted", ""), ("held", "handheld_permit_unknown")]

    erase(edge, passed["act_id"])
    assert found(edge) == []
    assert told(phone.flush(recheck)) == [("held", "handheld_permit_unknown")]
    settled(edge)
    assert found(edge) == []
    shown = phone.station.post(f"/api/handhelds/acts/{recheck['act_id']}/reveal").json()
    assert (shown["temperature_c"], shown["scans"], shown["document"]) == (38.9, [], None)


def test_an_act_of_somebody_who_crossed_at_another_time_waits_on(edge, phone):
    first, second = (phone.act("", 38.4, provisional_outcome="recheck", **NAMED) for _ in range(2))
    waits = phone.act("", None, **NAMED)
    assert [one for one, _ in told(phone.flush(first, second, waits))] == ["accepted", "accepted", "refused"]
    erase(edge, second["act_id"])
    assert waits["act_id"] in {one["act_id"] for one in phone.station.view()["waiting"]}
