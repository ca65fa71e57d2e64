"""A person comes to the lane: from a scan, a typed number or entered fields to a presentation."""

from datetime import date
from typing import Annotated

import msgspec

from checkpoint.actions.accompanying import mark_for
from checkpoint.actions.assessing import VIETNAM, concluded, without_stale_reading
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import child_number, identity_of, identity_of_child
from checkpoint.actions.identifying import age_on, key_of_holder, require_birth
from checkpoint.actions.knowing import care_of, history_of_person, standing_of, twin_of, warnings_of_return
from checkpoint.actions.party_members import as_found, require_no_interception_needed
from checkpoint.actions.place_profile import document_warnings
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.documents import (
    DocumentFault,
    ReadDocument,
    number_key,
    read_document,
)
from checkpoint.lane import Phase, present
from checkpoint.presentation import Presentation, who_of
from checkpoint.register.label_code import looks_like_label, read_label_code
from checkpoint.register.passes import findings_of, valid_until
from checkpoint.settings import LaneSettings
from checkpoint.store.holders import Child, Holder, find_by_label, find_holder, find_holder_by_id
from checkpoint.store.lanes import keep_episode_key
from sync.agreement.decision_words import Exposure
from sync.agreement.facts import PlaceAnswer
from sync.agreement.local_time import local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import (
    Direction,
    DocumentKind,
    PassState,
    PurposeOfCrossing,
    ReasonCode,
    Sex,
    Symptom,
    TravellerCategory,
)
from sync.exchange.sealing import new_episode_key, wrap_episode_key

ShortText = Annotated[str, msgspec.Meta(max_length=200)]
ScanText = Annotated[str, msgspec.Meta(max_length=2000)]
Areas = Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=30)]
Answers = Annotated[tuple[PlaceAnswer, ...], msgspec.Meta(max_length=50)]
AgeYears = Annotated[int, msgspec.Meta(ge=0, le=130)]
Symptoms = Annotated[tuple[Symptom, ...], msgspec.Meta(max_length=20)]


_OF_IDENTITY = ("address", "telephone", "vehicle_plate", "employer", "project")


class GivenDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document whose fields the officer entered by hand."""

    kind: DocumentKind
    document_number: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    full_name: ShortText = ""
    primary_identifier: ShortText = ""
    secondary_identifier: ShortText = ""
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    nationality: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    issuing_state: Annotated[str, msgspec.Meta(max_length=3)] = ""
    personal_number: ShortText = ""
    expires_on: date | None = None


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


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A document understood: who it is about, what is known of it, and what to warn of."""

    kind: DocumentKind
    identity: TravellerIdentity
    pass_number: str = ""
    nationality: str | None = None
    expires_on: date | None = None
    is_cancelled: bool = False
    are_check_digits_valid: bool | None = None
    warnings: tuple[str, ...] = ()
    holder: Holder | None = None
    child_id: str = ""


def present_person(turn: Turn, lane_id: str, command: PresentCommand) -> LaneSheet:
    """Put a person before the lane; a fresh reading nobody has may bind at once.

    The same document again renews the window while the lane waits, and changes nothing afterwards, unless the care
    that this person was in has ended meanwhile.
    """
    lane = turn.gate.settings.lanes[lane_id]
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    presented = understand(turn, command)
    presentation = _presented_again(turn, sheet, presented=presented, details=command)
    if presentation is not None and sheet.state.phase is not Phase.AWAITING_READING:
        return _without_past_care(turn, lane_id, sheet)
    if presentation is None:
        presentation = _presentation(turn, presented, lane=lane, details=command)
    presentation = as_found(turn, lane_id, presentation)
    state = present(sheet.state, presentation, at=turn.at, pairing=turn.gate.pairing)
    if sheet.state.phase is Phase.EMPTY:
        _prepare_sealing(turn, presentation.crossing_id)
    history, crossings_today = history_of_person(turn, presentation.person_key)
    known = LaneSheet(
        state=state,
        history=history,
        crossings_today=crossings_today,
        warnings=_warnings(turn, lane_id, presentation, presented=presented),
        standing=standing_of(
            turn,
            presentation.person_key,
            holder=presented.holder,
            is_registrable=presented.holder is None and presented.kind is DocumentKind.BORDER_PASS,
        ),
        declaration=sheet.declaration,
        slip=sheet.slip,
        group=mark_for(turn, lane_id, presentation),
        ride=sheet.ride,
        overridden=sheet.overridden if sheet.state.override is not None else None,
        twin=twin_of(turn, lane_id, presentation.person_key, known=sheet.twin),
        care=care_of(turn, presentation.person_key),
    )
    return settle(turn, lane_id, sheet=concluded(turn.gate, known, state=state, at=turn.at))


