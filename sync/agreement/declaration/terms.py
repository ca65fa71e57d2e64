"""How long a declaration holds: the ``declaration_terms`` of the law pack in force, and nothing else."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from sync.agreement.declaration.words import DeclarationFault
from sync.agreement.facts import Citation
from sync.agreement.policy.legal_rules import DeclarationTerms

CLOCK_ALLOWANCE = timedelta(minutes=10)
"""A service's clock may run ahead of the gate's by so much before a declaration counts as made in the future."""


class Validity(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration is worth at one instant; ``fault`` is ``None`` where it holds."""

    valid_until: datetime | None
    fault: DeclarationFault | None = None
    rule_id: str = ""
    citation: Citation | None = None


def strictest_terms(rules: Iterable[DeclarationTerms]) -> DeclarationTerms | None:
    """Return the terms with the fewest days, where several are in force."""
    return min(rules, key=lambda rule: rule.valid_for_days, default=None)


def expiry_of(declared_at: datetime, *, terms: DeclarationTerms) -> datetime:
    """Return the last instant at which a declaration holds."""
    return declared_at + timedelta(days=terms.valid_for_days)


def validity_of(declared_at: datetime, *, at: datetime, terms: DeclarationTerms | None) -> Validity:
    """Say whether what was declared at one instant still holds at another; both aware.

    No terms in force (the declaration is suspended, or was never ordered): nothing holds by law.
    """
    if terms is None:
        return Validity(valid_until=None, fault=DeclarationFault.WITHOUT_TERMS)
    valid_until = expiry_of(declared_at, terms=terms)
    fault = None
    if at > valid_until:
        fault = DeclarationFault.EXPIRED
    elif declared_at > at + CLOCK_ALLOWANCE:
        fault = DeclarationFault.FROM_THE_FUTURE
    return Validity(valid_until=valid_until, fault=fault, rule_id=terms.rule_id, citation=terms.citation)
