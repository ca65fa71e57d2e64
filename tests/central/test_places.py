"""Vehicles at a post and people found outside a gate, as the centre counts them: apart from legal crossings (R007)."""

from sync.agreement.gate_records.places import (
    InterceptionClosed,
    InterceptionReported,
    PartyMemberScreened,
    PartyRecounted,
    PostCheckClosed,
    PostCheckOpened,
)
from sync.agreement.place_words import DifferenceReason, FinderUnit, FirstLook, PartyKind
from sync.agreement.vocabulary import Direction, RecordDisposition
from tests.central.test_gate_records import centre, clock, counted, journal, reception, sent  # noqa: F401  # fixtures
from tests.demands import demand
from tests.sync.exchange.journals import MORNING

FOUND, CHECK = "018f0000-0000-7000-8000-00000000000a", "018f0000-0000-7000-8000-00000000000b"


def interception() -> tuple:
    return (
        InterceptionReported(
            party_id=FOUND, place_id="duong-mon-hai-ha", found_at=MORNING, finder=FinderUnit.BORDER_GUARD,
            direction=Direction.ENTRY, persons=3, first_look=FirstLook.NO_SIGNS, rule_id="site-opening-trail",
        ),
        PartyRecounted(party_id=FOUND, kind=PartyKind.INTERCEPTION, declared_before=3, declared=2),
        PartyMemberScreened(party_id=FOUND, kind=PartyKind.INTERCEPTION, given_for="c9", has_proof_of_passage=False),
        InterceptionClosed(
            party_id=FOUND, declared=2, screened=1, not_screened=1, beyond_declared=0,
            reasons=(DifferenceReason.TAKEN_TO_HOSPITAL,),
        ),
    )  # fmt: skip


def vehicle() -> tuple:
    return (
        PostCheckOpened(
            party_id=CHECK, place_id="chot-km15", direction=Direction.ENTRY, declared=2, rule_id="site-control-post"
        ),
        PartyMemberScreened(party_id=CHECK, kind=PartyKind.POST_CHECK, given_for="c7", has_proof_of_passage=True),
        PartyMemberScreened(party_id=CHECK, kind=PartyKind.POST_CHECK, given_for="c8", has_proof_of_passage=False),
        PostCheckClosed(party_id=CHECK, declared=2, screened=2, not_screened=0, beyond_declared=0, with_proof=1),
    )


@demand("R007")
def test_people_who_were_found_are_counted_apart_in_the_batch_s_own_transaction(centre, reception, journal):  # noqa: F811  # fixtures
    dispositions = sent(reception, journal, *interception(), *vehicle())
    assert set(dispositions) == {RecordDisposition.PROJECTED}
    figures = counted(centre)
    assert figures["interceptions", "border_guard"] == 1
    assert sum(number for (figure, _), number in figures.items() if figure == "persons_found") == 2
    assert figures["persons_found_screened", ""] == 1
    assert figures["persons_found_not_screened", ""] == 1
    assert figures["post_checks", "entry"] == 1
    assert figures["post_passengers", ""] == 2
    assert [figures["post_passengers_screened", proof] for proof in ("with_proof", "without_proof")] == [1, 1]
    assert centre.store.verify().gate_records == 8