def _warnings(turn: Turn, lane_id: str, presentation: Presentation, *, presented: Presented) -> tuple[str, ...]:
    of_place = document_warnings(turn.gate, presentation.document_kind, at=turn.at)
    return (*presented.warnings, *of_place, *warnings_of_return(turn, lane_id, presentation.person_key))


def _without_past_care(turn: Turn, lane_id: str, sheet: LaneSheet) -> LaneSheet:
    """Let somebody go on whose care ended while they stood here."""
    if sheet.care is None or care_of(turn, sheet.state.person.person_key) is not None:
        return sheet
    free = msgspec.structs.replace(sheet, care=None)
    return settle(turn, lane_id, sheet=concluded(turn.gate, free, state=free.state, at=turn.at))


def bearer_of(turn: Turn, presented: Presented) -> tuple[str, str]:
    """Who it is of those whom one document names, as ``Presentation.bearer``."""
    return who_of(key_of_presented(turn, presented), number=presented.identity.document_number), presented.child_id


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


def understand(turn: Turn, command: PresentCommand) -> Presented:
    """Read what was scanned, typed or entered: who it is about, without presenting anybody."""
    if (command.text is None) == (command.document is None):
        code = "present_one_document"
        raise ActionRefusedError(code, http_code=422)
    if command.document is not None:
        return _from_fields(turn, command.document)
    label = read_label_code(command.text or "")
    if label is not None:
        return _from_label(turn, label)
    if looks_like_label(command.text or ""):
        code = "label_misread"
        raise ActionRefusedError(code, http_code=422)
    read = read_document(command.text or "", today=local_date(turn.at))
    if isinstance(read, DocumentFault):
        code = "document_unreadable"
        raise ActionRefusedError(code, http_code=422, values={"fault": read.code.value})
    return _from_reading(turn, read)


def _from_label(turn: Turn, label: str) -> Presented:
    """Find the person whose pass carries our own label: a holder, or a child on a parent's pass."""
    found = find_by_label(turn.transaction, label)
    if isinstance(found, Child):
        parent = find_holder_by_id(turn.transaction, found.holder_id)
        if parent is not None:
            child = _of_holder(turn, parent, identity=identity_of_child(found, parent=parent))
            number = number_key(child_number(parent, found))
            return msgspec.structs.replace(child, pass_number=number, child_id=found.child_id)
    if not isinstance(found, Holder):
        code = "label_unknown"
        raise ActionRefusedError(code, http_code=404)
    return _of_holder(turn, found, identity=identity_of(found))


def _of_holder(turn: Turn, holder: Holder, *, identity: TravellerIdentity) -> Presented:
    """Say of a registered pass how long it holds by its own dates, and what is odd about them."""
    today, last_day = local_date(turn.at), valid_until(expires_on=holder.expires_on, issued_on=holder.issued_on)
    odd = findings_of(issued_on=holder.issued_on, expires_on=holder.expires_on, today=today)
    return Presented(
        kind=DocumentKind.BORDER_PASS,
        identity=identity,
        pass_number=holder.pass_number,
        nationality=VIETNAM,
        expires_on=last_day,
        is_cancelled=holder.state is not PassState.VALID,
        warnings=tuple(one for one in odd if one != ReasonCode.DOCUMENT_EXPIRED.value),
        holder=holder,
    )


def _from_fields(turn: Turn, given: GivenDocument) -> Presented:
    require_birth(given.date_of_birth, day=local_date(turn.at))
    identity = TravellerIdentity(
        full_name=given.full_name or f"{given.primary_identifier} {given.secondary_identifier}".strip(),
        document_number=given.document_number,
        primary_identifier=given.primary_identifier,
        secondary_identifier=given.secondary_identifier,
        date_of_birth=given.date_of_birth,
        sex=given.sex,
        personal_number=given.personal_number,
        issuing_state=given.issuing_state,
    )
    presented = Presented(
        kind=given.kind, identity=identity, nationality=given.nationality, expires_on=given.expires_on
    )
    if given.kind is DocumentKind.BORDER_PASS:
        return _with_holder(turn, presented, pass_number=number_key(given.document_number))
    return presented


