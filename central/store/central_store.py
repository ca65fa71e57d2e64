"""The one door to the centre's database: each part behind its name, over one engine."""

from datetime import datetime

from sqlalchemy import Engine

from central.reception import ReceivedBatch
from central.report.snapshot import ReportSnapshot
from central.store.accounts import Accounts
from central.store.centre_journal import Review, append_review
from central.store.desk import Desk
from central.store.edges import Edges
from central.store.engine import open_engine
from central.store.figures import Figures
from central.store.ingest import Appended, Ingest, append_batch
from central.store.reports import Reports
from central.store.snapshots import ReportFrame, take_snapshot
from central.store.verification import Verified, verify
from sync.agreement.records import CaseReviewed


class CentralStore:
    """Over an opened, migrated database. ``cut_off_hour`` comes from the policy in force."""

    def __init__(self, engine: Engine, *, cut_off_hour: int) -> None:
        """Nothing is read yet."""
        self.engine = engine
        self.cut_off_hour = cut_off_hour
        self.accounts = Accounts(engine)
        self.edges = Edges(engine)
        self.desk = Desk(engine)
        self.figures = Figures(engine)
        self.reports = Reports(engine)

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

    def review(self, body: CaseReviewed, *, now: datetime) -> Review:
        """Write a review into the centre's own journal."""
        return append_review(self.engine, body=body, now=now)

    def snapshot(self, frame: ReportFrame) -> ReportSnapshot:
        """Read one report day, all of it at one moment."""
        return take_snapshot(self.engine, frame=frame)

    def verify(self) -> Verified:
        """Recompute everything from the ledger; raises ``DifferenceError`` naming the first difference."""
        return verify(self.engine, cut_off_hour=self.cut_off_hour)
