"""Machine readable zones written from fields, and specimens of ICAO Doc 9303 copied by hand.

The writer is independent of the reader: its own weights, its own columns, straight from the standard.
"""

from collections.abc import Mapping
from datetime import date
from itertools import cycle

TODAY = date(2026, 11, 22)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
CARD = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
LONG_CARD = ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<")
TD2_CARD = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
VISA_A = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX7408122F96121096ZE184226B<<<<<<")
VISA_B = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<")
BELGIAN_CARD = ("IDBEL000590240<6013<<<<<<<<<<<", "8512017F1311048BEL851201002007", "REINARTZ<<ULRIKE<KATIA<E<<<<<<")
CITIZEN_CARD = ("IDVNM1900000196022190000019<<4", "9003059F3003057VNM<<<<<<<<<<<4", "NGUYEN<<THI<ANH<HUONG<<<<<<<<<")
SPECIMENS = {
    "TD1": CARD,
    "TD1 long number": LONG_CARD,
    "TD1 Vietnam": CITIZEN_CARD,
    "TD2": TD2_CARD,
    "TD3": PASSPORT,
    "MRV-A": VISA_A,
    "MRV-B": VISA_B,
}


def value(mark: str) -> int:
    return 0 if mark == "<" else ALPHABET.index(mark)


def digit(text: str) -> str:
    return str(sum(value(mark) * weight for mark, weight in zip(text, cycle((7, 3, 1)))) % 10)


def padded(text: str, *, length: int) -> str:
    assert len(text) <= length, (text, length)
    return text.ljust(length, "<")


def name_field(primary: str, secondary: str, *, length: int) -> str:
    joined = primary.replace(" ", "<") + ("<<" + secondary.replace(" ", "<") if secondary else "")
    return padded(joined[:length], length=length)


def number_and_rest(number: str, optional: str, *, optional_length: int) -> tuple[str, str]:
    """The ten columns of the number with its digit, and the optional columns behind them."""
    if len(number) <= 9:
        field = padded(number, length=9)
        return field + digit(field), padded(optional, length=optional_length)
    rest = number[9:] + digit(number) + "<" + optional
    return number[:9] + "<", padded(rest, length=optional_length)


def td1(fields: Mapping[str, str]) -> tuple[str, ...]:
    number, optional = number_and_rest(fields["number"], fields["optional"], optional_length=15)
    first = padded(fields["code"], length=2) + padded(fields["state"], length=3) + number + optional
    dates = fields["birth"] + digit(fields["birth"]), fields["expiry"] + digit(fields["expiry"])
    second_optional = padded(fields["second_optional"], length=11)
    composite = digit(first[5:30] + dates[0] + dates[1] + second_optional)
    second = dates[0] + fields["sex"] + dates[1] + padded(fields["nationality"], length=3) + second_optional + composite
    return first, second, name_field(fields["primary"], fields["secondary"], length=30)


def two_lines(fields: Mapping[str, str], *, layout: str) -> tuple[str, ...]:
    length = {"TD2": 36, "TD3": 44, "MRV-A": 44, "MRV-B": 36}[layout]
    optional_length = {"TD2": 7, "TD3": 14, "MRV-A": 16, "MRV-B": 8}[layout]
    number, optional = number_and_rest(fields["number"], fields["optional"], optional_length=optional_length)
    birth = fields["birth"] + digit(fields["birth"])
    expiry = fields["expiry"] + digit(fields["expiry"])
    first = padded(fields["code"], length=2) + padded(fields["state"], length=3)
    first += name_field(fields["primary"], fields["secondary"], length=length - 5)
    second = number + padded(fields["nationality"], length=3) + birth + fields["sex"] + expiry + optional
    if layout == "TD3":
        second += digit(optional)
        second += digit(second[:10] + second[13:20] + second[21:43])
    elif layout == "TD2":
        second += digit(second[:10] + second[13:20] + second[21:35])
    return first, second


def zone_of(fields: Mapping[str, str], *, layout: str) -> tuple[str, ...]:
    return td1(fields) if layout == "TD1" else two_lines(fields, layout=layout)


def with_character(lines: tuple[str, ...], *, line: int, column: int, mark: str) -> tuple[str, ...]:
    """The zone with one character replaced; line and column count from 0."""
    changed = lines[line][:column] + mark + lines[line][column + 1 :]
    return (*lines[:line], changed, *lines[line + 1 :])
