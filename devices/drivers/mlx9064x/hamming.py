"""The Hamming code in the memory of the MLX90641 (data sheet, "EEPROM"): eleven bits of content, five of parity.

Bits 0 to 10 are content, 11 to 14 the parities of a (15, 11) Hamming code, bit 15 makes the whole word even. One
wrong bit is put right; two are found and never read as a number.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

CONTENT_MASK: Final = 0x07FF
_COVERED: Final = (0x0D5B, 0x166D, 0x278E, 0x47F0)
"""What each parity looks at, its own bit included: D0 D1 D3 D4 D6 D8 D10 P0 and so on."""
_WORDS: Final = 1 << 16


def _table() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_]]:
    """For each of the 65,536 words: its content, and whether more than one bit of it is wrong."""
    words = np.arange(_WORDS, dtype=np.uint32)
    syndrome = np.zeros(_WORDS, dtype=np.uint32)
    for place, mask in enumerate(_COVERED):
        syndrome |= _parity(words & np.uint32(mask)) << np.uint32(place)
    is_odd = _parity(words).astype(np.bool_)
    flipped_bit = np.zeros(1 << len(_COVERED), dtype=np.uint32)
    for bit in range(15):
        flipped_bit[sum(((mask >> bit) & 1) << place for place, mask in enumerate(_COVERED))] = 1 << bit
    mended = np.where(is_odd, words ^ flipped_bit[syndrome], words) & CONTENT_MASK
    return mended.astype(np.uint16), (syndrome != 0) & ~is_odd


def _parity(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return (np.bitwise_count(words) & 1).astype(np.uint32)


_CONTENT, _IS_BEYOND = _table()


def content_of(words: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.uint16], int]:
    """Give the eleven bits of each word, single errors mended, and how many words were beyond mending.

    >>> words = np.array([0xF849, 0xF849 ^ 0x0010, 0xF849 ^ 0x0011], dtype=np.uint16)
    >>> contents, beyond = content_of(words)
    >>> [hex(content) for content in contents[:2]], beyond
    (['0x49', '0x49'], 1)
    """
    return _CONTENT[words], int(np.count_nonzero(_IS_BEYOND[words]))


def with_parity(content: int) -> int:
    """Give the word that stands for eleven bits.

    >>> hex(with_parity(0x049))
    '0xf849'
    """
    word = content & CONTENT_MASK
    for place, mask in enumerate(_COVERED):
        word |= ((word & mask & CONTENT_MASK).bit_count() & 1) << (11 + place)
    return word | (word.bit_count() & 1) << 15
