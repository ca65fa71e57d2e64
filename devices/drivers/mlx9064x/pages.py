"""A measurement page of the chip's RAM: raw pixels, the sensor's own voltages, and in which pattern it was read."""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Raw = npt.NDArray[np.int16]

STATUS_AFTER_POWER_ON: Final = 0
CONTROL_AFTER_POWER_ON: Final = 0x1901
"""Control register 1 as delivered: chess pattern, 18 bits, 2 Hz."""
_IS_CHESS: Final = 0x1000


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a page, counted in words, stands what; two words follow the RAM: see ``Page``."""

    ram_words: int
    pixels: int
    v_be: int
    cp: tuple[int, int]
    gain: int
    v_ptat: int
    v_dd: int


RAM_90640: Final = Layout(ram_words=832, pixels=768, v_be=768, cp=(776, 808), gain=778, v_ptat=800, v_dd=810)
"""RAM 0x0400 to 0x073F as it is read on I2C."""
RAM_90641: Final = Layout(ram_words=432, pixels=192, v_be=384, cp=(392, 392), gain=394, v_ptat=416, v_dd=426)
"""RAM 0x0400 to 0x05AF; the pixels of both subpages alternate in blocks of 32."""
_BLOCK_WORDS: Final = 32


class Page(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One subpage. ``words`` are the RAM as signed numbers; ``control`` is control register 1 (0x800D)."""

    layout: Layout
    words: Raw
    subpage: int
    control: int

    @property
    def is_chess(self) -> bool:
        """Whether the subpages are the two colours of a chess board; else they are alternate rows."""
        return bool(self.control & _IS_CHESS)

    @property
    def resolution(self) -> int:
        """The resolution that the converter had, as the control register codes it."""
        return (self.control >> 10) & 3

    @property
    def pixels(self) -> Raw:
        """The raw pixels: of an MLX90640 all 768, half of them of the page before; of an MLX90641 this page's 192."""
        if self.layout is RAM_90640:
            return self.words[: self.layout.pixels]
        blocks = self.words[: 2 * self.layout.pixels].reshape(-1, 2, _BLOCK_WORDS)
        return blocks[:, self.subpage].ravel()


def page_of(payload: bytes, *, layout: Layout) -> Page:
    """Read big-endian words: the RAM, then the status register (bit 0 is the subpage) and control register 1."""
    words = np.frombuffer(payload, dtype=">i2").astype(np.int16)
    return Page(
        layout=layout,
        words=words[: layout.ram_words],
        subpage=int(words[layout.ram_words]) & 1,
        control=int(words[layout.ram_words + 1]) & 0xFFFF,
    )
