"""The passports of invented travellers, as a document reader sends them: two lines of 44 characters.

ICAO Doc 9303 part 4, section 4.2.2. They expire five years after the day on which they are made.
"""

from datetime import date
from typing import Final

from checkpoint.documents.check_digits import FILLER, check_digit_of_values, values_of
from checkpoint.drill.scenario import Actor
from sync.agreement.vocabulary import Sex

_LINE: Final = 44
_VALID_YEARS: Final = 5
_SEX: Final = {Sex.MALE: "M", Sex.FEMALE: "F"}


def passport_lines(actor: Actor, *, today: date) -> tuple[str, str]:
    """Return the machine-readable zone of an actor's passport, valid on ``today``.

    >>> from sync.agreement.vocabulary import Sex
    >>> who = Actor(surname="DIEN TAP", given_names="MOT", nationality="CHN", number="E00000001",
    ...             born_on=date(1990, 2, 3), sex=Sex.MALE)
    >>> for line in passport_lines(who, today=date(2026, 11, 22)):
    ...     print(line)
    P<CHNDIEN<TAP<<MOT<<<<<<<<<<<<<<<<<<<<<<<<<<
    E000000019CHN9002030M3111220<<<<<<<<<<<<<<00
    """
    names = f"{actor.surname}{FILLER * 2}{actor.given_names}".replace(" ", FILLER)
    first = f"P{FILLER}{actor.nationality}{names}"[:_LINE].ljust(_LINE, FILLER)
    number = _checked(actor.number.ljust(9, FILLER))
    born = _checked(f"{actor.born_on:%y%m%d}")
    expires = _checked(f"{_in_five_years(today):%y%m%d}")
    personal = _checked(FILLER * 14)
    sex = _SEX.get(actor.sex, FILLER)
    composite = _digit(number + born + expires + personal)
    return first, f"{number}{actor.nationality}{born}{sex}{expires}{personal}{composite}"


def _in_five_years(today: date) -> date:
    """Return the same day five years on; of a leap day, the day before."""
    day = min(today.day, 28) if today.month == 2 else today.day
    return date(today.year + _VALID_YEARS, today.month, day)


def _checked(field: str) -> str:
    return field + _digit(field)


def _digit(text: str) -> str:
    return check_digit_of_values(values_of(text))
