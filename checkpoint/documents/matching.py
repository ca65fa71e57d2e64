"""Who is this, among the people already known? Exact keys identify, names only propose.

The order of keys is fixed: pass number, 12-digit personal number, passport number with its state,
number of an identity card with its state, and last the folded name with birth date, sex and
commune. All but the last identify; that one gives candidates that an officer must confirm, because
names of different people fold and sound alike (Hoa and Hòa; Hương and Hồng). Nothing here merges anybody.

Two known people under one pass number (a child under 16 on a parent's pass), or a key that agrees
while a stronger statement contradicts it, are candidates too: shown, never guessed.
"""

import hmac
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from rapidfuzz import fuzz

from checkpoint.documents.border_pass import number_key
from checkpoint.documents.cccd import is_personal_number
from checkpoint.documents.names import accented_key, fold, has_marks, icao_variants, sorted_words
from sync.agreement.vocabulary import Sex

CANDIDATE_SCORE: Final = 85.0
_EXACT: Final = 100.0
_SHORTEST_CUT_NAME: Final = 8
_KEY_DOMAIN: Final = "kiemdich/person/v1"


class MatchKey(StrEnum):
    """What two people have in common, the strongest first."""

    PASS_NUMBER = "pass_number"
    PERSONAL_NUMBER = "personal_number"
    PASSPORT = "passport"
    IDENTITY_CARD = "identity_card"
    NAME_AND_BIRTH = "name_and_birth"


class Certainty(StrEnum):
    """``identified``: one exact strong key. ``candidate``: an officer decides."""

    IDENTIFIED = "identified"
    CANDIDATE = "candidate"


class PersonIdentifiers(Struct, frozen=True, kw_only=True):
    """What is known to tell one person from another; unknown parts are empty.

    ``reference`` is the caller's own name for a known person. ``passport_state`` and ``card_state`` are codes of
    Doc 9303. ``full_name`` has its marks where they are known; ``name_may_be_truncated`` comes
    from the zone. ``date_of_birth`` is given only when day, month and year are known.
    """

    reference: str = ""
    pass_number: str = ""
    personal_number: str = ""
    passport_number: str = ""
    passport_state: str = ""
    card_number: str = ""
    card_state: str = ""
    full_name: str = ""
    name_may_be_truncated: bool = False
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    commune: str = ""


class Match(Struct, frozen=True, kw_only=True):
    """One known person who may be the one presented; ``score`` is 0 to 100 for names, 100 for keys."""

    reference: str
    key: MatchKey
    certainty: Certainty
    score: float
    contradicts: tuple[MatchKey, ...] = ()


class NameComparison(Struct, frozen=True, kw_only=True):
    """Whether two spellings may be one name (``is_possible``), and how alike they look (0 to 100)."""

    is_possible: bool
    score: float


def strong_keys(person: PersonIdentifiers) -> dict[MatchKey, str]:
    """Return the exact keys of a person, the strongest first; identifiers that are no number are left out.

    >>> strong_keys(PersonIdentifiers(passport_number="c 1234567", passport_state="VNM"))
    {<MatchKey.PASSPORT: 'passport'>: 'VNM:C1234567'}
    """
    passport, card = number_key(person.passport_number), number_key(person.card_number)
    keys = {
        MatchKey.PASS_NUMBER: number_key(person.pass_number),
        MatchKey.PERSONAL_NUMBER: person.personal_number if is_personal_number(person.personal_number) else "",
        MatchKey.PASSPORT: f"{person.passport_state}:{passport}" if passport and person.passport_state else "",
        MatchKey.IDENTITY_CARD: f"{person.card_state}:{card}" if card and person.card_state else "",
    }
    return {key: value for key, value in keys.items() if value}


def person_key(person: PersonIdentifiers, *, key: bytes) -> str | None:
    """Return the key under which every edge and the centre know this person: HMAC-SHA256, hexadecimal.

    Made from the strongest identifier, so that edges without an uplink agree. None if the person has
    only a name: a name is no identity. ``key`` is a secret of the province of at least 16 bytes.
    """
    if len(key) < 16:
        msg = "the key of person keys needs at least 16 bytes"
        raise ValueError(msg)
    strongest = next(iter(strong_keys(person).items()), None)
    if strongest is None:
        return None
    kind, value = strongest
    return hmac.new(key, f"{_KEY_DOMAIN}\0{kind.value}\0{value}".encode(), sha256).hexdigest()


