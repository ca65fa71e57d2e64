"""QR codes drawn by ourselves, as the path of an SVG: no service elsewhere ever learns what a code says.

Level M, alphanumeric mode, versions 1 to 20 (ISO/IEC 18004:2015). The frame of each version (finders, timing,
alignment, format) is asked of segno once; what changes with each text, the codewords, their Reed-Solomon check and
their places, is done here on whole arrays, because hundreds of people may declare in a minute. A test holds every
module equal to segno's. The mask is fixed: what we write is compressed and signed, so that it looks like noise under
any mask.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import segno
from msgspec import Struct

QUIET_ZONE: Final = 4
LARGEST_VERSION: Final = 20
_MASK: Final = 3
_MARKS: Final = {mark: number for number, mark in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")}
_PAD: Final = (0xEC, 0x11)

# Version -> number of blocks, codewords of one, those of data in it, and how many blocks have one more (table 9).
_BLOCKS: Final[dict[int, tuple[int, int, int, int]]] = {
    1: (1, 26, 16, 0),
    2: (1, 44, 28, 0),
    3: (1, 70, 44, 0),
    4: (2, 50, 32, 0),
    5: (2, 67, 43, 0),
    6: (4, 43, 27, 0),
    7: (4, 49, 31, 0),
    8: (4, 60, 38, 2),
    9: (5, 58, 36, 2),
    10: (5, 69, 43, 1),
    11: (5, 80, 50, 4),
    12: (8, 58, 36, 2),
    13: (9, 59, 37, 1),
    14: (9, 64, 40, 5),
    15: (10, 65, 41, 5),
    16: (10, 73, 45, 3),
    17: (11, 74, 46, 1),
    18: (13, 69, 43, 4),
    19: (14, 70, 44, 11),
    20: (16, 67, 41, 13),
}

Bytes = npt.NDArray[np.uint8]


class QrPicture(Struct, frozen=True, kw_only=True):
    """``path``: one SVG path of squares of 1 unit; ``size``: width and height in units, quiet zone included."""

    path: str
    size: int
    version: int


class QrTextError(ValueError):
    """The text is too long for version 20, or holds a mark that alphanumeric mode does not have."""


def draw_qr(text: str) -> QrPicture:
    """Draw ``text`` at error correction level M.

    >>> draw_qr("KD1:ABC:").size
    29
    """
    modules, version = qr_modules(text)
    return _picture(modules, version=version)


def draw_any_qr(text: str) -> QrPicture:
    """Draw a text of any marks, with the mask that suits it, at the leisure of one picture.

    >>> draw_any_qr("https://gate.example/handheld/").version
    3
    """
    code = segno.make_qr(text, error="m", boost_error=False)
    return _picture(np.array([list(row) for row in code.matrix], np.uint8), version=int(code.version))


def _picture(modules: Bytes, *, version: int) -> QrPicture:
    lines = []
    edges = np.diff(np.pad(modules.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    begins, ends = np.nonzero(edges == 1), np.nonzero(edges == -1)
    for row, begin, end in zip(begins[0].tolist(), begins[1].tolist(), ends[1].tolist(), strict=True):
        lines.append(f"M{begin + QUIET_ZONE} {row + QUIET_ZONE}h{end - begin}v1h{begin - end}z")
    return QrPicture(path="".join(lines), size=len(modules) + 2 * QUIET_ZONE, version=version)


def qr_modules(text: str) -> tuple[Bytes, int]:
    """Return the modules (1 is dark) and the version; raises ``QrTextError``."""
    version = _version_for(text)
    frame, rows, columns, mask = _frame(version)
    bits = np.unpackbits(_message(text, version=version))
    stream = np.zeros(len(rows), np.uint8)
    stream[: len(bits)] = bits
    modules = frame.copy()
    modules[rows, columns] = stream ^ mask
    return modules, version


def _version_for(text: str) -> int:
    if not text or any(mark not in _MARKS for mark in text):
        msg = "the text has a mark that alphanumeric mode does not have"
        raise QrTextError(msg)
    body = 11 * (len(text) // 2) + 6 * (len(text) % 2)
    for version in range(1, LARGEST_VERSION + 1):
        count, _, payload, longer = _BLOCKS[version]
        if 4 + _length_bits(version) + body <= 8 * (count * payload + longer):
            return version
    msg = f"the text of {len(text)} marks is too long for version {LARGEST_VERSION}"
    raise QrTextError(msg)


def _length_bits(version: int) -> int:
    return 9 if version < 10 else 11


def _message(text: str, *, version: int) -> Bytes:
    """Return the codewords in the order in which they are placed: data and check, interleaved (7.6)."""
    count, total, payload, longer = _BLOCKS[version]
    words = _words(text, version=version)
    short = words[: (count - longer) * payload].reshape(count - longer, payload)
    long = words[(count - longer) * payload :].reshape(longer, payload + 1)
    checks = np.concatenate([_check(short, size=total - payload), _check(long, size=total - payload)])
    whole = np.concatenate([short, long[:, :payload]]).T.ravel()
    return np.concatenate([whole, long[:, payload:].ravel(), checks.T.ravel()])


def _words(text: str, *, version: int) -> Bytes:
    """Write mode, length and marks, and fill up to the version's capacity (7.4)."""
    count, _, payload, longer = _BLOCKS[version]
    capacity = count * payload + longer
    number, size = 0b0010, 4
    number, size = number << _length_bits(version) | len(text), size + _length_bits(version)
    for place in range(0, len(text) - 1, 2):
        number = number << 11 | _MARKS[text[place]] * 45 + _MARKS[text[place + 1]]
    size += 11 * (len(text) // 2)
    if len(text) % 2:
        number, size = number << 6 | _MARKS[text[-1]], size + 6
    terminator = min(4, 8 * capacity - size)
    number, size = number << terminator, size + terminator
    number, size = number << -size % 8, size + -size % 8
    written = number.to_bytes(size // 8, "big")
    padding = bytes(_PAD[place % 2] for place in range(capacity - len(written)))
    return np.frombuffer(written + padding, np.uint8)


def _check(blocks: Bytes, *, size: int) -> Bytes:
    """Return the Reed-Solomon check words of blocks of one length: a sum of products, all blocks at once."""
    products = _products()[blocks[:, :, None], _remainders(blocks.shape[1], size)[None, :, :]]
    checked: Bytes = np.bitwise_xor.reduce(products, axis=1)
    return checked


@lru_cache(maxsize=1)
def _products() -> Bytes:
    """The multiplication table of GF(256) with 0x11D."""
    powers, logarithms, value = np.zeros(510, np.int64), np.zeros(256, np.int64), 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    table: Bytes = powers[logarithms[:, None] + logarithms[None, :]].astype(np.uint8)
    table[0, :] = table[:, 0] = 0
    return table


@lru_cache(maxsize=64)
def _remainders(length: int, size: int) -> Bytes:
    """What one at each place of a block leaves after division by the generator polynomial."""
    table, generator = _products(), [1]
    root = 1
    for _ in range(size):
        product = [*generator, 0]
        for place, factor in enumerate(generator):
            product[place + 1] ^= int(table[factor, root])
        generator, root = product, int(table[root, 2])
    remainders = np.zeros((length, size), np.uint8)
    left = np.array(generator[1:], np.uint8)
    for place in reversed(range(length)):
        remainders[place] = left
        carried = int(left[0])
        left = np.append(left[1:], np.uint8(0)) ^ table[carried, np.array(generator[1:], np.uint8)]
    return remainders


@lru_cache(maxsize=LARGEST_VERSION)
def _frame(version: int) -> tuple[Bytes, npt.NDArray[np.int64], npt.NDArray[np.int64], Bytes]:
    """Return the modules that every code of a version has, and the places and masks of all others, in order."""
    code = segno.make_qr("0", version=version, error="m", boost_error=False, mask=_MASK)
    kinds = np.array([list(row) for row in code.matrix_iter(border=0, verbose=True)])
    is_free = np.isin(kinds, (segno.consts.TYPE_DATA_LIGHT, segno.consts.TYPE_DATA_DARK))
    frame = np.array([list(row) for row in code.matrix], np.uint8)
    is_free[8, len(frame) - 9] = True  # the module before the format information, which segno counts to it
    places = [(row, column) for row, column in _zigzag(len(frame)) if is_free[row, column]]
    rows, columns = (np.array(part) for part in zip(*places, strict=True))
    return frame, rows, columns, ((rows + columns) % 3 == 0).astype(np.uint8)


def _zigzag(size: int) -> list[tuple[int, int]]:
    """All places in the order of 7.7.3: columns of two from the right, up and down, past the timing column."""
    places = []
    rights = [right if right > 6 else right - 1 for right in range(size - 1, 0, -2)]
    for turn, right in enumerate(rights):
        rows = range(size - 1, -1, -1) if turn % 2 == 0 else range(size)
        places += [(row, column) for row in rows for column in (right, right - 1)]
    return places
