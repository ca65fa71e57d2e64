"""Declared = screened + not screened, listed; proofs and alarms are parts of those; a closed party stays closed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.places import MOVES, Member, Party, PartyEvent, PartyState, PlaceError, head_count, moved
from checkpoint.places.arrivals import ArrivalState, ListedGroup, arrival_count
from checkpoint.places.head_count import require_reasons
from sync.agreement.gate_records.places import PostCheckClosed
from sync.agreement.place_words import DifferenceReason, PartyKind
from sync.agreement.vocabulary import Direction, Disposition
from tests.checkpoint.people import MORNING
from tests.demands import demand

members = st.lists(
    st.builds(
        Member,
        crossing_id=st.uuids().map(str),
        disposition=st.sampled_from(list(Disposition)),
        has_proof=st.booleans(),
        person_key=st.sampled_from(["", "", "", "a", "b", "c"]),
    ),
    max_size=60,
)
declared = st.integers(1, 60)


@demand("R082")
@given(declared=declared, members=members)
def test_everybody_declared_is_screened_or_listed_as_not_screened(declared, members):
    count = head_count(declared, members=members)
    assert count.declared + count.beyond_declared == count.screened + count.not_screened
    assert 0 in {count.beyond_declared, count.not_screened}
    assert count.with_proof + count.without_proof == count.screened
    assert count.waiting + count.isolated <= count.screened
    assert count.screened + count.seen_again + count.withdrawn == len(members)
    assert count.adds_up == (count.screened == declared)


@given(declared=declared, members=members, doubled=st.integers(0, 3))
def test_a_person_who_is_told_of_twice_counts_once(declared, members, doubled):
    assert head_count(declared, members=[*members, *members[:doubled]]) == head_count(declared, members=members)


def test_nobody_is_screened_for_somebody_else_and_the_gravest_of_two_crossings_of_a_person_counts():
    twice = [
        Member(crossing_id="1", disposition=Disposition.CLEARED, has_proof=True, person_key="k"),
        Member(crossing_id="2", disposition=Disposition.PENDING, person_key="k"),
    ]
    count = head_count(2, members=twice)
    assert (count.screened, count.not_screened, count.seen_again) == (1, 1, 1)
    assert (count.with_proof, count.without_proof, count.waiting) == (1, 0, 1)
    unknown = [Member(crossing_id=one, disposition=Disposition.CLEARED) for one in "34"]
    assert head_count(2, members=unknown).adds_up
    assert head_count(1, members=[msgspec.structs.replace(twice[0], disposition=Disposition.WITHDRAWN)]).screened == 0


@given(declared=declared, members=members, reasons=st.lists(st.sampled_from(list(DifferenceReason)), max_size=3))
def test_nobody_is_left_out_without_a_reason_and_the_record_adds_up(declared, members, reasons):
    count = head_count(declared, members=members)
    given_reasons = tuple(reasons)
    if count.not_screened and not given_reasons:
        with pytest.raises(PlaceError):
            require_reasons(count, reasons=given_reasons)
        return
    require_reasons(count, reasons=given_reasons)
    shared = {name: getattr(count, name) for name in ("declared", "screened", "not_screened", "beyond_declared")}
    assert PostCheckClosed(party_id="a", reasons=given_reasons, with_proof=count.with_proof, **shared)


def test_a_count_that_does_not_add_up_cannot_be_written():
    with pytest.raises(ValueError, match="must equal"):
        PostCheckClosed(party_id="a", declared=5, screened=3, not_screened=1, beyond_declared=0)
    with pytest.raises(ValueError, match="need a reason"):
        PostCheckClosed(party_id="a", declared=5, screened=4, not_screened=1, beyond_declared=0)


@given(events=st.lists(st.sampled_from(list(PartyEvent)), max_size=8))
def test_a_party_moves_only_as_the_table_says_and_a_closed_one_never(events):
    party = Party(
        party_id="a", kind=PartyKind.POST_CHECK, place_id="chot-km15", lane_id="lane-1", direction=Direction.ENTRY,
        opened_at=MORNING, opened_by="canbo", declared=2,
    )  # fmt: skip
    for event in events:
        if (party.state, event) not in MOVES:
            assert party.state is PartyState.CLOSED
            with pytest.raises(PlaceError):
                moved(party, event)
            return
        party = moved(party, event)
        assert (party.state is PartyState.CLOSED) == (event is PartyEvent.CLOSED)


groups = st.lists(
    st.builds(
        ListedGroup,
        announced=st.integers(0, 400),
        listed=st.integers(0, 400),
        seen=st.integers(0, 400),
        unexpected=st.integers(0, 20),
        is_closed=st.booleans(),
    ),
    max_size=6,
)


@given(groups=groups)
def test_an_arrival_expects_those_seen_and_those_missing_and_screens_those_seen_and_those_beyond_the_list(groups):
    count = arrival_count(groups)
    assert count.expected == count.seen + count.missing
    assert count.screened == count.seen + count.unexpected
    assert count.missing >= 0
    assert (count.state is ArrivalState.FINISHED) == (bool(groups) and all(one.is_closed for one in groups))
    assert count.state is not ArrivalState.EXPECTED or count.screened == 0
