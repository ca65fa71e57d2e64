"""The contacts of a case: who came with it, whom the centre follows up, what is overdue; names on request, logged."""

from collections.abc import Iterable
from datetime import date

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.contact_list import (
    ContactLine,
    ContactUnknownError,
    OpenedContact,
    StandingFollowUp,
    contact_list,
    follow_contact,
    note_day,
    open_contacts,
    standing_follow_ups,
)
from central.actions.desk import CaseUnknownError, look_reason_of
from central.actions.opening import Centre
from central.ledger import PLAUSIBLE_YEARS
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from central.routes.desk import REASON_LIMIT, case_number, number_of
from central.routes.sheets import csv_answer
from central.store.follow_up import NotFollowedUpError
from sync.agreement.contact_records import FollowUpDays, FollowUpOutcome
from sync.agreement.vocabulary import LookReason
from web.roles import require, session_of

_COLUMNS = (
    "case_number", "ways", "minutes_apart", "observed_at", "point_of_entry_id", "lane_id", "disposition", "first_day",
    "last_day", "days_done", "days_overdue",
)  # fmt: skip
_OPENED = (*_COLUMNS, "full_name", "telephone", "address")


class _LookBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: str
    remark: str = ""


class _FollowBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    first_day: date
    days: FollowUpDays


class _DayBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    day: date
    outcome: FollowUpOutcome


class ContactRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api", tags=["contacts"])
        see, review, reveal = require("desk.see"), require("desk.review"), require("desk.reveal")
        case = "/desk/{crossing_id}/contacts"
        for path, act, allowed, method in (
            (case, self.show, see, "GET"),
            (f"{case}.csv", self.export, see, "GET"),
            ("/follow-ups", self.show_overdue, see, "GET"),
            (f"{case}/opened", self.open, reveal, "POST"),
            (f"{case}/opened.csv", self.export_opened, reveal, "POST"),
            (f"{case}/{{contact}}/follow", self.follow, review, "POST"),
            (f"{case}/{{contact}}/day", self.note, review, "POST"),
        ):
            router.add_api_route(path, act, methods=[method], dependencies=[allowed], response_model=None)
        return router

    async def show(self, crossing_id: str) -> Response:
        """Answer the contacts of a case and how each follow-up stands, without the persons."""
        today = self._centre.report_day()
        try:
            state, lines = await run_in_thread(contact_list, self._centre, crossing_id)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)
        said = [_line(one, today=today) for one in lines]
        return answer(
            {"case_number": case_number(state), "now": self._centre.clock(), "today": today, "contacts": said}
        )

    async def export(self, crossing_id: str) -> Response:
        """Answer the same as a CSV file."""
        today = self._centre.report_day()
        try:
            state, lines = await run_in_thread(contact_list, self._centre, crossing_id)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)
        name = f"tiep-xuc-{case_number(state)}.csv"
        return csv_answer(name, head=_COLUMNS, rows=[_row(one, today=today) for one in lines])

    async def show_overdue(self) -> Response:
        """Answer whose follow-up is overdue or due today, over all cases; nobody by name."""
        today = self._centre.report_day()
        found = await run_in_thread(lambda: standing_follow_ups(self._centre, today=today))
        said = [msgspec.to_builtins(one) | {"case_number": _number(one)} for one in found]
        return answer({"today": today, "follow_ups": said})

    async def open(self, request: Request, crossing_id: str) -> Response:
        """Answer name, telephone and address of each contact; each look is logged first, with the reason."""
        opened = await self._opened(request, crossing_id)
        if isinstance(opened, Response):
            return opened
        today = self._centre.report_day()
        return answer({"contacts": [_line(one.line, today=today) | _named(one) for one in opened]})

    async def export_opened(self, request: Request, crossing_id: str) -> Response:
        """Answer the same as a CSV file."""
        opened = await self._opened(request, crossing_id)
        if isinstance(opened, Response):
            return opened
        today = self._centre.report_day()
        rows = [(*_row(one.line, today=today), *_named(one).values()) for one in opened]
        return csv_answer("tiep-xuc-ten.csv", head=_OPENED, rows=rows)

    async def follow(self, request: Request, crossing_id: str, contact: str) -> Response:
        """Begin to follow a contact up: a record in the centre's journal."""
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_FollowBody)
            if body.first_day.year not in PLAUSIBLE_YEARS:
                return refuse("bad_form", http_code=400)
            work = lambda: follow_contact(  # noqa: E731
                self._centre, crossing_id, contact=contact, first_day=body.first_day, days=body.days, by=username
            )
            await run_in_thread(work)
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except (CaseUnknownError, ContactUnknownError):
            return refuse("crossing_unknown", http_code=404)
        return answer({"first_day": body.first_day, "days": body.days})

    async def note(self, request: Request, crossing_id: str, contact: str) -> Response:
        """Tick a day off: a record in the centre's journal."""
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_DayBody)
            work = lambda: note_day(  # noqa: E731
                self._centre, crossing_id, contact=contact, day=body.day, outcome=body.outcome, by=username
            )
            await run_in_thread(work)
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except NotFollowedUpError:
            return refuse("crossing_unknown", http_code=404)
        return answer({"day": body.day, "outcome": body.outcome})

    async def _opened(self, request: Request, crossing_id: str) -> list[OpenedContact] | Response:
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_LookBody)
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        code, words = look_reason_of(body.reason.strip())
        words = (words or body.remark.strip())[:REASON_LIMIT]
        if code is LookReason.OTHER and not words:
            return refuse("reason_required", http_code=400)
        work = lambda: open_contacts(self._centre, crossing_id, reason=code, words=words, username=username)  # noqa: E731
        try:
            return await run_in_thread(work)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)


def _number(one: StandingFollowUp) -> str:
    return "" if one.report_day is None else number_of(one.report_day, crossing_id=one.about)


def _line(one: ContactLine, *, today: date) -> dict[str, object]:
    state, follow_up = one.contact.crossing, one.follow_up
    return {
        "crossing_id": state.crossing_id,
        "case_number": case_number(state),
        "ways": one.contact.ways,
        "minutes_apart": one.contact.minutes_apart,
        "observed_at": state.observed_at,
        "point_of_entry_id": state.point_of_entry_id,
        "lane_id": state.lane_id,
        "disposition": state.disposition,
        "overdue": 0 if follow_up is None else follow_up.overdue(today),
        "days": [] if follow_up is None else follow_up.on(today),
    }


def _row(one: ContactLine, *, today: date) -> tuple[object, ...]:
    line, follow_up = _line(one, today=today), one.follow_up
    said = tuple(line[name] for name in _COLUMNS[2:7])
    days: Iterable[object] = ("", "", "", "")
    if follow_up is not None:
        days = (follow_up.first_day, follow_up.last_day, len(follow_up.found), follow_up.overdue(today))
    return (line["case_number"], " ".join(one.contact.ways), *said, *days)


def _named(opened: OpenedContact) -> dict[str, str]:
    return {"full_name": opened.full_name, "telephone": opened.telephone, "address": opened.address}
