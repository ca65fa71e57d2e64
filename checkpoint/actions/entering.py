"""A document that no reader could read: its fields entered by the officer, or a proposal taken for the person here.

Whoever stands in the lane stays there, with reading and answers; only what the document says of them changes. A
zone whose digits all hold is not put right by hand: then it is another person, who is presented by themselves.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.checking_slips import meet_slip
from checkpoint.actions.deciding import require_draft
from checkpoint.actions.declaring import take_scan
from checkpoint.actions.gate import Turn
from checkpoint.actions.identifying import age_on
from checkpoint.actions.party_members import as_found
from checkpoint.actions.presenting import PresentCommand, known_person, usual_of
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.shown_slip import HeldSlip
from checkpoint.actions.understanding import GivenDocument, Presented, key_of_presented, understand
from checkpoint.lane import Phase, amend
from checkpoint.presentation import Presentation
from checkpoint.store.lanes import log_access
from sync.agreement.local_time import local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import DocumentKind

_OF_A_STATE = frozenset({DocumentKind.PASSPORT, DocumentKind.IDENTITY_CARD})
_SAID_IN_THE_LANE = ("address", "telephone", "vehicle_plate", "employer", "project")


class EnterCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of a document, or which proposal of the sheet; ``draft_id`` says whose document it is put right for.

    Without ``draft_id`` the lane must be free: the person is presented with the document.
    """

    draft_id: UUID | None = None
    document: GivenDocument | None = None
    proposal: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None


def enter_document(turn: Turn, lane_id: str, command: EnterCommand) -> LaneSheet:
    """Present somebody with an entered document, or put right the document of the person who stands here.

    Refused once an alarm is written, which is corrected afterwards (``alarm_comes_first``), and for a document whose
    check digits all hold (``document_verified``); a passport or card needs its state (``issuer_missing``).
    """
    _require_state(command.document)
    if command.draft_id is None:
        return take_scan(turn, lane_id, PresentCommand(document=command.document))
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    _require_correctable(sheet)
    presented = _meant(turn, sheet, command)
    person = as_found(turn, lane_id, _put_right(turn, sheet.state.person, presented=presented))
    state = msgspec.structs.replace(amend(sheet.state, person), override=None)  # it was of another verdict
    sheet = msgspec.structs.replace(sheet, state=state, slip=_to_meet_again(sheet.slip), twin=None)
    known = known_person(turn, lane_id, sheet, presentation=person, presented=presented)
    _note(turn, lane_id)
    kept = msgspec.structs.replace(known, troubles=sheet.troubles, still_here_at=sheet.still_here_at)
    kept = settle(turn, lane_id, sheet=concluded(turn.gate, kept, state=state, at=turn.at))
    return meet_slip(turn, lane_id, kept)


def _require_state(given: GivenDocument | None) -> None:
    """Ask for the state while the document lies here; a line of paper that does not say it is taken as it is."""
    if given is not None and given.kind in _OF_A_STATE and not (given.issuing_state or given.nationality):
        code = "issuer_missing"
        raise ActionRefusedError(code, http_code=422)


def _require_correctable(sheet: LaneSheet) -> None:
    if sheet.state.phase is Phase.AWAITING_RECHECK:
        code = "alarm_comes_first"
        raise ActionRefusedError(code)
    if sheet.state.person.are_check_digits_valid:
        code = "document_verified"
        raise ActionRefusedError(code)


def _meant(turn: Turn, sheet: LaneSheet, command: EnterCommand) -> Presented:
    if command.proposal is None or command.document is not None:
        return understand(turn, document=command.document)
    proposals = () if sheet.as_read is None else sheet.as_read.proposals
    if command.proposal >= len(proposals):
        code = "no_such_proposal"
        raise ActionRefusedError(code, http_code=404)
    return understand(turn, text="\n".join(proposals[command.proposal].lines))


def _put_right(turn: Turn, person: Presentation, *, presented: Presented) -> Presentation:
    """Change what the document says; what was asked and noted stays, and so does a category that was chosen."""
    kind, nationality, direction = presented.kind, presented.nationality, person.direction
    born_on = presented.identity.date_of_birth
    told_years = person.age_years if person.identity.date_of_birth is None else None
    chosen = (person.category, person.purpose)
    if chosen == usual_of(person.document_kind, nationality=person.nationality, direction=direction):
        chosen = usual_of(kind, nationality=nationality, direction=direction)
    category, purpose = chosen
    return msgspec.structs.replace(
        person,
        identity=_with_said(presented.identity, person.identity),
        document_kind=kind,
        category=category,
        purpose=purpose,
        person_key=key_of_presented(turn, presented),
        nationality=nationality,
        age_years=told_years if born_on is None else age_on(born_on, day=local_date(turn.at)),
        document_expires_on=presented.expires_on,
        is_document_cancelled=presented.is_cancelled,
        are_check_digits_valid=presented.are_check_digits_valid,
        child_id=presented.child_id,
    )


def _with_said(identity: TravellerIdentity, before: TravellerIdentity) -> TravellerIdentity:
    said = {
        name: value for name in _SAID_IN_THE_LANE if (value := getattr(before, name)) and not getattr(identity, name)
    }
    return msgspec.structs.replace(identity, **said)


def _to_meet_again(held: HeldSlip | None) -> HeldSlip | None:
    """Let a slip be held against the document anew, whether it fitted the one before or not."""
    if held is None or held.slip is None:
        return held
    return HeldSlip(scan_mark=held.scan_mark, slip=held.slip)


def _note(turn: Turn, lane_id: str) -> None:
    officer_ref = turn.officer_ref or ""
    log_access(
        turn.transaction, at=turn.at, officer_ref=officer_ref, action="document_entered", subject=lane_id, reason=""
    )
