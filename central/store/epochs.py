"""The lives of a centre: an epoch with a number that only grows, also when the database goes back.

A database restored from a backup has forgotten what came after. Going on under the same epoch would give
numbers out twice, so a restored centre begins a new one: its name is new, its number is beyond every
number that the database, the file beside the keys, or any edge's testimony knows of. The number is the
incarnation of the centre's own journal, and decides where the incarnations of edges go on.
"""

import os
import secrets
import threading
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, Row, func, select, update

from central.store.bulk import insert_missing_rows
from central.store.centre_journal import append
from central.store.engine import reading, writing
from central.store.tables import centre, centre_journal, edge, ledger_head, signed_head
from sync.agreement.trust_records import EpochRenewed
from sync.agreement.vocabulary import EpochReason
from sync.exchange.messages import SignedHead

INCARNATIONS_PER_EPOCH = 1000
_FILE_NAME = "epoch"


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One life of the centre. ``position`` is how long the ledger was when it began."""

    name: str
    number: int
    began_at: datetime
    position: int

    @property
    def first_incarnation(self) -> int:
        """The number after which this life's incarnations of edges are issued: beyond all earlier ones."""
        return (self.number - 1) * INCARNATIONS_PER_EPOCH


class EpochFile:
    """The highest epoch number ever used, kept outside the database. Without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        """``folder`` is that of the keys."""
        self._path = None if folder is None else folder / _FILE_NAME

    def highest(self) -> int:
        """Return the number, 0 if none was ever noted or the file says nothing."""
        if self._path is None or not self._path.exists():
            return 0
        said = self._path.read_text(encoding="ascii", errors="replace").strip()
        return int(said) if said.isascii() and said.isdigit() and len(said) <= 9 else 0

    def note(self, number: int) -> None:
        """Keep the number durably before it is used."""
        if self._path is None or number <= self.highest():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._path.with_name(f"{_FILE_NAME}.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{number}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self._path)


class HeadFile:
    """The newest head that this centre signed, kept outside the database: its own witness after a restore.

    Written after the commit of what it speaks of, so that a database behind it has gone back in time.
    """

    def __init__(self, folder: Path | None) -> None:
        """``folder`` is that of the keys; without one nothing is kept."""
        self._path = None if folder is None else folder / "newest_head.json"
        self._turn = threading.Lock()
        self._noted: SignedHead | None = None

    def note(self, head: SignedHead) -> None:
        """Keep a head in the place of the one before; not worth a wait for the disk.

        Several threads sign at once (the clock's, a person's freezing): one writes at a time, and whoever comes
        late with an older head of the same life leaves the newer one.
        """
        if self._path is None:
            return
        with self._turn:
            if self._noted is not None and _is_behind(head, self._noted):
                return
            partial = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(msgspec.json.encode(head))
            partial.replace(self._path)
            self._noted = head

    def read(self) -> SignedHead | None:
        """Return the head, ``None`` where there is none or the file was torn; its signature is not checked here."""
        if self._path is None or not self._path.exists():
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=SignedHead)
        except (OSError, ValueError):
            return None

    def put_aside(self) -> None:
        """Keep a head that was heard under another name, so that it is heard once."""
        with self._turn:
            self._noted = None
            if self._path is not None and self._path.exists():
                self._path.replace(self._path.with_name("contradicted_head.json"))


def _is_behind(head: SignedHead, newest: SignedHead) -> bool:
    places = (head.position, head.centre_sequence), (newest.position, newest.centre_sequence)
    return head.epoch == newest.epoch and places[0] < places[1]


class Epochs:
    """The one row of table ``centre``."""

    def __init__(self, engine: Engine, *, file: EpochFile) -> None:
        """Over an opened, migrated database."""
        self._engine = engine
        self._file = file

    @property
    def noted(self) -> int:
        """The highest number that stands outside the database, 0 if none does."""
        return self._file.highest()

    def note(self, number: int) -> None:
        """Put the number outside the database right; it only grows."""
        self._file.note(number)

    def seen_in_database(self) -> int:
        """Return the highest number that anything in the database speaks of: what edges took, what was signed."""
        with reading(self._engine) as connection:
            highest = [
                connection.execute(select(func.max(column))).scalar_one() or 0
                for column in (edge.c.down_incarnation, centre_journal.c.incarnation, centre.c.centre_incarnation)
            ]
            signed = connection.execute(select(signed_head.c.epoch).distinct()).scalars()
            return max(*highest, *(number_in(name) for name in signed), 0)

    def present(self, *, now: datetime) -> Epoch:
        """Return the present epoch; makes the first one."""
        with reading(self._engine) as connection:
            found = connection.execute(select(centre)).one_or_none()
        if found is not None:
            return epoch_of(found)
        number = self._file.highest() + 1
        self._file.note(number)
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=centre, rows=[(1, _name(number), now, number, 0)])
            return epoch_of(connection.execute(select(centre)).one())

    def renew_in(
        self, connection: Connection, *, reason: EpochReason, by: str, now: datetime, beyond: int = 0
    ) -> Epoch:
        """Begin a new life; the first record of its journal says so. ``beyond`` is the highest number anybody showed.

        ``by`` is the operator, or the edge that showed what this database had forgotten.
        """
        known = int(connection.execute(select(centre.c.centre_incarnation).with_for_update()).scalar_one())
        number = max(known, self._file.highest(), beyond) + 1
        self._file.note(number)
        position = connection.execute(select(ledger_head.c.position)).scalar_one()
        connection.execute(
            update(centre).values(epoch=_name(number), centre_incarnation=number, epoch_position=position)
        )
        renewed = EpochRenewed(
            number=number,
            previous_number=known,
            ledger_position=position,
            reason=reason,
            witness=by if reason is EpochReason.TESTIMONY else "",
        )
        append(connection, renewed, officer_ref=by, now=now)
        return epoch_of(connection.execute(select(centre)).one())


def epoch_of(row: Row[tuple[int, str, datetime, int, int]]) -> Epoch:
    """Read the centre's row."""
    return Epoch(name=row.epoch, number=row.centre_incarnation, began_at=row.created_at, position=row.epoch_position)


def number_in(name: str) -> int:
    """Return the number that an epoch's name tells; 1 for a name that tells none.

    >>> number_in("3-c0ffee"), number_in("c0ffee")
    (3, 1)
    """
    head, dash, _ = name.partition("-")
    return int(head) if dash and head.isascii() and head.isdigit() and len(head) <= 9 else 1


def _name(number: int) -> str:
    token = secrets.token_hex(16)
    return token if number == 1 else f"{number}-{token}"
