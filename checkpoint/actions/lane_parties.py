"""The party that stands at a lane, with its head count as it was last committed: what the lane's screen shows."""

import msgspec

from checkpoint.places import HeadCount, Party, head_count
from checkpoint.store.parties import CountedParty, members_counted
from checkpoint.store.writer import Transaction


class LaneParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party and its count. Holds a plate: never to be logged."""

    party: Party
    count: HeadCount


class PartyLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane shows of its party. ``declared`` people, so many ``screened``, ``with_proof`` of a gate."""

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


def counted_again(transaction: Transaction, party: Party) -> LaneParty:
    """Count a party inside a transaction."""
    return LaneParty(
        party=party, count=head_count(party.declared, members=members_counted(transaction, party.party_id))
    )


def standing_party(counted: CountedParty) -> LaneParty:
    """Count a party as it was read."""
    return LaneParty(party=counted.party, count=head_count(counted.party.declared, members=counted.members))


def party_line(standing: LaneParty | None) -> PartyLine | None:
    """Draw the party of a lane."""
    if standing is None:
        return None
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
    )
