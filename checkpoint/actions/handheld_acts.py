"""What was done on a handheld while the edge was out of reach, taken into the journal: each act once, or not yet.

An act goes through the commands of the lane, in a turn of its own at the time it was done (``KeptTurn``): the same
presenting, measuring, excepting, closing and rechecking, under the policy of then. The device's own verdict counts
for nothing but to say where it differed. What cannot be taken waits here with its reason until somebody mends it.
"""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import (
    CloseCommand,
    ExceptionCommand,
    MeasureCommand,
    close_crossing,
    except_person,
    measure_person,
)
from checkpoint.actions.declaring import take_scan
from checkpoint.actions.gate import Turn
from checkpoint.actions.kept_act import RAISED, ActAnswer, ActDisposition, ActKind, HandheldAct, Sending
from checkpoint.actions.kept_turn import KeptTurn
from checkpoint.actions.presenting import CrossingDetails, PresentCommand
from checkpoint.actions.rechecking import RecheckCommand, recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.handhelds.believed_time import BelievedTime, TellingClocks, believed_time
from checkpoint.handhelds.permit import Permit, PermitRefusedError, read_permit
from checkpoint.lane import Phase
from checkpoint.store.erasure import is_erased
from checkpoint.store.handhelds import KeptAct, count_waiting, find_act, find_handheld, put_act
from sync.agreement.facts import Assessment
from sync.agreement.gate_records.handheld import HandheldActTaken
from sync.agreement.vocabulary import Disposition
from web.roles import is_allowed


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """How the act's own lane stood at its end."""

    sheet: LaneSheet
    assessment: Assessment
    disposition: Disposition
    place_id: str | None


_ENCODER: Final = msgspec.json.Encoder()
_ANSWERS: Final = msgspec.json.Decoder(ActAnswer)


def take_act(turn: Turn, act: HandheldAct, *, sending: Sending) -> ActAnswer:
    """Take one act into the journal, or hold it; the same act again gets the same answer.

    Raises what the lane's commands raise; then nothing is written, and ``note_refused`` keeps the act to be mended.
    """
    known = find_act(turn.transaction, str(act.act_id))
    permit = permit_of(turn, act)
    believed = _believed(act, sending=sending, permit=permit)
    if known is not None and known.content is None:
        return _answer_again(turn, known, act=act, sending=sending, believed=believed)
    because = _held_because(turn, permit, sending=sending, believed=believed)
    if permit is None or because:
        return _wait(turn, act, sending=sending, answer=_unanswered(act, believed, ActDisposition.HELD, code=because))
    return carry_out(turn, act, believed=believed, permit=permit, handheld_id=sending.handheld_id)


def carry_out(
    turn: Turn,
    act: HandheldAct,
    *,
    believed: BelievedTime,
    permit: Permit,
    handheld_id: str,
    officer_ref: str = "",
    sent: HandheldAct | None = None,
) -> ActAnswer:
    """Do what an act says through the lane's commands, and write down that it came from a handheld.

    ``sent`` is the act as the device has it, where an officer put it right: the device asks for that one again.
    """
    by = officer_ref or permit.officer_ref
    is_recheck = act.kind is ActKind.RECHECK
    crossing_id = str(act.rechecked_id if is_recheck and act.rechecked_id else act.act_id)
    then = KeptTurn(turn, at=believed.at, officer_ref=by, crossing_id=crossing_id)
    _require_lane(turn, permit.lane_id)
    done = (_recheck if is_recheck else _cross)(then, act, permit.lane_id)
    taken = HandheldActTaken(
        handheld_id=handheld_id,
        act_id=str(act.act_id),
        kept_crossing_id=crossing_id,
        clock=believed.clock,
        clock_offset_s=believed.offset_s,
        provisional_outcome=act.provisional_outcome,
        outcome=done.assessment.outcome,
        is_different=done.assessment.outcome is not act.provisional_outcome,
    )
    then.append(taken, lane_id=permit.lane_id, observed_at=believed.at)
    answer = _accepted(act, believed, done=done, is_different=taken.is_different)
    put_act(turn.transaction, _kept(turn, sent or act, handheld_id=handheld_id, officer_ref=by, answer=answer))
    return answer


def _accepted(act: HandheldAct, believed: BelievedTime, *, done: _Done, is_different: bool) -> ActAnswer:
    saved = done.sheet.saved
    if saved is None:
        msg = f"act {act.act_id} ended in {done.sheet.state.phase.value} without a record"
        raise TypeError(msg)
    return msgspec.structs.replace(
        _unanswered(act, believed, ActDisposition.ACCEPTED),
        sequence=saved.sequence,
        record_id=saved.record_id,
        recorded_at=saved.recorded_at,
        outcome=done.assessment.outcome,
        reasons=done.assessment.reasons,
        crossing_disposition=done.disposition,
        place_id=done.place_id,
        is_different=is_different,
    )


