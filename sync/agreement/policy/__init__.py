"""Rules as data: dated policy documents, and what of them is in force at an instant.

``lane_rules`` and ``legal_rules`` hold the kinds of rules, ``documents`` reads a TOML file into a
checked document (the only input/output here, at start), ``in_force`` compiles one law pack, a
procedure and orders into fast lookups. ``sync.agreement.assessment`` decides by them and reads
nothing else.
"""

from sync.agreement.policy.documents import (
    PolicyDocument,
    PolicyError,
    PolicyKind,
    load_policy_document,
    parse_policy_document,
)
from sync.agreement.policy.in_force import PolicyInForce, RulesInForce
from sync.agreement.policy.rule import ClockStart, Consequence, DocumentFault, LegalRole, MandatoryStep, OnExpiry, Rule

__all__ = [
    "ClockStart",
    "Consequence",
    "DocumentFault",
    "LegalRole",
    "MandatoryStep",
    "OnExpiry",
    "PolicyDocument",
    "PolicyError",
    "PolicyInForce",
    "PolicyKind",
    "Rule",
    "RulesInForce",
    "load_policy_document",
    "parse_policy_document",
]
