"""What is owed to a person who left, what an order says after a refusal, and where somebody stands who returns."""

import msgspec
import pytest

from checkpoint.actions.isolating import ProposeCommand
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.releasing import discharge_person
from checkpoint.isolation.case import is_foreign
from sync.agreement.vocabulary import ClockKind, Disposition, Outcome
from tests.checkpoint.actions.test_quotas import quota
from tests.checkpoint.isolation.people import PASSPORT_OF_A_FOREIGNER, LegalEdge
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

LEAVING = {"destination": "Nhà nghỉ Biên Cương", "reason": "hết triệu chứng"}


@pytest.fixture
def edge(tmp_path):
    one = LegalEdge(tmp_path)
    yield one
    one.close()


@demand("R019")
@pytest.mark.parametrize("disposition", ["cleared", "refused"])
def test_a_notice_that_is_owed_outlasts_the_release(edge, disposition):
    crossing_id = edge.bring_to("isolated", PASSPORT_OF_A_FOREIGNER)
    edge.about(discharge_person, crossing_id, disposition=disposition, **LEAVING)
    owed = edge.person(crossing_id)
    assert {clock.kind for clock in owed.clocks} == {ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE}
    edge.act("notify", crossing_id, addressee="consular_department", means="telephone")
    edge.act("notify", crossing_id)
    assert edge.person(crossing_id) is None


def test_a_declined_order_leaves_no_number_and_no_name_for_the_next_one(edge):
    crossing_id = edge.bring_to("proposed")
    edge.act("decide", crossing_id, is_approved=False, order_number="05/TB-KC", signer="Nguyễn Văn Từ Chối")
    assert "Nguyễn Văn Từ Chối" in edge.identities()[-1].remarks, "who declined stands in the sealed part"
    edge.act("propose", crossing_id)
    words = bytes(edge.rows("SELECT words FROM isolation_case")[0][0]).decode()
    assert "05/TB-KC" not in words
    assert "Từ Chối" not in words


def test_whoever_was_free_stays_free_when_the_proposal_is_declined(edge):
    crossing_id = edge.bring_to("checked")
    edge.clock.forward(hours=3)
    edge.act("propose", crossing_id)
    edge.act("decide", crossing_id, is_approved=False)
    assert edge.state(crossing_id) == "lapsed"


@pytest.mark.parametrize(("acts", "state"), [(("refuse",), "refusing"), (("refuse", "compel"), "compelled")])
def test_whoever_is_brought_back_stands_where_they_stood(edge, acts, state):
    crossing_id = edge.bring_to("isolated")
    for word in (*acts, "depart", "return"):
        edge.clock.forward(seconds=30)
        edge.act(word, crossing_id)
    assert edge.state(crossing_id) == state
    assert (edge.face(crossing_id, ClockKind.COMPULSORY_ORDER) is not None) == (state == "refusing")


def test_the_next_hand_over_names_no_former_escort(edge):
    crossing_id = edge.bring_to("in_transit")
    edge.act("return", crossing_id)
    assert "Vũ Văn Hộ" not in bytes(edge.rows("SELECT words FROM isolation_case")[0][0]).decode()


@pytest.mark.parametrize(
    ("nationality", "kind", "foreign"),
    [("VNM", "other", False), ("CHN", "border_pass", True), (None, "border_pass", False), (None, "other", True)],
)
def test_a_consulate_hears_of_everybody_who_is_not_known_to_be_a_citizen(nationality, kind, foreign):
    assert is_foreign(nationality, document_kind=kind) is foreign


def test_no_paper_is_spoilt_by_a_mark_that_a_reader_sent():
    words = {"act_id": "0199f7d0-0000-7000-8000-000000000001", "ground": "suspect", "proposer": "Lê Thị\x1dMơ"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(words, ProposeCommand, strict=False)
    assert msgspec.convert({**words, "proposer": "Lê Thị Mơ"}, ProposeCommand, strict=False)


@demand("R012")
def test_an_alarm_takes_one_place_of_a_quota_and_not_two(edge):
    put_in_force(edge, quota(quota_per_day=1))
    edge.present()
    edge.scan_face(RAISED_C)
    sheet = edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=36.8, site="axillary")
    assert sheet.closed.disposition is Disposition.CLEARED
    edge.clock.forward(minutes=1)
    edge.present("QN 200002")
    assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.REFUSED, "the next one has none"
