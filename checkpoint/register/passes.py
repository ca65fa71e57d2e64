"""What becomes of a border pass: states, what moves between them, and what is wrong with its dates.

Decree 76/2020/NĐ-CP: twelve months at most, not renewable; a lost pass is reported and then cancelled. A
pass that runs out is not moved by anybody: that it is expired follows from its last day.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from checkpoint.documents.border_pass import latest_expiry, may_share_pass, validity_warnings
from sync.agreement.vocabulary import PassReason, PassState


class PassMove(StrEnum):
    """What an officer can do with a registered pass."""

    LOSE = "lose"
    FIND = "find"
    CANCEL = "cancel"
    REINSTATE = "reinstate"
    REPLACE = "replace"


class PassFault(StrEnum):
    """Why a registration or a move is refused."""

    MOVE_NOT_ALLOWED = "pass_move_not_allowed"
    REASON_DOES_NOT_FIT = "pass_reason_does_not_fit"
    CHILD_TOO_OLD = "child_too_old"


class PassError(ValueError):
    """The register does not do this: the officer's choice; nothing was changed."""

    def __init__(self, code: PassFault) -> None:
        """``code`` is a key of the labels' ``[refusal]``."""
        super().__init__(code.value)
        self.code = code


MOVES: Final[Mapping[tuple[PassState, PassMove], PassState]] = {
    (PassState.VALID, PassMove.LOSE): PassState.LOST,
    (PassState.VALID, PassMove.CANCEL): PassState.CANCELLED,
    (PassState.VALID, PassMove.REPLACE): PassState.REPLACED,
    (PassState.EXPIRED, PassMove.LOSE): PassState.LOST,
    (PassState.EXPIRED, PassMove.CANCEL): PassState.CANCELLED,
    (PassState.EXPIRED, PassMove.REPLACE): PassState.REPLACED,
    (PassState.LOST, PassMove.FIND): PassState.VALID,
    (PassState.LOST, PassMove.CANCEL): PassState.CANCELLED,
    (PassState.LOST, PassMove.REPLACE): PassState.REPLACED,
    (PassState.CANCELLED, PassMove.REINSTATE): PassState.VALID,
    (PassState.CANCELLED, PassMove.REPLACE): PassState.REPLACED,
}
"""From a state by a move to the next state; what is not here is refused. Replaced is the end."""

REASONS: Final[Mapping[PassMove, tuple[PassReason, ...]]] = {
    PassMove.LOSE: (PassReason.REPORTED_BY_HOLDER, PassReason.REPORTED_BY_POLICE),
    PassMove.FIND: (PassReason.FOUND_AGAIN, PassReason.ENTERED_IN_ERROR),
    PassMove.CANCEL: (
        PassReason.REPORTED_BY_POLICE,
        PassReason.DAMAGED,
        PassReason.MISUSED,
        PassReason.HOLDER_DIED,
        PassReason.HOLDER_MOVED,
        PassReason.ENTERED_IN_ERROR,
    ),
    PassMove.REINSTATE: (PassReason.ENTERED_IN_ERROR, PassReason.REPORTED_BY_POLICE),
    PassMove.REPLACE: (PassReason.NEW_PASS_ISSUED, PassReason.DAMAGED),
}
"""The reason codes that fit each move."""


def valid_until(*, expires_on: date | None, issued_on: date | None) -> date | None:
    """Return the last day of a pass: what is printed, but never more than twelve months after its issue.

    >>> valid_until(expires_on=date(2027, 12, 31), issued_on=date(2025, 1, 1)).isoformat()
    '2026-01-01'
    """
    days = [expires_on, None if issued_on is None else latest_expiry(issued_on)]
    return min((day for day in days if day is not None), default=None)


def standing(state: PassState, *, expires_on: date | None, today: date) -> PassState:
    """Return the state as it is today: a valid pass is expired after its last day.

    >>> standing(PassState.VALID, expires_on=date(2026, 11, 21), today=date(2026, 11, 22)).value
    'expired'
    """
    is_over = state is PassState.VALID and expires_on is not None and today > expires_on
    return PassState.EXPIRED if is_over else state


def moved(state: PassState, move: PassMove, *, reason: PassReason) -> PassState:
    """Return the next state; raises ``PassError`` for a move or a reason that does not fit.

    >>> moved(PassState.VALID, PassMove.LOSE, reason=PassReason.REPORTED_BY_HOLDER).value
    'lost'
    """
    following = MOVES.get((state, move))
    if following is None:
        raise PassError(PassFault.MOVE_NOT_ALLOWED)
    if reason not in REASONS[move]:
        raise PassError(PassFault.REASON_DOES_NOT_FIT)
    return following


def moves_from(state: PassState) -> tuple[PassMove, ...]:
    """Return what can be done from a state, in the order of the table."""
    return tuple(move for (before, move) in MOVES if before is state)


def findings_of(*, issued_on: date | None, expires_on: date | None, today: date) -> tuple[str, ...]:
    """Return what is odd about a pass's dates as codes; a validity beyond twelve months is one.

    >>> findings_of(issued_on=date(2026, 1, 1), expires_on=date(2027, 6, 1), today=date(2026, 11, 22))
    ('validity_too_long',)
    """
    if expires_on is None:
        return ()
    odd = validity_warnings(expires_on=expires_on, today=today, issued_on=issued_on)
    return tuple(warning.code.value for warning in odd)


def require_child(born_on: date, *, today: date) -> None:
    """Refuse to put somebody on a parent's pass who is not under 16 (Circular 31/2023/TT-BCA)."""
    if not may_share_pass(born_on, today=today):
        raise PassError(PassFault.CHILD_TOO_OLD)
