"""Corrections and withdrawals: new records that name the old one; nothing is ever edited."""

import msgspec

from checkpoint.actions.accompanying import uncount_company
from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.party_members import require_no_interception_needed, uncount_member
from checkpoint.actions.rechecking import require_crossing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import close_withdrawn, require_withdrawable
from checkpoint.actions.remarks import sealed_remark
from checkpoint.actions.saving import apply_correction, counted_as, saved_before
from checkpoint.store.crossings import settle_crossing
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import stop_running_clocks
from sync.agreement.records import SEALED_WORDS, CrossingCorrected, CrossingWithdrawn
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
        return saved_before(turn, row)
    if row.disposition not in _WITHDRAWABLE:
        code = "not_withdrawable"
        raise ActionRefusedError(code, values={"disposition": row.disposition.value})
    require_withdrawable(turn, row)
    withdrawn = CrossingWithdrawn(crossing_id=crossing_id, withdraws_record_id=row.record_id, reason=SEALED_WORDS)
    sealed_for = sealed_remark(turn, row, command.reason)
    saved = turn.append(withdrawn, lane_id=row.lane_id, observed_at=turn.at, sealed_for=sealed_for)
    settle_crossing(turn.transaction, crossing_id, disposition=Disposition.WITHDRAWN, place_id=None, saved=saved)
    stop_running_clocks(turn.transaction, crossing_id, at=turn.at)
    close_withdrawn(turn, row, saved=saved)
    uncount_company(turn, crossing_id)
    uncount_member(turn, crossing_id)
    turn.transaction.after_commit(lambda: turn.gate.tally.add(counted_as(row), change=-1))
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
    if command.category is not None:
        require_no_interception_needed(command.category)
        require_no_interception_needed(TravellerCategory(row.category))
    corrected = CrossingCorrected(
        crossing_id=crossing_id,
        corrects_record_id=row.record_id,
        reason=SEALED_WORDS,
        direction=command.direction,
        category=command.category,
        purpose=command.purpose,
    )
    sealed_for = sealed_remark(turn, row, command.reason)
    saved = turn.append(corrected, lane_id=row.lane_id, observed_at=turn.at, sealed_for=sealed_for)
    apply_correction(turn, row, corrected=corrected, saved=saved)
    return saved
