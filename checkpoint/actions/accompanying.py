"""Who came with whom, at the lane: the place in a group that a document names, and what is written when a crossing is.

Nobody is ticked by standing in a lane: a member is seen when the crossing is in the journal, in its own commit. A
name that is alike is only a proposal; the number of a document decides, or the officer.
"""

from functools import partial
from typing import Final

from checkpoint.actions.company import GroupMark, GroupStanding, HeldRide, LaneGroup
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.documents import compare_names, number_key
from checkpoint.groups import HeadCount, count_heads
from checkpoint.presentation import Presentation
from checkpoint.store.conveyances import add_occupant, drop_occupant, find_movement
from checkpoint.store.groups import (
    GroupRow,
    MemberRow,
    add_guest,
    as_counted,
    find_group,
    free_member,
    group_at,
    guests_of,
    lanes_of,
    member_by_number,
    member_of_crossing,
    members_in,
    seen_numbers,
    tick_member,
)
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import find_episode_key, keep_episode_key
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.group_words import GroupKind, MemberMatch, OccupantRole
from sync.agreement.records import TravellerIdentity
from sync.exchange.sealing import new_episode_key, unwrap_episode_key, wrap_episode_key

_MOST_PROPOSALS: Final = 5


def mark_for(turn: Turn, lane_id: str, person: Presentation) -> GroupMark | None:
    """Say what the group at this lane knows of a person: by number; a like name only proposes.

    Whoever goes the other way is nobody of it, whatever list the number stands on.
    """
    group_id = group_at(turn.transaction, lane_id)
    if group_id is None or require_group(turn, group_id).direction is not person.direction:
        return None
    found = _by_number(turn, group_id, person=person)
    if found is not None:
        if found.crossing_id is not None:
            return GroupMark(group_id=group_id, standing=GroupStanding.SEEN_BEFORE, number=found.number)
        return GroupMark(
            group_id=group_id,
            standing=GroupStanding.MEMBER,
            number=found.number,
            match=MemberMatch.DOCUMENT_NUMBER,
        )
    proposals = _like_names(turn, group_id, person=person)
    standing = GroupStanding.PROPOSED if proposals else GroupStanding.STRANGER
    return GroupMark(group_id=group_id, standing=standing, proposals=proposals)


def note_company(turn: Turn, lane_id: str, *, sheet: LaneSheet, crossing_id: str) -> None:
    """Write down with whom the person of a new crossing came: part of the crossing's own commit."""
    if sheet.ride is not None:
        note_occupant(turn, lane_id, ride=sheet.ride, crossing_id=crossing_id)
    if sheet.group is not None and sheet.group.counts and _goes_its_way(turn, sheet):
        note_member(turn, lane_id, mark=sheet.group, crossing_id=crossing_id)


def _goes_its_way(turn: Turn, sheet: LaneSheet) -> bool:
    """Tell whether a person still goes the way of the group that a number put them into; the officer's word stands."""
    mark = sheet.group
    if mark is None or mark.match is not MemberMatch.DOCUMENT_NUMBER:
        return mark is not None
    return require_group(turn, mark.group_id).direction is sheet.state.person.direction


def note_member(turn: Turn, lane_id: str, *, mark: GroupMark, crossing_id: str) -> None:
    """Tick a member, or count an unexpected person: a place was filled meanwhile, and not by the same document."""
    group = require_group(turn, mark.group_id)
    if member_of_crossing(turn.transaction, crossing_id) is not None or mark.match is None:
        return
    places = {one.number: one for one in members_in(turn.transaction, group.group_id)}
    place = places.get(mark.number or 0)
    if place is not None and place.matched_by is mark.match is MemberMatch.DOCUMENT_NUMBER:
        return
    if place is not None and place.crossing_id is not None:
        place = None
    match = mark.match if place is not None else MemberMatch.UNEXPECTED
    is_late = group.closed_at is not None
    seen = GroupMemberSeen(
        group_id=group.group_id,
        given_for=crossing_id,
        match=match,
        number=None if place is None else place.number,
        member_id=None if place is None else place.member_id,
        seat="" if place is None else place.seat,
        carriage="" if place is None else place.carriage,
        is_late=is_late,
    )
    turn.append(seen, lane_id=lane_id, observed_at=turn.at)
    if place is None:
        add_guest(turn.transaction, group.group_id, crossing_id=crossing_id, at=turn.at)
    else:
        tick_member(
            turn.transaction,
            group.group_id,
            number=place.number,
            crossing_id=crossing_id,
            at=turn.at,
            match=match,
            is_late=is_late,
        )
    _note_ride_of(turn, lane_id, group=group, place=place, crossing_id=crossing_id)
    show_at(turn, lanes_of(turn.transaction, group.group_id))


