"""The daily report's interface: which days are open, due or frozen, freezing one, and its bytes."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from central.actions.freezing import NotYetError, freeze
from central.actions.opening import Centre
from central.actions.printing import print_revision
from central.ledger import PLAUSIBLE_YEARS
from central.report.daily_report import decode_report
from central.routes.answers import answer, refuse, run_in_thread
from central.store.reports import Revision
from web.roles import require, session_of

RevisionNumber = Annotated[int, Query(ge=1, le=2**31 - 1)]
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
        router.add_api_route(
            "/api/reports/{day}/freeze", self.freeze, methods=["POST"], dependencies=may_freeze, response_model=None
        )
        for kind in _MEDIA_TYPES:
            router.add_api_route(
                f"/reports/{{day}}.{kind}", self._download(kind), methods=["GET"], dependencies=see, response_model=None
            )
        return router

    async def show_days(self) -> Response:
        """Answer the days with their frozen revisions, newest first, today and yesterday always among them."""
        return answer(await run_in_thread(self._days))

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

    def _days(self) -> dict[str, object]:
        today = self._centre.report_day()
        revisions = self._centre.store.reports.revisions()
        frozen = {day: list(group) for day, group in groupby(revisions, key=lambda each: each.report_day)}
        counted = set(self._centre.store.figures.days(limit=62))
        days = sorted(counted | frozen.keys() | {today, today - timedelta(days=1)}, reverse=True)
        return {
            "reports": [
                {
                    "day": day,
                    "state": "frozen" if day in frozen else "open" if day >= today else "due",
                    "revisions": [self._revision(each) for each in frozen.get(day, [])],
                }
                for day in days
            ]
        }

    def _revision(self, revision: Revision) -> dict[str, object]:
        content = self._centre.store.reports.content(revision.report_day, revision=revision.revision)
        report = decode_report(content or b"")
        return {
            "revision": revision.revision,
            "frozen_at": revision.frozen_at,
            "frozen_by": revision.frozen_by,
            "sha256": revision.sha256,
            "crossings": report.totals.crossings,
            "identities_hold": report.identities_hold,
            "difference": [
                {
                    "point_of_entry_id": change.scope,
                    "figure": change.figure,
                    "before": change.before,
                    "after": change.after,
                }
                for change in report.changes
            ],
            "reason": "late_records" if report.changes else None,
        }
