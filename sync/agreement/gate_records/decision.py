"""Decisions of people against a verdict: in codes. Who was let pass, and the words why, are sealed.

The words stand in the sealed part of the crossing's own record (``crossing_screened``) of the same commit.
"""

from typing import ClassVar

import msgspec

from sync.agreement.decision_words import OverrideReason
from sync.agreement.vocabulary import Outcome, ReasonCode, Role


class VerdictOverridden(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with the right to do so let the person of the crossing ``given_for`` pass, in the commit of its record.

    ``outcome`` is what the verdict would have been, ``reason_codes`` what was overridden, ``rule_ids`` the
    policy's rules that allow it to ``role``. ``approved_by`` is who gave their own password for it; empty
    where the officer at the lane may do it. No raised reading and no missing measurement is ever among them.
    """

    type_name: ClassVar[str] = "verdict_overridden"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    given_for: str
    outcome: Outcome
    reason_codes: tuple[ReasonCode, ...]
    rule_ids: tuple[str, ...]
    code: OverrideReason
    role: Role
    approved_by: str = ""


DecisionRecord = VerdictOverridden
