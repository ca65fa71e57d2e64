"""A declaration beside the person in the lane: whose it is, and what does not agree. Pure.

What does not agree is a question for the officer, never an accusation, and refuses nobody: names are spelt in many
ways, documents are renewed, people misread a form. Only a declaration of somebody else is not taken.
"""

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from checkpoint.documents import compare_names, number_key
from sync.agreement.declaration import Declaration, DeclarationDoubt, DeclarationFlag
from sync.agreement.vocabulary import Direction, Sex, Symptom

_OTHER_COUNTRY = "OTHER"
_CHINESE = re.compile("[\u4e00-\u9fff]")


class KnownPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the document names, and what this gate knows of the journey.

    ``past_entries``: local days of this person's crossings here in the declared period; ``raised_c``: the reading
    that was found raised, as the screens write it.
    """

    full_name: str
    numbers: tuple[str, ...]
    birth_year: int | None
    sex: Sex
    nationality: str | None
    direction: Direction
    today: date
    past_crossings: tuple[date, ...] = ()
    raised_c: str = ""


def is_of(declaration: Declaration, *, person: KnownPerson) -> bool:
    """Tell whether the declaration can be this person's: the same number, or name and year of birth.

    Nothing on the document but a number (a pass that the register does not know): only the number can speak.
    """
    if _has_number(declaration, person=person):
        return True
    is_born_then = person.birth_year is None or declaration.birth_year == person.birth_year
    return bool(person.full_name) and is_born_then and _is_named(declaration, person=person)


def doubts(declaration: Declaration, *, person: KnownPerson, is_verified: bool) -> tuple[DeclarationDoubt, ...]:
    """List what does not agree, with what was declared and what is known."""
    found = [*_about_the_person(declaration, person=person), *_about_the_journey(declaration, person=person)]
    if person.raised_c and Symptom.FEVER not in declaration.symptoms:
        found.append(_doubt(DeclarationFlag.NO_FEVER_BUT_RAISED, declared="", known=person.raised_c))
    if not is_verified:
        found.append(_doubt(DeclarationFlag.NOT_SIGNED, declared="", known=""))
    return tuple(found)


def _about_the_person(declaration: Declaration, *, person: KnownPerson) -> Iterator[DeclarationDoubt]:
    if not _has_number(declaration, person=person):
        known = person.numbers[0] if person.numbers else ""
        yield _doubt(DeclarationFlag.NUMBER_DIFFERS, declared=declaration.document_number, known=known)
    is_comparable = person.full_name and _is_comparable(declaration.full_name, person.full_name)
    if is_comparable and not _is_named(declaration, person=person):
        yield _doubt(DeclarationFlag.NAME_DIFFERS, declared=declaration.full_name, known=person.full_name)
    if person.birth_year is not None and declaration.birth_year != person.birth_year:
        years = (str(declaration.birth_year), str(person.birth_year))
        yield _doubt(DeclarationFlag.BIRTH_YEAR_DIFFERS, declared=years[0], known=years[1])
    if Sex.UNSPECIFIED not in {person.sex, declaration.sex} and person.sex is not declaration.sex:
        yield _doubt(DeclarationFlag.SEX_DIFFERS, declared=declaration.sex.value, known=person.sex.value)
    if person.nationality and declaration.nationality not in {person.nationality, _OTHER_COUNTRY}:
        yield _doubt(DeclarationFlag.NATIONALITY_DIFFERS, declared=declaration.nationality, known=person.nationality)


def _about_the_journey(declaration: Declaration, *, person: KnownPerson) -> Iterator[DeclarationDoubt]:
    if declaration.direction is not person.direction:
        yield _doubt(
            DeclarationFlag.DIRECTION_DIFFERS, declared=declaration.direction.value, known=person.direction.value
        )
    if declaration.crossing_on != person.today:
        days = (declaration.crossing_on.isoformat(), person.today.isoformat())
        yield _doubt(DeclarationFlag.CROSSING_DAY_DIFFERS, declared=days[0], known=days[1])
    if not declaration.areas and person.past_crossings:
        days_known = ",".join(sorted({day.isoformat() for day in person.past_crossings}))
        yield _doubt(DeclarationFlag.NO_AREA_BUT_CROSSED, declared="", known=days_known)
    elif not declaration.areas and person.direction is Direction.ENTRY:
        yield _doubt(DeclarationFlag.NO_AREA_BUT_ENTERING, declared="", known="")


def _doubt(flag: DeclarationFlag, *, declared: str, known: str) -> DeclarationDoubt:
    return DeclarationDoubt(flag=flag, declared=declared, known=known)


def _has_number(declaration: Declaration, *, person: KnownPerson) -> bool:
    key = number_key(declaration.document_number)
    return bool(key) and key in {number_key(number) for number in person.numbers if number}


def _is_named(declaration: Declaration, *, person: KnownPerson) -> bool:
    return compare_names(declaration.full_name, person.full_name).is_possible


def _is_comparable(one: str, other: str) -> bool:
    """Tell whether both names are in the same script: Chinese characters beside pinyin say nothing."""
    return (_CHINESE.search(one) is None) == (_CHINESE.search(other) is None)
