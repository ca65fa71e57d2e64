"""Erasing people at the edge: keys destroyed, every read model purged, journal and chain untouched.

The sealed part of a record is ciphertext under its episode's key (``sync.exchange.sealing``); once the
key is gone nobody can open it, and the hash over it stays true. What stands beside the journal in
clear (the list of crossings, the lane's draft, the register of passes, the access log) is purged in
the same transaction. Secure deletion overwrites what the rows held; ``Writer.scrub`` then empties the
write-ahead log and rebuilds the file, so that no page, free or in use, holds what was erased.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, literal_column, null, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.documents import number_key, read_pass_number, without_border
from checkpoint.store.conveyances import purge_conveyance, purge_occupant
from checkpoint.store.crops import purge_crop
from checkpoint.store.declarations import purge_declared
from checkpoint.store.groups import purge_group, purge_member
from checkpoint.store.holders import (
    Child,
    Holder,
    drop_child,
    drop_holder,
    passes_like,
    purge_registered,
    registered,
    registered_children,
)
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.parties import purge_party
from checkpoint.store.persons import forget_person
from checkpoint.store.shifts import purge_handover
from checkpoint.store.statements import compiled
from checkpoint.store.tables import (
    access_log,
    case_decision,
    crossing,
    device_reading,
    episode_key,
    erased_episode,
    isolation_case,
    isolation_contact,
)
from checkpoint.store.writer import Transaction
from sync.agreement.vocabulary import DocumentKind

NOBODY = ""
"""What stands where a name or a number stood; no document has an empty number, so this marks the erased."""
ERASED_SUBJECT = "erased"
"""What the access log says in the place of a search that named the person."""
_SEARCH_MARKS = 16


class ErasedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """What tied one erased episode to a person; kept in memory only, for as long as the purge runs."""

    episode_id: str
    person_key: str
    pass_number: str
    document_number: str
    presented_at: datetime

    @property
    def numbers(self) -> frozenset[str]:
        """The keys of the number that was shown: with and without the model of a pass."""
        plain, _ = without_border(self.pass_number)
        return frozenset({number_key(self.document_number), self.pass_number, plain} - {NOBODY})


_empty: ColumnElement[str] = literal_column("''")
_ADD = compiled(
    insert(erased_episode)
    .values(dict.fromkeys(("episode_id", "erasure_id", "erased_at")))
    .on_conflict_do_nothing(index_elements=["episode_id"])
)
_DROP_KEY = compiled(delete(episode_key).where(episode_key.c.crossing_id == bindparam("wanted")))
_FIND = compiled(
    select(crossing.c.person_key, crossing.c.document_number, crossing.c.document_kind, crossing.c.presented_at).where(
        crossing.c.crossing_id == bindparam("wanted")
    )
)
_BLANK = compiled(
    update(crossing)
    .where(crossing.c.crossing_id == bindparam("wanted"))
    .values(
        person_key=_empty,
        full_name=_empty,
        document_number=_empty,
        nationality=null(),
        age_years=null(),
        exception_reason=null(),
    )
)
_BLANK_READING = compiled(
    update(device_reading).where(device_reading.c.bound_to == bindparam("wanted")).values(bytes=literal_column("X''"))
)
_BLANK_WORDS = compiled(
    update(isolation_case)
    .where(isolation_case.c.crossing_id == bindparam("wanted"))
    .values(
        words=literal_column("X''"),
        # Where a person went stands in the path for the board; nothing else there is in anybody's own words.
        path=literal_column("CAST(json_set(CAST(path AS TEXT), '$.destination', '') AS BLOB)"),
    )
)
# A close contact is an episode of its own: erased by its own identifier, not with the patient.
_BLANK_CONTACT = compiled(
    update(isolation_contact)
    .where(isolation_contact.c.contact_id == bindparam("wanted"))
    .values(identity=literal_column("X''"))
)
_DROP_DECISION = compiled(delete(case_decision).where(case_decision.c.crossing_id == bindparam("wanted")))
_FORGET_REASON = compiled(update(access_log).where(access_log.c.subject == bindparam("wanted")).values(reason=_empty))
_FORGET_SEARCH = compiled(
    update(access_log)
    .where(access_log.c.subject == bindparam("wanted"))
    .values(subject=literal_column(f"'{ERASED_SUBJECT}'"), reason=_empty)
)
_OTHER_CROSSINGS = compiled(
    select(func.count()).select_from(crossing).where(crossing.c.person_key == bindparam("wanted"))
)
_IS_ERASED = compiled(select(erased_episode.c.episode_id).where(erased_episode.c.episode_id == bindparam("wanted")))


def remember_erased(
    transaction: Transaction, episode_ids: Iterable[str], *, erasure_id: str, erased_at: datetime
) -> None:
    """Remember that these episodes were erased, whether this edge knows them or not."""
    for episode_id in episode_ids:
        row = {"episode_id": episode_id, "erasure_id": erasure_id, "erased_at": to_text(erased_at)}
        transaction.execute(_ADD, row)


def is_erased(transaction: Transaction, episode_id: str) -> bool:
    """Tell whether an episode was erased: then its key is never kept again."""
    return transaction.execute(_IS_ERASED, {"wanted": episode_id}).fetchone() is not None


def erased_episodes(connection: Connection) -> list[tuple[str, str, str]]:
    """Return every erased episode with its erasure and instant, as a backup of keys carries it."""
    rows = connection.execute(select(erased_episode).order_by(erased_episode.c.episode_id))
    return [(row.episode_id, row.erasure_id, row.erased_at) for row in rows]


def destroy_key(transaction: Transaction, episode_id: str) -> bool:
    """Destroy an episode's wrapped key; tell whether there was one."""
    destroyed: bool = transaction.execute(_DROP_KEY, {"wanted": episode_id}).rowcount == 1
    return destroyed


