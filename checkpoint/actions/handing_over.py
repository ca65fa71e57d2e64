"""Hand-over to a facility: departs with an escort, arrives by somebody's word, or comes back. Nobody is lost between.

A person who departed stays on the board until the facility's word is there; how long that may take is the
policy's (``transfer_arrival``), and after it the card is red.
"""

from typing import Annotated

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.isolating import ActCommand, Name, Words
from checkpoint.actions.path_steps import Step, carry_out, done_before, standing, starting
from checkpoint.isolation.case import CasePath
from checkpoint.isolation.path import PathEvent
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import clocks_stopped_at, hold_place
from sync.agreement.gate_records.isolation import HandoverArrived, HandoverDeparted, HandoverReturned
from sync.agreement.isolation_words import EscalationReason, NoticeMeans
from sync.agreement.policy import ClockStart
from sync.agreement.vocabulary import ClockKind, Disposition

# What the gate still owes while the person travels; everything else ends with the departure.
_GOES_ON = frozenset({ClockKind.FACILITY_HANDOVER, ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE})
# Whoever comes back without an order is to be proposed anew: that clock begins with that act.
_STARTS_WITH_ITS_ACT = frozenset({ClockKind.ISOLATION_DECISION})
OWED_AFTER_LEAVING = frozenset({ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE})
"""Notices that the gate owes although the person has arrived elsewhere, or was let go or turned back."""


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
    row, words = found.row, {"escort_names": command.escort_names, "vehicle_plate": command.vehicle_plate}
    body = HandoverDeparted(
        crossing_id=crossing_id,
        ends=tuple(clock.kind for clock in found.clocks if clock.kind not in _GOES_ON),
        clocks=starting(turn, row, start=ClockStart.DEPARTURE),
        place_id=row.place_id or "",
        escorts=command.escorts,
    )
    step = Step(
        event=PathEvent.DEPARTED,
        body=body,
        path={"departed_at": turn.at, "destination": command.destination, "escorts": command.escorts},
        words=words,
        destination=command.destination,
        remark=f"[handover_departed] {' '.join(words.values())}",
        leaves_place=True,
        disposition=Disposition.REFERRED,
    )
    saved = carry_out(turn, found, step, act_id=str(command.act_id))
    if row.place_id is not None:
        hold_place(turn.transaction, row.place_id, crossing_id=None, at=None)
    return saved


def arrive(turn: Turn, crossing_id: str, command: ArriveCommand) -> Saved:
    """Enter the facility's confirmation: the gate's care ends; a notice that is still owed runs on."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    body = HandoverArrived(
        crossing_id=crossing_id,
        ends=tuple(clock.kind for clock in found.clocks if clock.kind not in OWED_AFTER_LEAVING),
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
    """Take the person back at the gate: what ran when they left runs on from where it began; no drive renews a hold."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    event = _return(found.case.path)
    stopped = clocks_stopped_at(turn.transaction, crossing_id, at=found.case.path.departed_at or turn.at)
    # A hold that lapsed, and was found to have when its person left, was stopped at that very instant.
    over = _STARTS_WITH_ITS_ACT | (set() if event is PathEvent.RETURNED_UNORDERED else {ClockKind.TEMPORARY_HOLD})
    body = HandoverReturned(
        crossing_id=crossing_id,
        ends=found.running(ClockKind.TRANSFER_ARRIVAL),
        clocks=tuple(clock for clock in stopped if clock.kind not in over),
        reason=command.reason,
    )
    changes = {"departed_at": None, "destination": "", "escorts": 0}
    nobody = {"escort_names": "", "vehicle_plate": ""}
    step = Step(event=event, body=body, path=changes, words=nobody, remark=command.words, destination="")
    return carry_out(turn, found, step, act_id=str(command.act_id))


def _return(path: CasePath) -> PathEvent:
    if path.compelled_at is not None:
        return PathEvent.RETURNED_COMPELLED
    if path.refused_at is not None:
        return PathEvent.RETURNED_REFUSING
    if path.decided_at is not None:
        return PathEvent.RETURNED
    return PathEvent.RETURNED_UNORDERED if path.lapsed_at is None else PathEvent.RETURNED_LAPSED
