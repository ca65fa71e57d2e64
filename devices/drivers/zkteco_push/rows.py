"""The rows of a ZKTeco push, reduced to what may leave the driver: no number, name or card of a person.

Two tables carry measurements. ``rtlog`` (push 3.x) has rows of ``key=value`` between tabs, and door
rows without a person among them. ``ATTLOG`` (push 2.x) is positional, ten columns; that the last
three are mask, temperature and converted temperature is not confirmed by any public document.
"""

from typing import Final

import msgspec

from devices.terminal_voice import key_of
from devices.units import number

ATTLOG_COLUMNS: Final = 10
ATTLOG_TIME: Final = 1
ATTLOG_TEMPERATURE: Final = 8
MOST_ROWS: Final = 5000


class PunchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: ``is_person`` is false for a door; an ``amount`` of 0 says that nothing was measured."""

    is_person: bool
    time_text: str = ""
    amount: float | None = None
    delivery_key: str = ""
    byte_count: int = 0
    is_readable: bool = True


def rtlog_row(line: bytes, *, serial_number: str, temperature_key: str) -> PunchRow:
    r"""Read one row of ``rtlog``.

    >>> rtlog_row(b"time=2026-03-01 09:20:40\tpin=7\tindex=41\ttemperature=36.5", serial_number="X",
    ...           temperature_key="temperature").amount
    36.5
    """
    pairs = (field.partition("=") for field in line.decode("utf-8", "replace").split("\t"))
    fields = {name.strip().lower(): text.strip() for name, equals, text in pairs if equals}
    if "time" not in fields:
        return PunchRow(is_person=False, byte_count=len(line), is_readable=False)
    if "pin" not in fields:
        return PunchRow(is_person=False, time_text=fields["time"], byte_count=len(line))
    written = fields.get(temperature_key, "")
    amount = number(written)
    index = fields.get("index", "")
    key = f"{serial_number}:{index}:{key_of(fields['time'])}" if index else f"{serial_number}:{key_of(line)}"
    return PunchRow(
        is_person=True,
        time_text=fields["time"],
        amount=amount,
        delivery_key=key,
        byte_count=len(line),
        is_readable=amount is not None or not written,
    )


def attlog_row(line: bytes, *, serial_number: str) -> PunchRow:
    """Read one positional row of ``ATTLOG``; it has no number of its own, so its content names it."""
    columns = line.decode("utf-8", "replace").split("\t")
    if len(columns) <= ATTLOG_TIME:
        return PunchRow(is_person=False, byte_count=len(line), is_readable=False)
    written = columns[ATTLOG_TEMPERATURE].strip() if len(columns) >= ATTLOG_COLUMNS else ""
    amount = number(written)
    return PunchRow(
        is_person=True,
        time_text=columns[ATTLOG_TIME].strip(),
        amount=amount,
        delivery_key=f"{serial_number}:{key_of(line)}",
        byte_count=len(line),
        is_readable=amount is not None or not written,
    )