def note_refused(
    turn: Turn, act: HandheldAct, *, sending: Sending, code: str, values: dict[str, str | float | int]
) -> ActAnswer:
    """Keep an act that the lane's commands refused, with the reason, until it is mended here or on the device."""
    permit = permit_of(turn, act)
    believed = _believed(act, sending=sending, permit=permit)
    answer = _unanswered(act, believed, ActDisposition.REFUSED, code=code, values=values)
    known = find_act(turn.transaction, str(act.act_id))
    if known is not None and known.content is None:  # its name is in the journal already; what is there stays
        return msgspec.structs.replace(answer, is_at_edge=False)
    if known is None and _is_list_full(turn):  # the device keeps its own
        return msgspec.structs.replace(answer, code="handheld_list_full", values={}, is_at_edge=False)
    return _wait(turn, act, sending=sending, answer=answer)


def settle_aside(turn: Turn, known: KeptAct) -> ActAnswer:
    """Take an act off the list without doing it: what it held of a person goes, that it was set aside stays."""
    answer = msgspec.structs.replace(answer_of(known), disposition=ActDisposition.SET_ASIDE)
    put_act(turn.transaction, _replaced(known, answer=answer, officer_ref=turn.officer_ref or ""))
    return answer


def answer_of(known: KeptAct) -> ActAnswer:
    """Read what a device was told of an act."""
    return _ANSWERS.decode(known.answer)


def _answer_again(
    turn: Turn, known: KeptAct, *, act: HandheldAct, sending: Sending, believed: BelievedTime
) -> ActAnswer:
    """Say again what became of an act; one of the same name with another content waits under a name of its own.

    So it is when the act was put right at the station and on the device at once: only a person can tell which is right.
    """
    answer = answer_of(known)
    if answer.disposition is ActDisposition.SET_ASIDE:
        return answer
    if known.fingerprint == _fingerprint(act) or is_erased(turn.transaction, known.act_id):
        return msgspec.structs.replace(answer, disposition=ActDisposition.KNOWN)
    other_id = _name_of_other(act)
    other = find_act(turn.transaction, other_id)
    if other is not None and other.content is None:
        return msgspec.structs.replace(answer_of(other), act_id=known.act_id)
    held = _unanswered(act, believed, ActDisposition.HELD, code="handheld_act_used")
    _wait(turn, act, sending=sending, answer=msgspec.structs.replace(held, act_id=other_id))
    return held


def _name_of_other(act: HandheldAct) -> str:
    """Name what came in under a name that was used: the same time and version, and the rest from what it says."""
    octets = bytearray(_fingerprint(act)[:16])
    octets[:7] = act.act_id.bytes[:7]
    octets[8] = octets[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(octets)))


def is_twin_raised(turn: Turn, act: HandheldAct) -> bool:
    """Whether an act of the same name is in the journal, with a raised reading: then no alarm hangs on this one."""
    known = find_act(turn.transaction, str(act.act_id))
    return known is not None and known.content is None and answer_of(known).outcome in RAISED


def permit_of(turn: Turn, act: HandheldAct) -> Permit | None:
    """Return the permit under which an act was done, or nothing for one that this edge never gave."""
    public_key = turn.gate.identity.signing_key.public_key().public_bytes_raw()
    try:
        return read_permit(act.permit, public_key=public_key)
    except PermitRefusedError:
        return None


def _believed(act: HandheldAct, *, sending: Sending, permit: Permit | None) -> BelievedTime:
    told = TellingClocks(
        observed_at=act.observed_at,
        sent_at=sending.sent_at,
        arrived_at=sending.arrived_at,
        last_offset_s=act.last_offset_s,
    )
    earliest = act.observed_at if permit is None else permit.issued_at
    return believed_time(told, not_before=min(earliest, sending.arrived_at), not_after=sending.arrived_at)


def _held_because(turn: Turn, permit: Permit | None, *, sending: Sending, believed: BelievedTime) -> str:
    """Say why an act must wait for an officer who is here: nothing that a device says is believed by itself."""
    if permit is None:
        return "handheld_permit_unknown"
    device = find_handheld(turn.transaction, sending.handheld_id)
    if device is None or device.revoked_at is not None:
        return "handheld_revoked"
    return lapsed_because(turn, permit, handheld_id=sending.handheld_id, at=believed.at)


def lapsed_because(turn: Turn, permit: Permit, *, handheld_id: str, at: datetime) -> str:
    """Say why a permit is worth nothing on this device at ``at``, or nothing."""
    if permit.handheld_id != handheld_id:
        return "handheld_permit_of_another"
    officer = turn.gate.store.accounts.find_user(permit.officer_ref)
    if officer is None or officer.is_disabled or not is_allowed(officer.role, action="lane.act"):
        return "handheld_officer_gone"
    return "handheld_permit_over" if at > permit.expires_at else ""


