"""What is known of one person key: passages, links to other keys, and who crossed without a registered pass."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from checkpoint.register.links import MOST_KEYS, PersonLink, cluster_of
from checkpoint.register.pairing import DID_NOT_PASS, Passage
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.name_index import BearerKind, NameWriter, Rows, forget_bearer
from checkpoint.store.register_tables import seen_traveller
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Direction, Disposition, DocumentKind, LinkReason, TravellerCategory

MOST_PASSAGES: Final = 60
_HOME_STATE: Final = "VNM"
_HELD_AT_EXIT: Final = f"'{Disposition.ISOLATED.value}', '{Disposition.REFERRED.value}'"
_PASSED: Final = (
    f"disposition NOT IN ({', '.join(repr(one.value) for one in sorted(DID_NOT_PASS))})"
    f" AND NOT (direction = '{Direction.EXIT.value}' AND disposition IN ({_HELD_AT_EXIT}))"
)
"""Whoever is held with a fever at an exit has not left the country."""
_COLUMNS: Final = "person_key, crossing_id, presented_at, direction, document_kind, nationality"
_OF_PERSON: Final = (
    f"SELECT {_COLUMNS} FROM crossing WHERE person_key = ?"  # noqa: S608  # own words
    f" AND presented_at >= ? AND {_PASSED} ORDER BY presented_at DESC LIMIT {MOST_PASSAGES}"
)
_LAST_OF_EACH: Final = (
    f"SELECT {_COLUMNS}, full_name, document_number, entry, MAX(presented_at) FROM crossing"  # noqa: S608  # own words
    f" WHERE presented_at >= ? AND presented_at < ? AND category = '{TravellerCategory.BORDER_RESIDENT.value}'"
    f" AND person_key <> '' AND direction <> '{Direction.TRANSIT.value}' AND {_PASSED} GROUP BY person_key"
)
"""Beside ``MAX``, SQLite takes the other columns from the row that has it (its SELECT documentation, 2.5)."""
_LINKS_OF: Final = (
    "SELECT link_id, left_key, right_key FROM person_link WHERE left_key = ?1 AND unlinked_at IS NULL"
    " UNION SELECT link_id, left_key, right_key FROM person_link WHERE right_key = ?1 AND unlinked_at IS NULL"
)
_FIND_LINK: Final = "SELECT link_id, left_key, right_key, unlinked_at FROM person_link WHERE link_id = ?"
_ADD_LINK: Final = "INSERT INTO person_link (link_id, left_key, right_key, reason, linked_at) VALUES (?, ?, ?, ?, ?)"
_END_LINK: Final = "UPDATE person_link SET unlinked_at = ? WHERE link_id = ?"
_DROP_LINKS: Final = "DELETE FROM person_link WHERE left_key = ?1 OR right_key = ?1"
_SEEN: Final = tuple(str(column.name) for column in seen_traveller.columns)
_FIND_SEEN: Final = "SELECT number, full_name FROM seen_traveller WHERE person_key = ?"
_ADD_SEEN: Final = (
    "INSERT INTO seen_traveller (person_key, full_name, date_of_birth, nationality, document_kind, document_number,"
    " last_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_TOUCH_SEEN: Final = "UPDATE seen_traveller SET full_name = ?, last_seen_at = ? WHERE number = ?"
_DROP_SEEN: Final = "DELETE FROM seen_traveller WHERE number = ?"
_SEEN_BY_ROWS: Final = f"SELECT {', '.join(_SEEN)} FROM seen_traveller WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608
_SEEN_BY_KEYS: Final = (
    f"SELECT {', '.join(_SEEN)} FROM seen_traveller"  # noqa: S608  # own words
    " WHERE person_key IN (SELECT value FROM json_each(?))"
)


class SeenTraveller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who crossed with another document than a registered pass."""

    number: int
    person_key: str
    full_name: str
    date_of_birth: str | None
    nationality: str | None
    document_kind: str
    document_number: str
    last_seen_at: datetime


class LastPassage(msgspec.Struct, frozen=True, kw_only=True):
    """The last passage of a border resident in some days, with what a list shows of the person."""

    passage: Passage
    full_name: str
    document_number: str
    document_kind: str
    entry: int


