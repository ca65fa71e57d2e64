"""The CDC desk's interface: the list, one case, its review, and who it is (logged)."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from central.actions.desk import (
    CaseUnknownError,
    PersonErasedError,
    look_reason_of,
    note_export,
    reveal_person,
    review_case,
    settle_case,
)
from central.actions.opening import Centre
from central.ledger import CrossingState
from central.review import ReviewError
from central.routes.answers import BadBodyError, answer, read_json, refuse, run_in_thread
from central.routes.sheets import csv_answer
from central.store.centre_journal import Review
from central.store.contacts import Contact
from central.store.desk import REFERRED_SHOWN_FOR, CaseFile, CaseRecord, DeskCase
from central.store.settlement import ExpressOnly, NothingToSettleError, StillExpectedError
from sync.agreement.facts import Measurement, RunningClock
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.gate_records.handheld import HandheldActTaken
from sync.agreement.gate_records.papers import SlipChecked
from sync.agreement.gate_records.places import PartyMemberScreened
from sync.agreement.records import CrossingScreened, TemperatureRechecked
from sync.agreement.vocabulary import CaseClass, LookReason, ReadingKind, SettlementReason
from sync.exchange.envelope import body_of
from sync.exchange.sealing import SealingError
from web.roles import require, session_of

REASON_LIMIT = 500
_WHO = ("case_number", "sex", "age_years", "category")
_WHERE = ("point_of_entry_id", "lane_id", "disposition", "place_id", "case_class", "observed_at")
_CASE_COLUMNS = (*_WHO, *_WHERE, "temperature_c", "clock_kind", "due_at", "provisional_since")


class _ReviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    case_class: CaseClass
    note: str = ""


class _SettleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    reason: SettlementReason


class _RevealBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``reason`` is a code of ``LookReason`` (other words stand for ``other``); ``remark`` is sealed."""

    reason: str
    remark: str = ""


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
        router.add_api_route(".csv", self.export_cases, methods=["GET"], dependencies=[see], response_model=None)
        router.add_api_route("/{crossing_id}", self.show_case, dependencies=[see], response_model=None)
        router.add_api_route(
            "/{crossing_id}/review", self.take_review, methods=["POST"], dependencies=[review], response_model=None
        )
        router.add_api_route(
            "/{crossing_id}/settle", self.settle, methods=["POST"], dependencies=[review], response_model=None
        )
        router.add_api_route(
            "/{crossing_id}/identity", self.reveal, methods=["POST"], dependencies=[reveal], response_model=None
        )
        return router

    async def show_cases(self) -> Response:
        """Answer who is in our care, the earliest deadline first."""
        now = self._centre.clock()
        cases = await run_in_thread(lambda: self._centre.store.desk.cases(now=now))
        today = self._centre.report_day(now)
        settled = await run_in_thread(
            lambda: self._centre.store.desk.express_only(since=today - REFERRED_SHOWN_FOR, until=today)
        )
        return answer(
            {
                "now": now,
                "as_of": now,
                "cases": [self._case_line(case) for case in cases],
                "settled": [self._settled_line(one) for one in settled],
            }
        )

    async def export_cases(self, request: Request) -> Response:
        """Answer the list as a CSV file, nobody by name; that it was taken away is logged first."""
        now, username = self._centre.clock(), session_of(request).username
        await run_in_thread(lambda: note_export(self._centre, username=username))
        cases = await run_in_thread(lambda: self._centre.store.desk.cases(now=now))
        rows = [[line[name] for name in _CASE_COLUMNS] for line in map(self._case_line, cases)]
        return csv_answer(f"ca-cho-xet-{self._centre.report_day(now)}.csv", head=_CASE_COLUMNS, rows=rows)

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

    async def settle(self, request: Request, crossing_id: str) -> Response:
        """State that a case which came by express will never arrive in its journal."""
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_SettleBody)
            settled = await run_in_thread(
                lambda: settle_case(self._centre, crossing_id, reason=body.reason, username=username)
            )
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except NothingToSettleError:
            return refuse("crossing_unknown", http_code=404)
        except StillExpectedError:
            return refuse("record_still_expected", http_code=409)
        return answer({"report_day": settled.report_day, "reason": settled.reason})

    async def reveal(self, request: Request, crossing_id: str) -> Response:
        """Show who it is; the look is logged first, with the reason."""
        username = session_of(request).username
        try:
            body = await read_json(request, kind=_RevealBody)
            code, words = look_reason_of(body.reason.strip())
            words = (words or body.remark.strip())[:REASON_LIMIT]
            if code is LookReason.OTHER and not words:
                return refuse("reason_required", http_code=400)
            person = await run_in_thread(
                lambda: reveal_person(self._centre, crossing_id, reason=code, words=words, username=username)
            )
        except BadBodyError:
            return refuse("bad_form", http_code=400)
        except CaseUnknownError:
            return refuse("crossing_unknown", http_code=404)
        except (PersonErasedError, SealingError):
            return refuse("person_erased", http_code=410)
        return answer(person)

    def _head_of(self, state: CrossingState, *, case_class: CaseClass | None) -> dict[str, object]:
        """Say what the list and the case have in common."""
        return {
            "crossing_id": state.crossing_id,
            "case_number": case_number(state),
            "point_of_entry_id": state.point_of_entry_id,
            "gate": self._centre.deployment.names_of(state.point_of_entry_id),
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
            "provisional_since": case.provisional_since,
        }

    def _settled_line(self, settled: ExpressOnly) -> dict[str, object]:
        return {
            "crossing_id": settled.crossing_id,
            "case_number": number_of(settled.report_day, crossing_id=settled.crossing_id),
            "point_of_entry_id": settled.point_of_entry_id,
            "gate": self._centre.deployment.names_of(settled.point_of_entry_id),
            "report_day": settled.report_day,
            "reason": settled.reason,
            "settled_at": settled.settled_at,
        }

    def _case(self, file: CaseFile) -> dict[str, object]:
        state = file.crossing
        case_class = file.reviews[-1].case_class if file.reviews else None
        timeline = [*map(_record_line, file.records), *map(_review_line, file.reviews)]
        return self._head_of(state, case_class=case_class) | {
            "direction": state.direction,
            "purpose": state.purpose,
            "nationality": state.nationality,
            "provisional_since": file.provisional_since,
            "settled_at": file.settled_at,
            "may_settle_as": file.may_settle_as,
            "person": None,
            "threshold_c": state.threshold_c,
            "readings": state.measurements,
            "reasons": state.reasons,
            "policies": state.policies,
            "clocks": [msgspec.to_builtins(clock) | {"limit_s": _limit_s(clock)} for clock in state.clocks],
            "timeline": sorted(timeline, key=lambda line: str(line["at"])),
            "reviews": [_review_answer(each) for each in file.reviews],
            "contacts": [_contact_line(each) for each in file.contacts],
        }


