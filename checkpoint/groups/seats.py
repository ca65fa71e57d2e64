"""Who sat near whom: side by side in one row, or one row before or behind (Decree 89/2018 article 8.3)."""

import re
from enum import StrEnum
from typing import Final

_SEAT: Final = re.compile(r"(?P<row>\d{1,3})(?P<letter>[A-Z]?)\Z")
_NOT_IN_CODE: Final = re.compile(r"[^0-9A-Z-]+")
LONGEST_SEAT: Final = 8


class Nearness(StrEnum):
    """How near two people of one conveyance sat; labels under ``[Nearness]``."""

    SAME_ROW = "same_row"
    NEXT_ROW = "next_row"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


def seat_code(text: str) -> str:
    """Return a seat, cabin or carriage as a ticket has it, at most 8 signs; empty if it is none.

    >>> seat_code(" 14 c "), seat_code("Toa số 3 rất dài")
    ('14C', '')
    """
    code = _NOT_IN_CODE.sub("", text.upper())
    return code if len(code) <= LONGEST_SEAT and len(code) >= len(text.replace(" ", "")) - 2 else ""


def near(seat: str, *, other: str, carriage: str = "", other_carriage: str = "") -> Nearness:
    """Tell how near two seats are; cabins and seats without a row are the same or elsewhere.

    >>> near("14C", other="15A").value, near("14C", other="14F").value, near("14C", other="").value
    ('next_row', 'same_row', 'unknown')
    """
    if not seat or not other:
        return Nearness.UNKNOWN
    if carriage != other_carriage:
        return Nearness.ELSEWHERE
    mine, theirs = _SEAT.match(seat), _SEAT.match(other)
    if mine is None or theirs is None:
        return Nearness.SAME_ROW if seat == other else Nearness.ELSEWHERE
    distance = abs(int(mine["row"]) - int(theirs["row"]))
    by_distance = {0: Nearness.SAME_ROW, 1: Nearness.NEXT_ROW}
    return by_distance.get(distance, Nearness.ELSEWHERE)
