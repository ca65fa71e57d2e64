"""Base45 (RFC 9285): bytes in the alphabet of a QR code's alphanumeric mode, a third denser there than base64."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
"""The marks of a QR code's alphanumeric mode, in the order of RFC 9285."""
_DIGITS: Final = {mark: number for number, mark in enumerate(ALPHABET)}
_BASE: Final = 45


def to_base45(content: bytes) -> str:
    """Write bytes in base45.

    >>> to_base45(b"base-45")
    'UJCLQE7W581'
    """
    marks: list[str] = []
    for place in range(0, len(content) - 1, 2):
        rest, low = divmod(content[place] << 8 | content[place + 1], _BASE)
        high, middle = divmod(rest, _BASE)
        marks += (ALPHABET[low], ALPHABET[middle], ALPHABET[high])
    if len(content) % 2:
        high, low = divmod(content[-1], _BASE)
        marks += (ALPHABET[low], ALPHABET[high])
    return "".join(marks)


def from_base45(text: str) -> bytes | None:
    """Read base45; ``None`` for anything that ``to_base45`` never writes.

    >>> from_base45("UJCLQE7W581"), from_base45(":::"), from_base45("A")
    (b'base-45', None, None)
    """
    if len(text) % 3 == 1 or any(mark not in _DIGITS for mark in text):
        return None
    content = bytearray()
    for place in range(0, len(text), 3):
        digits = [_DIGITS[mark] for mark in text[place : place + 3]]
        number = sum(digit * _BASE**power for power, digit in enumerate(digits))
        size = len(digits) - 1
        if number >= 256**size:
            return None
        content += number.to_bytes(size, "big")
    return bytes(content)
