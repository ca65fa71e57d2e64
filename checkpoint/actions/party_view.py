"""What the page of posts and trails shows: the place's profile, parties with their counts, one party, the export."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec

from checkpoint.actions.arrivals import ArrivalCard, arrival_board
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.party_members import GateSlip
from checkpoint.actions.person_view import masked
from checkpoint.actions.place_profile import profile_at
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.places import HeadCount, Party, PartyWords, head_count
from checkpoint.store.lanes import log_access
from checkpoint.store.parties import CountedParty, PartyMember, find_parties, read_party
from sync.agreement.local_time import local_date
from sync.agreement.place_words import PartyKind, PlaceStep
from sync.agreement.policy.place_rules import SiteProfile

LISTED: Final = 50
EXPORTED: Final = 500
_COLUMNS: Final = (
    "kind", "place", "opened_at", "closed_at", "state", "direction", "vehicle", "finder", "first_look", "declared",
    "screened", "not_screened", "beyond_declared", "with_proof", "isolated", "waiting", "reasons",
)  # fmt: skip


class PlaceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What this place asks for, and the clause that says so. ``places``: where people can be found, with names."""

    rule_id: str
    clause: str
    directions: tuple[str, ...]
    documents: tuple[str, ...]
    conveyances: tuple[str, ...]
    steps: tuple[str, ...]
    places: Mapping[str, Mapping[str, str]]


class PartyCard(msgspec.Struct, frozen=True, kw_only=True):
    """One party in the list. Holds a plate: never to be logged."""

    party_id: str
    kind: str
    place_id: str
    lane_id: str
    direction: str
    state: str
    opened_at: datetime
    found_at: datetime | None
    closed_at: datetime | None
    finder: str | None
    first_look: str | None
    vehicle: str
    plate: str
    words: PartyWords
    reasons: tuple[str, ...]
    count: HeadCount


class MemberCard(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a party, with what the gate's slip said."""

    crossing_id: str
    seen_at: datetime
    full_name: str
    document_kind: str
    document_number_masked: str
    temperature_c: float | None
    recheck_c: float | None
    disposition: str
    isolation_place: str | None
    has_proof: bool
    slip: GateSlip | None


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """The page: what is open, what was found by the search, the lanes, and what arrives where lists are asked for."""

    now: datetime
    place_id: str
    names: Mapping[str, str]
    profile: PlaceProfile | None
    lanes: Mapping[str, str]
    parties: tuple[PartyCard, ...]
    arrivals: tuple[ArrivalCard, ...] = ()


class PartySearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The beginning of a plate, a kind, and whether only open ones are wanted."""

    text: Annotated[str, msgspec.Meta(max_length=30)] = ""
    kind: PartyKind | None = None
    is_open: bool | None = None


def place_view(gate: Gate, search: PartySearch, *, limit: int = LISTED) -> PlaceView:
    """Draw the page; the search travels in a body, for it may be a plate."""
    now = gate.clock()
    with gate.store.readers.connect() as connection:
        found = find_parties(connection, text=search.text, kind=search.kind, is_open=search.is_open, limit=limit)
    profile = profile_at(gate, at=now)
    return PlaceView(
        now=now,
        place_id=gate.place.point_of_entry_id,
        names=gate.place.names,
        profile=None if profile is None else _profile(gate, profile, at=now),
        lanes={lane.lane_id: lane.label for lane in gate.settings.lane},
        parties=tuple(map(_card, found)),
        arrivals=arrival_board(gate, profile) if profile is not None and profile.asks(PlaceStep.MANIFEST) else (),
    )


def party_view(gate: Gate, party_id: str) -> tuple[PartyCard, list[MemberCard]]:
    """Draw one party with its people."""
    with gate.store.readers.connect() as connection:
        found = read_party(connection, party_id)
    if found is None:
        code = "no_such_party"
        raise ActionRefusedError(code, http_code=404)
    party, people = found
    members = tuple(one.counted for one in people)
    return _card(CountedParty(party=party, members=members)), [_member(one) for one in people]


def parties_csv(cards: Sequence[PartyCard]) -> str:
    """Write the list with counts and codes; plates, routes and people are left out."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    rows.writerows(_row(card) for card in cards)
    return text.getvalue()


def note_party_export(turn: Turn, *, rows: int) -> None:
    """Log that the list was taken out."""
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="parties_exported",
        subject=str(rows),
        reason="",
    )


def _row(card: PartyCard) -> tuple[object, ...]:
    count = card.count
    return (
        card.kind,
        card.place_id,
        card.opened_at.isoformat(),
        "" if card.closed_at is None else card.closed_at.isoformat(),
        card.state,
        card.direction,
        card.vehicle,
        card.finder or "",
        card.first_look or "",
        count.declared,
        count.screened,
        count.not_screened,
        count.beyond_declared,
        count.with_proof,
        count.isolated,
        count.waiting,
        " ".join(card.reasons),
    )


def _profile(gate: Gate, profile: SiteProfile, *, at: datetime) -> PlaceProfile:
    return PlaceProfile(
        rule_id=profile.rule_id,
        clause=f"{profile.citation.document}, {profile.citation.clause}",
        directions=tuple(one.value for one in profile.directions),
        documents=tuple(one.value for one in profile.documents),
        conveyances=tuple(one.value for one in profile.conveyances),
        steps=tuple(one.value for one in profile.steps),
        places=_places(gate, at=at) if profile.asks(PlaceStep.INTERCEPTION) else {},
    )


def _places(gate: Gate, *, at: datetime) -> dict[str, Mapping[str, str]]:
    """Return where people can be found: the own place first, then the trails and openings of the province."""
    found: dict[str, Mapping[str, str]] = {}
    own_id = gate.place.point_of_entry_id
    for point in sorted(gate.deployment.points_on(local_date(at)), key=lambda one: one.id != own_id):
        profile = profile_at(gate, at=at, place=point)
        if profile is not None and profile.asks(PlaceStep.INTERCEPTION):
            found[point.id] = {"vi": point.names.vi, "en": point.names.en, "zh": point.names.zh}
    return found


def _card(counted: CountedParty) -> PartyCard:
    party: Party = counted.party
    return PartyCard(
        party_id=party.party_id,
        kind=party.kind.value,
        place_id=party.place_id,
        lane_id=party.lane_id,
        direction=party.direction.value,
        state=party.state.value,
        opened_at=party.opened_at,
        found_at=party.found_at,
        closed_at=party.closed_at,
        finder=None if party.finder is None else party.finder.value,
        first_look=None if party.first_look is None else party.first_look.value,
        vehicle=party.conveyance_kind,
        plate=party.plate,
        words=party.words,
        reasons=tuple(one.value for one in party.reasons),
        count=head_count(party.declared, members=counted.members),
    )


def _member(one: PartyMember) -> MemberCard:
    return MemberCard(
        crossing_id=one.crossing_id,
        seen_at=one.seen_at,
        full_name=one.full_name,
        document_kind=one.document_kind,
        document_number_masked=masked(one.document_number),
        temperature_c=one.temperature_c,
        recheck_c=one.recheck_c,
        disposition=one.disposition.value,
        isolation_place=one.place_id,
        has_proof=one.has_proof,
        slip=msgspec.json.decode(one.slip, type=GateSlip) if one.slip else None,
    )
