"""Rules as data: dated policy documents, and what of them is in force at an instant.

``lane_rules`` and ``legal_rules`` hold the kinds of rules, ``documents`` reads a TOML file into a
checked document (the only input/output here, at start), ``in_force`` compiles one law pack, a
procedure and orders into fast lookups. ``sync.agreement.assessment`` decides by them and reads
nothing else.
"""

from sync.agreement.policy.decision_rules import OVERRIDABLE, ContactRule, ExposurePlace, OverrideRule
from sync.agreement.policy.documents import (
    PolicyDocument,
    PolicyError,
    PolicyKind,
    PolicyOutdatedError,
    load_policy_document,
    parse_policy_document,
    parse_policy_text,
)
from sync.agreement.policy.in_force import PolicyInForce, RulesInForce
from sync.agreement.policy.rule import ClockStart, Consequence, DocumentFault, LegalRole, MandatoryStep, OnExpiry, Rule
from sync.agreement.policy.standpoint import GatePlace, Standpoint

__all__ = [
    "OVERRIDABLE",
    "ClockStart",
    "Consequence",
    "ContactRule",
    "DocumentFault",
    "ExposurePlace",
    "GatePlace",
    "LegalRole",
    "MandatoryStep",
    "OnExpiry",
    "OverrideRule",
    "PolicyDocument",
    "PolicyError",
    "PolicyInForce",
    "PolicyKind",
    "PolicyOutdatedError",
    "Rule",
    "RulesInForce",
    "Standpoint",
    "load_policy_document",
    "parse_policy_document",
    "parse_policy_text",
]
