"""Frozen revisions of the daily report: their bytes, their hash, when and by whom. Never changed."""

import hashlib
from datetime import date, datetime

import msgspec
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from central.store.engine import reading, writing
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


class Reports:
    """The table ``report_revision``; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def add(self, content: bytes, *, revision: Revision) -> Revision:
        """Freeze a revision; raises ``RevisionTakenError`` when it exists already."""
        frozen = msgspec.structs.replace(revision, sha256=hashlib.sha256(content).hexdigest())
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(report_revision).values(snapshot=content, **msgspec.structs.asdict(frozen)))
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

    def revisions(self, *, limit_days: int = 62) -> list[Revision]:
        """Return the revisions of the newest days, newest day first, revisions in their order."""
        columns = [report_revision.c[name] for name in Revision.__struct_fields__]
        days = (
            select(report_revision.c.report_day)
            .distinct()
            .order_by(report_revision.c.report_day.desc())
            .limit(limit_days)
        )
        query = (
            select(*columns)
            .where(report_revision.c.report_day.in_(days))
            .order_by(report_revision.c.report_day.desc(), report_revision.c.revision)
        )
        with reading(self._engine) as connection:
            return [Revision(**row) for row in connection.execute(query).mappings()]
