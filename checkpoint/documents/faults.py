"""What can be wrong with a document: a fault means nothing was read, a warning that something read is odd.

Rule 1: a fault is a value, never an exception; a reader hands over whatever it likes.
Rule 2: neither carries the text of the document, only places in it, so that both may be logged.
Rule 3: each fault says what the officer does next.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class DocumentFaultCode(StrEnum):
    """Why nothing could be read."""

    EMPTY = "empty"
    LINE_COUNT = "line_count"
    LINE_MISSING = "line_missing"
    LINE_LENGTH = "line_length"
    LINE_ORDER = "line_order"
    CHARACTER = "character"
    INPUT_METHOD = "input_method"
    DOCUMENT_CODE = "document_code"
    QR_FIELDS = "qr_fields"
    NOT_RECOGNISED = "not_recognised"


class DocumentWarningCode(StrEnum):
    """What is odd about a document that was read; the officer decides what it means."""

    CHECK_DIGIT_INVALID = "check_digit_invalid"
    CHECK_DIGIT_DEVIANT = "check_digit_deviant"
    CHECK_DIGIT_ABSENT = "check_digit_absent"
    DOCUMENT_CODE_UNUSUAL = "document_code_unusual"
    STATE_UNKNOWN = "state_unknown"
    STATE_SPECIMEN = "state_specimen"
    NUMBER_MISSING = "number_missing"
    NAME_MISSING = "name_missing"
    NAME_DIGIT = "name_digit"
    NAME_SEPARATOR = "name_separator"
    NAME_MAY_BE_TRUNCATED = "name_may_be_truncated"
    SEX_UNUSUAL = "sex_unusual"
    DATE_UNKNOWN = "date_unknown"
    DATE_INCOMPLETE = "date_incomplete"
    DATE_UNREADABLE = "date_unreadable"
    DATE_IMPOSSIBLE = "date_impossible"
    DATE_IN_FUTURE = "date_in_future"
    DATE_ORDER = "date_order"
    DOCUMENT_EXPIRED = "document_expired"
    PERSONAL_NUMBER_MISSING = "personal_number_missing"
    PERSONAL_NUMBER_LENGTH = "personal_number_length"
    PERSONAL_NUMBER_DISAGREES = "personal_number_disagrees"
    PROVINCE_UNKNOWN = "province_unknown"
    CENTURY_DIGIT_SEX = "century_digit_sex"
    CENTURY_DIGIT_YEAR = "century_digit_year"
    FORMER_NUMBER_UNUSUAL = "former_number_unusual"
    ISSUE_DATE_MISSING = "issue_date_missing"
    TAIL_NOT_UNDERSTOOD = "tail_not_understood"
    NUMBER_NOT_VERIFIABLE = "number_not_verifiable"
    NUMBER_UNUSUAL = "number_unusual"
    VALIDITY_TOO_LONG = "validity_too_long"
    NOT_YET_VALID = "not_yet_valid"
    REPAIR_SUGGESTED = "repair_suggested"


WHAT_TO_DO: Final[dict[DocumentFaultCode, str]] = {
    DocumentFaultCode.EMPTY: "Nothing arrived: present the document again or type its number.",
    DocumentFaultCode.LINE_COUNT: "Present the document again; a machine readable zone has two or three lines.",
    DocumentFaultCode.LINE_MISSING: "The read was cut: present the document again and hold it until the reader beeps.",
    DocumentFaultCode.LINE_LENGTH: "Present the document again; if it repeats, type the document number.",
    DocumentFaultCode.LINE_ORDER: "The lines came in the wrong order: present it again, or type them from the top.",
    DocumentFaultCode.CHARACTER: "Clean the document and the reader's window, then present it again.",
    DocumentFaultCode.INPUT_METHOD: "Switch the Vietnamese input method off, then present the document again.",
    DocumentFaultCode.DOCUMENT_CODE: "This is no zone of a travel document: check which side was read.",
    DocumentFaultCode.QR_FIELDS: "This is no citizen card's code: scan the card's own code, or type its number.",
    DocumentFaultCode.NOT_RECOGNISED: "Type the document number by hand and choose the kind of document.",
}


class DocumentFault(Struct, frozen=True, kw_only=True):
    """Nothing was read.

    ``line`` and ``position`` count from 1 as Doc 9303 counts; None where the fault has no place.
    """

    code: DocumentFaultCode
    detail: str
    what_to_do: str
    line: int | None = None
    position: int | None = None


class DocumentWarning(Struct, frozen=True, kw_only=True):
    """Something about ``field`` is odd; the document was read all the same."""

    code: DocumentWarningCode
    field: str


def fault(
    code: DocumentFaultCode, *, detail: str, line: int | None = None, position: int | None = None
) -> DocumentFault:
    """Build a fault together with the instruction that belongs to its code.

    >>> fault(DocumentFaultCode.EMPTY, detail="no character").what_to_do
    'Nothing arrived: present the document again or type its number.'
    """
    return DocumentFault(code=code, detail=detail, what_to_do=WHAT_TO_DO[code], line=line, position=position)
