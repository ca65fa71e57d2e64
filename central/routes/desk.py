"""The CDC desk's interface: the list, one case, its review, and who it is (logged)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.desk import CaseUnknownError, PersonErasedError, reveal_person, review_case
from central.actions.opening import Centre
from central.ledger import CrossingState
from central.review import ReviewError
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from central.store.centre_journal import Review
from central.store.desk import CaseFile, CaseRecord, DeskCase
from sync.agreement.deployment import DeploymentError
from sync.agreement.facts import Measurement
from sync.agreement.records import CrossingScreened, RunningClock, TemperatureRechecked
from sync.agreement.vocabulary import CaseClass, ReadingKind
from sync.exchange.envelope import body_of
from sync.exchange.sealing import SealingError
from web.roles import require, session_of

REASON_LIMIT = 500


class _ReviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    case_class: CaseClass
    note: str = ""


class _RevealBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: str


class DeskRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/desk", tags=["desk"])
        see, review, reveal = require("desk.see"), require("desk.review"), require("desk.reveal")
        router.add_api_route("", self.show_cases, methods=["GET"], dependencies=[see], response_model=None)
        router.add_api_route("/{crossing_id}", self.show_case, dependencies=[see], response_model=None)
        router.add_api_route(
            "/{crossing_id}/review", self.take_review, methods=["POST"], dependencies=[review], response_model=None
        )
        router.add_api_route(
            "/{crossing_id}/identity", self.reveal, methods=["POST"], dependencies=[reveal], response_model=None
        )
        return router

    async def show_cases(self) -> Response:
        """Answer who is in our care, the earliest deadline first."""
        now = self._centre.clock()
        cases = await run_in_thread(lambda: self._centre.store.desk.cases(now=now))
        return answer({"now": now, "as_of": now, "cases": [self._case_line(case) for case in cases]})

    async def show_case(self, crossing_id: str) -> Response:
        """Answer one case without the person."""
        found = await run_in_thread(self._centre.store.desk.case_file, crossing_id)
        if found is None:
            return refuse("crossing_unknown", http_code=404)
        return answer(self._case(found))

    async def take_review(self, request: Request, crossing_id: str) -> Response:
        """Write a review: a new record in the centre's journal."""
        reviewer = session_of(request).username
        try:
            body = await read_json(request, kind=_ReviewBody)
            written = await run_in_thread(
                lambda: review_case(
                    self._centre, crossing_id, case_class=body.case_class, note=body.note, reviewer=reviewer
                )
            )
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)
        except ReviewError as error:
            return refuse(error.code, http_code=409)
        return answer({"sequence": written.sequence, "recorded_at": written.reviewed_at})

    async def reveal(self, request: Request, crossing_id: str) -> Response:
        """Show who it is; the look is logged first, with the reason."""
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_RevealBody)
            reason = body.reason.strip()[:REASON_LIMIT]
            if not reason:
                return refuse("reason_required", http_code=400)
            person = await run_in_thread(
                lambda: reveal_person(self._centre, crossing_id, reason=reason, username=username)
            )
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)
        except (PersonErasedError, SealingError):
            return refuse("person_erased", http_code=410)
        return answer(person)

    def _gate_names(self, point_of_entry_id: str) -> object:
        try:
            return self._centre.deployment.point_of_entry(point_of_entry_id).names
        except DeploymentError:
            return {"vi": point_of_entry_id, "en": point_of_entry_id, "zh": point_of_entry_id}

    def _head_of(self, state: CrossingState, *, case_class: CaseClass | None) -> dict[str, object]:
        """Say what the list and the case have in common."""
        return {
            "crossing_id": state.crossing_id,
            "case_number": case_number(state),
            "point_of_entry_id": state.point_of_entry_id,
            "gate": self._gate_names(state.point_of_entry_id),
            "lane_id": state.lane_id,
            "sex": state.sex,
            "age_years": state.age_years,
            "category": state.category,
            "disposition": state.disposition,
            "place_id": state.place_id,
            "case_class": case_class,
            "observed_at": state.observed_at,
        }

    def _case_line(self, case: DeskCase) -> dict[str, object]:
        state = case.crossing
        deciding = _deciding(state)
        clock = min(state.clocks, key=lambda each: each.due_at, default=None)
        return self._head_of(state, case_class=case.case_class) | {
            "temperature_c": None if deciding is None else deciding.temperature_c,
            "site": None if deciding is None else deciding.site,
            "due_at": None if clock is None else clock.due_at,
            "limit_s": None if clock is None else _limit_s(clock),
            "clock_kind": None if clock is None else clock.kind,
        }

    def _case(self, file: CaseFile) -> dict[str, object]:
        state = file.crossing
        case_class = file.reviews[-1].case_class if file.reviews else None
        timeline = [*map(_record_line, file.records), *map(_review_line, file.reviews)]
        return self._head_of(state, case_class=case_class) | {
            "direction": state.direction,
            "purpose": state.purpose,
            "nationality": state.nationality,
            "person": None,
            "threshold_c": state.threshold_c,
            "readings": state.measurements,
            "reasons": state.reasons,
            "policies": state.policies,
            "destination": state.destination,
            "clocks": [msgspec.to_builtins(clock) | {"limit_s": _limit_s(clock)} for clock in state.clocks],
            "timeline": sorted(timeline, key=lambda line: str(line["at"])),
            "reviews": [_review_answer(each) for each in file.reviews],
        }


def case_number(state: CrossingState) -> str:
    """Return a number to say on the telephone: the report day and the end of the crossing's name."""
    return f"{state.report_day:%y%m%d}-{state.crossing_id[-6:].upper()}"


def _deciding(state: CrossingState) -> Measurement | None:
    """Return the clinical reading if there is one, else the highest usable one."""
    clinical = [each for each in state.measurements if each.kind is ReadingKind.CLINICAL]
    if clinical:
        return clinical[-1]
    return max(state.measurements, key=lambda each: (each.is_usable, each.temperature_c), default=None)


def _limit_s(clock: RunningClock) -> int:
    return int((clock.due_at - clock.started_at).total_seconds())


def _record_line(record: CaseRecord) -> Mapping[str, object]:
    envelope = record.envelope
    body = body_of(envelope)
    line: dict[str, object] = {
        "at": envelope.observed_at.isoformat(),
        "received_at": record.received_at,
        "type": envelope.type,
        "sequence": envelope.sequence,
        "officer_ref": envelope.officer_ref,
    }
    for name in ("disposition", "place_id", "reason", "destination"):
        line[name] = getattr(body, name, None)
    if isinstance(body, CrossingScreened | TemperatureRechecked):
        line["outcome"] = body.assessment.outcome
    measured = _measured_in(body)
    if measured is not None:
        line |= {"temperature_c": measured.temperature_c, "kind": measured.kind}
    return line


def _measured_in(body: object) -> Measurement | None:
    if isinstance(body, TemperatureRechecked):
        return body.measurement
    if isinstance(body, CrossingScreened) and body.facts.measurements:
        return body.facts.measurements[-1]
    return None


def _review_line(review: Review) -> Mapping[str, object]:
    at: datetime = review.reviewed_at
    return _review_answer(review) | {
        "at": at.isoformat(),
        "received_at": at,
        "type": "case_reviewed",
        "sequence": review.sequence,
        "officer_ref": review.reviewer_ref,
    }


def _review_answer(review: Review) -> dict[str, object]:
    return {
        "case_class": review.case_class,
        "note": review.note,
        "reviewer": review.reviewer_ref,
        "recorded_at": review.reviewed_at,
    }
