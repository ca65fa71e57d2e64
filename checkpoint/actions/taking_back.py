"""A movement that was entered by mistake: a number mistyped, the wrong vehicle. It counts as none, and stays readable.

The record that takes it back says the whole movement again, as what is said later does, with a finding of its own; why
is sealed with the numbers. Whoever was noted in it stays noted: they came in a vehicle, whatever its number was.
"""

from typing import Final

import msgspec

from checkpoint.actions.accompanying import sealed_again
from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import with_remark
from checkpoint.actions.said_later import as_told
from checkpoint.store.conveyances import MovementRow, find_movement, parts_in, put_taken_back
from checkpoint.store.journal import Saved
from sync.agreement.gate_records.groups import SAID_LATER, TAKEN_BACK
from sync.agreement.records import TravellerIdentity

_FINDINGS: Final = (SAID_LATER, TAKEN_BACK)


class TakeBackCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the movement was none."""

    reason: ReasonText


def take_back_movement(turn: Turn, conveyance_id: str, command: TakeBackCommand) -> Saved | None:
    """Take a movement back; ``None`` if that was done already. A lane whose person came in it asks for it anew.

    The record is of the movement's own time: what it takes off is taken off that day's count.
    """
    row = find_movement(turn.transaction, conveyance_id)
    if row is None:
        code = "no_such_movement"
        raise ActionRefusedError(code, http_code=404)
    if is_taken_back(row):
        return None
    identity = TravellerIdentity(full_name="", document_number="", vehicle_plate=row.plates)
    sealed_for = sealed_again(turn, conveyance_id, identity=with_remark(identity, command.reason))
    parts = parts_in(turn.transaction, conveyance_id)
    body = as_told(row, parts=parts, findings=(*row.findings.split(), *_FINDINGS))
    saved = turn.append(body, lane_id=row.lane_id, observed_at=row.presented_at, sealed_for=sealed_for)
    put_taken_back(turn.transaction, conveyance_id, findings=" ".join((*row.findings.split(), TAKEN_BACK)))
    for lane_id, sheet in turn.gate.sheets.items():
        if sheet.ride is not None and sheet.ride.conveyance_id == conveyance_id:
            turn.stage(lane_id, msgspec.structs.replace(sheet, ride=None))
    return saved


def is_taken_back(row: MovementRow) -> bool:
    """Tell whether a movement was taken back."""
    return TAKEN_BACK in row.findings.split()
