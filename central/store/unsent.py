"""What a province has not told the national centre yet: frozen reports and reviews without a record of theirs."""

from datetime import date

import msgspec
from sqlalchemy import Engine, Text, cast, literal, select

from central.store.centre_journal import Review
from central.store.engine import reading
from central.store.tables import case_review, federation_journal, report_revision


class Unsent:
    """Reads only; each call sees one moment."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def reports(self, *, limit: int) -> list[tuple[date, int]]:
        """Return the oldest revisions (day, number) that were not sent."""
        day = cast(report_revision.c.report_day, Text)
        source = literal("report/") + day + literal("/") + cast(report_revision.c.revision, Text)
        query = (
            select(report_revision.c.report_day, report_revision.c.revision)
            .outerjoin(federation_journal, federation_journal.c.source == source)
            .where(federation_journal.c.source.is_(None))
            .order_by(report_revision.c.report_day, report_revision.c.revision)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [(row.report_day, row.revision) for row in connection.execute(query)]

    def reviews(self, *, limit: int) -> list[Review]:
        """Return the oldest reviews that were not sent."""
        number = cast(case_review.c.incarnation, Text) + literal("/") + cast(case_review.c.sequence, Text)
        query = (
            select(case_review)
            .outerjoin(federation_journal, federation_journal.c.source == literal("review/") + number)
            .where(federation_journal.c.source.is_(None))
            .order_by(case_review.c.incarnation, case_review.c.sequence)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings()
            return [msgspec.convert({str(name): row[name] for name in row}, Review) for row in rows]
