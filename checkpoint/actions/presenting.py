"""A person comes to the lane: from a scan, a typed number or entered fields to a presentation."""

from typing import Annotated

import msgspec

from checkpoint.actions.accompanying import mark_for
from checkpoint.actions.assessing import VIETNAM, concluded, without_stale_reading
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import identity_of
from checkpoint.actions.identifying import age_on
from checkpoint.actions.knowing import care_of, history_of_person, standing_of, twin_of, warnings_of_return
from checkpoint.actions.party_members import as_found, require_no_interception_needed
from checkpoint.actions.place_profile import document_warnings
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.understanding import (
    GivenDocument,
    Presented,
    ScanText,
    ShortText,
    bearer_of,
    key_of_presented,
    understand,
)
from checkpoint.lane import Phase, present
from checkpoint.presentation import Presentation
from checkpoint.register.passes import valid_until
from checkpoint.settings import LaneSettings
from checkpoint.store.holders import Holder
from checkpoint.store.lanes import keep_episode_key
from sync.agreement.decision_words import Exposure
from sync.agreement.facts import PlaceAnswer
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import (
    Direction,
    DocumentKind,
    PassState,
    PurposeOfCrossing,
    Symptom,
    TravellerCategory,
)
from sync.exchange.sealing import new_episode_key, wrap_episode_key

Areas = Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=30)]
Answers = Annotated[tuple[PlaceAnswer, ...], msgspec.Meta(max_length=50)]
AgeYears = Annotated[int, msgspec.Meta(ge=0, le=130)]
Symptoms = Annotated[tuple[Symptom, ...], msgspec.Meta(max_length=20)]


_OF_IDENTITY = ("address", "telephone", "vehicle_plate", "employer", "project")


class CrossingDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officer may say or change of a crossing; a field left out stays as it was.

    ``age_years`` is what the officer was told; it counts only where no document and no register says the birth date.
    """

    category: TravellerCategory | None = None
    purpose: PurposeOfCrossing | None = None
    direction: Direction | None = None
    nationality: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    visited_areas: Areas | None = None
    symptoms: Symptoms | None = None
    has_declaration: bool | None = None
    place_answers: Answers | None = None
    exposures: Annotated[tuple[Exposure, ...], msgspec.Meta(max_length=8)] | None = None
    is_symptom_checked: bool | None = None
    employer: ShortText | None = None
    project: ShortText | None = None
    address: ShortText | None = None
    telephone: ShortText | None = None
    vehicle_plate: ShortText | None = None
    age_years: AgeYears | None = None


class PresentCommand(CrossingDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` of a scan or keyboard, or ``document`` fields; exactly one of the two."""

    text: ScanText | None = None
    document: GivenDocument | None = None


def present_person(turn: Turn, lane_id: str, command: PresentCommand) -> LaneSheet:
    """Put a person before the lane; a fresh reading nobody has may bind at once.

    The same document again renews the window while the lane waits, and changes nothing afterwards, unless the care
    that this person was in has ended meanwhile.
    """
    lane = turn.gate.settings.lanes[lane_id]
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    presented = understand(turn, text=command.text, document=command.document)
    presentation = _presented_again(turn, sheet, presented=presented, details=command)
    if presentation is not None and sheet.state.phase is not Phase.AWAITING_READING:
        return _without_past_care(turn, lane_id, sheet)
    if presentation is None:
        presentation = _presentation(turn, presented, lane=lane, details=command)
    presentation = as_found(turn, lane_id, presentation)
    state = present(sheet.state, presentation, at=turn.at, pairing=turn.gate.pairing)
    if sheet.state.phase is Phase.EMPTY:
        _prepare_sealing(turn, presentation.crossing_id)
    sheet = known_person(turn, lane_id, sheet, presentation=presentation, presented=presented)
    return settle(turn, lane_id, sheet=concluded(turn.gate, sheet, state=state, at=turn.at))


def known_person(
    turn: Turn, lane_id: str, sheet: LaneSheet, *, presentation: Presentation, presented: Presented
) -> LaneSheet:
    """Put beside a person what this edge knows of them; what waits at the lane stays with it."""
    history, crossings_today = history_of_person(turn, presentation.person_key)
    return LaneSheet(
        state=sheet.state,
        history=history,
        crossings_today=crossings_today,
        warnings=_warnings(turn, lane_id, presentation, presented=presented),
        standing=standing_of(
            turn,
            presentation.person_key,
            holder=presented.holder,
            is_registrable=presented.holder is None and presented.kind is DocumentKind.BORDER_PASS,
        ),
        as_read=presented.as_read,
        declaration=sheet.declaration,
        slip=sheet.slip,
        group=mark_for(turn, lane_id, presentation),
        ride=sheet.ride,
        overridden=sheet.overridden if sheet.state.override is not None else None,
        twin=twin_of(turn, lane_id, presentation.person_key, known=sheet.twin),
        care=care_of(turn, presentation.person_key),
    )


def _warnings(turn: Turn, lane_id: str, presentation: Presentation, *, presented: Presented) -> tuple[str, ...]:
    of_place = document_warnings(turn.gate, presentation.document_kind, at=turn.at)
    return (*presented.warnings, *of_place, *warnings_of_return(turn, lane_id, presentation.person_key))


