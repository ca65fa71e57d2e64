"""Corrections and withdrawals: new records that name the old one; nothing is ever edited."""

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.rechecking import require_crossing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.saving import apply_correction
from checkpoint.store.crossings import settle_crossing
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import stop_running_clocks
from sync.agreement.local_time import local_date
from sync.agreement.records import CrossingCorrected, CrossingWithdrawn
from sync.agreement.vocabulary import Direction, Disposition, PurposeOfCrossing, TravellerCategory

# A person in the isolation room is discharged first; an alarm is ended by a clinical thermometer.
_WITHDRAWABLE = frozenset({Disposition.CLEARED, Disposition.REFUSED, Disposition.REFERRED})


class WithdrawCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a crossing was logged in error."""

    reason: ReasonText


class CorrectCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was noted wrongly; at least one field. A temperature can never be corrected."""

    reason: ReasonText
    category: TravellerCategory | None = None
    purpose: PurposeOfCrossing | None = None
    direction: Direction | None = None


def withdraw_crossing(turn: Turn, crossing_id: str, command: WithdrawCommand) -> Saved:
    """Withdraw a crossing that was logged in error; a person in isolation must be discharged first."""
    row = require_crossing(turn, crossing_id)
    if row.disposition is Disposition.WITHDRAWN:
        return Saved(sequence=row.last_sequence, record_id=row.record_id, recorded_at=row.recorded_at)
    if row.disposition not in _WITHDRAWABLE:
        code = "not_withdrawable"
        raise ActionRefusedError(code, values={"disposition": row.disposition.value})
    withdrawn = CrossingWithdrawn(crossing_id=crossing_id, withdraws_record_id=row.record_id, reason=command.reason)
    saved = turn.append(withdrawn, lane_id=row.lane_id, observed_at=turn.at)
    settle_crossing(turn.transaction, crossing_id, disposition=Disposition.WITHDRAWN, place_id=None, saved=saved)
    stop_running_clocks(turn.transaction, crossing_id, at=turn.at)
    category = TravellerCategory(row.category)
    if local_date(row.presented_at) == local_date(turn.at):
        turn.transaction.after_commit(lambda: turn.gate.tally.add(category, at=turn.at, change=-1))
    return saved


def correct_details(turn: Turn, crossing_id: str, command: CorrectCommand) -> Saved:
    """Correct category, purpose or direction of a crossing that is not withdrawn."""
    if command.category is None and command.purpose is None and command.direction is None:
        code = "nothing_to_correct"
        raise ActionRefusedError(code, http_code=422)
    row = require_crossing(turn, crossing_id)
    if row.disposition is Disposition.WITHDRAWN:
        code = "crossing_withdrawn"
        raise ActionRefusedError(code)
    corrected = CrossingCorrected(
        crossing_id=crossing_id,
        corrects_record_id=row.record_id,
        reason=command.reason,
        direction=command.direction,
        category=command.category,
        purpose=command.purpose,
    )
    saved = turn.append(corrected, lane_id=row.lane_id, observed_at=turn.at)
    apply_correction(turn, row, corrected=corrected, saved=saved)
    return saved
