"""What a CDC reviewer may say about a crossing: pure rules. A review is a record, never an edit."""

from central.ledger import CrossingState
from sync.agreement.records import CaseReviewed
from sync.agreement.vocabulary import CaseClass, Disposition

NOTE_LIMIT = 2000


class ReviewError(ValueError):
    """This review is not possible; ``code`` is a slug for the screen, nothing was written."""

    def __init__(self, code: str) -> None:
        """Keep the slug."""
        self.code = code
        super().__init__(code)


def review(state: CrossingState, *, case_class: CaseClass, note: str, reviewer_ref: str) -> CaseReviewed:
    """Make the record of a review.

    Only a traveller who was found raised or was referred is a case, a withdrawn crossing is none, and a
    fever that no thermometer confirmed cannot be called confirmed without a word why.
    """
    if state.disposition is Disposition.WITHDRAWN:
        raise ReviewError(code="crossing_withdrawn")
    if not state.is_suspected:
        raise ReviewError(code="not_a_case")
    said = note.strip()
    if len(said) > NOTE_LIMIT:
        raise ReviewError(code="note_too_long")
    if case_class is CaseClass.CONFIRMED and not state.is_confirmed and not said:
        raise ReviewError(code="note_required")
    return CaseReviewed(crossing_id=state.crossing_id, case_class=case_class, note=said, reviewer_ref=reviewer_ref)
