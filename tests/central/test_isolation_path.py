"""What the centre makes of a person's path from the records alone is what the gate itself shows."""

import msgspec
import pytest

from central.ledger import ProjectionError, apply_record
from sync.agreement.vocabulary import Disposition
from sync.exchange.envelope import body_of, decode_record
from tests.checkpoint.isolation.people import LegalEdge
from tests.demands import demand

CUT_OFF_HOUR = 17


@pytest.fixture
def edge(tmp_path):
    one = LegalEdge(tmp_path)
    yield one
    one.close()


def followed(edge, *, until=None):
    """Each crossing as the centre sees it after the edge's journal."""
    states = {}
    for record in edge.journal()[:until]:
        envelope = decode_record(record)
        body = body_of(envelope)
        states[body.crossing_id] = apply_record(
            states.get(body.crossing_id),
            body=body,
            envelope=envelope,
            point_of_entry_id="mong-cai",
            cut_off_hour=CUT_OFF_HOUR,
        )
    return states


def gate_shows(edge, crossing_id):
    (row,) = edge.rows(f"SELECT disposition, place_id FROM crossing WHERE crossing_id = '{crossing_id}'")
    person = edge.person(crossing_id)
    return (*row, {(clock.kind, clock.due_at) for clock in (person.clocks if person else ())})


def centre_sees(edge, crossing_id):
    state = followed(edge)[crossing_id]
    return state.disposition.value, state.place_id, {(clock.kind, clock.due_at) for clock in state.clocks}


@demand("R019", "R021")
def test_disposition_place_and_every_clock_agree_after_each_act(edge):
    crossing_id = edge.refer()
    assert centre_sees(edge, crossing_id) == gate_shows(edge, crossing_id)
    acts = ["check-start", "check-end", "propose", "decide", "notify", "provide", "contact", "refuse", "compel"]
    for word in (*acts, "depart", "return", "depart", "arrive"):
        edge.clock.forward(minutes=2)
        edge.act(word, crossing_id)
        assert centre_sees(edge, crossing_id) == gate_shows(edge, crossing_id), word
    last = edge.envelopes()[-1]
    assert followed(edge)[crossing_id].sealed_record_id == str(last.record_id)
    assert edge.identities()[-1].destination == "TTYT Móng Cái"


def test_a_lapse_and_an_extension_reach_the_centre_too(edge):
    crossing_id = edge.bring_to("proposed")
    edge.act("extend", crossing_id, kind="temporary_hold", reason="overloaded")
    assert centre_sees(edge, crossing_id) == gate_shows(edge, crossing_id)
    edge.clock.forward(hours=5)
    edge.act("escalate", crossing_id, kind="isolation_decision", reason="decider_away")
    assert edge.state(crossing_id) == "lapsed"
    assert centre_sees(edge, crossing_id) == gate_shows(edge, crossing_id)


def test_a_contact_is_never_shown_as_the_patient(edge):
    crossing_id = edge.bring_to("under_check")
    before = followed(edge)[crossing_id].sealed_record_id
    edge.act("contact", crossing_id)
    assert followed(edge)[crossing_id].sealed_record_id == before
    edge.act("check-end", crossing_id)
    assert followed(edge)[crossing_id].sealed_record_id == str(edge.envelopes()[-1].record_id)


def test_an_act_about_somebody_who_was_never_in_care_is_held_back(edge):
    crossing_id = edge.bring_to("under_check")
    state = followed(edge)[crossing_id]
    envelope = edge.envelopes()[-1]
    cleared = msgspec.structs.replace(state, disposition=Disposition.CLEARED)
    with pytest.raises(ProjectionError, match="impossible_disposition"):
        apply_record(
            cleared,
            body=body_of(envelope),
            envelope=envelope,
            point_of_entry_id="mong-cai",
            cut_off_hour=CUT_OFF_HOUR,
        )
