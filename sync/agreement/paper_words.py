"""The words of the papers a gate prints: how a slip left, and why a slip shown at a post is worth nothing.

As in ``vocabulary``: a value is never renamed, only added. What a person reads of a fault stands in the
labels' section ``refusal``, with what to do beside it.
"""

from enum import StrEnum


class PrinterKind(StrEnum):
    """How a paper leaves the program: as dots in a printer's language, or as a page for any printer."""

    ESC_POS = "esc_pos"
    ZPL = "zpl"
    PDF = "pdf"


class SlipFault(StrEnum):
    """Why a slip is worth nothing at this post."""

    NOT_A_SLIP = "slip_not_a_code"
    DAMAGED = "slip_damaged"
    UNKNOWN_GATE = "slip_unknown_gate"
    REVOKED_GATE = "slip_revoked_gate"
    FORGED = "slip_forged"
    EXPIRED = "slip_expired"
    NOT_YET = "slip_not_yet"
    EXERCISE = "slip_exercise"
    OTHER_DOCUMENT = "slip_other_document"
    TAKEN_BACK = "slip_taken_back"
