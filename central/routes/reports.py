"""The daily report's interface: which days are open, due or frozen, freezing one, and its bytes.

The list comes a page of days at a time out of an index; what changed in a revision is read when it is asked.
"""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from central.actions.freezing import NotYetError, freeze
from central.actions.opening import Centre
from central.actions.printing import print_revision
from central.ledger import PLAUSIBLE_YEARS
from central.report.daily_report import decode_report
from central.routes.answers import answer, refuse, run_in_thread
from central.routes.sheets import csv_answer
from central.store.reports import ListedRevision
from web.roles import require, session_of

RevisionNumber = Annotated[int, Query(ge=1, le=2**31 - 1)]
PathRevision = Annotated[int, Path(ge=1, le=2**31 - 1)]
DAYS_PER_PAGE = 31
DAYS_PER_FILE = 400
_COLUMNS = ("day", "revision", "frozen_at", "frozen_by", "crossings", "identities_hold", "changes", "sha256")
_MEDIA_TYPES = {"pdf": "application/pdf", "json": "application/json"}


class ReportRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["reports"])
        see, may_freeze = [require("reports.see")], [require("reports.freeze")]
        router.add_api_route("/api/reports", self.show_days, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route("/api/reports.csv", self.export, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route(
            "/api/reports/{day}/revisions/{revision}/changes",
            self.show_changes,
            methods=["GET"],
            dependencies=see,
            response_model=None,
        )
        router.add_api_route(
            "/api/reports/{day}/freeze", self.freeze, methods=["POST"], dependencies=may_freeze, response_model=None
        )
        for kind in _MEDIA_TYPES:
            router.add_api_route(
                f"/reports/{{day}}.{kind}", self._download(kind), methods=["GET"], dependencies=see, response_model=None
            )
        return router

    async def show_days(self, before: date | None = None) -> Response:
        """Answer a page of days with their frozen revisions, newest first; today and yesterday stand on the first."""
        return answer(await run_in_thread(lambda: self._days(before)))

    async def export(self, before: date | None = None) -> Response:
        """Answer the frozen revisions of the last 400 days (before a day) as a CSV file."""
        work = lambda: self._centre.store.reports.page(before=before, limit_days=DAYS_PER_FILE)  # noqa: E731
        listed = await run_in_thread(work)
        return csv_answer("bao-cao.csv", head=_COLUMNS, rows=map(_sheet_row, listed))

    async def show_changes(self, day: date, revision: PathRevision) -> Response:
        """Answer what a revision changed against the one before."""
        content = await run_in_thread(lambda: self._centre.store.reports.content(day, revision=revision))
        if content is None:
            return refuse("report_unknown", http_code=404)
        names = {"scope": "point_of_entry_id", "figure": "figure", "before": "before", "after": "after"}
        changes = decode_report(content).changes
        return answer({"difference": [{names[key]: getattr(one, key) for key in names} for one in changes]})

    async def freeze(self, request: Request, day: date) -> Response:
        """Freeze a closed day; late data give the next revision."""
        username = session_of(request).username
        if day.year not in PLAUSIBLE_YEARS:
            return refuse("report_unknown", http_code=404)
        try:
            revision = await run_in_thread(lambda: freeze(self._centre, day, by=username))
        except NotYetError:
            return refuse("day_not_over", http_code=409)
        return answer({"revision": revision})

    def _download(self, kind: str) -> Callable[..., Awaitable[Response]]:
        async def download(day: date, revision: RevisionNumber | None = None) -> Response:
            content = await run_in_thread(lambda: print_revision(self._centre, day, revision=revision, kind=kind))
            if content is None:
                return refuse("report_unknown", http_code=404)
            disposition = f'attachment; filename="bao-cao-{day.isoformat()}.{kind}"'
            return Response(content, media_type=_MEDIA_TYPES[kind], headers={"Content-Disposition": disposition})

        return download

    def _days(self, before: date | None) -> dict[str, object]:
        listed = self._centre.store.reports.page(before=before, limit_days=DAYS_PER_PAGE)
        frozen = {day: list(group) for day, group in groupby(listed, key=lambda each: each.revision.report_day)}
        is_last = len(frozen) < DAYS_PER_PAGE
        days = self._days_between(min(frozen) if frozen and not is_last else None, before=before) | frozen.keys()
        today = self._centre.report_day()
        return {
            "reports": [
                {
                    "day": day,
                    "state": "frozen" if day in frozen else "open" if day >= today else "due",
                    "revisions": [_listed_answer(each) for each in frozen.get(day, [])],
                }
                for day in sorted(days, reverse=True)
            ],
            "next_before": None if is_last else min(frozen),
        }

    def _days_between(self, oldest: date | None, *, before: date | None) -> set[date]:
        """Return the days of a page that nobody froze yet: those with any crossing, today and yesterday."""
        today = self._centre.report_day()
        lately = {*self._centre.store.figures.days(limit=62), today, today - timedelta(days=1)}
        return {day for day in lately if (oldest is None or day >= oldest) and (before is None or day < before)}


def _listed_answer(listed: ListedRevision) -> dict[str, object]:
    revision, summary = listed.revision, listed.summary
    return {
        "revision": revision.revision,
        "frozen_at": revision.frozen_at,
        "frozen_by": revision.frozen_by,
        "sha256": revision.sha256,
        "crossings": summary.crossings,
        "identities_hold": summary.identities_hold,
        "changes": summary.changes,
        "reason": "late_records" if summary.changes else None,
    }


def _sheet_row(listed: ListedRevision) -> tuple[object, ...]:
    told = _listed_answer(listed)
    return (listed.revision.report_day, *(told[name] for name in _COLUMNS[1:]))