def _cross(then: KeptTurn, act: HandheldAct, lane_id: str) -> _Done:
    if (act.temperature_c is None) == (act.exception_code is None):
        code = "paper_without_temperature"
        raise ActionRefusedError(code, http_code=422)
    _present(then, act, lane_id)
    if act.temperature_c is not None:
        measured = MeasureCommand(temperature_c=act.temperature_c, device_kind=act.device_kind, site=act.site)
        sheet = measure_person(then, lane_id, measured)
    else:
        sheet = _except(then, act, lane_id)
    if sheet.closed is None and sheet.state.phase is not Phase.AWAITING_RECHECK:
        sheet = close_crossing(then, lane_id, CloseCommand(draft_id=act.act_id))
    return _done(sheet)


def _present(then: KeptTurn, act: HandheldAct, lane_id: str) -> None:
    details = {name: getattr(act, name) for name in CrossingDetails.__struct_fields__}
    if act.document is not None:
        take_scan(then, lane_id, PresentCommand(document=act.document, **details))
    for text in act.scans:
        take_scan(then, lane_id, PresentCommand(text=text, **details))
    if then.sheet(lane_id).state.presentation is None:
        code = "handheld_nobody_presented"
        raise ActionRefusedError(code, http_code=422)


def _except(then: KeptTurn, act: HandheldAct, lane_id: str) -> LaneSheet:
    if act.exception_code is None or act.exception_reason is None:
        code = "paper_without_temperature"
        raise ActionRefusedError(code, http_code=422)
    given = ExceptionCommand(
        draft_id=act.act_id,
        code=act.exception_code,
        reason=act.exception_reason,
        is_fallback_tried=act.is_fallback_tried is True,
    )
    return except_person(then, lane_id, given)


def _recheck(then: KeptTurn, act: HandheldAct, lane_id: str) -> _Done:
    if act.rechecked_id is None or act.temperature_c is None:
        code = "paper_without_temperature"
        raise ActionRefusedError(code, http_code=422)
    given = RecheckCommand(crossing_id=act.rechecked_id, temperature_c=act.temperature_c, site=act.site)
    return _done(recheck_person(then, lane_id, given))


def _done(sheet: LaneSheet) -> _Done:
    if sheet.closed is not None:
        closed = sheet.closed
        return _Done(
            sheet=sheet, assessment=closed.assessment, disposition=closed.disposition, place_id=closed.place_id
        )
    if sheet.assessment is None:
        code = "not_awaiting_recheck"
        raise ActionRefusedError(code)
    return _Done(sheet=sheet, assessment=sheet.assessment, disposition=Disposition.PENDING, place_id=None)


def _require_lane(turn: Turn, lane_id: str) -> None:
    if lane_id not in turn.gate.settings.lanes:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)


def _unanswered(
    act: HandheldAct,
    believed: BelievedTime,
    disposition: ActDisposition,
    *,
    code: str = "",
    values: dict[str, str | float | int] | None = None,
) -> ActAnswer:
    return ActAnswer(
        act_id=str(act.act_id),
        disposition=disposition,
        observed_at=believed.at,
        clock=believed.clock,
        offset_s=believed.offset_s,
        code=code,
        values=values or {},
    )


def _wait(turn: Turn, act: HandheldAct, *, sending: Sending, answer: ActAnswer) -> ActAnswer:
    """Keep an act whole until somebody mends it."""
    before = find_act(turn.transaction, answer.act_id)
    if before is None and _is_list_full(turn):
        code = "handheld_list_full"
        raise ActionRefusedError(code, http_code=507)
    permit = permit_of(turn, act)
    officer_ref = "" if permit is None else permit.officer_ref
    content = _ENCODER.encode(act)
    kept = _kept(turn, act, handheld_id=sending.handheld_id, officer_ref=officer_ref, answer=answer)
    since = turn.recorded_at if before is None else before.received_at
    put_act(turn.transaction, msgspec.structs.replace(kept, content=content, received_at=since))
    return answer


def _is_list_full(turn: Turn) -> bool:
    return count_waiting(turn.transaction) >= turn.gate.settings.handheld.most_waiting


def _kept(turn: Turn, act: HandheldAct, *, handheld_id: str, officer_ref: str, answer: ActAnswer) -> KeptAct:
    return KeptAct(
        act_id=answer.act_id,
        handheld_id=handheld_id,
        officer_ref=officer_ref,
        fingerprint=_fingerprint(act),
        disposition=answer.disposition.value,
        answer=_ENCODER.encode(answer),
        content=None,
        received_at=turn.recorded_at,
    )


def _replaced(known: KeptAct, *, answer: ActAnswer, officer_ref: str) -> KeptAct:
    return msgspec.structs.replace(
        known,
        disposition=answer.disposition.value,
        answer=_ENCODER.encode(answer),
        content=None,
        officer_ref=officer_ref,
    )


def _fingerprint(act: HandheldAct) -> bytes:
    return hashlib.sha256(_ENCODER.encode(act)).digest()
