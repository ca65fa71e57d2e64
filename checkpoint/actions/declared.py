"""What a declaration at a lane means for its sheet: plain values, no transaction.

A declaration that may not be used (expired, used, another person's) makes the lane wait, with the clause, until the
officer sets it aside or a good one is scanned. What does not agree never does: it is shown and asked about.
"""

import msgspec

from checkpoint.lane import LaneState
from sync.agreement.declaration import DeclarationDoubt, DeclarationFault, DeclarationFlag, ReadCode, Validity
from sync.agreement.facts import Assessment, Reason
from sync.agreement.vocabulary import Outcome, ReasonCode, Severity, Symptom

_RAISED = frozenset({ReasonCode.RAISED_READING, ReasonCode.FEVER_CONFIRMED})


class HeldDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration at a lane: read before its person came, taken for the person, or not to be used (``fault``)."""

    read: ReadCode
    validity: Validity
    fault: DeclarationFault | None = None
    is_taken: bool = False
    is_checked: bool = False
    doubts: tuple[DeclarationDoubt, ...] = ()

    @property
    def declaration_id(self) -> str:
        """Its identifier as text."""
        return str(self.read.declaration.declaration_id)


def waiting_for_another(assessment: Assessment, *, held: HeldDeclaration | None) -> Assessment:
    """Make a clearance wait while a declaration that may not be used lies at the lane; alarms stay as they are."""
    if held is None or held.fault is None or assessment.outcome not in {Outcome.CLEARED, Outcome.WAIT}:
        return assessment
    expired_at = held.validity.valid_until
    reason = Reason(
        code=ReasonCode(held.fault.value),
        severity=Severity.WAIT,
        rule_id=held.validity.rule_id,
        citation=held.validity.citation,
        values={} if expired_at is None else {"expired_at": expired_at.isoformat()},
    )
    return msgspec.structs.replace(assessment, outcome=Outcome.WAIT, reasons=(reason, *assessment.reasons))


def with_reading(held: HeldDeclaration | None, *, state: LaneState, assessment: Assessment) -> HeldDeclaration | None:
    """Bring the one doubt that depends on the reading up to date: no fever declared, and a raised reading."""
    if held is None or not held.is_taken:
        return held
    others = tuple(doubt for doubt in held.doubts if doubt.flag is not DeclarationFlag.NO_FEVER_BUT_RAISED)
    raised_c = _raised_c(state, assessment=assessment)
    if raised_c is None or Symptom.FEVER in held.read.declaration.symptoms:
        return msgspec.structs.replace(held, doubts=others)
    doubt = DeclarationDoubt(flag=DeclarationFlag.NO_FEVER_BUT_RAISED, known=f"{raised_c:.1f}")
    is_new = doubt not in held.doubts
    return msgspec.structs.replace(held, doubts=(doubt, *others), is_checked=held.is_checked and not is_new)


def _raised_c(state: LaneState, *, assessment: Assessment) -> float | None:
    is_raised = any(reason.code in _RAISED for reason in assessment.reasons)
    return state.bound.temperature_c if is_raised and state.bound is not None else None
