"""What a lane's screen says of slips: the one that was shown, and the one that is printed. Nobody is named."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.shown_slip import HeldSlip, PrintState
from checkpoint.lane import Phase
from checkpoint.settings import PrintSlip
from sync.agreement.vocabulary import Disposition


class SlipView(msgspec.Struct, frozen=True, kw_only=True):
    """A slip that was shown: ``state`` is waiting, good or refused; the rest is there where its signature held."""

    state: str
    fault: str | None
    is_proof_of_passage: bool
    gate: str = ""
    gate_names: Mapping[str, str] | None = None
    direction: str = ""
    cleared_at: datetime | None = None
    valid_until: datetime | None = None
    is_exercise: bool = False
    temperature_c: float | None = None
    is_age_unknown: bool = False


class PrintView(msgspec.Struct, frozen=True, kw_only=True):
    """The slip of the last cleared person: offered, printing, printed or failed; ``address`` of the printer."""

    crossing_id: str
    state: str
    fault: str
    printer: str
    address: str


def slip_view(gate: Gate, held: HeldSlip | None) -> SlipView | None:
    """Draw the slip at a lane."""
    if held is None:
        return None
    state = "refused" if held.fault is not None else "good" if held.is_met else "waiting"
    shown = SlipView(
        state=state,
        fault=held.fault.value if held.fault is not None else None,
        is_proof_of_passage=held.is_proof_of_passage,
        is_age_unknown=held.is_age_unknown,
    )
    slip = held.slip
    if slip is None:
        return shown
    return msgspec.structs.replace(
        shown,
        gate=slip.point_of_entry_id,
        gate_names=gate.place.gate_names.get(slip.point_of_entry_id),
        direction=slip.direction.value,
        cleared_at=slip.cleared_at,
        valid_until=slip.valid_until,
        is_exercise=slip.is_exercise,
        temperature_c=slip.temperature_c,
    )


def print_view(gate: Gate, lane_id: str, *, sheet: LaneSheet) -> PrintView | None:
    """Draw how the printer fares: offered to whom was cleared last; a failure stays until the next slip."""
    printer = gate.settings.printer_at(lane_id)
    if printer.when is PrintSlip.NEVER:
        return None
    standing, closed = gate.slip_prints.get(lane_id), sheet.closed or sheet.before
    shown = PrintView(
        crossing_id="",
        state=PrintState.OFFERED.value,
        fault="",
        printer=printer.language.value,
        address=printer.url,
    )
    is_cleared = closed is not None and closed.disposition is Disposition.CLEARED
    if closed is not None and is_cleared and (standing is None or standing.crossing_id != closed.crossing_id):
        return msgspec.structs.replace(shown, crossing_id=closed.crossing_id)
    if standing is None or (standing.state is PrintState.PRINTED and sheet.state.phase is not Phase.EMPTY):
        return None
    return msgspec.structs.replace(
        shown, crossing_id=standing.crossing_id, state=standing.state.value, fault=standing.fault
    )
