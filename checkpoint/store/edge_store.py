"""The edge's store as one thing: opened once, migrated, with its one writer and its readers."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from checkpoint.store.accounts import COMMIT_TIMEOUT_S, Accounts
from checkpoint.store.connection import (
    DATABASE_NAME,
    Damage,
    StoreError,
    database_key,
    naming_damage,
    open_connection,
    open_engine,
)
from checkpoint.store.high_water import HighWaterMark
from checkpoint.store.identity import (
    IDENTITY_FOLDER,
    EdgeIdentity,
    boot_id,
    is_at_home,
    move_home,
    read_grant,
    read_incarnation,
)
from checkpoint.store.incarnations import Adoption
from checkpoint.store.journal import (
    Origin,
    RandomBytes,
    current_head,
    hash_in_chain,
    open_chain,
    origin_of,
    start_journal,
)
from checkpoint.store.lanes import set_places
from checkpoint.store.log_settling import settle_log
from checkpoint.store.outgoing import StoredJournal
from checkpoint.store.private_files import FolderFiles, MemoryFiles, PrivateFiles
from checkpoint.store.recovery import DatabaseSays, FilesSay, StartFinding, compare, note_finding, open_finding
from checkpoint.store.stations import StationBook
from checkpoint.store.writer import Growth, Transaction, Writer
from sync.exchange.chain import ChainHead

_log = structlog.get_logger("checkpoint")


class EdgeStore:
    """One database, one identity, one writer. ``migrate`` brings the schema up before the writer starts."""

    def __init__(
        self,
        writer: Writer,
        *,
        readers: Engine,
        files: PrivateFiles | None = None,
        origin: Callable[[], Origin] | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
        only_looks: bool = False,
    ) -> None:
        """Use ``EdgeStore.open``, or ``EdgeStore.over`` for a database that is open already."""
        self.writer = writer
        self.damage = writer.damage
        self.readers = readers
        self.files = files or MemoryFiles()
        self.random_bytes = random_bytes
        self.accounts = Accounts(writer, readers=readers)
        self.stations = StationBook(writer, readers=readers, accounts=self.accounts)
        self.outgoing = StoredJournal(
            writer,
            readers=readers,
            origin=origin or system_origin(),
            adoption=None if only_looks else Adoption(self.files),
            random_bytes=random_bytes,
        )

    @classmethod
    def open(
        cls,
        data_path: Path,
        *,
        identity: EdgeIdentity,
        places: Sequence[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> "EdgeStore":
        """Open a database whose schema is up to date; refuse one of another edge, and name one that is damaged."""
        key = database_key(data_path)
        path = data_path / DATABASE_NAME
        damage = Damage()
        with naming_damage(path):
            writer = Writer(open_connection(path, key=key))
            writer.damage = damage
            return cls.over(
                writer,
                readers=open_engine(path, key=key, damage=damage),
                identity=identity,
                files=FolderFiles(data_path / IDENTITY_FOLDER),
                places=places,
                origin=system_origin(clock),
            )

    @classmethod
    def over(  # the parts of a store, each handed in so that a simulation hands in its own
        cls,
        writer: Writer,
        *,
        readers: Engine,
        identity: EdgeIdentity,
        files: PrivateFiles,
        places: Sequence[str] = (),
        origin: Callable[[], Origin] | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> "EdgeStore":
        """Begin with connections that are open: compare database and identity, note what was found, write on.

        Every randomness is ``random_bytes``, every time ``origin``; with an ``InlineWriter`` nothing runs
        beside the caller.
        """
        made = origin or system_origin()
        mark = HighWaterMark(files)

        def begin(transaction: Transaction) -> "tuple[Growth, StartFinding | None]":
            found = _look_at_oneself(transaction, identity=identity, files=files, mark=mark, at=made().recorded_at)
            set_places(transaction, places)
            head = current_head(transaction)
            if head is None:  # cannot be: the journal was started just now
                raise LookupError
            return head, found

        head, found = writer.submit(begin).result(COMMIT_TIMEOUT_S)
        mark.begin(head, missing=0 if found is None else found.missing)
        writer.after_growth(mark.note)
        Adoption(files).heal(head.incarnation)
        move_home(files)
        return cls(writer, readers=readers, files=files, origin=made, random_bytes=random_bytes)

    @classmethod
    def beside(cls, data_path: Path) -> "EdgeStore":
        """Open the database of an edge that may be running, for a look: nothing is compared, noted or begun."""
        path = data_path / DATABASE_NAME
        if not path.exists():
            msg = f"there is no {path} yet; start the edge once"
            raise StoreError(msg)
        key = database_key(data_path)
        files = FolderFiles(data_path / IDENTITY_FOLDER)
        writer = Writer(open_connection(path, key=key))
        try:
            with naming_damage(path):
                return cls(writer, readers=open_engine(path, key=key), files=files, only_looks=True)
        except OperationalError as error:
            writer.stop()
            msg = f"{path} is of an older program; start the edge once, which brings it up to date"
            raise StoreError(msg) from error

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self.readers.dispose()
        self.writer.stop()
        self.files.close()


def system_origin(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Callable[[], Origin]:
    """Return what stamps the records that no officer makes."""
    boot = boot_id()
    return lambda: origin_of(clock, boot=boot)


def migration_engine(data_path: Path) -> Engine:
    """Return an engine for ``migrations.upgrade``: one connection, each step one immediate transaction."""
    data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = database_key(data_path)
    settle_log(data_path / DATABASE_NAME)
    return open_engine(data_path / DATABASE_NAME, key=key, begin="BEGIN IMMEDIATE", readers=1)


def _look_at_oneself(
    transaction: Transaction, *, identity: EdgeIdentity, files: PrivateFiles, mark: HighWaterMark, at: datetime
) -> StartFinding | None:
    """Compare database and identity files; note what does not fit. Returns what stands, old or new."""
    told = read_incarnation(files) or identity.incarnation
    is_new = start_journal(transaction, edge_id=identity.edge_id, incarnation=told)
    before = open_finding(transaction)
    database = _database_says(transaction, is_new=is_new, mark=mark, before=before)
    grant = read_grant(files)
    says = FilesSay(
        incarnation=told,
        granted=0 if grant is None else grant.incarnation,
        high_water=mark.mark,
        is_elsewhere=not is_at_home(files),
    )
    found = compare(says, database=database)
    if told > database.incarnation:
        # The newest chain grew in a database that is gone: go on there, where nothing older is touched.
        open_chain(transaction, edge_id=identity.edge_id, incarnation=told)
    if found is None or found == before:
        return before
    note_finding(transaction, found, at=at)
    _log.warning("identity_found", reason=found.reason.value, incarnation=found.incarnation, missing=found.missing)
    return found


def _database_says(
    transaction: Transaction, *, is_new: bool, mark: HighWaterMark, before: StartFinding | None
) -> DatabaseSays:
    head = current_head(transaction)
    if head is None:  # cannot be: the journal was started just now
        raise LookupError
    noted = mark.mark
    at_mark = (
        None if noted is None else hash_in_chain(transaction, incarnation=noted.incarnation, sequence=noted.sequence)
    )
    return DatabaseSays(
        is_new=is_new,
        incarnation=head.incarnation,
        head=ChainHead(sequence=head.sequence, hash=head.hash),
        hash_at_mark=at_mark,
        open_finding=before,
    )
