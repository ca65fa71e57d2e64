"""Memory dumps as the vendor's examples and tools give them: words, without frame or checksum.

``words`` is the bytes as they travel on I2C (big-endian): 832 words of calibration memory, then pages. ``text`` is
the same as hexadecimal words (``0x00AE, 0x499A, …``) with anything else between them, as in the vendor's sources.

A page is either the bare RAM (832 words of an MLX90640), or the frame of the vendor's library: for the MLX90640 the
RAM with control register 1 and the subpage behind it (834 words); for the MLX90641 192 pixels, 48 words from RAM
0x0580, control register 1 and the subpage (242 words). Bare pages are taken as the chip begins: subpage 0, then 1,
chess pattern, 18 bits.

Without frame and checksum a lost byte cannot be seen: a dump is for files, never for a line.
"""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from devices.drivers.mlx9064x.calibration import EEPROM_WORDS
from devices.drivers.mlx9064x.pages import (
    CONTROL_AFTER_POWER_ON,
    RAM_90640,
    RAM_90641,
    Layout,
    Page,
    Raw,
)
from devices.framing import pieces

_LIBRARY_90641_WORDS: Final = 242
_AUXILIARY_WORDS: Final = 48
_TEXT_WORD: Final = re.compile(rb"0[xX]([0-9a-fA-F]{1,4})(?![0-9a-fA-F])")
_LONGEST_TEXT_WORD: Final = 6
_PIECE_BYTES: Final = 64 * 1024


class DumpReader:
    """Cuts a dump into the calibration memory and pages: pairs of content and its place and length in the stream."""

    def __init__(self, *, layout: Layout, is_text: bool, has_registers: bool) -> None:
        self._layout = layout
        self._is_text = is_text
        self._has_registers = has_registers
        self._words = bytearray()
        self._text = b""
        self._taken_bytes = 0
        self._pages = 0
        self._has_memory = False

    @property
    def left_bytes(self) -> int:
        """How many bytes of an unfinished memory or page are held."""
        return len(self._words)

    @property
    def stream_offset(self) -> int:
        """Where the memory or page that comes next begins, counted in the bytes of words."""
        return self._taken_bytes

    def feed(self, chunk: bytes) -> Iterator[bytes | Page]:
        """Give what the next bytes complete: the calibration memory once as bytes, then pages."""
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._words += self._binary(piece)
            while (part := self._next()) is not None:
                yield part

    def end_text(self) -> None:
        """Say that no more text comes: the last word may now be read."""
        self._words += b"".join(_word(found) for found in _TEXT_WORD.finditer(self._text))
        self._text = b""

    def _binary(self, chunk: bytes) -> bytes:
        if not self._is_text:
            return chunk
        text = self._text + chunk
        keep = max(len(text) - _LONGEST_TEXT_WORD, 0)
        words, end = [], 0
        for found in _TEXT_WORD.finditer(text):
            if found.end() == len(text):  # more digits may follow
                break
            words.append(_word(found))
            end = found.end()
        self._text = text[max(end, keep) :]
        return b"".join(words)

    def _next(self) -> bytes | Page | None:
        size = 2 * (self._page_words if self._has_memory else EEPROM_WORDS)
        if len(self._words) < size:
            return None
        content = bytes(self._words[:size])
        del self._words[:size]
        self._taken_bytes += size
        if not self._has_memory:
            self._has_memory = True
            return content
        return self._page(np.frombuffer(content, dtype=">i2").astype(np.int16))

    @property
    def _page_words(self) -> int:
        if not self._has_registers:
            return self._layout.ram_words
        return self._layout.ram_words + 2 if self._layout is RAM_90640 else _LIBRARY_90641_WORDS

    def _page(self, words: Raw) -> Page:
        self._pages += 1
        subpage, control = (self._pages - 1) % 2, CONTROL_AFTER_POWER_ON
        if self._has_registers:
            control, subpage = int(words[-2]) & 0xFFFF, int(words[-1]) & 1
            words = words[:-2] if self._layout is RAM_90640 else _ram_of_library(words, subpage=subpage)
        return Page(layout=self._layout, words=words, subpage=subpage, control=control)


def _ram_of_library(words: Raw, *, subpage: int) -> Raw:
    """Put the 192 pixels of a library's frame where the chip's RAM has them."""
    ram = np.zeros(RAM_90641.ram_words, dtype=np.int16)
    pixels = RAM_90641.pixels
    ram[: 2 * pixels].reshape(-1, 2, 32)[:, subpage] = words[:pixels].reshape(-1, 32)
    ram[2 * pixels :] = words[pixels : pixels + _AUXILIARY_WORDS]
    return ram


def _word(found: re.Match[bytes]) -> bytes:
    return int(found.group(1), 16).to_bytes(2, "big")
