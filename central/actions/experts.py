"""Are experts and foreigners on projects controlled to 100 %? Every passage of a day is complete, or names its gaps.

Without the persons: whose employer and project it is stands sealed, and is opened by the CDC alone, each look logged.
"""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from central.actions.desk import CaseUnknownError, PersonErasedError, reveal_person
from central.actions.opening import Centre
from central.store.experts import ExpertRecords
from sync.agreement.mandatory_steps import steps_taken
from sync.agreement.policy import MandatoryStep
from sync.agreement.vocabulary import Direction, Disposition, ExceptionCode, LookReason
from sync.exchange.sealing import SealingError

PASSED_NOT = frozenset({Disposition.REFUSED, Disposition.WITHDRAWN})
"""Who went back owes no step."""
OPENED_AT_MOST = 500


class ExpertPassage(msgspec.Struct, frozen=True, kw_only=True):
    """One passage: what was due, what is missing; ``exception_code`` says why, where an officer gave a reason."""

    crossing_id: str
    report_day: date
    point_of_entry_id: str
    lane_id: str
    observed_at: datetime
    direction: Direction
    disposition: Disposition
    required: tuple[MandatoryStep, ...]
    missing: tuple[MandatoryStep, ...]
    exception_code: ExceptionCode | None = None

    @property
    def is_due(self) -> bool:
        """Whether this person passed, or may yet."""
        return self.disposition not in PASSED_NOT


class ExpertCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One gate on one day: of ``due`` passages ``complete`` went through every step; the others are listed."""

    report_day: date
    point_of_entry_id: str
    due: int
    complete: int
    missing: dict[MandatoryStep, int]


class OpenedPassage(msgspec.Struct, frozen=True, kw_only=True):
    """A passage with whom it was and for whom; all three are empty of who was erased."""

    passage: ExpertPassage
    full_name: str = ""
    employer: str = ""
    project: str = ""


def expert_passages(centre: Centre, *, first: date, last: date) -> list[ExpertPassage]:
    """List the passages of some report days, in their order."""
    found = (_passage(centre, one) for one in centre.store.experts.between(first, last))
    return [passage for passage in found if passage is not None and passage.required]


def _passage(centre: Centre, one: ExpertRecords) -> ExpertPassage | None:
    state = one.crossing
    duties = centre.policy.rules_at(state.observed_at).measurement_duties
    steps = steps_taken(one.bodies, category=state.category, duties=duties)
    if steps is None:
        return None
    return ExpertPassage(
        crossing_id=state.crossing_id,
        report_day=state.report_day,
        point_of_entry_id=state.point_of_entry_id,
        lane_id=state.lane_id,
        observed_at=state.observed_at,
        direction=state.direction,
        disposition=state.disposition,
        required=steps.required,
        missing=steps.missing,
        exception_code=state.exception_code,
    )


def expert_coverage(passages: Iterable[ExpertPassage]) -> list[ExpertCoverage]:
    """Count the passages that are due, per day and gate."""
    of_gates: dict[tuple[date, str], list[ExpertPassage]] = {}
    for passage in passages:
        if passage.is_due:
            of_gates.setdefault((passage.report_day, passage.point_of_entry_id), []).append(passage)
    return [
        ExpertCoverage(
            report_day=day,
            point_of_entry_id=gate,
            due=len(some),
            complete=sum(not passage.missing for passage in some),
            missing={step: count for step in MandatoryStep if (count := sum(step in one.missing for one in some))},
        )
        for (day, gate), some in sorted(of_gates.items())
    ]


def open_passages(
    centre: Centre, passages: Iterable[ExpertPassage], *, reason: LookReason, words: str, username: str
) -> list[OpenedPassage]:
    """Say whose employer and project it is, passage by passage; each look is logged before it is shown."""
    opened = []
    for passage in passages:
        try:
            person = reveal_person(centre, passage.crossing_id, reason=reason, words=words, username=username)
        except (CaseUnknownError, PersonErasedError, SealingError):
            opened.append(OpenedPassage(passage=passage))
            continue
        opened.append(
            OpenedPassage(passage=passage, full_name=person.full_name, employer=person.employer, project=person.project)
        )
    return opened
