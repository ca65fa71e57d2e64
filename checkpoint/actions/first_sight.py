"""An unknown pass at a lane: the officer enters it once, and whoever stands there is known from then on."""

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import RegisterCommand, Registered, register_pass
from checkpoint.actions.knowing import standing_of
from checkpoint.actions.presenting import completed
from checkpoint.actions.saving import save_amendments
from checkpoint.actions.settling import settle
from checkpoint.documents import read_pass_number
from checkpoint.lane import Phase, amend
from checkpoint.store.holders import find_holder
from sync.agreement.vocabulary import DocumentKind

_HOLDER_UNKNOWN = "holder_unknown"


def register_at_lane(turn: Turn, command: RegisterCommand) -> Registered:
    """Register a pass; if its holder stands in the lane it was entered at, complete who stands there."""
    if command.lane_id is not None and command.lane_id in turn.gate.sheets and not command.pass_number:
        person = turn.sheet(command.lane_id).state.presentation
        number = "" if person is None else person.identity.document_number
        command = msgspec.structs.replace(command, pass_number=number)
    registered = register_pass(turn, command)
    if command.lane_id is not None and command.lane_id in turn.gate.sheets:
        _complete(turn, command.lane_id, number=read_pass_number(command.pass_number).key)
    return registered


def _complete(turn: Turn, lane_id: str, *, number: str) -> None:
    sheet = turn.sheet(lane_id)
    known, holder = sheet.state.presentation, find_holder(turn.transaction, number)
    if known is None or holder is None or known.document_kind is not DocumentKind.BORDER_PASS:
        return
    if read_pass_number(known.identity.document_number).key != number:
        return
    person = completed(turn, known, holder=holder)
    state = amend(sheet.state, person)
    if sheet.state.phase is Phase.AWAITING_RECHECK:
        save_amendments(turn, lane_id, sheet=sheet, person=person)
    standing = standing_of(turn, person.person_key, holder=holder, is_registrable=False)
    warnings = tuple(code for code in sheet.warnings if code != _HOLDER_UNKNOWN)
    told = msgspec.structs.replace(sheet, standing=standing, warnings=warnings)
    settle(turn, lane_id, sheet=concluded(turn.gate, told, state=state, at=turn.at))
