"""Identity documents: what a reader sends becomes fields, verdicts of check digits, and warnings.

Pure: no input or output, the day of reading is an argument, nothing raises on any text. The machine
proposes, the officer confirms.
"""

from checkpoint.documents.border_pass import (
    PassModel,
    PassNumber,
    is_valid_on,
    last_day_on_pass,
    latest_expiry,
    look_alike_key,
    may_share_pass,
    number_key,
    read_pass_number,
    register_key,
    validity_warnings,
    without_border,
)
from checkpoint.documents.cccd import CitizenCardQr, is_personal_number, number_warnings, read_citizen_qr
from checkpoint.documents.check_digits import CheckDigit, Verdict, check_digit
from checkpoint.documents.deviations import Deviation, DeviationName, deviations_of
from checkpoint.documents.document_dates import PartialDate
from checkpoint.documents.faults import DocumentFault, DocumentFaultCode, DocumentWarning, DocumentWarningCode
from checkpoint.documents.identifiers import identifiers_of
from checkpoint.documents.matching import (
    Certainty,
    Match,
    MatchKey,
    NameComparison,
    PersonIdentifiers,
    compare_names,
    find_matches,
    person_key,
)
from checkpoint.documents.mrz import MachineReadableZone, read_mrz
from checkpoint.documents.mrz_layouts import LayoutName
from checkpoint.documents.mrz_repair import RepairBasis, RepairProposal, Replacement, propose_repairs, suggest_repair
from checkpoint.documents.mrz_text import split_mrz_text
from checkpoint.documents.names import fold, icao_variants, stored_form, with_one_tone_placement
from checkpoint.documents.reading import DocumentFields, ReadDocument, ReadingSource, read_document
from checkpoint.documents.states import KNOWN_STATES
from checkpoint.documents.verdicts import FieldState, FieldVerdict, verdicts_of

__all__ = [
    "KNOWN_STATES",
    "Certainty",
    "CheckDigit",
    "CitizenCardQr",
    "Deviation",
    "DeviationName",
    "DocumentFault",
    "DocumentFaultCode",
    "DocumentFields",
    "DocumentWarning",
    "DocumentWarningCode",
    "FieldState",
    "FieldVerdict",
    "LayoutName",
    "MachineReadableZone",
    "Match",
    "MatchKey",
    "NameComparison",
    "PartialDate",
    "PassModel",
    "PassNumber",
    "PersonIdentifiers",
    "ReadDocument",
    "ReadingSource",
    "RepairBasis",
    "RepairProposal",
    "Replacement",
    "Verdict",
    "check_digit",
    "compare_names",
    "deviations_of",
    "find_matches",
    "fold",
    "icao_variants",
    "identifiers_of",
    "is_personal_number",
    "is_valid_on",
    "last_day_on_pass",
    "latest_expiry",
    "look_alike_key",
    "may_share_pass",
    "number_key",
    "number_warnings",
    "person_key",
    "propose_repairs",
    "read_citizen_qr",
    "read_document",
    "read_mrz",
    "read_pass_number",
    "register_key",
    "split_mrz_text",
    "stored_form",
    "suggest_repair",
    "validity_warnings",
    "verdicts_of",
    "with_one_tone_placement",
    "without_border",
]
