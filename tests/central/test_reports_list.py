"""The list of reports costs the same however many there are: an index, a page at a time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text

from central.report.daily_report import DailyReport, build_report, encode_report
from central.report.snapshot import ReportSnapshot
from central.routes.reports import DAYS_PER_PAGE, ReportRoutes
from central.store.engine import writing
from central.store.reports import Revision

FIRST = date(2026, 1, 1)
TAKEN = datetime(2026, 11, 22, tzinfo=UTC)


def freeze_empty(store, day: date, *, revision: int = 1) -> DailyReport:
    snapshot = ReportSnapshot(report_day=day, starts_at=TAKEN, cut_off_at=TAKEN, taken_at=TAKEN, gates=(), counts=())
    report = build_report(snapshot, revision=revision)
    frozen = Revision(
        report_day=day, revision=revision, sha256="", ledger_position=0, frozen_at=TAKEN, frozen_by="cut_off"
    )
    store.reports.add(encode_report(report), revision=frozen)
    return report


@pytest.fixture
def many(store):
    for number in range(70):
        freeze_empty(store, FIRST + timedelta(days=number))
    freeze_empty(store, FIRST, revision=2)
    return store


def test_the_list_reads_no_report_and_comes_in_pages(many):
    statements: list[str] = []
    event.listen(many.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    first = many.reports.page(limit_days=31)
    second = many.reports.page(before=first[-1].revision.report_day, limit_days=31)
    third = many.reports.page(before=second[-1].revision.report_day, limit_days=31)
    assert [len(page) for page in (first, second, third)] == [31, 31, 9]
    assert [each.revision.revision for each in third[-2:]] == [1, 2]
    assert first[0].revision.report_day == FIRST + timedelta(days=69)
    assert not any("snapshot" in statement for statement in statements), "no report's bytes are read"


def test_revisions_frozen_before_there_was_an_index_are_drawn_once(many):
    with writing(many.engine) as connection:
        connection.execute(text("DELETE FROM report_summary WHERE report_day < '2026-02-01'"))
    assert many.reports.draw_missing() == 32
    assert many.reports.draw_missing() == 0
    assert len(many.reports.page(limit_days=400)) == 71


def test_the_page_names_where_the_next_one_begins(many):
    class Centre:
        store = many

        @staticmethod
        def report_day() -> date:
            return date(2026, 3, 12)

    routes = ReportRoutes(Centre())
    pages, before = [], None
    while True:
        page = routes._days(before)
        pages.append([each["day"] for each in page["reports"]])
        before = page["next_before"]
        if before is None:
            break
    assert pages[0][:3] == [date(2026, 3, 12), date(2026, 3, 11), date(2026, 3, 11) - timedelta(days=1)]
    days = [day for page in pages for day in page]
    assert len(set(days)) == len(days) == 71, "each day stands on one page"
    assert max(map(len, pages)) <= DAYS_PER_PAGE + 2
