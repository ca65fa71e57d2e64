"""The party that stands at a lane, with its head count as it was last committed: what the lane's screen shows."""

from datetime import datetime

import msgspec

from checkpoint.places import HeadCount, Member, Party, head_count, seen_before_at
from checkpoint.presentation import Presentation
from checkpoint.store.parties import CountedParty, members_counted
from checkpoint.store.writer import Transaction


class LaneParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party and its count. Holds a plate: never to be logged."""

    party: Party
    count: HeadCount
    members: tuple[Member, ...] = ()


class PartyLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane shows of its party. ``declared`` people, so many ``screened``, ``with_proof`` of a gate.

    ``seen_before_at``: whoever stands in the lane was screened in this party already, and is counted once.
    """

    party_id: str
    kind: str
    plate: str
    declared: int
    screened: int
    not_screened: int
    beyond_declared: int
    with_proof: int
    route_from: str
    route_to: str
    seen_before_at: datetime | None = None


def counted_again(transaction: Transaction, party: Party) -> LaneParty:
    """Count a party inside a transaction."""
    return standing_party(CountedParty(party=party, members=members_counted(transaction, party.party_id)))


def standing_party(counted: CountedParty) -> LaneParty:
    """Count a party as it was read."""
    count = head_count(counted.party.declared, members=counted.members)
    return LaneParty(party=counted.party, count=count, members=counted.members)


def party_line(standing: LaneParty | None, *, person: Presentation | None) -> PartyLine | None:
    """Draw the party of a lane, with what it knows of the person who stands there."""
    if standing is None:
        return None
    seen_before = None
    if person is not None:
        seen_before = seen_before_at(standing.members, person_key=person.person_key, crossing_id=person.crossing_id)
    party, count = standing.party, standing.count
    return PartyLine(
        party_id=party.party_id,
        kind=party.kind.value,
        plate=party.plate,
        declared=party.declared,
        screened=count.screened,
        not_screened=count.not_screened,
        beyond_declared=count.beyond_declared,
        with_proof=count.with_proof,
        route_from=party.words.route_from,
        route_to=party.words.route_to,
        seen_before_at=seen_before,
    )
