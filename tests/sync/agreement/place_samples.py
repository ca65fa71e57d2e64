"""One of each record of the other places, with as much in it as it can hold."""

import msgspec

from sync.agreement.gate_records import places
from sync.agreement.place_words import DifferenceReason, FinderUnit, FirstLook, PartyKind
from sync.agreement.vocabulary import Direction
from tests.sync.exchange.journals import MORNING, identifier


def place_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    return (*_of_a_vehicle(crossing_id), *_of_an_interception())


def _of_a_vehicle(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    check_id = str(identifier("post check"))
    return (
        places.PostCheckOpened(
            party_id=check_id,
            place_id="chot-km15",
            direction=Direction.ENTRY,
            declared=5,
            rule_id="site-control-post",
            conveyance_id=str(identifier("coach")),
            has_seal=True,
        ),
        places.PartyMemberScreened(
            party_id=check_id, kind=PartyKind.POST_CHECK, given_for=crossing_id, has_proof_of_passage=True
        ),
        places.PartyRecounted(party_id=check_id, kind=PartyKind.POST_CHECK, declared_before=5, declared=6),
        places.PostCheckClosed(
            party_id=check_id,
            declared=6,
            screened=5,
            not_screened=1,
            beyond_declared=0,
            reasons=(DifferenceReason.LEFT_BEFORE,),
            with_proof=4,
        ),
    )


def _of_an_interception() -> tuple[msgspec.Struct, ...]:
    found_id = str(identifier("interception"))
    return (
        places.InterceptionReported(
            party_id=found_id,
            place_id="duong-mon-hai-ha",
            found_at=MORNING,
            finder=FinderUnit.BORDER_GUARD,
            direction=Direction.ENTRY,
            persons=3,
            first_look=FirstLook.SIGNS_SEEN,
            rule_id="site-opening-trail",
        ),
        places.InterceptionClosed(
            party_id=found_id,
            declared=3,
            screened=2,
            not_screened=1,
            beyond_declared=0,
            reasons=(DifferenceReason.TAKEN_TO_HOSPITAL,),
        ),
    )
