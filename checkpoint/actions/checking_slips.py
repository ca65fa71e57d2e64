"""A clearance slip shown at a lane or a post: whose it is, whether it holds, whether it fits the document shown.

It needs no link: the keys came down with the centre's journal before. A slip stands in for no step of a lane:
the temperature is taken as ever. At an inland control post a good one is proof of the passage of the border;
one of a person who left the country is none: whoever stands here came back another way.
"""

import hashlib

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.shown_slip import HeldSlip
from checkpoint.papers.clearance_slip import (
    ClearanceSlip,
    Signer,
    SlipRefusedError,
    key_hint,
    number_of_bearer,
    read_slip,
    require_document,
    require_time,
)
from checkpoint.presentation import Presentation
from checkpoint.store.crossings import find_crossing
from sync.agreement.deployment import DeploymentError
from sync.agreement.gate_records.papers import SlipChecked
from sync.agreement.paper_words import SlipFault
from sync.agreement.vocabulary import Direction, Disposition, DocumentKind, PointOfEntryKind

_MARK_BYTES = 16
_NO_GATES = frozenset({PointOfEntryKind.CONTROL_POST, PointOfEntryKind.TRAIL})


def take_slip(turn: Turn, lane_id: str, text: str) -> LaneSheet:
    """Read a slip for the person in the lane, or let it wait for its document. The same scan again changes nothing."""
    sheet, scan_mark = turn.sheet(lane_id), hashlib.sha256(text.strip().encode()).digest()[:_MARK_BYTES]
    if sheet.slip is not None and sheet.slip.scan_mark == scan_mark:
        return sheet
    try:
        slip = read_slip(text, signers=signers_of(turn.gate), at=turn.at, is_exercise=turn.gate.is_exercise)
    except SlipRefusedError as refusal:
        held = HeldSlip(scan_mark=scan_mark, fault=refusal.fault)
        return _written(turn, lane_id, sheet=sheet, held=held)
    held = HeldSlip(scan_mark=scan_mark, slip=slip)
    if sheet.state.presentation is None:
        return turn.stage(lane_id, msgspec.structs.replace(sheet, slip=held, notice=None))
    return _met(turn, lane_id, sheet=sheet, held=held, slip=slip)


def meet_slip(turn: Turn, lane_id: str, sheet: LaneSheet) -> LaneSheet:
    """Bring a slip that waits together with the person who was just presented, if there are both."""
    held = sheet.slip
    if held is None or held.slip is None or not held.is_waiting or sheet.state.presentation is None:
        return sheet
    return _met(turn, lane_id, sheet=sheet, held=held, slip=held.slip)


def signers_of(gate: Gate) -> dict[bytes, Signer]:
    """Return whose slips count here: this edge's own, and those of whom the centre says so, which has the last word."""
    public_key = gate.identity.signing_key.public_key().public_bytes_raw()
    own = Signer(edge_id=gate.identity.edge_id, point_of_entry_id=gate.place.point_of_entry_id, public_key=public_key)
    return {key_hint(public_key): own, **gate.signers}


def _met(turn: Turn, lane_id: str, *, sheet: LaneSheet, held: HeldSlip, slip: ClearanceSlip) -> LaneSheet:
    person = sheet.state.person
    fault = _fault(slip, person=person, turn=turn)
    is_post = turn.gate.place.kind is PointOfEntryKind.CONTROL_POST
    is_proof = fault is None and is_post and slip.direction is not Direction.EXIT and _is_from_a_gate(slip, turn.gate)
    met = msgspec.structs.replace(
        held,
        fault=fault,
        is_met=True,
        is_proof_of_passage=is_proof,
        is_age_unknown=fault is None and person.document_kind is DocumentKind.BORDER_PASS and person.age_years is None,
    )
    return _written(turn, lane_id, sheet=sheet, held=met)


def _is_from_a_gate(slip: ClearanceSlip, gate: Gate) -> bool:
    """Tell whether a slip was given where the border may be crossed: what a post gave itself proves no passage."""
    try:
        kind = gate.deployment.point_of_entry(slip.point_of_entry_id).kind
    except DeploymentError:
        return False
    return kind not in _NO_GATES


def _fault(slip: ClearanceSlip, *, person: Presentation, turn: Turn) -> SlipFault | None:
    """Hold a slip against the clock, the document, and what this edge knows of the crossing that it was given for.

    A passport that carries the personal number shows both.
    """
    identity = person.identity
    given = find_crossing(turn.transaction, str(slip.crossing_id))
    if given is not None and given.disposition is not Disposition.CLEARED:
        return SlipFault.TAKEN_BACK
    shown = number_of_bearer(identity.document_number, document_kind=person.document_kind, age_years=person.age_years)
    numbers = [number for number in (identity.personal_number, shown) if number]
    try:
        require_time(slip, at=turn.at)
        for number in numbers[:-1]:
            if _fits(slip, number):
                return None
        require_document(slip, numbers[-1] if numbers else "")
    except SlipRefusedError as refusal:
        return refusal.fault
    return None


def _fits(slip: ClearanceSlip, number: str) -> bool:
    try:
        require_document(slip, number)
    except SlipRefusedError:
        return False
    return True


def _written(turn: Turn, lane_id: str, *, sheet: LaneSheet, held: HeldSlip) -> LaneSheet:
    """Write down that a slip was shown and what came of it, and show it at the lane."""
    person, slip = sheet.state.presentation, held.slip
    checked = SlipChecked(
        given_for=person.crossing_id if person is not None else "",
        fault=held.fault,
        is_proof_of_passage=held.is_proof_of_passage,
        slip_crossing_id=str(slip.crossing_id) if slip else "",
        slip_point_of_entry_id=slip.point_of_entry_id if slip else "",
        slip_cleared_at=slip.cleared_at if slip else None,
        slip_valid_until=slip.valid_until if slip else None,
    )
    turn.append(checked, lane_id=lane_id, observed_at=turn.at)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, slip=held, notice=None))
