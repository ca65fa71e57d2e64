"""The register of border pass holders: from a number, a label or a name to a known person."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec

from checkpoint.documents import compare_names, number_key, register_key, without_border
from checkpoint.store.instants import to_text
from checkpoint.store.name_index import BearerKind, NameWriter, Rows, forget_bearer
from checkpoint.store.register_tables import accompanying_child, holder
from checkpoint.store.statements import insert_into
from sync.agreement.vocabulary import PassReason, PassRegime, PassState, RegistrationSource, Sex


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a pass. ``pass_number`` is its key: upper case letters and digits only.

    ``scope`` is what the pass says of the area it is valid for; ``state`` as it was last recorded:
    ``checkpoint.register.passes.standing`` says what it is worth today. ``label_code``: our own label.
    """

    pass_number: str
    full_name: str
    holder_id: str = ""
    printed_number: str = ""
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    commune: str = ""
    regime: PassRegime = PassRegime.CHINA
    scope: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    state: PassState = PassState.VALID
    state_reason: PassReason | None = None
    state_since: datetime | None = None
    replaced_by: str | None = None
    label_code: str | None = None
    source: RegistrationSource = RegistrationSource.IMPORTED
    registered_at: datetime | None = None
    number: int = 0


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A child under 16 on a parent's pass; ``position`` counts from 1 on each pass."""

    child_id: str
    holder_id: str
    full_name: str
    date_of_birth: date
    sex: Sex
    position: int
    label_code: str
    registered_at: datetime
    number: int = 0

    @property
    def own_number(self) -> str:
        """What stands for the number of a child without a document: no pass number looks like it.

        Only the person key is made of it, so that a child stays itself on the parent's next pass; documents and lists
        show the parent's number.
        """
        return number_key(f"CHILD{self.child_id}")


