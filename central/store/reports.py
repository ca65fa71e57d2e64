"""Frozen revisions of the daily report: their bytes, their hash, when and by whom. Never changed.

The list of them is read from an index (``report_summary``), a page at a time: what it costs does not grow
with the number of the reports nor with their size.
"""

import hashlib
from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, Engine, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from central.report.daily_report import DailyReport, decode_report
from central.store.bulk import insert_missing_rows
from central.store.engine import reading, writing
from central.store.report_tables import report_summary
from central.store.tables import report_revision


class RevisionTakenError(RuntimeError):
    """Somebody froze this revision at the same moment: read it again; nothing was written."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One frozen revision without its content. ``frozen_by`` is a user name, or ``cut_off``."""

    report_day: date
    revision: int
    sha256: str
    ledger_position: int
    frozen_at: datetime
    frozen_by: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the list says of a revision: its crossings, whether its equations hold, how many figures changed."""

    crossings: int
    identities_hold: bool
    changes: int

    @classmethod
    def of(cls, report: DailyReport) -> "Summary":
        """Draw it from the report."""
        return cls(
            crossings=report.totals.crossings, identities_hold=report.identities_hold, changes=len(report.changes)
        )


class ListedRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with what the list says of it."""

    revision: Revision
    summary: Summary


class Reports:
    """The table ``report_revision``; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def add(self, content: bytes, *, revision: Revision) -> Revision:
        """Freeze a revision; raises ``RevisionTakenError`` when it exists already."""
        frozen = msgspec.structs.replace(revision, sha256=hashlib.sha256(content).hexdigest())
        row = (frozen.report_day, frozen.revision, *msgspec.structs.astuple(Summary.of(decode_report(content))))
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(report_revision).values(snapshot=content, **msgspec.structs.asdict(frozen)))
                insert_missing_rows(connection, table=report_summary, rows=[row])
        except IntegrityError as error:
            raise RevisionTakenError from error
        return frozen

    def newest(self, day: date) -> int:
        """Return the number of a day's newest revision, 0 if it was never frozen."""
        query = select(func.max(report_revision.c.revision)).where(report_revision.c.report_day == day)
        with reading(self._engine) as connection:
            return int(connection.execute(query).scalar_one() or 0)

    def content(self, day: date, *, revision: int) -> bytes | None:
        """Return the bytes of one revision."""
        query = select(report_revision.c.snapshot).where(
            report_revision.c.report_day == day, report_revision.c.revision == revision
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else bytes(found)

    def page(self, *, before: date | None = None, limit_days: int = 31) -> list[ListedRevision]:
        """Return the revisions of the newest days (before one), newest day first, revisions in their order.

        Reads index columns only; call ``draw_missing`` once before, when a centre opens.
        """
        days = select(report_revision.c.report_day).distinct().order_by(report_revision.c.report_day.desc())
        if before is not None:
            days = days.where(report_revision.c.report_day < before)
        columns = [report_revision.c[name] for name in Revision.__struct_fields__]
        query = (
            select(*columns, *(report_summary.c[name] for name in Summary.__struct_fields__))
            .join(report_summary, _same_revision())
            .where(report_revision.c.report_day.in_(days.limit(limit_days)))
            .order_by(report_revision.c.report_day.desc(), report_revision.c.revision)
        )
        with reading(self._engine) as connection:
            return [_listed(row) for row in connection.execute(query).mappings()]

    def draw_missing(self) -> int:
        """Draw the index of revisions that were frozen before there was one; return how many, 0 ever after."""
        missing = (
            select(*(report_revision.c[name] for name in Revision.__struct_fields__), report_revision.c.snapshot)
            .outerjoin(report_summary, _same_revision())
            .where(report_summary.c.revision.is_(None))
            .execution_options(yield_per=20)
        )
        with reading(self._engine) as connection:
            rows = [
                (row.report_day, row.revision, *msgspec.structs.astuple(Summary.of(decode_report(bytes(row.snapshot)))))
                for row in connection.execute(missing)
            ]
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=report_summary, rows=rows)
        return len(rows)


def _same_revision() -> ColumnElement[bool]:
    return (report_summary.c.report_day == report_revision.c.report_day) & (
        report_summary.c.revision == report_revision.c.revision
    )


def _listed(row: RowMapping) -> ListedRevision:
    return ListedRevision(
        revision=Revision(**{name: row[name] for name in Revision.__struct_fields__}),
        summary=Summary(**{name: row[name] for name in Summary.__struct_fields__}),
    )
