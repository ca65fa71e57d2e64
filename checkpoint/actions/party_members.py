"""People of a party at a lane: who they are taken for when they come, and that they were screened.

Only an interception makes an illegal crossing, and it makes one of everybody who comes while it stands at the
lane: no officer can call somebody so at a lane to pass by an order, nor call somebody found outside a tourist.
"""

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.lane_parties import LaneParty, counted_again
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.shown_slip import HeldSlip
from checkpoint.places import Member, PartyEvent, PartyWords, moved
from checkpoint.presentation import Presentation
from checkpoint.store.parties import add_member, find_party, put_party
from sync.agreement.gate_records.places import PartyMemberScreened
from sync.agreement.place_words import PartyKind
from sync.agreement.vocabulary import PurposeOfCrossing, TravellerCategory


class GateSlip(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate's slip of a party's member said: kept with the member, names nobody."""

    crossing_id: str
    point_of_entry_id: str
    cleared_at: str
    temperature_c: float | None = None
    fault: str = ""


def as_found(turn: Turn, lane_id: str, presentation: Presentation) -> Presentation:
    """Say of a person what their party says: category and direction of those found, the plate of a vehicle."""
    standing = turn.gate.parties.get(lane_id)
    if standing is None or standing.party.kind is PartyKind.POST_CHECK:
        require_no_interception_needed(presentation.category)
        if standing is None or presentation.identity.vehicle_plate:
            return presentation
        identity = msgspec.structs.replace(presentation.identity, vehicle_plate=standing.party.plate)
        return msgspec.structs.replace(presentation, identity=identity)
    return msgspec.structs.replace(
        presentation,
        category=TravellerCategory.ILLEGAL_CROSSING,
        purpose=PurposeOfCrossing.OTHER,
        direction=standing.party.direction,
    )


def require_no_interception_needed(category: TravellerCategory | None) -> None:
    """Refuse the category that only an interception gives."""
    if category is TravellerCategory.ILLEGAL_CROSSING:
        code = "category_needs_interception"
        raise ActionRefusedError(code)


def note_member(turn: Turn, lane_id: str, sheet: LaneSheet) -> None:
    """Write down that a person of the lane's party was screened, beside the record that opens the crossing."""
    standing = turn.gate.parties.get(lane_id)
    if standing is None:
        return
    party = find_party(turn.transaction, standing.party.party_id)
    if party is None or party.closed_at is not None:
        return
    crossing_id = sheet.state.person.crossing_id
    has_proof = sheet.slip is not None and sheet.slip.is_proof_of_passage
    screened = PartyMemberScreened(
        party_id=party.party_id, kind=party.kind, given_for=crossing_id, has_proof_of_passage=has_proof
    )
    turn.append(screened, lane_id=lane_id, observed_at=turn.at)
    slip = _slip_said(sheet.slip)
    add_member(turn.transaction, party, crossing_id=crossing_id, at=turn.at, has_proof=has_proof, slip=slip)
    party = moved(party, PartyEvent.MEMBER_SCREENED)
    put_party(turn.transaction, party)
    show_party(turn, lane_id, counted_again(turn.transaction, party))


def uncount_member(turn: Turn, crossing_id: str) -> None:
    """Count a lane's party again, in which a crossing was that is now withdrawn."""
    for lane_id, standing in turn.gate.parties.items():
        if any(member.crossing_id == crossing_id for member in standing.members):
            show_party(turn, lane_id, counted_again(turn.transaction, standing.party))


def show_party(turn: Turn, lane_id: str, standing: LaneParty | None) -> None:
    """Let a lane show its party after the commit."""
    gate = turn.gate
    turn.transaction.after_commit(lambda: gate.show_party(lane_id, standing))


def forget_parties(turn: Turn, episode_ids: frozenset[str]) -> None:
    """Take the plate and the words of erased parties, and who erased people were, off the lanes; counts stay."""
    for lane_id, standing in turn.gate.parties.items():
        party, is_erased = standing.party, standing.party.party_id in episode_ids
        if is_erased or any(member.crossing_id in episode_ids for member in standing.members):
            left = msgspec.structs.replace(party, plate="", words=PartyWords()) if is_erased else party
            members = _without_keys(standing.members, episode_ids)
            show_party(turn, lane_id, msgspec.structs.replace(standing, party=left, members=members))


def _without_keys(members: tuple[Member, ...], erased: frozenset[str]) -> tuple[Member, ...]:
    return tuple(
        msgspec.structs.replace(member, person_key="") if member.crossing_id in erased else member for member in members
    )


def _slip_said(held: HeldSlip | None) -> str:
    """Keep what a slip said, also of one that was refused: the post's list shows both."""
    slip = None if held is None else held.slip
    if held is None or slip is None:
        return ""
    said = GateSlip(
        crossing_id=str(slip.crossing_id),
        point_of_entry_id=slip.point_of_entry_id,
        cleared_at=slip.cleared_at.isoformat(),
        temperature_c=slip.temperature_c,
        fault="" if held.fault is None else held.fault.value,
    )
    return msgspec.json.encode(said).decode()