def purge_episode(transaction: Transaction, episode_id: str) -> ErasedPerson | None:
    """Blank what every read model says of one episode; ``None`` if no crossing of that id was made here."""
    row = transaction.execute(_FIND, {"wanted": episode_id}).fetchone()
    for statement in (_BLANK, _BLANK_READING, _BLANK_WORDS, _BLANK_CONTACT, _DROP_DECISION, _FORGET_REASON):
        transaction.execute(statement, {"wanted": episode_id})
    purge_crop(transaction, episode_id)
    purge_registered(transaction, episode_id)
    purge_declared(transaction, episode_id)
    purge_handover(transaction, episode_id)
    purge_party(transaction, episode_id)
    purge_conveyance(transaction, episode_id)
    purge_occupant(transaction, episode_id)
    purge_group(transaction, episode_id)
    purge_member(transaction, episode_id)
    if row is None:
        return None
    person_key, document_number, document_kind, presented_at = row
    is_pass = document_kind == DocumentKind.BORDER_PASS.value
    pass_number = read_pass_number(document_number).key if is_pass else NOBODY
    return ErasedPerson(
        episode_id=episode_id,
        person_key=person_key,
        pass_number=pass_number,
        document_number=document_number,
        presented_at=from_text(presented_at),
    )


def purge_person(transaction: Transaction, person: ErasedPerson, *, key_of_pass: Callable[[str], str]) -> bool:
    """Forget the searches for a person and the register's entry, unless the person crossed here at another time.

    Tells whether no crossing of the person is left here. With the holder of a pass the children on it go too; a child
    alone leaves the parent where it is. ``key_of_pass`` gives the person key of a pass number.
    """
    if not person.person_key or transaction.execute(_OTHER_CROSSINGS, {"wanted": person.person_key}).fetchone()[0]:
        return False
    transaction.execute(_FORGET_SEARCH, {"wanted": person.person_key[:_SEARCH_MARKS]})
    forget_person(transaction, person.person_key)
    one = _entry_of(transaction, person, key_of_pass=key_of_pass)
    if isinstance(one, Holder):
        drop_holder(transaction, one)
    elif one is not None:
        drop_child(transaction, one)
    return True


def _entry_of(
    transaction: Transaction, person: ErasedPerson, *, key_of_pass: Callable[[str], str]
) -> Holder | Child | None:
    """Return who in the register has the very key: two borders give out the same digits, a child shows the parent's.

    Whoever has the number is asked, and every child, for a child may have gone to another pass since; children are few.
    Only where the number is gone already, because an older database was put back, is everybody asked: that is slow.
    """
    if person.pass_number:
        people = chain[Holder | Child](passes_like(transaction, person.pass_number), registered_children(transaction))
    elif person.document_number:
        return None
    else:
        people = chain(registered(transaction))
    for one in people:
        number = one.pass_number if isinstance(one, Holder) else one.own_number
        if key_of_pass(number) == person.person_key:
            return one
    return None
