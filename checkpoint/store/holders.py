"""The register of border pass holders: from a number to a known person."""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.statements import compiled
from checkpoint.store.tables import holder
from checkpoint.store.writer import Transaction
from sync.agreement.vocabulary import PassRegime, Sex


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a pass. ``pass_number`` is the key: upper case letters and digits only."""

    pass_number: str
    full_name: str
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    commune: str = ""
    regime: PassRegime = PassRegime.CHINA
    issued_on: date | None = None
    expires_on: date | None = None
    is_cancelled: bool = False


_COLUMNS = tuple(str(column.name) for column in holder.columns)
_PUT = compiled(
    insert(holder)
    .values(dict.fromkeys(_COLUMNS))
    .on_conflict_do_update(
        index_elements=["pass_number"], set_={name: getattr(insert(holder).excluded, name) for name in _COLUMNS[1:]}
    )
)
_FIND = compiled(select(holder).where(holder.c.pass_number == bindparam("pass_number")))


def put_holders(transaction: Transaction, holders: Iterable[Holder]) -> int:
    """Add holders, or replace those whose number is known; return how many."""
    count = 0
    for one in holders:
        transaction.execute(_PUT, {**msgspec.to_builtins(one), "is_cancelled": int(one.is_cancelled)})
        count += 1
    return count


def find_holder(transaction: Transaction, pass_number: str) -> Holder | None:
    """Return the holder of a pass by its number's key."""
    row = transaction.execute(_FIND, {"pass_number": pass_number}).fetchone()
    if row is None:
        return None
    fields = dict(zip(_COLUMNS, row, strict=True))
    fields["is_cancelled"] = bool(fields["is_cancelled"])
    return msgspec.convert(fields, Holder)
