"""Border passes (giấy thông hành): a number, a model, twelve months. No zone, no chip, no code.

Decree 76/2020/NĐ-CP and Circular 31/2023/TT-BCA article 3. The format of the number is not
published, so the number is kept as it was read beside a key that ignores case, blanks and
punctuation. The Chinese permits of the facing zone are known by their number in the same way.
"""

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from checkpoint.documents.faults import DocumentWarning, DocumentWarningCode
from checkpoint.documents.names import stored_form
from sync.agreement.vocabulary import PassRegime, TravellerCategory

_NOT_IN_KEY: Final = re.compile(r"[^0-9A-Z]+")
_BARRED_D: Final = str.maketrans("ĐÐđð", "DDdd")
_LOOK_ALIKES: Final = str.maketrans("OQDILZSGB", "000112568")
_SHORTEST_NUMBER: Final = 4
_LONGEST_NUMBER: Final = 20
CHILD_SHARES_UNTIL_AGE: Final = 16


class PassModel(StrEnum):
    """The four booklets of Circular 31/2023/TT-BCA, by the name printed on them."""

    GTHVN01_TQ = "GTHVN01-TQ"
    GTHVN02_TQ = "GTHVN02-TQ"
    GTHVN_C = "GTHVN-C"
    GTHVN_L = "GTHVN-L"


class PassModelRules(Struct, frozen=True, kw_only=True):
    """What one model is: where it is valid, who holds it, how many pages it has."""

    regime: PassRegime
    holder_category: TravellerCategory
    pages: int


PASS_MODELS: Final = {
    PassModel.GTHVN01_TQ: PassModelRules(regime=PassRegime.CHINA, holder_category=TravellerCategory.OFFICIAL, pages=28),
    PassModel.GTHVN02_TQ: PassModelRules(
        regime=PassRegime.CHINA, holder_category=TravellerCategory.BORDER_RESIDENT, pages=28
    ),
    PassModel.GTHVN_C: PassModelRules(
        regime=PassRegime.CAMBODIA, holder_category=TravellerCategory.BORDER_RESIDENT, pages=16
    ),
    PassModel.GTHVN_L: PassModelRules(
        regime=PassRegime.LAOS, holder_category=TravellerCategory.BORDER_RESIDENT, pages=16
    ),
}
_MODEL_KEYS: Final = {_NOT_IN_KEY.sub("", model.value): model for model in PassModel}


_NAMED_BY_MODEL: Final = {PassRegime.LAOS: "GTHVNL", PassRegime.CAMBODIA: "GTHVNC"}
"""Borders whose passes keep their model in the register's key: each border counts its own numbers."""


def register_key(number: str, *, regime: PassRegime | None) -> str:
    """Return the key of a number of one border: two borders may give out the same digits.

    >>> register_key("00123456", regime=PassRegime.CHINA), register_key("00123456", regime=PassRegime.LAOS)
    ('00123456', 'GTHVNL00123456')
    """
    model = "" if regime is None else _NAMED_BY_MODEL.get(regime, "")
    return number if number.startswith(model) else model + number


def without_border(key: str) -> tuple[str, PassRegime | None]:
    """Take the border out of a register's key: the plain number, and which border's it is, if the key says so.

    >>> without_border("GTHVNL00123456"), without_border("00123456")
    (('00123456', <PassRegime.LAOS: 'laos'>), ('00123456', None))
    """
    for regime, model in _NAMED_BY_MODEL.items():
        if key.startswith(model) and len(key) > len(model):
            return key[len(model) :], regime
    return key, None


class PassNumber(Struct, frozen=True, kw_only=True):
    """A number as it was read (``display``), its key for the register, the model if one was read too."""

    display: str
    key: str
    model: PassModel | None = None

    @property
    def regime(self) -> PassRegime | None:
        """Return the border on which the pass is valid, where the model is known."""
        return None if self.model is None else PASS_MODELS[self.model].regime

    @property
    def is_plausible(self) -> bool:
        """Tell whether it could be a number at all: 4 to 20 characters of which one is a digit."""
        plain, _ = without_border(self.key)
        return _SHORTEST_NUMBER <= len(plain) <= _LONGEST_NUMBER and any(mark.isdigit() for mark in plain)


