"""The health declaration of a person (form 01): as fields, as a value, and as the text of a QR code.

Decree 89/2018/NĐ-CP article 6 and form 01; Decree 165/2026/NĐ-CP article 22 and form 01 of annex V. What a
declaration is worth, and for how long, is a rule of the law pack in force (``declaration_terms``).
"""

from sync.agreement.declaration.codec import (
    CodeFault,
    CodeRefusal,
    ReadCode,
    Seal,
    looks_like_declaration,
    packed,
    read_code,
    write_code,
)
from sync.agreement.declaration.form import (
    CHOICES,
    MOST_AREAS,
    Declaration,
    FieldFault,
    FormErrors,
    VisitedArea,
    read_answers,
)
from sync.agreement.declaration.terms import Validity, expiry_of, strictest_terms, validity_of
from sync.agreement.declaration.words import (
    DeclarationChannel,
    DeclarationDoubt,
    DeclarationFault,
    DeclarationFlag,
    DeclarationResolution,
    Exposure,
    TravelWay,
)

__all__ = [
    "CHOICES",
    "MOST_AREAS",
    "CodeFault",
    "CodeRefusal",
    "Declaration",
    "DeclarationChannel",
    "DeclarationDoubt",
    "DeclarationFault",
    "DeclarationFlag",
    "DeclarationResolution",
    "Exposure",
    "FieldFault",
    "FormErrors",
    "ReadCode",
    "Seal",
    "TravelWay",
    "Validity",
    "VisitedArea",
    "expiry_of",
    "looks_like_declaration",
    "packed",
    "read_answers",
    "read_code",
    "strictest_terms",
    "validity_of",
    "write_code",
]