class ImportCount(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: new holders, changed ones, and those that stood there already.

    ``left_aside``: the last marks of numbers that are somebody else's here; their lines changed nothing.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left_aside: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        """How many lines stand in the register now as the list has them."""
        return self.added + self.changed + self.unchanged

    def __add__(self, other: "ImportCount") -> "ImportCount":
        return ImportCount(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            left_aside=self.left_aside + other.left_aside,
        )


_NAMES: Final = tuple(str(column.name) for column in holder.columns)
_CHILD_NAMES: Final = tuple(str(column.name) for column in accompanying_child.columns)
_ADD = insert_into(holder, omitting=("number",))
_ADD_CHILD = insert_into(accompanying_child, omitting=("number",))
_SELECT: Final = " ".join(("SELECT", ", ".join(_NAMES), "FROM holder"))
_SELECT_CHILD: Final = " ".join(("SELECT", ", ".join(_CHILD_NAMES), "FROM accompanying_child"))
_BY_NUMBER: Final = _SELECT + " WHERE pass_number = ?"
_BY_ID: Final = _SELECT + " WHERE holder_id = ?"
_STATE_AT: Final = "SELECT state FROM holder WHERE number = ? AND holder_id = ?"
_BY_LABEL: Final = _SELECT + " WHERE label_code = ?"
_BY_ROWS: Final = _SELECT + " WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608  # own words
BORN: Final = (
    "SELECT number FROM json_each(?) AS named CROSS JOIN holder INDEXED BY ix_holder_date_of_birth"
    " ON number = named.value WHERE date_of_birth IS ?"
)
_CHILD_BY_LABEL: Final = _SELECT_CHILD + " WHERE label_code = ?"
_CHILD_BY_ID: Final = _SELECT_CHILD + " WHERE child_id = ?"
_CHILDREN_OF: Final = _SELECT_CHILD + " WHERE holder_id = ? ORDER BY position"
_CHILDREN_BY_ROWS: Final = _SELECT_CHILD + " WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608  # own words
_FILE_COLUMNS: Final = ("full_name", "date_of_birth", "sex", "commune", "regime", "scope", "issued_on", "expires_on")
_RENEW: Final = (
    "UPDATE holder SET full_name = :full_name, date_of_birth = :date_of_birth, sex = :sex, commune = :commune,"
    " regime = :regime, scope = :scope, issued_on = :issued_on, expires_on = :expires_on, state = :state"
    " WHERE number = :number"
)
_SET_STATE: Final = (
    "UPDATE holder SET state = ?, state_reason = ?, state_since = ?, replaced_by = ? WHERE holder_id = ?"
)
_SET_LABEL: Final = "UPDATE holder SET label_code = ? WHERE holder_id = ?"
_SET_CHILD_LABEL: Final = "UPDATE accompanying_child SET label_code = ? WHERE child_id = ?"
_MOVE_CHILD: Final = "UPDATE accompanying_child SET holder_id = ?, position = ? WHERE child_id = ?"
_DROP: Final = "DELETE FROM holder WHERE number = ?"
_DROP_CHILD: Final = "DELETE FROM accompanying_child WHERE number = ?"
_PAGE_OF_ALL: Final = _SELECT + " WHERE number > ? ORDER BY number LIMIT ?"
_PAGE_VALID: Final = (
    _SELECT
    + " WHERE state = 'valid' AND (expires_on IS NULL OR expires_on >= ?) AND number > ? ORDER BY number LIMIT ?"
)
_PAGE_ENDING: Final = (
    _SELECT + " WHERE state = 'valid' AND expires_on BETWEEN ? AND ? ORDER BY expires_on, number LIMIT ? OFFSET ?"
)
_PAGE_IN_STATE: Final = _SELECT + " WHERE state <> 'valid' AND state = ? AND number > ? ORDER BY number LIMIT ?"


def import_holders(
    transaction: Rows, holders: Iterable[Holder], *, new_id: Callable[[], str] = lambda: str(uuid4())
) -> ImportCount:
    """Add the holders of a list, or renew those whose number is known; the same list again changes nothing.

    What was recorded here stays: a pass that an officer noted as lost, cancelled or replaced is not made
    valid by a list, and identifiers, labels and children are kept.
    """
    names = NameWriter(transaction)
    count = ImportCount()
    for one in holders:
        known = find_pass(transaction, one.pass_number, regime=one.regime)
        if known is None:
            key = register_key(one.pass_number, regime=one.regime)
            added = msgspec.structs.replace(one, pass_number=key, holder_id=one.holder_id or new_id())
            add_holder(transaction, added, names=names)
            count += ImportCount(added=1)
        else:
            count += _renew(transaction, known, listed=one, names=names)
    return count


def add_holder(transaction: Rows, one: Holder, *, names: NameWriter | None = None) -> int:
    """Add one holder and let the name be found; return the number of the row."""
    row = _row(one)
    number: int = transaction.execute(_ADD, {**row, "is_named": 1}).lastrowid
    (names or NameWriter(transaction)).add(one.full_name, kind=BearerKind.HOLDER, number=number)
    return number


def find_holder(transaction: Rows, pass_number: str) -> Holder | None:
    """Return the holder of a pass by its number's key.

    A number without its border is anybody's who alone has it. One with its border may have been kept without, by an
    older program: then it is theirs whose border it is.
    """
    known = _one(transaction.execute(_BY_NUMBER, (pass_number,)).fetchone())
    if known is not None:
        return known
    plain, regime = without_border(pass_number)
    if regime is not None:
        kept = _one(transaction.execute(_BY_NUMBER, (plain,)).fetchone())
        return kept if kept is not None and kept.regime is regime else None
    found = passes_like(transaction, plain)
    return found[0] if len(found) == 1 else None


def find_pass(transaction: Rows, pass_number: str, *, regime: PassRegime) -> Holder | None:
    """Return who has this number of this border, or stands in the register under its very key."""
    key = register_key(pass_number, regime=regime)
    found = find_holder(transaction, key)
    return found if found is None or found.regime is regime or found.pass_number == key else None


def find_holder_by_id(transaction: Rows, holder_id: str) -> Holder | None:
    """Return the holder with an identifier."""
    return _one(transaction.execute(_BY_ID, (holder_id,)).fetchone())


def noted_state(transaction: Rows, holder_id: str, *, row: int) -> PassState | None:
    """Return what was last noted of a pass whose row was read before; ``None``: the register has it no more."""
    found = transaction.execute(_STATE_AT, (row, holder_id)).fetchone()
    return None if found is None else PassState(found[0])


def find_by_label(transaction: Rows, label_code: str) -> Holder | Child | None:
    """Return whose label this is: a holder, or a child on a pass."""
    found = _one(transaction.execute(_BY_LABEL, (label_code,)).fetchone())
    return found or _one_child(transaction.execute(_CHILD_BY_LABEL, (label_code,)).fetchone())


def holders_at(rows: Rows, numbers: Iterable[int]) -> dict[int, Holder]:
    """Return holders by the numbers of their rows."""
    found = rows.execute(_BY_ROWS, (msgspec.json.encode(list(numbers)).decode(),)).fetchall()
    return {one.number: one for row in found if (one := _one(tuple(row))) is not None}


def holders_born(rows: Rows, numbers: Iterable[int], *, born_on: date) -> list[int]:
    """Return the numbers of those who were born on a day, or of whom no day is known; only its index is read."""
    wanted = msgspec.json.encode(list(numbers)).decode()
    return [row[0] for day in (born_on.isoformat(), None) for row in rows.execute(BORN, (wanted, day)).fetchall()]


def children_at(rows: Rows, numbers: Iterable[int]) -> dict[int, Child]:
    """Return children by the numbers of their rows."""
    found = rows.execute(_CHILDREN_BY_ROWS, (msgspec.json.encode(list(numbers)).decode(),)).fetchall()
    return {one.number: one for row in found if (one := _one_child(tuple(row))) is not None}


def holders_in_state(
    rows: Rows, state: PassState | None, *, today: date, until: date | None, after: int, limit: int
) -> list[Holder]:
    """Return a page of holders by what their pass is worth today, in the order of their rows.

    ``until`` leaves only those whose last day comes by then; ``None`` for the state: everybody. ``after`` is
    the last row shown or, where the last day orders them, how many were shown.
    """
    if state is None and until is None:
        found = rows.execute(_PAGE_OF_ALL, (after, limit)).fetchall()
    elif until is not None:
        found = rows.execute(_PAGE_ENDING, (today.isoformat(), until.isoformat(), limit, after)).fetchall()
    elif state is PassState.EXPIRED:
        found = rows.execute(_PAGE_ENDING, ("", (today - timedelta(days=1)).isoformat(), limit, after)).fetchall()
    elif state is PassState.VALID:
        found = rows.execute(_PAGE_VALID, (today.isoformat(), after, limit)).fetchall()
    else:
        found = rows.execute(_PAGE_IN_STATE, (str(state), after, limit)).fetchall()
    return [one for row in found if (one := _one(tuple(row))) is not None]


def add_child(transaction: Rows, child: Child) -> int:
    """Put a child on a pass; return the number of the row."""
    row = {**msgspec.to_builtins(child), "registered_at": to_text(child.registered_at)}
    del row["number"]
    number: int = transaction.execute(_ADD_CHILD, row).lastrowid
    NameWriter(transaction).add(child.full_name, kind=BearerKind.CHILD, number=number)
    return number


def find_child(transaction: Rows, child_id: str) -> Child | None:
    """Return the child with an identifier."""
    return _one_child(transaction.execute(_CHILD_BY_ID, (child_id,)).fetchone())


def children_of(rows: Rows, holder_id: str) -> tuple[Child, ...]:
    """Return the children on a pass, in their order."""
    found = rows.execute(_CHILDREN_OF, (holder_id,)).fetchall()
    return tuple(child for row in found if (child := _one_child(tuple(row))) is not None)


def move_child(transaction: Rows, child: Child, *, holder_id: str, position: int) -> None:
    """Put a child on another pass of the same parent: identifier, label and history stay its own."""
    transaction.execute(_MOVE_CHILD, (holder_id, position, child.child_id))


def set_state(
    transaction: Rows,
    holder_id: str,
    *,
    state: PassState,
    reason: PassReason,
    at: datetime,
    replaced_by: str | None = None,
) -> None:
    """Note what became of a pass."""
    transaction.execute(_SET_STATE, (state.value, reason.value, to_text(at), replaced_by, holder_id))


def set_label(transaction: Rows, holder_id: str, *, label_code: str) -> None:
    """Note the code of the label that was printed for a holder."""
    transaction.execute(_SET_LABEL, (label_code, holder_id))


def set_child_label(transaction: Rows, child_id: str, *, label_code: str) -> None:
    """Note the code of the label that is valid for a child from now on."""
    transaction.execute(_SET_CHILD_LABEL, (label_code, child_id))


def drop_holder(transaction: Rows, one: Holder) -> None:
    """Forget a holder with every child on the pass: rows, names, words that nobody else bears."""
    for child in children_of(transaction, one.holder_id):
        drop_child(transaction, child)
    forget_bearer(transaction, kind=BearerKind.HOLDER, number=one.number)
    transaction.execute(_DROP, (one.number,))


def drop_child(transaction: Rows, child: Child) -> None:
    """Forget a child on a pass."""
    forget_bearer(transaction, kind=BearerKind.CHILD, number=child.number)
    transaction.execute(_DROP_CHILD, (child.number,))


def purge_registered(transaction: Rows, episode_id: str) -> bool:
    """Forget the holder or the child whose episode was erased; tell whether there was one."""
    one, child = find_holder_by_id(transaction, episode_id), find_child(transaction, episode_id)
    if one is not None:
        drop_holder(transaction, one)
    if child is not None:
        drop_child(transaction, child)
    return one is not None or child is not None


def passes_like(transaction: Rows, pass_number: str) -> list[Holder]:
    """Return whoever has the digits of a number: of any border, and as an older program kept them."""
    plain, _ = without_border(pass_number)
    keys = sorted({plain, *(register_key(plain, regime=one) for one in PassRegime)})
    found = (_one(transaction.execute(_BY_NUMBER, (key,)).fetchone()) for key in keys)
    return [one for one in found if one is not None]


def registered(transaction: Rows) -> Iterator[Holder | Child]:
    """Return everybody in the register, one after the other: for what is rare and knows no number."""
    yield from (one for row in transaction.execute(_SELECT) if (one := _one(tuple(row))) is not None)
    yield from registered_children(transaction)


def registered_children(transaction: Rows) -> Iterator[Child]:
    """Return every child on a pass."""
    return (child for row in transaction.execute(_SELECT_CHILD) if (child := _one_child(tuple(row))) is not None)


def _renew(transaction: Rows, known: Holder, *, listed: Holder, names: NameWriter) -> ImportCount:
    state = listed.state if known.state is PassState.VALID else known.state
    same = all(getattr(known, name) == getattr(listed, name) for name in _FILE_COLUMNS)
    if same and state is known.state:
        return ImportCount(unchanged=1)
    if _is_somebody_else(known, listed):
        return ImportCount(left_aside=(listed.pass_number[-4:],))
    row = {name: value for name, value in _row(listed).items() if name in _FILE_COLUMNS}
    transaction.execute(_RENEW, {**row, "state": state.value, "number": known.number})
    if known.full_name != listed.full_name:
        forget_bearer(transaction, kind=BearerKind.HOLDER, number=known.number)
        names.forget()
        names.add(listed.full_name, kind=BearerKind.HOLDER, number=known.number)
    return ImportCount(changed=1)


def _is_somebody_else(known: Holder, listed: Holder) -> bool:
    """Tell whether a list gives a number to another person: another name, and another birth date or border.

    A name alone may have been spelt wrongly, a birth date alone mistyped: both together are nobody's correction, and
    the label, the children and the history of the one must not become the other's.
    """
    has_other_name = not compare_names(known.full_name, listed.full_name).is_possible
    births = (known.date_of_birth, listed.date_of_birth)
    has_other_birth = None not in births and births[0] != births[1]
    return has_other_name and (has_other_birth or known.regime is not listed.regime)


def _row(one: Holder) -> dict[str, Any]:
    row = msgspec.to_builtins(one)
    del row["number"]
    for name in ("state_since", "registered_at"):
        at = getattr(one, name)
        row[name] = None if at is None else to_text(at)
    row["printed_number"] = one.printed_number or one.pass_number
    return dict(row)


def _one(row: tuple[Any, ...] | None) -> Holder | None:
    if row is None:
        return None
    fields = dict(zip(_NAMES, row, strict=True))
    del fields["is_named"]
    return msgspec.convert(fields, Holder)


def _one_child(row: tuple[Any, ...] | None) -> Child | None:
    return None if row is None else msgspec.convert(dict(zip(_CHILD_NAMES, row, strict=True)), Child)