def _from_reading(turn: Turn, read: ReadDocument) -> Presented:
    fields = read.fields
    identity = TravellerIdentity(
        full_name=fields.full_name,
        document_number=fields.document_number,
        primary_identifier=fields.primary_identifier,
        secondary_identifier=fields.secondary_identifier,
        date_of_birth=read.born_on,
        sex=fields.sex,
        personal_number=fields.personal_number,
        issuing_state=fields.issuing_state,
        pass_regime=fields.pass_regime,
        address=fields.address,
    )
    presented = Presented(
        kind=read.kind,
        identity=identity,
        nationality=fields.nationality or None,
        expires_on=read.expires_on,
        are_check_digits_valid=read.are_check_digits_valid,
        warnings=tuple(warning.code.value for warning in read.warnings),
    )
    if read.kind is DocumentKind.BORDER_PASS:
        return _with_holder(turn, presented, pass_number=fields.number_key)
    return presented


def _with_holder(turn: Turn, presented: Presented, *, pass_number: str) -> Presented:
    """Complete a border pass from the register: the pass itself carries nothing a machine can read."""
    holder = find_holder(turn.transaction, pass_number)
    if holder is None:
        warnings = (*presented.warnings, "holder_unknown")
        return msgspec.structs.replace(presented, pass_number=pass_number, warnings=warnings)
    identity = msgspec.structs.replace(
        presented.identity,
        full_name=holder.full_name,
        date_of_birth=holder.date_of_birth,
        sex=holder.sex,
        address=holder.commune,
        pass_regime=holder.regime,
    )
    known = _of_holder(turn, holder, identity=identity)
    warnings = (*presented.warnings, *known.warnings)
    return msgspec.structs.replace(known, pass_number=pass_number, nationality=presented.nationality, warnings=warnings)


def _presentation(turn: Turn, presented: Presented, *, lane: LaneSettings, details: CrossingDetails) -> Presentation:
    direction = details.direction or lane.direction
    category, purpose = _usual(presented, direction=direction)
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


def _usual(presented: Presented, *, direction: Direction) -> tuple[TravellerCategory, PurposeOfCrossing]:
    """Propose category and purpose from the document; the officer may change both."""
    if presented.kind in {DocumentKind.BORDER_PASS, DocumentKind.BORDER_PERMIT}:
        return TravellerCategory.BORDER_RESIDENT, PurposeOfCrossing.TRADE_OR_WORK
    if presented.kind is DocumentKind.CREW_CERTIFICATE:
        return TravellerCategory.DRIVER_OR_CREW, PurposeOfCrossing.DRIVER_OR_CARGO
    if presented.nationality == VIETNAM and direction is Direction.ENTRY:
        return TravellerCategory.RETURNING_CITIZEN, PurposeOfCrossing.RETURNING_HOME
    return TravellerCategory.TOURIST, PurposeOfCrossing.TOURISM


def key_of_presented(turn: Turn, presented: Presented) -> str:
    """Return the person key of whom a document is about, or nothing where it says too little."""
    return key_of_holder(
        presented.identity,
        kind=presented.kind,
        pass_number=presented.pass_number,
        key=turn.gate.identity.person_index_key,
    )


def _prepare_sealing(turn: Turn, crossing_id: str) -> None:
    """Draw and wrap the episode's key now, while the officer looks up: closing is then quick."""
    key = new_episode_key(turn.gate.random_bytes)
    keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=crossing_id, recipients=turn.gate.recipients))
    turn.transaction.after_commit(lambda: turn.gate.episode_keys.__setitem__(crossing_id, key))


def presented_earlier(turn: Turn, command: PresentCommand, *, lane: LaneSettings) -> Presentation:
    """Understand who was presented at an earlier instant, ``turn.at``, without any lane: from a line of paper."""
    require_no_interception_needed(command.category)
    return _presentation(turn, understand(turn, command), lane=lane, details=command)