def _without_past_care(turn: Turn, lane_id: str, sheet: LaneSheet) -> LaneSheet:
    """Let somebody go on whose care ended while they stood here."""
    if sheet.care is None or care_of(turn, sheet.state.person.person_key) is not None:
        return sheet
    free = msgspec.structs.replace(sheet, care=None)
    return settle(turn, lane_id, sheet=concluded(turn.gate, free, state=free.state, at=turn.at))


def _presented_again(
    turn: Turn, sheet: LaneSheet, *, presented: Presented, details: CrossingDetails
) -> Presentation | None:
    """Renew the window of the person who stands here already; what was noted of the crossing stays."""
    known = sheet.state.presentation
    if known is None or known.bearer != bearer_of(turn, presented):
        return None
    if presented.holder is not None and not presented.child_id and not known.identity.full_name:
        known = completed(turn, known, holder=presented.holder)
    return amended(msgspec.structs.replace(known, presented_at=turn.at), details)


def completed(turn: Turn, known: Presentation, *, holder: Holder) -> Presentation:
    """Fill in who stands in the lane from the register, which learnt it meanwhile."""
    entered = identity_of(holder)
    filled = {name: value for name in entered.__struct_fields__ if (value := getattr(entered, name))}
    filled.pop("document_number", None)
    born_on = holder.date_of_birth
    return msgspec.structs.replace(
        known,
        identity=msgspec.structs.replace(known.identity, **filled),
        age_years=known.age_years if born_on is None else age_on(born_on, day=local_date(turn.at)),
        document_expires_on=valid_until(expires_on=holder.expires_on, issued_on=holder.issued_on)
        or known.document_expires_on,
        is_document_cancelled=holder.state is not PassState.VALID,
    )


def amended(presentation: Presentation, details: CrossingDetails) -> Presentation:
    """Apply the fields that were given; the identity is changed only in its contact fields."""
    given = {name: value for name in details.__struct_fields__ if (value := getattr(details, name)) is not None}
    of_identity = {name: given.pop(name) for name in _OF_IDENTITY if name in given}
    for name in ("text", "document", "draft_id"):
        given.pop(name, None)
    if presentation.identity.date_of_birth is not None:
        given.pop("age_years", None)
    identity = msgspec.structs.replace(presentation.identity, **of_identity)
    return msgspec.structs.replace(presentation, identity=identity, **given)


def _presentation(turn: Turn, presented: Presented, *, lane: LaneSettings, details: CrossingDetails) -> Presentation:
    direction = details.direction or lane.direction
    category, purpose = usual_of(presented.kind, nationality=presented.nationality, direction=direction)
    born_on = presented.identity.date_of_birth
    presentation = Presentation(
        crossing_id=turn.new_crossing_id(),
        presented_at=turn.at,
        identity=presented.identity,
        document_kind=presented.kind,
        category=category,
        purpose=purpose,
        direction=direction,
        mode_of_entry=lane.mode_of_entry,
        person_key=key_of_presented(turn, presented),
        nationality=presented.nationality,
        age_years=age_on(born_on, day=local_date(turn.at)),
        document_expires_on=presented.expires_on,
        is_document_cancelled=presented.is_cancelled,
        are_check_digits_valid=presented.are_check_digits_valid,
        child_id=presented.child_id,
    )
    return amended(presentation, details)


def usual_of(
    kind: DocumentKind, *, nationality: str | None, direction: Direction
) -> tuple[TravellerCategory, PurposeOfCrossing]:
    """Propose category and purpose from the document; the officer may change both."""
    if kind in {DocumentKind.BORDER_PASS, DocumentKind.BORDER_PERMIT}:
        return TravellerCategory.BORDER_RESIDENT, PurposeOfCrossing.TRADE_OR_WORK
    if kind is DocumentKind.CREW_CERTIFICATE:
        return TravellerCategory.DRIVER_OR_CREW, PurposeOfCrossing.DRIVER_OR_CARGO
    if nationality == VIETNAM and direction is Direction.ENTRY:
        return TravellerCategory.RETURNING_CITIZEN, PurposeOfCrossing.RETURNING_HOME
    return TravellerCategory.TOURIST, PurposeOfCrossing.TOURISM


def _prepare_sealing(turn: Turn, crossing_id: str) -> None:
    """Draw and wrap the episode's key now, while the officer looks up: closing is then quick."""
    key = new_episode_key(turn.gate.random_bytes)
    keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=crossing_id, recipients=turn.gate.recipients))
    turn.transaction.after_commit(lambda: turn.gate.episode_keys.__setitem__(crossing_id, key))


def presented_earlier(turn: Turn, command: PresentCommand, *, lane: LaneSettings) -> Presentation:
    """Understand who was presented at an earlier instant, ``turn.at``, without any lane: from a line of paper."""
    require_no_interception_needed(command.category)
    return _presentation(
        turn, understand(turn, text=command.text, document=command.document), lane=lane, details=command
    )
