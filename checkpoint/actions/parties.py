"""What an officer does with a party: open a vehicle's check, report an interception, count again, let go.

Each command carries the party's identifier, made by the client, so that a retry is the same act. What a place asks
for, and which directions it knows, follows from its profile in the policy.
"""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.conveying import ConveyanceFields, present_conveyance
from checkpoint.actions.gate import Turn
from checkpoint.actions.lane_parties import counted_again
from checkpoint.actions.party_members import show_party
from checkpoint.actions.place_profile import profile_at
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.places import Party, PartyEvent, PartyState, PartyWords, moved
from checkpoint.places.head_count import HeadCount, require_reasons
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import find_episode_key, keep_episode_key
from checkpoint.store.parties import add_party, find_party, leave_lane, leave_lanes, put_party, take_lane
from sync.agreement.deployment import DeploymentError
from sync.agreement.gate_records.places import (
    InterceptionClosed,
    InterceptionReported,
    PartyRecounted,
    PlaceRecord,
    PostCheckClosed,
    PostCheckOpened,
)
from sync.agreement.group_words import ConveyanceKind
from sync.agreement.identifiers import uuid7
from sync.agreement.local_time import local_date
from sync.agreement.place_words import DifferenceReason, FinderUnit, FirstLook, PartyKind, PlaceStep
from sync.agreement.policy.place_rules import SiteProfile
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Direction
from sync.exchange.sealing import new_episode_key, wrap_episode_key

Words = Annotated[str, msgspec.Meta(max_length=200)]
Size = Annotated[int, msgspec.Meta(ge=1, le=5_000)]
Plate = Annotated[str, msgspec.Meta(min_length=3, max_length=30, pattern=r"\S")]
_LARGEST_AGE = timedelta(days=7)
_AHEAD = timedelta(minutes=5)


class OpenCheckCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vehicle at a control post: ``declared`` counts everybody in it, the driver too."""

    party_id: UUID
    lane_id: str
    direction: Direction
    vehicle: ConveyanceKind
    plate: Plate
    declared: Size
    route_from: Words = ""
    route_to: Words = ""
    route_over: Words = ""
    seal_number: Words = ""
    driver: Words = ""


class ReportCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People who were found outside a gate: where, when, how many, by whom, and how they looked (R007)."""

    party_id: UUID
    lane_id: str
    place_id: str
    found_at: datetime
    finder: FinderUnit
    direction: Direction
    persons: Size
    first_look: FirstLook = FirstLook.NOT_LOOKED
    spot: Words = ""
    finder_name: Words = ""
    notes: Words = ""


class RecountCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many there are after all."""

    declared: Size


class ClosePartyCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody was not screened; needed only where the count does not add up."""

    reasons: Annotated[tuple[DifferenceReason, ...], msgspec.Meta(max_length=6)] = ()


class TakeCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lane the people go through; without one they wait, and the lane they had screens single travellers."""

    lane_id: str = ""


def open_check(turn: Turn, command: OpenCheckCommand) -> Party:
    """Open the check of a vehicle and let its people come to the lane."""
    if (known := _known(turn, command.party_id, kind=PartyKind.POST_CHECK)) is not None:
        return known
    profile = _require_step(turn, PlaceStep.ROUTE, direction=command.direction)
    if command.vehicle not in profile.conveyances:
        code = "vehicle_not_here"
        raise ActionRefusedError(code, http_code=422)
    _require_free(turn, command.lane_id)
    words = {name: getattr(command, name).strip() for name in ("route_from", "route_to", "route_over", "driver")}
    conveyance_id = _conveyance(turn, command)
    party = Party(
        party_id=str(command.party_id),
        kind=PartyKind.POST_CHECK,
        place_id=turn.gate.place.point_of_entry_id,
        lane_id=command.lane_id,
        direction=command.direction,
        opened_at=turn.at,
        opened_by=turn.officer_ref or "",
        declared=command.declared,
        conveyance_id=conveyance_id,
        conveyance_kind=command.vehicle.value,
        plate=command.plate.strip(),
        words=PartyWords(**words, seal_number=command.seal_number.strip()),
    )
    opened = PostCheckOpened(
        party_id=party.party_id,
        place_id=party.place_id,
        direction=party.direction,
        declared=party.declared,
        rule_id=profile.rule_id,
        conveyance_id=conveyance_id,
        has_seal=bool(party.words.seal_number),
    )
    return _opened(turn, party, opened, observed_at=turn.at)


def report_interception(turn: Turn, command: ReportCommand) -> Party:
    """Write down that people were found outside a gate, and let them come to the lane."""
    if (known := _known(turn, command.party_id, kind=PartyKind.INTERCEPTION)) is not None:
        return known
    _require_step(turn, PlaceStep.INTERCEPTION)
    profile = _require_place(turn, command.place_id, direction=command.direction)
    if command.found_at.tzinfo is None or not -_AHEAD <= turn.at - command.found_at <= _LARGEST_AGE:
        code = "found_at_impossible"
        raise ActionRefusedError(code, http_code=422)
    _require_free(turn, command.lane_id)
    words = {name: getattr(command, name).strip() for name in ("spot", "finder_name", "notes")}
    party = Party(
        party_id=str(command.party_id),
        kind=PartyKind.INTERCEPTION,
        place_id=command.place_id,
        lane_id=command.lane_id,
        direction=command.direction,
        opened_at=turn.at,
        opened_by=turn.officer_ref or "",
        declared=command.persons,
        found_at=command.found_at,
        finder=command.finder,
        first_look=command.first_look,
        words=PartyWords(**words),
    )
    reported = InterceptionReported(
        party_id=party.party_id,
        place_id=party.place_id,
        found_at=command.found_at,
        finder=command.finder,
        direction=party.direction,
        persons=party.declared,
        first_look=command.first_look,
        rule_id=profile.rule_id,
    )
    return _opened(turn, party, reported, observed_at=min(command.found_at, turn.at))


def recount(turn: Turn, party_id: str, command: RecountCommand) -> Party:
    """Correct how many were declared or found. The same number again changes nothing."""
    party = moved(require_party(turn, party_id), PartyEvent.RECOUNTED)
    if command.declared == party.declared:
        return party
    body = PartyRecounted(party_id=party_id, kind=party.kind, declared_before=party.declared, declared=command.declared)
    turn.append(body, lane_id=party.lane_id or None, observed_at=turn.at)
    return _kept(turn, msgspec.structs.replace(party, declared=command.declared))


def take_to_lane(turn: Turn, party_id: str, command: TakeCommand) -> Party:
    """Let the people of a party go through another lane, or wait. The record of each person says which it was."""
    party = moved(require_party(turn, party_id), PartyEvent.TAKEN_TO_LANE)
    if command.lane_id == party.lane_id:
        return party
    _require_nobody_at(turn, party.lane_id)
    if command.lane_id:
        _require_free(turn, command.lane_id)
    _leave(turn, party)
    return _kept(turn, msgspec.structs.replace(party, lane_id=command.lane_id))


def close_party(turn: Turn, party_id: str, command: ClosePartyCommand) -> Party:
    """Let a vehicle go on, or end an interception: the count is written down with what does not add up."""
    party = require_party(turn, party_id)
    if party.state is PartyState.CLOSED:
        return party
    _require_nobody_at(turn, party.lane_id)
    count = counted_again(turn.transaction, party).count
    require_reasons(count, reasons=command.reasons)
    reasons = tuple(dict.fromkeys(command.reasons)) if count.not_screened else ()
    saved = turn.append(
        _ending(party, count=count, reasons=reasons), lane_id=party.lane_id or None, observed_at=turn.at
    )
    _leave(turn, party)
    closed = msgspec.structs.replace(
        moved(party, PartyEvent.CLOSED), closed_at=saved.recorded_at, reasons=reasons, lane_id=party.lane_id
    )
    put_party(turn.transaction, closed)
    return closed


def require_party(turn: Turn, party_id: str) -> Party:
    """Return a party of this edge, or refuse with 404."""
    party = find_party(turn.transaction, party_id)
    if party is None:
        code = "no_such_party"
        raise ActionRefusedError(code, http_code=404)
    return party


def _ending(party: Party, *, count: HeadCount, reasons: tuple[DifferenceReason, ...]) -> PlaceRecord:
    shared = {name: getattr(count, name) for name in ("declared", "screened", "not_screened", "beyond_declared")}
    if party.kind is PartyKind.INTERCEPTION:
        return InterceptionClosed(party_id=party.party_id, reasons=reasons, **shared)
    return PostCheckClosed(party_id=party.party_id, reasons=reasons, with_proof=count.with_proof, **shared)


def _opened(turn: Turn, party: Party, body: PlaceRecord, *, observed_at: datetime) -> Party:
    key = new_episode_key(turn.gate.random_bytes)
    wrapped = wrap_episode_key(key, episode_id=party.party_id, recipients=turn.gate.recipients)
    keep_episode_key(turn.transaction, wrapped)
    said = [f"{name}: {words}" for name, words in msgspec.structs.asdict(party.words).items() if words]
    identity = TravellerIdentity(
        full_name=party.words.driver, document_number="", vehicle_plate=party.plate, remarks="\n".join(said)
    )
    sealed_for = SealedFor(identity=identity, episode_id=party.party_id, episode_key=key)
    saved = turn.append(body, lane_id=party.lane_id, observed_at=observed_at, sealed_for=sealed_for)
    party = msgspec.structs.replace(party, record_id=saved.record_id)
    add_party(turn.transaction, party)
    return _kept(turn, party)


def _kept(turn: Turn, party: Party) -> Party:
    put_party(turn.transaction, party)
    if party.lane_id:
        take_lane(turn.transaction, party.lane_id, party_id=party.party_id)
        show_party(turn, party.lane_id, counted_again(turn.transaction, party))
    return party


def _leave(turn: Turn, party: Party) -> None:
    leave_lanes(turn.transaction, party.party_id)
    if party.lane_id:
        leave_lane(turn.transaction, party.lane_id)
        show_party(turn, party.lane_id, None)


def _conveyance(turn: Turn, command: OpenCheckCommand) -> str:
    """Write the movement of the vehicle as every gate does; a plate of an unusual form is kept with its finding."""
    shown = ConveyanceFields(
        conveyance_id=uuid7(turn.at, turn.gate.random_bytes),
        kind=command.vehicle,
        number=command.plate,
        direction=command.direction,
        occupants=command.declared,
        seals=int(bool(command.seal_number.strip())),
        is_confirmed=True,
    )
    return present_conveyance(turn, shown, lane_id=command.lane_id, direction=command.direction).conveyance_id


def _known(turn: Turn, party_id: UUID, *, kind: PartyKind) -> Party | None:
    party = find_party(turn.transaction, str(party_id))
    is_taken = party is None and find_episode_key(turn.transaction, str(party_id)) is not None
    if is_taken or (party is not None and party.kind is not kind):
        code = "party_id_taken"
        raise ActionRefusedError(code)
    return party


def _require_step(turn: Turn, step: PlaceStep, *, direction: Direction | None = None) -> SiteProfile:
    profile = profile_at(turn.gate, at=turn.at)
    if profile is None or not profile.asks(step):
        code = "place_asks_otherwise"
        raise ActionRefusedError(code)
    _require_direction(profile, direction)
    return profile


def _require_place(turn: Turn, place_id: str, *, direction: Direction) -> SiteProfile:
    """Return the profile of the place where people were found: one that exists and that people can be found at."""
    try:
        place = turn.gate.deployment.point_of_entry(place_id)
    except DeploymentError:
        place = None
    profile = None if place is None else profile_at(turn.gate, at=turn.at, place=place)
    if place is None or profile is None or not place.is_valid_on(local_date(turn.at)):
        code = "place_unknown"
        raise ActionRefusedError(code, http_code=422)
    if not profile.asks(PlaceStep.INTERCEPTION):
        code = "place_asks_otherwise"
        raise ActionRefusedError(code)
    _require_direction(profile, direction)
    return profile


def _require_direction(profile: SiteProfile, direction: Direction | None) -> None:
    if direction is not None and direction not in profile.directions:
        code = "direction_not_here"
        raise ActionRefusedError(code, http_code=422)


def _require_free(turn: Turn, lane_id: str) -> None:
    if lane_id not in turn.gate.sheets:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    if lane_id in turn.gate.parties:
        code = "lane_has_party"
        raise ActionRefusedError(code)
    _require_nobody_at(turn, lane_id)


def _require_nobody_at(turn: Turn, lane_id: str) -> None:
    """Whoever stands in a lane belongs to the party that stood there when they came."""
    sheet = turn.gate.sheets.get(lane_id)
    if sheet is not None and sheet.state.presentation is not None:
        code = "party_person_in_lane"
        raise ActionRefusedError(code)
