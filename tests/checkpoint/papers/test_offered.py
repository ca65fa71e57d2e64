"""Which papers a card offers follows from the path: none too early, none about somebody who was erased."""

from datetime import timedelta

import msgspec

from checkpoint.isolation.case import Act, CasePath
from checkpoint.isolation.path import PathEvent, PathState
from checkpoint.papers.case_words import order_paper
from checkpoint.papers.offered import papers_for
from checkpoint.papers.orders import BLANK
from tests.checkpoint.papers.test_orders import CASE, LABELS, NOON, OFFICE


def at(path: CasePath, **more):
    return papers_for(msgspec.structs.replace(CASE, path=path, **more))


def test_nothing_is_offered_before_anybody_proposed_anything():
    assert at(CasePath(state=PathState.UNDER_CHECK)) == ()


def test_the_order_is_there_while_it_is_being_decided():
    assert at(CasePath(state=PathState.PROPOSED, proposed_at=NOON)) == ("isolation_list", "gate_isolation_order")


def test_a_declined_proposal_leaves_the_list_alone():
    path = CasePath(state=PathState.CHECKED, proposed_at=NOON, decided_at=NOON, is_declined=True)
    assert at(path) == ("isolation_list",)


def test_the_consulate_is_told_of_a_foreigner_alone():
    path = CASE.path
    assert "consular_notice" not in at(path)
    assert "consular_notice" in at(path, nationality="CHN")


def test_the_compulsory_order_follows_a_refusal_and_the_confirmation_the_end():
    refusing = msgspec.structs.replace(CASE.path, state=PathState.REFUSING, refused_at=NOON)
    assert "compulsory_isolation_order" in at(refusing)
    assert "isolation_completed" not in at(CASE.path)
    assert "isolation_completed" in at(msgspec.structs.replace(CASE.path, state=PathState.RELEASED))


def test_an_erased_person_has_no_papers():
    assert at(CASE.path, is_erased=True) == ()


def test_an_end_is_printed_only_of_what_has_ended():
    def last_line(state: PathState, event: PathEvent) -> str:
        act = Act(event=event, at=NOON + timedelta(hours=1), officer_ref="canbo", record_id="r")
        case = msgspec.structs.replace(CASE, acts=(act,), path=msgspec.structs.replace(CASE.path, state=state))
        return order_paper(case, topic="isolation_completed", office=OFFICE, labels=LABELS, at=NOON).articles[1]

    assert BLANK in last_line(PathState.ISOLATED, PathEvent.PROVIDED)
    assert BLANK not in last_line(PathState.RELEASED, PathEvent.RELEASED)
