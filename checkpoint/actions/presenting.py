"""A person comes to the lane: from a scan, a typed number or entered fields to a presentation."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from checkpoint.actions.assessing import VIETNAM, concluded, without_stale_reading
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.documents import (
    DocumentFault,
    PersonIdentifiers,
    ReadDocument,
    number_key,
    person_key,
    read_document,
)
from checkpoint.lane import Phase, Presentation, present
from checkpoint.settings import LaneSettings
from checkpoint.store.crossings import crossings_since, history_of
from checkpoint.store.holders import find_holder
from checkpoint.store.lanes import keep_episode_key
from sync.agreement.identifiers import uuid7
from sync.agreement.local_time import VIETNAM_TIME, local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import (
    Direction,
    DocumentKind,
    PurposeOfCrossing,
    Sex,
    Symptom,
    TravellerCategory,
)
from sync.exchange.sealing import new_episode_key, wrap_episode_key

ShortText = Annotated[str, msgspec.Meta(max_length=200)]
ScanText = Annotated[str, msgspec.Meta(max_length=2000)]
Areas = Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=30)]
Symptoms = Annotated[tuple[Symptom, ...], msgspec.Meta(max_length=20)]


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
    """What the officer may say or change of a crossing; a field left out stays as it was."""

    category: TravellerCategory | None = None
    purpose: PurposeOfCrossing | None = None
    direction: Direction | None = None
    nationality: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    visited_areas: Areas | None = None
    symptoms: Symptoms | None = None
    has_declaration: bool | None = None
    address: ShortText | None = None
    telephone: ShortText | None = None
    vehicle_plate: ShortText | None = None


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


def present_person(turn: Turn, lane_id: str, command: PresentCommand) -> LaneSheet:
    """Put a person before the lane; a fresh reading nobody has may bind at once.

    The same document again renews the window while the lane waits, and changes nothing afterwards.
    """
    lane = turn.gate.settings.lanes[lane_id]
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    presented = _understand(turn, command)
    presentation = _presented_again(turn, sheet, presented=presented, details=command)
    if presentation is not None and sheet.state.phase is not Phase.AWAITING_READING:
        return sheet
    if presentation is None:
        presentation = _presentation(turn, presented, lane=lane, details=command)
    state = present(sheet.state, presentation, at=turn.at, pairing=turn.gate.pairing)
    if sheet.state.phase is Phase.EMPTY:
        _prepare_sealing(turn, presentation.crossing_id)
    known = LaneSheet(
        state=state,
        history=history_of(turn.transaction, presentation.person_key) if presentation.person_key else (),
        crossings_today=_crossings_today(turn, presentation.person_key),
        warnings=presented.warnings,
    )
    return settle(turn, lane_id, sheet=concluded(turn.gate, known, state=state, at=turn.at))


def _presented_again(
    turn: Turn, sheet: LaneSheet, *, presented: Presented, details: CrossingDetails
) -> Presentation | None:
    """Renew the window of the person who stands here already; what was noted of the crossing stays."""
    known = sheet.state.presentation
    if known is None or known.identity.document_number != presented.identity.document_number:
        return None
    return amended(msgspec.structs.replace(known, presented_at=turn.at), details)


def amended(presentation: Presentation, details: CrossingDetails) -> Presentation:
    """Apply the fields that were given; the identity is changed only in its contact fields."""
    given = {name: value for name in details.__struct_fields__ if (value := getattr(details, name)) is not None}
    of_identity = {name: given.pop(name) for name in ("address", "telephone", "vehicle_plate") if name in given}
    for name in ("text", "document", "draft_id"):
        given.pop(name, None)
    identity = msgspec.structs.replace(presentation.identity, **of_identity)
    return msgspec.structs.replace(presentation, identity=identity, **given)


def _understand(turn: Turn, command: PresentCommand) -> Presented:
    if (command.text is None) == (command.document is None):
        code = "present_one_document"
        raise ActionRefusedError(code, http_code=422)
    if command.document is not None:
        return _from_fields(turn, command.document)
    read = read_document(command.text or "", today=local_date(turn.at))
    if isinstance(read, DocumentFault):
        code = "document_unreadable"
        raise ActionRefusedError(code, http_code=422, values={"fault": read.code.value})
    return _from_reading(turn, read)


def _from_fields(turn: Turn, given: GivenDocument) -> Presented:
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
    return msgspec.structs.replace(
        presented,
        identity=identity,
        pass_number=pass_number,
        expires_on=holder.expires_on,
        is_cancelled=holder.is_cancelled,
    )


def _presentation(turn: Turn, presented: Presented, *, lane: LaneSettings, details: CrossingDetails) -> Presentation:
    direction = details.direction or lane.direction
    category, purpose = _usual(presented, direction=direction)
    born_on = presented.identity.date_of_birth
    presentation = Presentation(
        crossing_id=str(uuid7(turn.at)),
        presented_at=turn.at,
        identity=presented.identity,
        document_kind=presented.kind,
        category=category,
        purpose=purpose,
        direction=direction,
        mode_of_entry=lane.mode_of_entry,
        person_key=_person_key(turn, presented),
        nationality=presented.nationality,
        age_years=None if born_on is None else _age_years(born_on, on=local_date(turn.at)),
        document_expires_on=presented.expires_on,
        is_document_cancelled=presented.is_cancelled,
        are_check_digits_valid=presented.are_check_digits_valid,
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


def _person_key(turn: Turn, presented: Presented) -> str:
    identity = presented.identity
    is_passport = presented.kind not in {DocumentKind.BORDER_PASS, DocumentKind.IDENTITY_CARD}
    identifiers = PersonIdentifiers(
        pass_number=presented.pass_number,
        personal_number=identity.personal_number,
        passport_number=identity.document_number if is_passport else "",
        passport_state=identity.issuing_state if is_passport else "",
        full_name=identity.full_name,
        date_of_birth=identity.date_of_birth,
        sex=identity.sex,
    )
    return person_key(identifiers, key=turn.gate.identity.person_index_key) or ""


def _age_years(born_on: date, *, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _crossings_today(turn: Turn, key: str) -> int:
    if not key:
        return 0
    midnight = datetime.combine(local_date(turn.at), datetime.min.time(), tzinfo=VIETNAM_TIME)
    return crossings_since(turn.transaction, key, since=midnight)


def _prepare_sealing(turn: Turn, crossing_id: str) -> None:
    """Draw and wrap the episode's key now, while the officer looks up: closing is then quick."""
    key = new_episode_key()
    keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=crossing_id, recipients=turn.gate.recipients))
    turn.transaction.after_commit(lambda: turn.gate.episode_keys.__setitem__(crossing_id, key))
