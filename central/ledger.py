"""From records to crossings: the pure rules by which the ledger becomes what people look at.

``apply_record`` is the only place that says what a record does to a crossing. The projection that is
kept beside the ledger, the rebuild in ``verify`` and the replay of a past day all call it, so they
cannot differ. A record that breaks a rule raises ``ProjectionError`` with a slug: the ledger keeps
the record, the store puts it into quarantine, the report prints how many there are.
"""

from datetime import date, datetime
from typing import get_args

import msgspec

from sync.agreement.deployment import report_day
from sync.agreement.facts import Assessment, Measurement, PolicyReference, Reason, RunningClock
from sync.agreement.gate_records.isolation import (
    ContactListed,
    HandoverDeparted,
    IsolationRecord,
)
from sync.agreement.records import (
    CrossingCorrected,
    CrossingScreened,
    CrossingWithdrawn,
    RecordBody,
    TemperatureRechecked,
    TravellerDischarged,
    TravellerIsolated,
)
from sync.agreement.vocabulary import (
    ClockKind,
    Direction,
    Disposition,
    ExceptionCode,
    ModeOfEntry,
    Outcome,
    PurposeOfCrossing,
    ReasonCode,
    Sex,
    TravellerCategory,
)
from sync.exchange.envelope import Envelope

PLAUSIBLE_YEARS = range(1970, 3000)


class ProjectionError(ValueError):
    """This record cannot be projected; ``reason`` is a slug. The record stays in the ledger."""

    def __init__(self, reason: str) -> None:
        """Keep the slug."""
        self.reason = reason
        super().__init__(reason)