def number_key(text: str) -> str:
    """Return the key of a document number: upper case letters and digits only.

    >>> number_key("gth 0012-345/tq"), number_key("ĐB 12")
    ('GTH0012345TQ', 'DB12')
    """
    return _NOT_IN_KEY.sub("", normalize("NFKC", text).translate(_BARRED_D).upper())


def look_alike_key(text: str) -> str:
    """Return a key in which O is 0, I is 1 and so on: for proposing a mistyped number, never for identity."""
    return number_key(text).translate(_LOOK_ALIKES)


def read_pass_number(text: str) -> PassNumber:
    """Read a typed or scanned number, with or without the model in front of it.

    >>> found = read_pass_number("gthvn02-tq  00123456")
    >>> found.key, found.model.value
    ('00123456', 'GTHVN02-TQ')

    The model alone is no number: all booklets of one model would be one person.

    >>> read_pass_number("GTHVN02-TQ").is_plausible
    False
    """
    display = stored_form(text)
    key = number_key(display)
    for model_key, model in _MODEL_KEYS.items():
        if key.startswith(model_key):
            plain = key[len(model_key) :]
            regime = PASS_MODELS[model].regime
            return PassNumber(display=display, key=register_key(plain, regime=regime) if plain else "", model=model)
    return PassNumber(display=display, key=key)


def latest_expiry(issued_on: date) -> date:
    """Return the last day of the longest validity, twelve months after issue.

    >>> latest_expiry(date(2025, 11, 22)), latest_expiry(date(2024, 2, 29))
    (datetime.date(2026, 11, 22), datetime.date(2025, 2, 28))
    """
    try:
        return issued_on.replace(year=issued_on.year + 1)
    except ValueError:
        return date(issued_on.year + 1, 2, 28)


def is_valid_on(today: date, *, expires_on: date, issued_on: date | None = None) -> bool:
    """Tell whether a pass is valid: on its last day it still is."""
    return (issued_on is None or issued_on <= today) and today <= expires_on


def validity_warnings(*, expires_on: date, today: date, issued_on: date | None = None) -> tuple[DocumentWarning, ...]:
    """Say what is wrong with the dates of a pass; nothing on its last day.

    >>> validity_warnings(expires_on=date(2026, 11, 22), today=date(2026, 11, 22))
    ()
    """
    odd = (
        (DocumentWarningCode.DOCUMENT_EXPIRED, "date_of_expiry", today > expires_on),
        (DocumentWarningCode.NOT_YET_VALID, "date_of_issue", issued_on is not None and issued_on > today),
        (DocumentWarningCode.DATE_ORDER, "date_of_expiry", issued_on is not None and expires_on < issued_on),
        (
            DocumentWarningCode.VALIDITY_TOO_LONG,
            "date_of_expiry",
            issued_on is not None and expires_on > latest_expiry(issued_on),
        ),
    )
    return tuple(DocumentWarning(code=code, field=field) for code, field, is_odd in odd if is_odd)


def last_day_on_pass(born_on: date) -> date:
    """Return the last day on which a child may cross on a parent's pass: the one before the 16th birthday.

    >>> last_day_on_pass(date(2010, 11, 23)), last_day_on_pass(date(2012, 2, 29))
    (datetime.date(2026, 11, 22), datetime.date(2028, 2, 28))
    """
    try:
        turns_on = born_on.replace(year=born_on.year + CHILD_SHARES_UNTIL_AGE)
    except ValueError:
        turns_on = date(born_on.year + CHILD_SHARES_UNTIL_AGE, 3, 1)
    return turns_on - timedelta(days=1)


def may_share_pass(born_on: date, *, today: date) -> bool:
    """Tell whether a child may cross on a parent's pass: until the day before the 16th birthday.

    >>> may_share_pass(date(2010, 11, 23), today=date(2026, 11, 22))
    True
    """
    age_years = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    return 0 <= age_years < CHILD_SHARES_UNTIL_AGE
