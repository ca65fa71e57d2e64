"""Check digits of ICAO Doc 9303 part 3, section 4.9: weights 7, 3, 1 and modulus 10.

What such a digit can and cannot reveal. Replacing the character of value v by one of value w under
weight k changes the sum by k * (w - v). 7, 3 and 1 have inverses modulo 10, so the digit stays the
same exactly when v and w agree modulo 10: 0, A, K, U and the filler are one class, 1, B, L, V the
next, and so on. Every other single replacement is found, so in an all-digit field every one is.
Two neighbours a, b exchanged under weights k, m change it by (m - k) * (a - b) with m - k = 2 or 4
or 6 modulo 10, so exchanges of characters five apart modulo 10 stay unseen.
"""

from enum import StrEnum
from operator import mul
from string import ascii_uppercase, digits
from typing import Final

from msgspec import Struct

FILLER: Final = "<"
ALPHABET: Final = digits + ascii_uppercase + FILLER
_WEIGHTS: Final = (7, 3, 1) * 30
_VALUE_OF: Final = bytes(ALPHABET.index(chr(code)) if chr(code) in ALPHABET[:-1] else 0 for code in range(256))


class Verdict(StrEnum):
    """What one check digit says; ``deviant`` follows a known other rule of that issuer."""

    VALID = "valid"
    INVALID = "invalid"
    DEVIANT = "deviant"
    ABSENT = "absent"


class CheckDigit(Struct, frozen=True, kw_only=True):
    """One check digit: where it stands (counted from 1), what is printed, what the rule gives.

    ``absent`` means that the field is unused and a filler stands for its digit: nothing was proven.
    """

    field: str
    line: int
    position: int
    printed: str
    computed: str
    verdict: Verdict


def values_of(text: str) -> bytes:
    """Turn characters of the zone's alphabet into their values 0 to 35.

    >>> list(values_of("A2<Z"))
    [10, 2, 0, 35]
    """
    return text.encode("ascii").translate(_VALUE_OF)


def check_digit_of_values(values: bytes) -> str:
    """Compute the digit over at most 90 values.

    >>> check_digit_of_values(values_of("520727"))
    '3'
    """
    return digits[sum(map(mul, values, _WEIGHTS)) % 10]


def check_digit(text: str) -> str:
    """Compute the check digit of a field, the example of Doc 9303 part 3.

    >>> check_digit("AB2134<<<")
    '5'
    """
    return check_digit_of_values(values_of(text))
