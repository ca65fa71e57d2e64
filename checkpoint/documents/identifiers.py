"""From a document as read to what tells its holder from other people."""

from typing import Final

from checkpoint.documents.cccd import is_personal_number
from checkpoint.documents.matching import PersonIdentifiers
from checkpoint.documents.reading import ReadDocument
from sync.agreement.vocabulary import DocumentKind

_VIETNAM: Final = "VNM"


def identifiers_of(document: ReadDocument, *, reference: str = "", commune: str = "") -> PersonIdentifiers:
    """Return the identifiers that the document gives for its holder.

    A personal number counts only on a Vietnamese document: the optional field of another state's
    passport may hold 12 digits that mean something else. The number of a visa is nobody's identity.
    """
    fields = document.fields
    is_passport = document.kind is DocumentKind.PASSPORT
    is_vietnamese = fields.issuing_state == _VIETNAM and is_personal_number(fields.personal_number)
    is_pass = document.kind in {DocumentKind.BORDER_PASS, DocumentKind.BORDER_PERMIT}
    return PersonIdentifiers(
        reference=reference,
        pass_number=fields.number_key if is_pass else "",
        personal_number=fields.personal_number if is_vietnamese else "",
        passport_number=fields.document_number if is_passport else "",
        passport_state=fields.issuing_state if is_passport else "",
        full_name=fields.full_name,
        name_may_be_truncated=fields.name_may_be_truncated,
        date_of_birth=document.born_on,
        sex=fields.sex,
        commune=commune,
    )