def note_occupant(turn: Turn, lane_id: str | None, *, ride: HeldRide, crossing_id: str) -> None:
    """Write down that the person of a crossing came in a conveyance."""
    seen = ConveyanceOccupantSeen(
        conveyance_id=ride.conveyance_id,
        given_for=crossing_id,
        role=ride.role,
        seat=ride.seat,
        carriage=ride.carriage,
    )
    turn.append(seen, lane_id=lane_id, observed_at=turn.at)
    add_occupant(
        turn.transaction,
        ride.conveyance_id,
        crossing_id=crossing_id,
        role=ride.role,
        seat=ride.seat,
        carriage=ride.carriage,
        at=turn.at,
    )


def sealed_under(turn: Turn, episode_id: str, *, identity: TravellerIdentity) -> SealedFor:
    """Draw and keep the key of a new episode, and seal under it."""
    key = new_episode_key(turn.gate.random_bytes)
    keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=episode_id, recipients=turn.gate.recipients))
    return SealedFor(identity=identity, episode_id=episode_id, episode_key=key)


def sealed_again(turn: Turn, episode_id: str, *, identity: TravellerIdentity) -> SealedFor | None:
    """Seal once more under an episode that is known; ``None`` where it was erased, for then nothing may be kept."""
    kept = find_episode_key(turn.transaction, episode_id)
    if kept is None:
        return None
    key = unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)
    return SealedFor(identity=identity, episode_id=episode_id, episode_key=key)


def uncount_company(turn: Turn, crossing_id: str) -> None:
    """Count nobody by a crossing that is withdrawn: the place in the group is free again, the vehicle without them.

    Nothing is written beside ``crossing_withdrawn``: whoever reads the records leaves out what it names.
    """
    drop_occupant(turn.transaction, crossing_id)
    for group_id in free_member(turn.transaction, crossing_id):
        show_at(turn, lanes_of(turn.transaction, group_id))


def require_group(turn: Turn, group_id: str) -> GroupRow:
    """Return a group, or refuse with 404."""
    group = find_group(turn.transaction, group_id)
    if group is None:
        code = "no_such_group"
        raise ActionRefusedError(code, http_code=404)
    return group


def count_of(turn: Turn, group: GroupRow) -> HeadCount:
    """Count a group as it stands in this transaction."""
    return count_heads(
        group.announced,
        listed=group.listed,
        seen=seen_numbers(turn.transaction, group.group_id),
        unexpected=guests_of(turn.transaction, group.group_id),
    )


def show_at(turn: Turn, lanes: list[str]) -> None:
    """Show at these lanes, after the commit, the group that stands there by then."""
    for lane_id in lanes:
        group_id = group_at(turn.transaction, lane_id)
        group = None if group_id is None else find_group(turn.transaction, group_id)
        shown = None if group is None else _lane_group(turn, group)
        turn.transaction.after_commit(partial(turn.gate.show_group, lane_id, shown))


def _lane_group(turn: Turn, group: GroupRow) -> LaneGroup:
    count = count_of(turn, group)
    return LaneGroup.of(as_counted(group, seen=count.seen, unexpected=count.unexpected))


def _by_number(turn: Turn, group_id: str, *, person: Presentation) -> MemberRow | None:
    """Find a member by the document that was scanned, or by the personal number that it carries."""
    identity = person.identity
    for number in (identity.document_number, identity.personal_number):
        found = member_by_number(turn.transaction, group_id, number_key=number_key(number))
        if found is not None:
            return found
    return None


def _like_names(turn: Turn, group_id: str, *, person: Presentation) -> tuple[int, ...]:
    """Return the free places whose name may be this person's and whose birth date does not differ."""
    name, born_on = person.identity.full_name, person.identity.date_of_birth
    if not name:
        return ()
    free = [one for one in members_in(turn.transaction, group_id) if one.crossing_id is None and one.full_name]
    alike = [
        one.number
        for one in free
        if compare_names(name, one.full_name).is_possible and (born_on is None or one.date_of_birth in {None, born_on})
    ]
    return tuple(alike[:_MOST_PROPOSALS])


def _note_ride_of(turn: Turn, lane_id: str, *, group: GroupRow, place: MemberRow | None, crossing_id: str) -> None:
    """Whoever came with a group came in its conveyance, in the seat of the list."""
    row = None if group.conveyance_id is None else find_movement(turn.transaction, group.conveyance_id)
    if row is None:
        return
    is_crew = group.kind is GroupKind.CREW
    ride = HeldRide(
        conveyance_id=row.conveyance_id,
        kind=row.kind,
        plates=row.plates,
        role=OccupantRole.CREW if is_crew else OccupantRole.PASSENGER,
        seat=place.seat if place else "",
        carriage=place.carriage if place else "",
    )
    note_occupant(turn, lane_id, ride=ride, crossing_id=crossing_id)
