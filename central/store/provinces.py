"""What the provinces report to a national centre: their figures and cases, drawn from their records.

Projected in the very transaction that takes a province's batch, insert only: a later revision of a day
stands beside the earlier one, and the highest counts. ``rows_of`` is pure, so that ``verify`` can draw
the same rows from the ledger again.
"""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import Connection, Engine, and_, func, select

from central.store.bulk import Row, insert_missing_rows
from central.store.engine import reading
from central.store.tables import province_case, province_figure
from sync.agreement.records import CaseNotified, FiguresReported, RecordBody

_LARGEST_REVISION = 2**31 - 1
_LARGEST_COUNT = 2**53
_LONGEST_TEXT = 128
ALL = ""
"""Stands in a key where a figure is the sum over all gates, directions or categories."""


class ProvinceDay(msgspec.Struct, frozen=True, kw_only=True):
    """One province's newest figures of a day, in sum over its gates."""

    edge_id: str
    revision: int
    figures: dict[str, int]


def rows_of(edge_id: str, body: RecordBody) -> tuple[list[Row], list[Row]]:
    """Return the rows of ``province_figure`` and ``province_case`` that one record makes."""
    if isinstance(body, FiguresReported):
        day = (edge_id, body.report_day, body.revision)
        figures = [
            (*day, each.point_of_entry_id or ALL, each.direction or ALL, each.category or ALL, each.figure, each.count)
            for each in body.figures
        ]
        return [tuple(map(_plain, row)) for row in figures], []
    if isinstance(body, CaseNotified):
        case = (edge_id, body.case_ref, body.reviewed_at, body.case_class, body.report_day, body.point_of_entry_id)
        return [], [tuple(map(_plain, (*case, body.age_band, body.sex, body.nationality)))]
    return [], []


def is_storable(body: RecordBody) -> bool:
    """Whether these tables can hold what a province says: short texts without NUL, whole numbers of their columns.

    One that they cannot hold must be quarantined, or it would hold its whole chain up for ever.
    """
    if isinstance(body, FiguresReported) and body.revision > _LARGEST_REVISION:
        return False
    figures, cases = rows_of("", body)
    return all(_is_cell(cell) for row in (*figures, *cases) for cell in row)


def _is_cell(cell: object) -> bool:
    if isinstance(cell, str):
        return len(cell) <= _LONGEST_TEXT and "\0" not in cell
    return not isinstance(cell, int) or cell <= _LARGEST_COUNT


def project_provinces(connection: Connection, reported: Iterable[tuple[str, RecordBody]]) -> None:
    """Write what provinces reported; part of the transaction that takes their batch."""
    figures: list[Row] = []
    cases: list[Row] = []
    for edge_id, body in reported:
        more_figures, more_cases = rows_of(edge_id, body)
        figures += more_figures
        cases += more_cases
    insert_missing_rows(connection, table=province_figure, rows=figures)
    insert_missing_rows(connection, table=province_case, rows=cases)


def provinces_on(engine: Engine, day: date) -> list[ProvinceDay]:
    """Return every province's newest figures of a day, by name; a province that sent none is not in it."""
    table = province_figure
    newest = (
        select(table.c.edge_id, func.max(table.c.revision).label("revision"))
        .where(table.c.report_day == day)
        .group_by(table.c.edge_id)
        .subquery()
    )
    query = (
        select(table.c.edge_id, table.c.revision, table.c.figure, func.sum(table.c["count"]).label("total"))
        .join(newest, and_(newest.c.edge_id == table.c.edge_id, newest.c.revision == table.c.revision))
        .where(table.c.report_day == day, table.c.category == ALL)
        .group_by(table.c.edge_id, table.c.revision, table.c.figure)
        .order_by(table.c.edge_id)
    )
    days: dict[str, ProvinceDay] = {}
    with reading(engine) as connection:
        for edge_id, revision, figure, total in connection.execute(query):
            known = days.setdefault(edge_id, ProvinceDay(edge_id=edge_id, revision=revision, figures={}))
            known.figures[figure] = int(total)
    return list(days.values())


def _plain(value: object) -> object:
    """Give an enumerated word as the text that both databases store."""
    return str(value) if isinstance(value, str) else value
