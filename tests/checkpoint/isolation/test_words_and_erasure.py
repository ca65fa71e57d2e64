"""Names, numbers and plates of an isolation are sealed, close contacts under their own episodes; both are erased."""

from uuid import uuid4

import pytest

from checkpoint.actions.isolation_board import board_csv, isolation_case, isolation_view
from checkpoint.actions.refusals import ActionRefusedError
from sync.agreement.gate_records.isolation import ContactListed
from sync.exchange.envelope import decode_record
from tests.checkpoint.actions.test_erasing import found, settled
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.isolation.people import LegalEdge

NAMED = ["Trần Văn Gác", "12/QĐ-CK", "Vũ Văn Hộ", "14A-000.01", "BS. Lê Thị Mơ"]


@pytest.fixture
def edge(tmp_path):
    one = LegalEdge(tmp_path)
    yield one
    one.close()


def case(edge, crossing_id):
    return edge.gate.perform(lambda turn: isolation_case(turn, crossing_id), officer_ref="canbo").result(10)


def test_no_open_part_of_any_act_names_anybody_and_the_newest_sealed_part_says_it_all(edge):
    crossing_id = edge.bring_to("in_transit")
    open_parts = b"".join(bytes(envelope.open) for envelope in edge.envelopes())
    assert [name for name in NAMED if name.encode() in open_parts] == []
    newest = edge.identities()[-1]
    assert [name for name in NAMED if name not in newest.remarks] == []
    assert case(edge, crossing_id).words.vehicle_plate == "14A-000.01"
    edge.check_chain()


def test_a_close_contact_is_sealed_under_an_episode_of_its_own(edge):
    crossing_id = edge.bring_to("under_check")
    edge.act("contact", crossing_id, full_name="Lý Văn Bạn", telephone="0900 000 001", address="thôn Pò Hèn")
    envelope, body = edge.envelopes()[-1], edge.bodies()[-1]
    assert isinstance(body, ContactListed)
    assert envelope.sealing.episode_id == body.contact_id != crossing_id
    assert edge.identities()[-1].full_name == "Lý Văn Bạn"
    (contact,) = case(edge, crossing_id).contacts
    assert (contact.full_name, contact.telephone) == ("Lý Văn Bạn", "0900 000 001")
    edge.act("check-end", crossing_id)
    assert edge.identities()[-1].full_name != "Lý Văn Bạn", "the patient's own story goes on under the patient's key"


def test_an_erased_patient_leaves_the_path_and_no_word_and_an_erased_contact_only_that_there_was_one(edge):
    centre = HandCentre()
    crossing_id = edge.bring_to("isolated")
    edge.act("contact", crossing_id, full_name="Lý Văn Bạn", telephone="0900 000 001")
    contact_id = edge.bodies()[-1].contact_id
    edge.act("depart", crossing_id)
    edge.act("arrive", crossing_id)
    centre.erase(crossing_id, contact_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert found(edge, [*NAMED, "Lý Văn Bạn", "0900 000 001"]) == []
    left = case(edge, crossing_id)
    assert (left.path.state, left.words.order_number, left.is_erased) == ("arrived", "", True)
    assert [(one.full_name, one.relation) for one in left.contacts] == [("", "nearby_seat")]


def test_who_opened_a_case_stands_in_the_access_log_and_a_case_that_is_not_there_is_refused(edge):
    crossing_id = edge.bring_to("held")
    case(edge, crossing_id)
    assert edge.rows("SELECT officer_ref, subject FROM access_log WHERE action = 'isolation_case_opened'") == [
        ("canbo", crossing_id)
    ]
    with pytest.raises(ActionRefusedError, match="no_such_crossing"):
        case(edge, str(uuid4()))


def test_an_act_of_one_person_is_never_taken_for_that_of_another(edge):
    first, second = edge.bring_to("held", "QN 100001"), edge.bring_to("held", "QN 100002")
    act_id = uuid4()
    edge.act("check-start", first, act_id=act_id)
    with pytest.raises(ActionRefusedError, match="step_not_allowed"):
        edge.act("check-start", second, act_id=act_id)
    edge.act("provide", second)
    assert (edge.state(first), edge.state(second)) == ("under_check", "held")
    records = len(edge.journal())
    edge.act("check-start", first, act_id=act_id)
    assert len(edge.journal()) == records
    assert decode_record(edge.journal()[-1]).type == "provision_given"


def test_a_cell_that_begins_like_a_formula_is_no_formula(edge):
    edge.bring_to("held")
    assert board_csv(isolation_view(edge.gate)).startswith(b"\xef\xbb\xbfplace_id,")
    crossing_id = edge.bring_to("isolated", "QN 100009")
    edge.act("depart", crossing_id, destination="=1+1 bệnh viện")
    assert "'=1+1" in board_csv(isolation_view(edge.gate)).decode("utf-8-sig")
