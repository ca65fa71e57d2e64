"""Hand-over to a facility: departs with an escort, arrives by somebody's word, or comes back. Nobody is lost between.

A person who departed stays on the board until the facility's word is there; how long that may take is the
policy's (``transfer_arrival``), and after it the card is red.
"""

from typing import Annotated, Any

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.isolating import ActCommand, Name, Words
from checkpoint.actions.path_steps import Standing, Step, carry_out, done_before, standing, starting
from checkpoint.isolation.path import PathEvent
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import hold_place
from sync.agreement.gate_records.isolation import HandoverArrived, HandoverDeparted, HandoverReturned
from sync.agreement.isolation_words import EscalationReason, NoticeMeans
from sync.agreement.policy import ClockStart
from sync.agreement.vocabulary import ClockKind, Disposition

# What the gate still owes while the person travels; everything else ends with the departure.
_GOES_ON = frozenset({ClockKind.FACILITY_HANDOVER, ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE})
_OWED_AFTER_ARRIVAL = frozenset({ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE})


class DepartCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With whom, in what, and where to."""

    destination: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    escort_names: Name
    escorts: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1
    vehicle_plate: Annotated[str, msgspec.Meta(min_length=2, max_length=40)]


class ArriveCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who of the facility said so, and how."""

    means: NoticeMeans
    confirmed_by: Name


class ReturnCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the escort came back."""

    reason: EscalationReason
    words: Words = ""


def depart(turn: Turn, crossing_id: str, command: DepartCommand) -> Saved:
    """Confirm that the person left the gate; the place is free, the person is on the road."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    words = {"escort_names": command.escort_names, "vehicle_plate": command.vehicle_plate}
    step = departure(turn, found, destination=command.destination, escorts=command.escorts, words=words)
    return leave(turn, found, step, act_id=str(command.act_id))


def departure(
    turn: Turn, found: Standing, *, destination: str, escorts: int, words: dict[str, str], remark: str = ""
) -> Step:
    """Build the act of leaving for a facility."""
    changes: dict[str, Any] = {"departed_at": turn.at, "destination": destination, "escorts": escorts}
    body = HandoverDeparted(
        crossing_id=found.row.crossing_id,
        ends=tuple(clock.kind for clock in found.clocks if clock.kind not in _GOES_ON),
        clocks=starting(turn, found.row, start=ClockStart.DEPARTURE),
        place_id=found.row.place_id or "",
        escorts=escorts,
    )
    return Step(
        event=PathEvent.DEPARTED,
        body=body,
        path=changes,
        words=words,
        destination=destination,
        remark=remark or f"[handover_departed] {' '.join(words.values())}".rstrip(),
        leaves_place=True,
        disposition=Disposition.REFERRED,
    )


def leave(turn: Turn, found: Standing, step: Step, *, act_id: str = "") -> Saved:
    """Carry out a departure and give the place back."""
    saved = carry_out(turn, found, step, act_id=act_id)
    if found.row.place_id is not None:
        hold_place(turn.transaction, found.row.place_id, crossing_id=None, at=None)
    return saved


def arrive(turn: Turn, crossing_id: str, command: ArriveCommand) -> Saved:
    """Enter the facility's confirmation: the gate's care ends; a notice that is still owed runs on."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    body = HandoverArrived(
        crossing_id=crossing_id,
        ends=tuple(clock.kind for clock in found.clocks if clock.kind not in _OWED_AFTER_ARRIVAL),
        means=command.means,
    )
    step = Step(
        event=PathEvent.ARRIVED,
        body=body,
        path={"arrived_at": turn.at},
        words={"confirmed_by": command.confirmed_by},
        destination=found.case.path.destination,
        remark=f"[handover_arrived] {command.confirmed_by}",
        has_left=True,
    )
    return carry_out(turn, found, step, act_id=str(command.act_id))


def bring_back(turn: Turn, crossing_id: str, command: ReturnCommand) -> Saved:
    """Take the person back at the gate: the order in force goes on from where it began, or the hold begins anew."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    decided_at = found.case.path.decided_at
    event = PathEvent.RETURNED_UNORDERED if decided_at is None else PathEvent.RETURNED
    begun = (
        starting(turn, found.row, start=ClockStart.REFERRAL)
        if decided_at is None
        else starting(turn, found.row, start=ClockStart.DECISION, since=decided_at)
    )
    told = {ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE, *(clock.kind for clock in found.clocks)}
    body = HandoverReturned(
        crossing_id=crossing_id,
        ends=found.running(ClockKind.TRANSFER_ARRIVAL),
        clocks=tuple(clock for clock in begun if clock.kind not in told),
        reason=command.reason,
    )
    changes = {"departed_at": None, "destination": "", "escorts": 0}
    step = Step(event=event, body=body, path=changes, remark=command.words, destination="")
    return carry_out(turn, found, step, act_id=str(command.act_id))