class CrossingState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One crossing as its records so far have made it. No name, no number: those stay sealed.

    ``observed_at`` is that of the first record and fixes ``report_day`` for ever. ``sealed_record_id``
    names the record whose sealed part holds the person. ``clocks`` are those that still run.
    """

    crossing_id: str
    edge_id: str
    point_of_entry_id: str
    lane_id: str
    report_day: date
    observed_at: datetime
    direction: Direction
    mode_of_entry: ModeOfEntry
    category: TravellerCategory
    purpose: PurposeOfCrossing
    disposition: Disposition
    measurements: tuple[Measurement, ...]
    reasons: tuple[Reason, ...]
    policies: tuple[PolicyReference, ...]
    threshold_c: float | None = None
    nationality: str | None = None
    age_years: int | None = None
    sex: Sex | None = None
    person_key: str = ""
    sealed_record_id: str | None = None
    redirect_to: str | None = None
    is_suspected: bool = False
    is_confirmed: bool = False
    is_rechecked: bool = False
    exception_code: ExceptionCode | None = None
    is_corrected: bool = False
    clocks: tuple[RunningClock, ...] = ()
    place_id: str | None = None

    @property
    def is_measured(self) -> bool:
        """Whether any usable reading is bound to the person."""
        return any(measurement.is_usable for measurement in self.measurements)

    @property
    def due_at(self) -> datetime | None:
        """The earliest running deadline of a person who is still in our care."""
        if self.disposition not in OPEN_DISPOSITIONS or not self.clocks:
            return None
        return min(clock.due_at for clock in self.clocks)


ISOLATION_ACTS = get_args(IsolationRecord)
OPEN_DISPOSITIONS = frozenset({Disposition.PENDING, Disposition.ISOLATED, Disposition.REFERRED})
_FIRST_DISPOSITIONS = frozenset({Disposition.CLEARED, Disposition.PENDING, Disposition.REFUSED, Disposition.REFERRED})
_SUSPECTING = frozenset({Outcome.RECHECK, Outcome.REFERRED})


def apply_record(
    state: CrossingState | None,
    *,
    body: RecordBody,
    envelope: Envelope,
    point_of_entry_id: str,
    cut_off_hour: int,
) -> CrossingState:
    """Return the crossing after one more record of its edge.

    ``state`` is ``None`` before the first record. ``point_of_entry_id`` is where the edge is enrolled:
    no edge writes for another gate. Raises ``ProjectionError``.
    """
    if not all(map(_is_possible, getattr(body, "clocks", ()))):
        raise ProjectionError(reason="impossible_time")
    if isinstance(body, CrossingScreened):
        if state is not None:
            raise ProjectionError(reason="crossing_exists")
        return _open(body, envelope=envelope, point_of_entry_id=point_of_entry_id, cut_off_hour=cut_off_hour)
    if state is None:
        raise ProjectionError(reason="crossing_unknown")
    if state.edge_id != envelope.edge_id:
        raise ProjectionError(reason="crossing_of_another_edge")
    if state.disposition is Disposition.WITHDRAWN:
        raise ProjectionError(reason="crossing_withdrawn")
    return _change(state, body=body, envelope=envelope)


def _is_possible(clock: RunningClock) -> bool:
    """Whether both instants of a deadline can be told apart and stored: aware, and of a year that can be."""
    return all(at.tzinfo is not None and at.year in PLAUSIBLE_YEARS for at in (clock.started_at, clock.due_at))


def _open(body: CrossingScreened, *, envelope: Envelope, point_of_entry_id: str, cut_off_hour: int) -> CrossingState:
    facts, assessment = body.facts, body.assessment
    if facts.point_of_entry_id != point_of_entry_id:
        raise ProjectionError(reason="another_point_of_entry")
    if body.disposition not in _FIRST_DISPOSITIONS:
        raise ProjectionError(reason="impossible_disposition")
    if envelope.observed_at.year not in PLAUSIBLE_YEARS:
        raise ProjectionError(reason="impossible_time")
    return CrossingState(
        crossing_id=body.crossing_id,
        edge_id=envelope.edge_id,
        point_of_entry_id=point_of_entry_id,
        lane_id=body.lane_id,
        report_day=report_day(envelope.observed_at, cut_off_hour=cut_off_hour),
        observed_at=envelope.observed_at,
        direction=facts.direction,
        mode_of_entry=facts.mode_of_entry,
        category=facts.category,
        purpose=facts.purpose,
        disposition=body.disposition,
        measurements=facts.measurements,
        reasons=assessment.reasons,
        policies=assessment.policies,
        threshold_c=assessment.threshold_c,
        nationality=facts.nationality,
        age_years=facts.age_years,
        sex=facts.sex,
        person_key=body.person_key,
        sealed_record_id=_sealed_record_id(envelope),
        redirect_to=assessment.redirect_to,
        is_suspected=assessment.outcome in _SUSPECTING,
        is_confirmed=_confirms_fever(assessment),
        exception_code=body.exception.code if body.exception is not None else None,
        clocks=body.clocks,
    )


def _change(state: CrossingState, *, body: RecordBody, envelope: Envelope) -> CrossingState:
    if isinstance(body, ISOLATION_ACTS):
        return _take_act(state, body=body, envelope=envelope)
    match body:
        case TemperatureRechecked():
            return _recheck(state, body=body, envelope=envelope)
        case TravellerIsolated():
            changes: dict[str, object] = {
                "disposition": Disposition.ISOLATED,
                "place_id": body.place_id,
                "clocks": (*state.clocks, *body.clocks),
            }
        case TravellerDischarged():
            changes = {"disposition": body.disposition, "place_id": None, "clocks": ()}
        case CrossingCorrected():
            named = {"direction": body.direction, "category": body.category, "purpose": body.purpose}
            changes = {name: value for name, value in named.items() if value is not None} | {"is_corrected": True}
        case CrossingWithdrawn():
            changes = {"disposition": Disposition.WITHDRAWN, "place_id": None, "clocks": ()}
        case _:
            raise ProjectionError(reason="not_for_an_edge")
    if changes.get("disposition") is Disposition.WITHDRAWN and not isinstance(body, CrossingWithdrawn):
        raise ProjectionError(reason="impossible_disposition")
    sealed = _sealed_record_id(envelope) or state.sealed_record_id
    return msgspec.structs.replace(state, sealed_record_id=sealed, **changes)


def _take_act(state: CrossingState, *, body: IsolationRecord, envelope: Envelope) -> CrossingState:
    """Follow a person's path: each act says itself which clocks end with it and which begin."""
    if state.disposition not in OPEN_DISPOSITIONS:
        raise ProjectionError(reason="impossible_disposition")
    kept = (clock for clock in state.clocks if clock.kind not in body.ends)
    changes: dict[str, object] = {"clocks": (*kept, *body.clocks)}
    if isinstance(body, HandoverDeparted):
        changes |= {"disposition": Disposition.REFERRED, "place_id": None}
    if not isinstance(body, ContactListed):  # what a contact's record seals is the contact, not this person
        changes["sealed_record_id"] = _sealed_record_id(envelope) or state.sealed_record_id
    return msgspec.structs.replace(state, **changes)


def _recheck(state: CrossingState, *, body: TemperatureRechecked, envelope: Envelope) -> CrossingState:
    """A second measurement answers the alarm: its disposition counts, both readings stay."""
    if body.disposition in {Disposition.WITHDRAWN, Disposition.ISOLATED}:
        raise ProjectionError(reason="impossible_disposition")
    return msgspec.structs.replace(
        state,
        disposition=body.disposition,
        measurements=(*state.measurements, body.measurement),
        reasons=(*state.reasons, *body.assessment.reasons),
        policies=_merge(state.policies, body.assessment.policies),
        sealed_record_id=_sealed_record_id(envelope) or state.sealed_record_id,
        is_rechecked=True,
        is_confirmed=state.is_confirmed or _confirms_fever(body.assessment),
        clocks=(*(clock for clock in state.clocks if clock.kind is not ClockKind.RECHECK), *body.clocks),
    )


def _merge(known: tuple[PolicyReference, ...], added: tuple[PolicyReference, ...]) -> tuple[PolicyReference, ...]:
    return (*known, *(policy for policy in added if policy not in known))


def _confirms_fever(assessment: Assessment) -> bool:
    return any(reason.code is ReasonCode.FEVER_CONFIRMED for reason in assessment.reasons)


def _sealed_record_id(envelope: Envelope) -> str | None:
    return str(envelope.record_id) if envelope.sealed is not None else None