def case_number(state: CrossingState) -> str:
    """Return a number to say on the telephone: the report day and the end of the crossing's name."""
    return number_of(state.report_day, crossing_id=state.crossing_id)


def number_of(day: date, *, crossing_id: str) -> str:
    """Return the number of a crossing of a report day.

    >>> number_of(date(2026, 11, 22), crossing_id="018f-00ab12")
    '261122-00AB12'
    """
    return f"{day:%y%m%d}-{crossing_id[-6:].upper()}"


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
        "is_provisional": record.ledger_position is None,
    }
    for name in ("disposition", "place_id", "reason"):
        line[name] = getattr(body, name, None)
    if isinstance(body, CrossingScreened | TemperatureRechecked):
        line["outcome"] = body.assessment.outcome
    measured = _measured_in(body)
    if measured is not None:
        line |= {"temperature_c": measured.temperature_c, "kind": measured.kind}
    return line | {"codes": _codes_of(body)}


def _codes_of(body: object) -> list[str]:
    """Say what a record beside the crossing says, as keys of the labels."""
    match body:
        case DeclarationReceived():
            symptoms = [f"Symptom.{symptom}" for symptom in body.symptoms] or ["desk.no_symptom_declared"]
            exposures = [f"declaration.exposure_{exposure}" for exposure in body.exposures]
            return [f"desk.channel_{body.channel}", *symptoms, *exposures]
        case DeclarationChecked():
            flags = [f"declaration.flag_{flag}" for flag in body.flags]
            return [*flags, f"declaration.resolution_{body.resolution}"]
        case SlipChecked():
            return ["desk.slip_good" if body.fault is None else f"refusal.{body.fault}"]
        case VerdictOverridden():
            return [f"OverrideReason.{body.code}"]
    return _codes_of_company(body)


def _codes_of_company(body: object) -> list[str]:
    """Say with whom and how the person came, as keys of the labels."""
    match body:
        case ConveyanceOccupantSeen():
            return [f"OccupantRole.{body.role}"]
        case GroupMemberSeen():
            return [f"MemberMatch.{body.match}", *(["desk.came_late"] if body.is_late else [])]
        case PartyMemberScreened():
            return ["desk.with_proof" if body.has_proof_of_passage else "desk.without_proof"]
        case HandheldActTaken():
            return ["desk.handheld_different" if body.is_different else "desk.handheld_same"]
    return []


def _contact_line(contact: Contact) -> Mapping[str, object]:
    """Say who else was there, without a name: who it is, is revealed at that crossing, and logged."""
    state = contact.crossing
    return {
        "crossing_id": state.crossing_id,
        "case_number": case_number(state),
        "lane_id": state.lane_id,
        "observed_at": state.observed_at,
        "disposition": state.disposition,
        "ways": contact.ways,
        "minutes_apart": contact.minutes_apart,
    }


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
