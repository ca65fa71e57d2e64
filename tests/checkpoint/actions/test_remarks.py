"""What officers write in own words may name anybody: it is sealed with the person, and erased with the person."""

import msgspec

from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.deciding import change_details, close_crossing, except_person
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.releasing import discharge_person
from checkpoint.store.journal import append
from sync.agreement.records import SEALED_WORDS, RecordRecovered
from sync.exchange.envelope import decode_record
from tests.checkpoint.actions.test_erasing import ADDRESS, NAME, arrive, found, pass_through, settled
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.people import RAISED_C

EXCEPTION, CORRECTION = f"con của {NAME}, 3 tháng", f"{NAME} nói nhầm"
DISCHARGE, WITHDRAWAL = f"giao {NAME} cho TTYT", f"{NAME} quay lại"


def open_parts(edge) -> bytes:
    return b"".join(bytes(envelope.open) for envelope in edge.envelopes())


def test_words_are_sealed_and_each_later_record_says_them_all(edge):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    edge.do(change_details, address="thôn Pò Hèn")
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    edge.about(correct_details, crossing_id, reason=CORRECTION, category="official")
    edge.about(discharge_person, crossing_id, disposition="cleared", destination="Nơi cư trú", reason=DISCHARGE)
    newest = edge.identities()[-1]
    assert newest.remarks == f"{CORRECTION}\n{DISCHARGE}"
    assert (newest.full_name, newest.address) == (NAME, "thôn Pò Hèn"), "the newest sealed part is whole"
    reasons = [body.reason for body in edge.bodies() if hasattr(body, "reason")]
    assert reasons == ["amended_at_lane", SEALED_WORDS, SEALED_WORDS]
    assert NAME.encode() not in open_parts(edge)


def test_the_words_of_an_exception_and_of_a_withdrawal_are_sealed_too(edge):
    edge.present()
    crossing_id = edge.draft_id
    edge.do(except_person, draft_id=crossing_id, code="infant", age_years=0, reason=EXCEPTION)
    edge.do(close_crossing, draft_id=crossing_id)
    edge.about(withdraw_crossing, crossing_id, reason=WITHDRAWAL)
    assert [one.remarks for one in edge.identities()] == [EXCEPTION, f"{EXCEPTION}\n{WITHDRAWAL}"]
    screened, withdrawn = edge.bodies()
    assert (screened.exception.code.value, screened.exception.reason) == ("infant", SEALED_WORDS)
    assert withdrawn.reason == SEALED_WORDS
    assert NAME.encode() not in open_parts(edge)


def test_words_are_erased_with_the_person_everywhere(edge):
    centre = HandCentre()
    crossing_id = pass_through(edge)
    edge.about(correct_details, crossing_id, reason=CORRECTION, category="official")
    edge.about(withdraw_crossing, crossing_id, reason=WITHDRAWAL)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge, [NAME, ADDRESS, CORRECTION, WITHDRAWAL, "quay lại", "nói nhầm"]) == []


def test_of_an_erased_person_no_words_are_kept(edge):
    centre = HandCentre()
    crossing_id = pass_through(edge)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    edge.about(correct_details, crossing_id, reason=CORRECTION, category="official")
    last = edge.envelopes()[-1]
    assert last.sealed is None
    assert msgspec.json.decode(last.open)["reason"] == SEALED_WORDS
    settled(edge)
    assert found(edge, ["nói nhầm"]) == []


def test_a_very_long_story_still_fits_a_record(edge):
    crossing_id = pass_through(edge)
    for number in range(30):
        edge.about(correct_details, crossing_id, reason="đ" * 500, category=("tourist", "official")[number % 2])
    assert max(map(len, edge.journal())) < 64 * 1024
    edge.check_chain()


def test_the_longest_crossing_that_can_be_written_can_be_carried_over_and_is_read_by_the_centre(edge):
    """One record that the centre cannot read would hold up its chain for ever, in the old chain or in a new one."""
    widest = "\U00029e3d"  # four bytes, as some family names need
    crossing_id = pass_through(edge)
    for number in range(30):
        edge.about(correct_details, crossing_id, reason=widest * 500, category=("tourist", "official")[number % 2])
    longest = max(edge.journal(), key=len)
    assert len(longest) < 40 * 1024, "room is left for places and symptoms"
    carried = RecordRecovered(original_incarnation=1, original_sequence=1, original=b"x" * 64 * 1024)
    origin = edge.gate.store.outgoing._origin()
    edge.gate.store.writer.submit(lambda turn: append(turn, carried, origin=origin)).result(10)
    assert decode_record(edge.journal()[-1]).type == "record_recovered"


AREA, FACILITY = "thôn Lục Chắn bên kia sông", "nhà chị Vòng A Sáng ở Hải Hoà"


def referred_from_an_area(edge) -> str:
    """Somebody who came from a place in own words, had a fever, and went to a place in own words."""
    crossing_id = arrive(edge)
    edge.do(change_details, visited_areas=(AREA,), has_declaration=True)
    edge.scan_face(RAISED_C)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    edge.hand_over(crossing_id, destination=FACILITY)
    return crossing_id


def test_where_from_and_where_to_are_sealed_and_the_open_part_only_counts_the_areas(edge):
    referred_from_an_area(edge)
    newest = edge.identities()[-1]
    assert (newest.destination, newest.visited_areas) == (FACILITY, (AREA,))
    screened = edge.bodies()[0]
    assert (screened.facts.visited_areas, screened.areas_visited) == ((), 1)
    for words in (AREA, FACILITY):
        assert words.encode() not in open_parts(edge)


def test_places_are_erased_with_the_person_everywhere(edge):
    centre = HandCentre()
    crossing_id = referred_from_an_area(edge)
    assert found(edge, [FACILITY]), "the scan would find the place"
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge, [AREA, FACILITY, "Lục Chắn", "Vòng A Sáng"]) == []


def test_areas_noted_while_the_alarm_is_open_are_sealed_with_the_recheck(edge):
    crossing_id = arrive(edge, temperature_c=RAISED_C)
    edge.do(change_details, visited_areas=(AREA,), has_declaration=True)
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.6, site="axillary")
    rechecked = edge.bodies()[-1]
    assert rechecked.areas_visited == 1
    assert edge.identities()[-1].visited_areas == (AREA,)
    assert AREA.encode() not in open_parts(edge)
