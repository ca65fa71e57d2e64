"""One next person: a document that is read while somebody else stands in the lane is kept visibly, and apart.

Nothing measured goes with it. When the person before is cleared, the next one is presented by itself and measured
from then on; after a refusal, a referral or a step aside the officer calls the next one with Enter, because first
somebody must be led away. A document that waited for more than five minutes is scanned again.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import require_draft
from checkpoint.actions.declaring import take_scan
from checkpoint.actions.gate import Turn
from checkpoint.actions.person_view import masked
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet, NextPerson
from checkpoint.actions.understanding import Presented, bearer_of, understand
from checkpoint.documents import number_key
from checkpoint.lane import LaneError, Phase
from checkpoint.papers.clearance_slip import looks_like_slip
from checkpoint.store.lanes import log_access
from sync.agreement.declaration import looks_like_declaration
from sync.agreement.vocabulary import Disposition

NEXT_KEPT_FOR: Final = timedelta(minutes=5)


class NextCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Call the next person, or take them off: there is one at most, so nobody needs to be named."""


class StillHereCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is still here: the draft that the officer saw on the screen."""

    draft_id: UUID


def scan_person(turn: Turn, lane_id: str, command: PresentCommand) -> LaneSheet:
    """Take a scan for whoever stands here; a document of somebody else is kept for the next person."""
    sheet, text = turn.sheet(lane_id), command.text
    if text is None or looks_like_declaration(text) or looks_like_slip(text):
        return take_scan(turn, lane_id, command)
    here, waiting = sheet.state.presentation, sheet.next_person
    if here is None and waiting is None:
        return take_scan(turn, lane_id, command)
    read = understand(turn, text=text)
    if here is not None and here.bearer != bearer_of(turn, read):
        document = NextPerson(
            text=text,
            scanned_at=turn.at,
            document_key=_key_of(read),
            document_kind=read.kind,
            document_number_masked=masked(read.identity.document_number),
            full_name=read.identity.full_name,
        )
        return _keep(turn, lane_id, sheet=sheet, document=document)
    if here is None and waiting is not None and waiting.document_key == _key_of(read):
        turn.stage(lane_id, msgspec.structs.replace(sheet, next_person=None), keeps_next=False)
    return take_scan(turn, lane_id, command)


def call_next(turn: Turn, lane_id: str, command: NextCommand) -> LaneSheet:  # noqa: ARG001  # as every command
    """Present the next person because the officer says so."""
    return _presented(turn, lane_id)


def follow_on(turn: Turn, lane_id: str) -> LaneSheet:
    """Present the next person by itself where the one before was cleared and nobody has to be led away."""
    sheet = turn.sheet(lane_id)
    is_clear = sheet.closed is not None and sheet.closed.disposition is Disposition.CLEARED
    return _presented(turn, lane_id) if is_clear else sheet


def drop_next(turn: Turn, lane_id: str, command: NextCommand) -> LaneSheet:  # noqa: ARG001  # as every command
    """Take the next person off again: they went away, or it was the wrong document. It is logged."""
    sheet = turn.sheet(lane_id)
    if sheet.next_person is None:
        return sheet
    officer_ref = turn.officer_ref or ""
    log_access(turn.transaction, at=turn.at, officer_ref=officer_ref, action="next_dropped", subject=lane_id, reason="")
    return turn.stage(lane_id, msgspec.structs.replace(sheet, next_person=None), keeps_next=False)


def say_still_here(turn: Turn, lane_id: str, command: StillHereCommand) -> LaneSheet:
    """Answer the question that a verdict asks when it has stood too long: the same person is still there."""
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, still_here_at=turn.at))


def _key_of(read: Presented) -> str:
    """Tell one who waits from another: children on one pass have the parent's number and their own key."""
    return number_key(read.identity.document_number) + read.child_id


def _keep(turn: Turn, lane_id: str, *, sheet: LaneSheet, document: NextPerson) -> LaneSheet:
    waiting = sheet.next_person
    if waiting is not None and waiting.document_key != document.document_key:
        code = "next_is_waiting"
        raise ActionRefusedError(code)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, next_person=document, notice=None))


def _presented(turn: Turn, lane_id: str) -> LaneSheet:
    """Present whoever waits. What cannot be presented is a notice: the crossing before stays closed."""
    sheet = turn.sheet(lane_id)
    waiting = sheet.next_person
    if waiting is None or sheet.state.phase is not Phase.EMPTY:
        return sheet
    emptied = msgspec.structs.replace(sheet, next_person=None)
    if turn.at - waiting.scanned_at > NEXT_KEPT_FOR:
        emptied = msgspec.structs.replace(emptied, notice="next_waited_too_long")
        return turn.stage(lane_id, emptied, keeps_next=False)
    turn.stage(lane_id, emptied, keeps_next=False)
    try:
        presented = take_scan(turn, lane_id, PresentCommand(text=waiting.text))
    except (ActionRefusedError, LaneError) as error:
        code = error.code if isinstance(error, ActionRefusedError) else error.code.value
        return turn.stage(lane_id, msgspec.structs.replace(emptied, notice=code))
    return turn.stage(lane_id, msgspec.structs.replace(presented, before=sheet.closed))