class ReaderRows:
    """A reader's connection as ``Rows``: statements in the driver's own words."""

    def __init__(self, connection: Connection) -> None:
        """Wrap a connection from the store's readers."""
        self._connection = connection

    def execute(self, sql: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> Any:  # noqa: ANN401  # a cursor
        """Run one statement."""
        return self._connection.exec_driver_sql(sql, parameters)


def passages_of(rows: Rows, keys: Iterable[str], *, since: datetime) -> tuple[Passage, ...]:
    """Return the passages of one person (all linked keys) since an instant, the oldest first, the last 60 of them.

    Each key is read from its newest passage on, so that a year of daily crossings costs what a month does.
    """
    of_keys = (rows.execute(_OF_PERSON, (key, to_text(since))).fetchall() for key in sorted(keys))
    found = sorted((_passage(row) for some in of_keys for row in some), key=lambda one: one.passed_at)
    return tuple(found[-MOST_PASSAGES:])


def last_passages_of_residents(rows: Rows, *, since: datetime, before: datetime) -> list[LastPassage]:
    """Return the last passage of each border resident between two instants: one read of those days' own rows."""
    return [
        LastPassage(
            passage=_passage(row[:6]), full_name=row[6], document_number=row[7], document_kind=row[4], entry=row[8]
        )
        for row in rows.execute(_LAST_OF_EACH, (to_text(since), to_text(before))).fetchall()
    ]


def links_around(rows: Rows, person_key: str) -> tuple[PersonLink, ...]:
    """Return every link in force that hangs together with a key."""
    links: dict[str, PersonLink] = {}
    known: set[str] = set()
    waiting = [person_key]
    while waiting and len(known) < MOST_KEYS:
        key = waiting.pop()
        known.add(key)
        for link_id, left_key, right_key in rows.execute(_LINKS_OF, (key,)).fetchall():
            links[link_id] = PersonLink(link_id=link_id, left_key=left_key, right_key=right_key)
            waiting += [other for other in (left_key, right_key) if other not in known]
    return tuple(links[link_id] for link_id in sorted(links))


def linked_keys(rows: Rows, person_key: str) -> frozenset[str]:
    """Return every key that an officer holds for this person, the key itself included."""
    return cluster_of(person_key, links_around(rows, person_key))


def find_link(rows: Rows, link_id: str) -> tuple[PersonLink, bool] | None:
    """Return a link and whether it is in force, or ``None``."""
    row = rows.execute(_FIND_LINK, (link_id,)).fetchone()
    if row is None:
        return None
    return PersonLink(link_id=row[0], left_key=row[1], right_key=row[2]), row[3] is None


def put_link(transaction: Rows, link: PersonLink, *, reason: LinkReason, at: datetime) -> None:
    """Hold two keys for one person."""
    transaction.execute(_ADD_LINK, (link.link_id, link.left_key, link.right_key, reason.value, to_text(at)))


def end_link(transaction: Rows, link_id: str, *, at: datetime) -> None:
    """Take a link back."""
    transaction.execute(_END_LINK, (to_text(at), link_id))


def note_traveller(
    transaction: Rows,
    person_key: str,
    *,
    identity: TravellerIdentity,
    kind: DocumentKind,
    nationality: str | None,
    at: datetime,
) -> None:
    """Let somebody who crossed be found by name; a person seen before costs one row."""
    known = transaction.execute(_FIND_SEEN, (person_key,)).fetchone()
    if known is not None:
        transaction.execute(_TOUCH_SEEN, (identity.full_name, to_text(at), known[0]))
        if known[1] == identity.full_name:
            return
        forget_bearer(transaction, kind=BearerKind.TRAVELLER, number=known[0])
        NameWriter(transaction).add(identity.full_name, kind=BearerKind.TRAVELLER, number=known[0])
        return
    born = identity.date_of_birth.isoformat() if identity.date_of_birth else None
    row = (person_key, identity.full_name, born, nationality, kind.value, identity.document_number, to_text(at))
    number = transaction.execute(_ADD_SEEN, row).lastrowid
    NameWriter(transaction).add(identity.full_name, kind=BearerKind.TRAVELLER, number=number)


def travellers_at(rows: Rows, numbers: Iterable[int]) -> dict[int, SeenTraveller]:
    """Return travellers by the numbers of their rows."""
    found = rows.execute(_SEEN_BY_ROWS, (msgspec.json.encode(list(numbers)).decode(),)).fetchall()
    travellers = (msgspec.convert(dict(zip(_SEEN, row, strict=True)), SeenTraveller) for row in found)
    return {one.number: one for one in travellers}


def travellers_with(rows: Rows, keys: Iterable[str]) -> list[SeenTraveller]:
    """Return the travellers who go by one of some person keys."""
    found = rows.execute(_SEEN_BY_KEYS, (msgspec.json.encode(sorted(keys)).decode(),)).fetchall()
    return [msgspec.convert(dict(zip(_SEEN, row, strict=True)), SeenTraveller) for row in found]


def forget_person(transaction: Rows, person_key: str) -> None:
    """Forget the traveller and the links of a person key."""
    known = transaction.execute(_FIND_SEEN, (person_key,)).fetchone()
    if known is not None:
        forget_bearer(transaction, kind=BearerKind.TRAVELLER, number=known[0])
        transaction.execute(_DROP_SEEN, (known[0],))
    transaction.execute(_DROP_LINKS, (person_key,))


def _passage(row: tuple[Any, ...]) -> Passage:
    person_key, crossing_id, at, direction, document_kind, nationality = row
    is_foreign = nationality not in {None, _HOME_STATE} or document_kind == DocumentKind.BORDER_PERMIT.value
    return Passage(
        person_key=person_key,
        crossing_id=crossing_id,
        passed_at=from_text(at),
        direction=Direction(direction),
        is_foreign=is_foreign,
    )
