"""The decision: facts about one crossing and the policy in force give one outcome with its reasons.

Pure: no input/output, no clock of its own, the same arguments always give an equal assessment. The
lane decides with it, and the centre replays any past day with it under another policy.

Order of outcomes, gravest first (docs/decisions/0009-the-gravest-finding-decides.md):

1. fever confirmed by a clinical thermometer: REFERRED;
2. a raised scanner reading without a later clinical one: RECHECK, whatever else is true;
3. what the triage rules say of declared symptoms: REFERRED or RECHECK;
4. an order, a document or an exception that stops this crossing: REFUSED;
5. something is missing or cannot be used: WAIT;
6. otherwise CLEARED.

A scanner never confirms a fever and never takes back an alarm; a measurement that is added can
never hide one. "Later" is the order of ``Facts.measurements``, never a comparison of clocks.
"""

from sync.agreement.assessment.decision import assess, is_raised
from sync.agreement.assessment.findings import NO_RULE

__all__ = ["NO_RULE", "assess", "is_raised"]
