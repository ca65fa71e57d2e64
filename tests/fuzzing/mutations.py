"""Making a new input out of known ones: a few small wounds at random, as cables and fuzzers make them."""

INTERESTING = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\xff\xff", b"\xff\x7f", b"\x00\x80", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f",
    b"-1", b"0", b"99999999999999999999", b"1e999", b"NaN", b"null", b'""', b"[]", b"{}", b"true", b"\r\n\r\n",
    b"\n", b"\r", b"\x02", b"\x03", b"--boundary", b"Content-Length: ", b"\xc3\x28", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
)  # fmt: skip
MOST_UNITS = 12


def below(count, chance):
    """Draw an index below ``count``; four times as quick as ``randrange``, and this is drawn ten times an input."""
    return int(chance.random() * count)


def one_of(choices, chance):
    """Draw one of a sequence."""
    return choices[int(chance.random() * len(choices))]


def mutated(units, chance, *, other, most_bytes):
    """Give the units of an input with one to six wounds; each unit stays a message of its own.

    ``other`` lends a unit now and then. What grows over ``most_bytes`` loses its last units.
    """
    units = list(units)
    for _ in range(one_of((1, 1, 1, 2, 3, 6), chance)):
        if not units or chance.random() < 0.12:
            units = _rearranged(units, chance, other=other)
        else:
            at = below(len(units), chance)
            units[at] = _wounded(units[at], chance)
    while len(units) > 1 and sum(map(len, units)) > most_bytes:
        units.pop()
    return tuple(units)


def _rearranged(units, chance, *, other):
    """Doubles, drops, swaps or borrows a unit."""
    at = below(len(units) + 1, chance)
    match below(4, chance):
        case 0 if units:
            units.insert(at, one_of(units, chance))
        case 1 if len(units) > 1:
            del units[at % len(units)]
        case 2 if len(units) > 1:
            units[at % len(units)], units[0] = units[0], units[at % len(units)]
        case _ if other:
            units.insert(at, one_of(other, chance))
    return units[:MOST_UNITS]


def _wounded(unit, chance):
    """Wound one unit in one place; the beginning is hit most, headers being there."""
    if not unit:
        return one_of(INTERESTING, chance)
    at = below(min(len(unit), 64), chance) if chance.random() < 0.4 else below(len(unit), chance)
    few = one_of((1, 1, 2, 4, 16, 200), chance)
    return one_of(_WOUNDS, chance)(unit, at, few, chance)


def _flipped(unit, at, _few, chance):
    return unit[:at] + bytes((unit[at] ^ (1 << below(8, chance)),)) + unit[at + 1 :]


def _written_over(unit, at, _few, chance):
    word = chance.randbytes(1) if chance.random() < 0.03 else one_of(INTERESTING, chance)
    return unit[:at] + word + unit[at + len(word) :]


def _moved_within(unit, at, few, chance):
    source = below(len(unit), chance)
    return unit[:at] + unit[source : source + few] + unit[at + few :]


_WOUNDS = (
    _flipped,
    _written_over,
    _moved_within,
    lambda unit, at, _few, chance: unit[:at] + chance.randbytes(1) + unit[at + 1 :],
    lambda unit, at, _few, chance: unit[:at] + one_of(INTERESTING, chance) + unit[at:],
    lambda unit, at, few, chance: unit[:at] + chance.randbytes(few) + unit[at:],
    lambda unit, at, few, _chance: unit[:at] + unit[at + few :],
    lambda unit, at, few, chance: unit[:at] + unit[at : at + few] * one_of((2, 3, 20), chance) + unit[at + few :],
    lambda unit, at, _few, _chance: unit[:at],
)


def in_pieces(content, chance):
    """Cut a stream into some pieces of random length, empty ones among them."""
    if chance.random() < 0.3:
        return [content]
    places = sorted(below(len(content) + 1, chance) for _ in range(one_of((1, 2, 5), chance)))
    return [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
