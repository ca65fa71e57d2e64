"""A signed paper that is printed again is the same paper, wherever its person is by then and whatever day it is."""

import pytest

from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.releasing import admit_person, discharge_person
from checkpoint.papers.orders import BLANK
from tests.checkpoint.isolation.papers import printed
from tests.checkpoint.isolation.people import PASSPORT_OF_A_FOREIGNER, LegalEdge

NEXT_DAY_S = 86_400
LEAVING = {"disposition": "cleared", "destination": "Nhà nghỉ", "reason": "hết sốt, khỏe"}


@pytest.fixture
def edge(tmp_path):
    built = LegalEdge(tmp_path)
    yield built
    built.close()


def test_an_order_printed_after_its_person_has_left_the_gate_is_the_order_that_was_signed(edge):
    crossing_id = edge.bring_to("isolated")
    signed = printed(edge, crossing_id, "gate_isolation_order")
    assert BLANK not in signed.articles[1]

    edge.clock.forward(seconds=NEXT_DAY_S)
    for word in ("depart", "arrive"):
        edge.act(word, crossing_id)
        assert printed(edge, crossing_id, "gate_isolation_order") == signed


def test_a_compulsory_order_printed_after_the_departure_is_the_order_that_was_signed(edge):
    crossing_id = edge.bring_to("isolated")
    edge.act("refuse", crossing_id)
    edge.act("compel", crossing_id)
    signed = printed(edge, crossing_id, "compulsory_isolation_order")

    edge.clock.forward(seconds=NEXT_DAY_S)
    edge.act("depart", crossing_id)

    assert printed(edge, crossing_id, "compulsory_isolation_order") == signed


def test_an_order_signed_while_the_room_was_full_names_no_place_that_its_person_came_to_later(edge):
    numbers = [f"QN 20020{one}" for one in range(len(isolation_view(edge.gate).places))]
    first, *_ = [edge.refer(number) for number in numbers]
    crossing_id = edge.bring_to("isolated", "QN 200301")
    signed = printed(edge, crossing_id, "gate_isolation_order")
    assert signed.articles[1].startswith(f"Điều 2. Địa điểm cách ly: {BLANK}.")

    edge.about(discharge_person, first, **LEAVING)
    admitted = edge.gate.perform(lambda turn: admit_person(turn, crossing_id), officer_ref="canbo").result(10)
    assert admitted.place_id is not None

    assert printed(edge, crossing_id, "gate_isolation_order") == signed


def test_a_notice_given_after_the_release_moves_neither_the_end_nor_the_day_of_the_confirmation(edge):
    crossing_id = edge.bring_to("isolated", PASSPORT_OF_A_FOREIGNER)
    edge.about(discharge_person, crossing_id, **LEAVING)
    confirmed = printed(edge, crossing_id, "isolation_completed")

    edge.clock.forward(seconds=NEXT_DAY_S)
    assert printed(edge, crossing_id, "isolation_completed") == confirmed, "its own day"
    edge.act("notify", crossing_id, addressee="consular_department", means="telephone")

    assert printed(edge, crossing_id, "isolation_completed") == confirmed, "its own end"
