"""The coverage of experts and foreigners on projects: figures for command, rows and names for the CDC alone."""

from datetime import date, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from central.actions.desk import look_reason_of
from central.actions.experts import (
    OPENED_AT_MOST,
    ExpertCoverage,
    ExpertPassage,
    OpenedPassage,
    expert_coverage,
    expert_passages,
    open_passages,
)
from central.actions.opening import Centre
from central.ledger import PLAUSIBLE_YEARS
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from central.routes.desk import REASON_LIMIT, number_of
from central.routes.sheets import csv_answer
from sync.agreement.vocabulary import LookReason
from web.roles import require, session_of

DAYS_AT_MOST = 31
_COVERAGE = ("report_day", "point_of_entry_id", "due", "complete", "missing")
_PASSAGE = (
    "report_day", "point_of_entry_id", "case_number", "lane_id", "observed_at", "direction", "disposition", "missing",
    "exception_code",
)  # fmt: skip
_OPENED = (*_PASSAGE, "full_name", "employer", "project")
Days = Annotated[int, Query(ge=1, le=DAYS_AT_MOST)]


class _LookBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why somebody looks; ``gate`` and ``only_gaps`` say at whom."""

    reason: str
    remark: str = ""
    gate: str = ""
    only_gaps: bool = False


class ExpertRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/experts", tags=["experts"])
        see, rows, reveal = require("experts.see"), require("desk.see"), require("desk.reveal")
        for path, show, allowed in (
            ("", self.show, see),
            (".csv", self.export, see),
            ("/{day}/passages", self.show_passages, rows),
            ("/{day}/passages.csv", self.export_passages, rows),
        ):
            router.add_api_route(path, show, methods=["GET"], dependencies=[allowed], response_model=None)
        for path, show_opened in (("/{day}/opened", self.open), ("/{day}/opened.csv", self.export_opened)):
            router.add_api_route(path, show_opened, methods=["POST"], dependencies=[reveal], response_model=None)
        return router

    async def show(self, until: date | None = None, days: Days = 7) -> Response:
        """Answer due and complete per day and gate, newest day first."""
        last = until or self._centre.report_day()
        if last.year not in PLAUSIBLE_YEARS:
            return refuse("bad_form", http_code=400)
        covered = await run_in_thread(lambda: self._covered(last, days=days))
        lines = [
            msgspec.to_builtins(one) | {"gate": self._centre.deployment.names_of(one.point_of_entry_id)}
            for one in covered
        ]
        totals = {"due": sum(one.due for one in covered), "complete": sum(one.complete for one in covered)}
        said = {"first": last - timedelta(days=days - 1), "last": last, "now": self._centre.clock()}
        return answer({**said, "coverage": lines, **totals})

    async def export(self, until: date | None = None, days: Days = 7) -> Response:
        """Answer the same as a CSV file."""
        last = until or self._centre.report_day()
        if last.year not in PLAUSIBLE_YEARS:
            return refuse("bad_form", http_code=400)
        covered = await run_in_thread(lambda: self._covered(last, days=days))
        rows = [(one.report_day, one.point_of_entry_id, one.due, one.complete, _missing(one)) for one in covered]
        return csv_answer(f"chuyen-gia-{last.isoformat()}.csv", head=_COVERAGE, rows=rows)

    async def show_passages(self, day: date, gate: str = "") -> Response:
        """Answer every passage of a day, without the persons."""
        passages = await run_in_thread(lambda: self._passages(day, gate=gate))
        return answer({"day": day, "passages": [self._line(one) for one in passages]})

    async def export_passages(self, day: date, gate: str = "") -> Response:
        """Answer every passage of a day as a CSV file, without the persons."""
        passages = await run_in_thread(lambda: self._passages(day, gate=gate))
        return csv_answer(f"chuyen-gia-{day.isoformat()}-luot.csv", head=_PASSAGE, rows=map(_row, passages))

    async def open(self, request: Request, day: date) -> Response:
        """Answer the passages with employer, project and name; each look is logged first, with the reason."""
        opened = await self._opened(request, day)
        if isinstance(opened, Response):
            return opened
        lines = [self._line(one.passage) | _named(one) for one in opened]
        return answer({"day": day, "passages": lines})

    async def export_opened(self, request: Request, day: date) -> Response:
        """Answer the same as a CSV file."""
        opened = await self._opened(request, day)
        if isinstance(opened, Response):
            return opened
        rows = [(*_row(one.passage), *_named(one).values()) for one in opened]
        return csv_answer(f"chuyen-gia-{day.isoformat()}-ten.csv", head=_OPENED, rows=rows)

    async def _opened(self, request: Request, day: date) -> list[OpenedPassage] | Response:
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_LookBody)
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        code, words = look_reason_of(body.reason.strip())
        words = (words or body.remark.strip())[:REASON_LIMIT]
        if code is LookReason.OTHER and not words:
            return refuse("reason_required", http_code=400)

        def work() -> list[OpenedPassage]:
            passages = self._passages(day, gate=body.gate)
            asked = [one for one in passages if one.missing or not body.only_gaps][:OPENED_AT_MOST]
            return open_passages(self._centre, asked, reason=code, words=words, username=username)

        return await run_in_thread(work)

    def _covered(self, last: date, *, days: int) -> list[ExpertCoverage]:
        passages = expert_passages(self._centre, first=last - timedelta(days=days - 1), last=last)
        return sorted(expert_coverage(passages), key=lambda one: one.report_day, reverse=True)

    def _passages(self, day: date, *, gate: str) -> list[ExpertPassage]:
        passages = expert_passages(self._centre, first=day, last=day)
        return [one for one in passages if one.is_due and gate in {"", one.point_of_entry_id}]

    def _line(self, passage: ExpertPassage) -> dict[str, object]:
        said: dict[str, object] = msgspec.to_builtins(passage)
        number = number_of(passage.report_day, crossing_id=passage.crossing_id)
        return said | {"case_number": number, "gate": self._centre.deployment.names_of(passage.point_of_entry_id)}


def _missing(covered: ExpertCoverage) -> str:
    return " ".join(f"{step.value}:{count}" for step, count in covered.missing.items())


def _named(opened: OpenedPassage) -> dict[str, str]:
    return {"full_name": opened.full_name, "employer": opened.employer, "project": opened.project}


def _row(passage: ExpertPassage) -> tuple[object, ...]:
    named = (number_of(passage.report_day, crossing_id=passage.crossing_id), passage.lane_id, passage.observed_at)
    ended = (passage.direction.value, passage.disposition.value, " ".join(step.value for step in passage.missing))
    return (passage.report_day, passage.point_of_entry_id, *named, *ended, passage.exception_code)
