"""Our own label on a pass: a random code that says nothing about its holder, with a check letter.

``KDP-`` and 16 characters of Crockford's base 32 (80 random bits, no I, L, O, U), then one check
character: the weighted sum modulo 31 (a prime below 32, so that one wrong or two swapped neighbours are
noticed; 0 for Z alone is not). The code is looked up in the register; whoever finds a label learns nothing from it.
"""

import re
from collections.abc import Callable
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PREFIX: Final = "KDP-"
_RANDOM_BYTES: Final = 10
_LENGTH: Final = 16
_MODULUS: Final = 31
_SHAPE: Final = re.compile(r"^KDP-?([0-9A-HJKMNP-TV-Z]{16})-?([0-9A-HJKMNP-TV-Z])$")


def new_label_code(random_bytes: Callable[[int], bytes]) -> str:
    """Draw a code from 10 random bytes.

    >>> new_label_code(lambda n: bytes(range(n)))
    'KDP-000G40R40M30E2093'
    """
    number = int.from_bytes(random_bytes(_RANDOM_BYTES), "big")
    body = "".join(_LETTERS[number >> 5 * (_LENGTH - 1 - at) & 31] for at in range(_LENGTH))
    return f"{_PREFIX}{body}{_check(body)}"


def read_label_code(text: str) -> str | None:
    """Return the code of a scan or of typed text, or ``None`` if it is none or was misread.

    >>> read_label_code("kdp 000g 40r4 0m30 e209 3")
    'KDP-000G40R40M30E2093'
    >>> read_label_code("KDP-000G40R40M30E2094") is None
    True
    """
    found = _SHAPE.match(text.strip().upper().replace(" ", ""))
    if found is None or _check(found[1]) != found[2]:
        return None
    return f"{_PREFIX}{found[1]}{found[2]}"


def looks_like_label(text: str) -> bool:
    """Tell whether a scan was meant to be one of our labels: no pass number begins as they do.

    >>> looks_like_label("KDP-000G40R40M30E2094"), looks_like_label("QN 100123")
    (True, False)
    """
    return text.strip().upper().startswith(_PREFIX.rstrip("-"))


def in_groups(code: str) -> str:
    """Write a code so that it can be read aloud and typed.

    >>> in_groups("KDP-000G40R40M30E2093")
    'KDP 000G 40R4 0M30 E209 3'
    """
    body = code.removeprefix(_PREFIX)
    return " ".join(["KDP", *(body[at : at + 4] for at in range(0, len(body), 4))])


def _check(body: str) -> str:
    return _LETTERS[sum((at + 1) * _LETTERS.index(mark) for at, mark in enumerate(body)) % _MODULUS]
