"""A label that was lost, copied or glued onto another pass is worth nothing any more; the next print has a new code."""

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import require_holder
from checkpoint.register.label_code import new_label_code
from checkpoint.store.holders import find_child, set_child_label, set_label
from checkpoint.store.lanes import log_access


class WithdrawLabelCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the label is worth nothing any more; the words stand in the access log of this edge alone."""

    reason: ReasonText


def withdraw_label(turn: Turn, holder_id: str, command: WithdrawLabelCommand) -> None:
    """Give a holder or a child another code: the old label is unknown from now on, the pass stays as it is."""
    code = new_label_code(turn.gate.random_bytes)
    if find_child(turn.transaction, holder_id) is not None:
        set_child_label(turn.transaction, holder_id, label_code=code)
    else:
        set_label(turn.transaction, require_holder(turn, holder_id).holder_id, label_code=code)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="label_withdrawn",
        subject=holder_id,
        reason=command.reason,
    )
