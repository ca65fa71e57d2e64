"""What tells the holder of a presented document from everybody else, and how old the holder is."""

from datetime import date, timedelta

from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.documents import KNOWN_STATES, PersonIdentifiers, is_personal_number, person_key
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import DocumentKind

_VIETNAM = "VNM"
OLDEST = timedelta(days=130 * 366)
_NOBODYS_NUMBER = frozenset({DocumentKind.BORDER_PASS, DocumentKind.IDENTITY_CARD, DocumentKind.VISA})
"""Kinds whose own number is not held against passports: a visa's may be that of somebody else's passport."""


def key_of_holder(identity: TravellerIdentity, *, kind: DocumentKind, pass_number: str, key: bytes) -> str:
    """Return the person key of a document's holder, or nothing where the document says too little.

    Twelve digits in the optional field of another state's passport are nobody's personal number here.
    """
    has_number = kind not in _NOBODYS_NUMBER
    is_card = kind is DocumentKind.IDENTITY_CARD
    is_ours = identity.issuing_state in {_VIETNAM, ""} and is_personal_number(identity.personal_number)
    identifiers = PersonIdentifiers(
        pass_number=pass_number,
        personal_number=identity.personal_number if is_ours else "",
        passport_number=identity.document_number if has_number else "",
        passport_state=identity.issuing_state if has_number else "",
        card_number=identity.document_number if is_card else "",
        card_state=identity.issuing_state if is_card else "",
        full_name=identity.full_name,
        date_of_birth=identity.date_of_birth,
        sex=identity.sex,
    )
    return person_key(identifiers, key=key) or ""


def keys_of_number(number: str, *, key: bytes) -> frozenset[str]:
    """Return every person key that a bare number may stand for: a citizen's, or a passport or card of any state.

    A number alone does not say whose state gave it out; the keys are few, and each is looked up by itself.
    """
    said = [PersonIdentifiers(personal_number=number)] if is_personal_number(number) else []
    said += [PersonIdentifiers(passport_number=number, passport_state=state) for state in KNOWN_STATES]
    said += [PersonIdentifiers(card_number=number, card_state=state) for state in KNOWN_STATES]
    return frozenset(found for one in said if (found := person_key(one, key=key)))


def is_birth_possible(born_on: date | None, *, day: date) -> bool:
    """Tell whether somebody may be born then, as seen on a day; an unknown birth is possible.

    >>> [is_birth_possible(one, day=date(2026, 11, 22)) for one in (None, date(2026, 11, 23), date(1890, 1, 1))]
    [True, False, False]
    """
    return born_on is None or day - OLDEST <= born_on <= day


def require_birth(born_on: date | None, *, day: date) -> None:
    """Refuse a birth that lies ahead of a day, or further back than anybody has lived."""
    if not is_birth_possible(born_on, day=day):
        code = "birth_impossible"
        raise ActionRefusedError(code, http_code=422)


def age_on(born_on: date | None, *, day: date) -> int | None:
    """Return the whole years of somebody's age on a day; of a birth that lies ahead nobody knows any.

    >>> age_on(date(2024, 2, 29), day=date(2026, 2, 28)), age_on(date(2062, 5, 1), day=date(2026, 11, 22))
    (1, None)
    """
    if born_on is None or born_on > day:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
