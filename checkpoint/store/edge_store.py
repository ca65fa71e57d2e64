"""The edge's store as one thing: opened once, migrated, with its one writer and its readers."""

from pathlib import Path

from sqlalchemy import Engine

from checkpoint.store.accounts import COMMIT_TIMEOUT_S, Accounts
from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection, open_engine
from checkpoint.store.identity import EdgeIdentity
from checkpoint.store.journal import start_journal
from checkpoint.store.lanes import set_places
from checkpoint.store.outgoing import StoredJournal
from checkpoint.store.writer import Transaction, Writer


class EdgeStore:
    """One database, one key, one writer. ``migrate`` brings the schema up before the writer starts."""

    def __init__(self, writer: Writer, *, readers: Engine) -> None:
        """Use ``EdgeStore.open``."""
        self.writer = writer
        self.readers = readers
        self.accounts = Accounts(writer, readers=readers)
        self.outgoing = StoredJournal(writer, readers=readers)

    @classmethod
    def open(cls, data_path: Path, *, identity: EdgeIdentity, places: tuple[str, ...] = ()) -> "EdgeStore":
        """Open a database whose schema is up to date; refuse one of another edge or incarnation."""
        key = database_key(data_path)
        path = data_path / DATABASE_NAME
        writer = Writer(open_connection(path, key=key))

        def begin(transaction: Transaction) -> None:
            start_journal(transaction, edge_id=identity.edge_id, incarnation=identity.incarnation)
            set_places(transaction, places)

        writer.submit(begin).result(COMMIT_TIMEOUT_S)
        return cls(writer, readers=open_engine(path, key=key))

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self.readers.dispose()
        self.writer.stop()


def migration_engine(data_path: Path) -> Engine:
    """Return an engine for ``migrations.upgrade``: one connection, each step one immediate transaction."""
    data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = database_key(data_path)
    return open_engine(data_path / DATABASE_NAME, key=key, begin="BEGIN IMMEDIATE", readers=1)
