"""Names: how they are stored, folded for the machine readable zone, and spelt in other ways.

Table A of Doc 9303 part 3 has only 20 of the 67 accented Vietnamese capitals, so a Vietnamese name
is folded by rule: Đ (U+0110) and its look-alike Ð (U+00D0) become D, marks fall away, upper case.
The original is always kept; folded forms find candidates and never prove anything, because
different names fold alike (Hoa and Hòa, Nam and Năm).
"""

import re
from collections.abc import Collection, Iterable
from itertools import product
from typing import Final
from unicodedata import category, combining, normalize

_BARRED_D: Final = str.maketrans("ĐÐđð", "DDdd")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_OPEN_GLIDE: Final = re.compile(r"(?P<onset>[^aeiouy]*)(?P<vowels>oa|oe|uy)", re.IGNORECASE)
_LETTERS_ONLY: Final = re.compile(r"[^A-Z]+")
_MOST_VARIANTS: Final = 16

# Doc 9303 part 3, section 6, table A: letters with more than one transliteration in use.
_TRANSLITERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ñ": ("N", "NXX"),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "Ü": ("UE", "UXX", "U"),
    "ẞ": ("SS",),
    "ß": ("SS",),
    "Þ": ("TH",),
    "Ł": ("L",),
    "Ħ": ("H",),
    "Ŧ": ("T",),
    "\u0131": ("I",),
    "Ĳ": ("IJ",),
}
_TRANSLITERATED: Final = str.maketrans({letter: spelt[0] for letter, spelt in _TRANSLITERATIONS.items()})


def stored_form(name: str) -> str:
    """Return the name as it is stored: NFC, single blanks, its own letters and marks.

    >>> stored_form("  Hu\u031bo\u031b\u0300ng ") == "Hường"
    True
    """
    return " ".join(normalize("NFC", name).split())


def _without_marks(text: str) -> str:
    return "".join(mark for mark in normalize("NFD", text) if not combining(mark))


def fold(name: str) -> str:
    """Fold a name to the letters A to Z and single blanks, as the zone of a passport shows it.

    >>> fold("Ðặng Văn Ơn"), fold("O'Connor-Müller")
    ('DANG VAN ON', 'OCONNOR MUELLER')
    """
    plain = name.translate(_BARRED_D).replace("'", "").replace("\u2019", "")
    plain = _without_marks(plain.upper() if plain.isascii() else _spelt(plain)).upper()
    return _LETTERS_ONLY.sub(" ", plain).strip()


def search_words(query: str) -> tuple[str, ...]:
    """Return the words for which a name is searched: folded, or as written where folding leaves nothing (Hán).

    >>> search_words("nhường 小明")
    ('NHUONG', '小明')
    """
    found = (fold(word) or stored_form(word).casefold() for word in query.split())
    return tuple(part for word in found for part in word.split())


def holds_words(name: str, words: Collection[str]) -> bool:
    """Tell whether every searched word is a part of the name, with its marks or without.

    >>> holds_words("Hoàng Thị Nhường", ("HOANG", "NHUONG")), holds_words("王小明", ("小明",)), holds_words("Lan", ())
    (True, True, False)
    """
    spelt = (fold(name), stored_form(name).casefold())
    return bool(words) and all(any(word in one for one in spelt) for word in words)


def _spelt(name: str) -> str:
    """Apply the first transliteration of letters that Vietnamese does not have."""
    return normalize("NFC", name).upper().translate(_TRANSLITERATED)


def icao_variants(name: str) -> tuple[str, ...]:
    """Return every folded spelling in which a foreign name may stand in a zone, at most 16.

    >>> icao_variants("Müller")
    ('MUELLER', 'MUXXLLER', 'MULLER')
    >>> icao_variants("Nguyễn")
    ('NGUYEN',)
    """
    letters = normalize("NFC", name).translate(_BARRED_D).upper()
    choices = [_TRANSLITERATIONS.get(letter, (letter,)) for letter in letters]
    spellings: dict[str, None] = {}
    for spelling in product(*choices):
        spellings[fold("".join(spelling))] = None
        if len(spellings) == _MOST_VARIANTS:
            break
    return tuple(spellings)


def _tone_on_first_vowel(syllable: str) -> str:
    """Write the tone of an open oa, oe or uy on its first vowel; other syllables have one way only."""
    letters = normalize("NFD", syllable)
    tones = [mark for mark in letters if mark in _TONES]
    bare = "".join(mark for mark in letters if mark not in _TONES)
    found = _OPEN_GLIDE.fullmatch(bare)
    if len(tones) != 1 or found is None or (found["onset"].lower() == "q"):
        return syllable
    split = found.start("vowels") + 1
    return normalize("NFC", bare[:split] + tones[0] + bare[split:])


def with_one_tone_placement(name: str) -> str:
    """Rewrite the new tone placement (Hoà, Thuý) as the old one (Hòa, Thúy), which cards print.

    >>> with_one_tone_placement("Hoà Thuý Quý Hoàng") == "Hòa Thúy Quý Hoàng"
    True
    """
    return " ".join(map(_tone_on_first_vowel, stored_form(name).split(" ")))


def has_marks(name: str) -> bool:
    """Tell whether a spelling carries marks, so that it can tell Hoa from Hòa."""
    return any(category(mark) == "Mn" for mark in normalize("NFD", name)) or not name.isascii()


def accented_key(name: str) -> str:
    """Return the comparable form of a spelling with marks: one tone placement, one case, one D.

    >>> accented_key("Trần thị HOÀ") == accented_key("TRẦN THỊ HÒA")
    True
    """
    return with_one_tone_placement(name.translate(_BARRED_D)).casefold()


def sorted_words(words: Iterable[str]) -> str:
    """Join words in alphabetical order: a key that ignores Western order."""
    return " ".join(sorted(words))
