"""The one door to the centre's database: each part behind its name, over one engine."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from central.reception import ReceivedBatch
from central.report.snapshot import ReportSnapshot
from central.store.accounts import Accounts
from central.store.alarms import Alarms
from central.store.centre_journal import Review, Seal, append_review
from central.store.declarations import Declarations
from central.store.desk import Desk
from central.store.downlink import Down
from central.store.edges import Edges
from central.store.engine import open_engine
from central.store.enrolment import Enrolment
from central.store.epochs import EpochFile, HeadFile
from central.store.erased_file import ErasureFile
from central.store.experts import Experts
from central.store.figure_rows import FigureRows
from central.store.figures import Figures
from central.store.follow_up import FollowUps
from central.store.gate_reading import GateReading
from central.store.handshakes import Handshakes
from central.store.ingest import Appended, Ingest, append_batch
from central.store.projection import Sender
from central.store.provisional import Provisional
from central.store.reports import Reports
from central.store.snapshots import ReportFrame, take_snapshot
from central.store.testimony import Testimonies
from central.store.unsent import Unsent
from central.store.verification import Verified, verify
from central.store.witness import Witnesses
from sync.agreement.records import CaseReviewed


class CentralStore:
    """Over an opened, migrated database. ``cut_off_hour`` comes from the policy in force."""

    def __init__(self, engine: Engine, *, cut_off_hour: int, identity_folder: Path | None = None) -> None:
        """Nothing is read yet. ``identity_folder`` keeps what must outlive a restored database."""
        self.engine = engine
        self.cut_off_hour = cut_off_hour
        self.accounts = Accounts(engine)
        self.edges = Edges(engine, epoch_file=EpochFile(identity_folder))
        self.alarms = Alarms(engine)
        self.handshakes = Handshakes(engine)
        self.enrolment = Enrolment(engine)
        self.witnesses = Witnesses(engine)
        self.own_head = HeadFile(identity_folder)
        self.erasure_file = ErasureFile(identity_folder)
        self.testimonies = Testimonies(engine, epochs=self.edges.epochs)
        self.provisional = Provisional(engine, cut_off_hour=cut_off_hour)
        self.down = Down(engine)
        self.declarations = Declarations(engine)
        self.desk = Desk(engine, cut_off_hour=cut_off_hour)
        self.experts = Experts(engine)
        self.figures = Figures(engine)
        self.figure_rows = FigureRows(engine)
        self.follow_ups = FollowUps(engine)
        self.gates = GateReading(engine)
        self.reports = Reports(engine)
        self.unsent = Unsent(engine)

    @classmethod
    def open(cls, url: str, *, cut_off_hour: int) -> "CentralStore":
        """Open the database of ``url``; it must have been migrated."""
        return cls(open_engine(url), cut_off_hour=cut_off_hour)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def append(
        self, batch: ReceivedBatch, *, point_of_entry_id: str, received_at: datetime, kind: str = "edge"
    ) -> Appended:
        """Take a batch into the ledger: see ``central.store.ingest``."""
        ingest = Ingest(
            batch=batch,
            sender=Sender(point_of_entry_id=point_of_entry_id, kind=kind),
            cut_off_hour=self.cut_off_hour,
            received_at=received_at,
        )
        return append_batch(self.engine, ingest=ingest)

    def review(self, body: CaseReviewed, *, now: datetime, seal: Seal | None = None) -> Review:
        """Write a review into the centre's own journal; its words are what ``seal`` seals."""
        return append_review(self.engine, body=body, now=now, seal=seal)

    def snapshot(self, frame: ReportFrame) -> ReportSnapshot:
        """Read one report day, all of it at one moment."""
        return take_snapshot(self.engine, frame=frame)

    def verify(self) -> Verified:
        """Recompute everything from the ledger; raises ``DifferenceError`` naming the first difference."""
        return verify(self.engine, cut_off_hour=self.cut_off_hour)