def compare_names(left: str, right: str, *, may_be_truncated: bool = False) -> NameComparison:
    """Compare two spellings of a name; only spellings that can be one name are possible.

    Where both have marks the marks decide. Otherwise the folded words must be the same in any
    order, the same letters without blanks (pinyin), the same but for middle names, or, if one may
    have been cut, one the beginning of the other.

    >>> compare_names("Trần Văn Hùng", "TRAN VAN HUONG").is_possible
    False
    """
    if has_marks(left) and has_marks(right) and fold(left) == fold(right):
        is_possible = accented_key(left) == accented_key(right)
        return NameComparison(is_possible=is_possible, score=_EXACT if is_possible else _score(left, right))
    pairs = [(one, other) for one in icao_variants(left) for other in icao_variants(right)]
    is_possible = any(_is_one_name(one, other, may_be_truncated=may_be_truncated) for one, other in pairs)
    return NameComparison(is_possible=is_possible, score=_score(left, right))


def _score(left: str, right: str) -> float:
    return round(fuzz.token_sort_ratio(fold(left), fold(right)), 1)


def _is_one_name(left: str, right: str, *, may_be_truncated: bool) -> bool:
    if not left or not right:
        return False
    one, other = left.split(), right.split()
    return (
        sorted_words(one) == sorted_words(other)
        or left.replace(" ", "") == right.replace(" ", "")
        or _lacks_middle_names(one, other)
        or (may_be_truncated and _is_cut(left, right))
    )


def _lacks_middle_names(one: list[str], other: list[str]) -> bool:
    shorter, longer = sorted((one, other), key=len)
    same_ends = shorter[0] == longer[0] and shorter[-1] == longer[-1]
    return 2 <= len(shorter) < len(longer) and same_ends and set(shorter) <= set(longer)


def _is_cut(left: str, right: str) -> bool:
    shorter, longer = sorted((left.replace(" ", ""), right.replace(" ", "")), key=len)
    return len(shorter) >= _SHORTEST_CUT_NAME and longer.startswith(shorter)


def find_matches(presented: PersonIdentifiers, *, known: Iterable[PersonIdentifiers]) -> tuple[Match, ...]:
    """Return who among ``known`` the presented person may be, the best first.

    At most one match is ``identified``. Known people who share nothing with the presented one are
    left out; the store narrows ``known`` by number or by birth date before it asks.
    """
    keys = strong_keys(presented)
    matches = [match for person in known if (match := _match(presented, keys=keys, person=person)) is not None]
    matches.sort(key=lambda match: (list(MatchKey).index(match.key), -match.score, match.reference))
    certain = [match for match in matches if match.certainty is Certainty.IDENTIFIED]
    if len(certain) <= 1:
        return tuple(matches)
    return tuple(replace(match, certainty=Certainty.CANDIDATE) for match in matches)


def _match(presented: PersonIdentifiers, *, keys: dict[MatchKey, str], person: PersonIdentifiers) -> Match | None:
    known_keys = strong_keys(person)
    shared = [key for key, value in keys.items() if known_keys.get(key) == value]
    if not shared:
        return _candidate_by_name(presented, person=person)
    contradicts = _contradictions(presented, keys=keys, person=person, known_keys=known_keys)
    return Match(
        reference=person.reference,
        key=shared[0],
        certainty=Certainty.CANDIDATE if contradicts else Certainty.IDENTIFIED,
        score=_EXACT,
        contradicts=contradicts,
    )


def _contradictions(
    presented: PersonIdentifiers,
    *,
    keys: dict[MatchKey, str],
    person: PersonIdentifiers,
    known_keys: dict[MatchKey, str],
) -> tuple[MatchKey, ...]:
    """Name what speaks against a shared key: passes are renewed, a personal number and a birth are not."""
    found = []
    both = (keys.get(MatchKey.PERSONAL_NUMBER), known_keys.get(MatchKey.PERSONAL_NUMBER))
    if all(both) and both[0] != both[1]:
        found.append(MatchKey.PERSONAL_NUMBER)
    if _differ(presented.date_of_birth, person.date_of_birth):
        found.append(MatchKey.NAME_AND_BIRTH)
    return tuple(found)


def _differ(left: date | None, right: date | None) -> bool:
    return left is not None and right is not None and left != right


def _candidate_by_name(presented: PersonIdentifiers, *, person: PersonIdentifiers) -> Match | None:
    """Propose a known person of the same birth date whose sex and commune do not differ."""
    if presented.date_of_birth is None or presented.date_of_birth != person.date_of_birth:
        return None
    sexes = {presented.sex, person.sex} - {Sex.UNSPECIFIED}
    communes = {fold(presented.commune), fold(person.commune)} - {""}
    if len(sexes) > 1 or len(communes) > 1:
        return None
    compared = compare_names(
        presented.full_name,
        person.full_name,
        may_be_truncated=presented.name_may_be_truncated or person.name_may_be_truncated,
    )
    if not compared.is_possible and compared.score < CANDIDATE_SCORE:
        return None
    return Match(
        reference=person.reference,
        key=MatchKey.NAME_AND_BIRTH,
        certainty=Certainty.CANDIDATE,
        score=compared.score,
    )
