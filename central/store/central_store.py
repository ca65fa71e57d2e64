"""The one door to the centre's database: each part behind its name, over one engine."""

from datetime import datetime

from sqlalchemy import Engine

from central.reception import ReceivedBatch
from central.store.accounts import Accounts
from central.store.edges import Edges
from central.store.engine import open_engine
from central.store.ingest import Appended, Ingest, append_batch


class CentralStore:
    """Over an opened, migrated database. ``cut_off_hour`` comes from the policy in force."""

    def __init__(self, engine: Engine, *, cut_off_hour: int) -> None:
        """Nothing is read yet."""
        self.engine = engine
        self.cut_off_hour = cut_off_hour
        self.accounts = Accounts(engine)
        self.edges = Edges(engine)

    @classmethod
    def open(cls, url: str, *, cut_off_hour: int) -> "CentralStore":
        """Open the database of ``url``; it must have been migrated."""
        return cls(open_engine(url), cut_off_hour=cut_off_hour)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def append(self, batch: ReceivedBatch, *, point_of_entry_id: str, received_at: datetime) -> Appended:
        """Take a batch into the ledger: see ``central.store.ingest``."""
        ingest = Ingest(
            batch=batch,
            point_of_entry_id=point_of_entry_id,
            cut_off_hour=self.cut_off_hour,
            received_at=received_at,
        )
        return append_batch(self.engine, ingest=ingest)
