"""Handhelds of a gate: enrolled, permitted for a shift, revoked; and what they sent that somebody must mend."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.handheld_acts import (
    answer_of,
    carry_out,
    is_twin_raised,
    lapsed_because,
    permit_of,
    settle_aside,
)
from checkpoint.actions.kept_act import RAISED, ActAnswer, ActKind, HandheldAct, act_of
from checkpoint.actions.presenting import CrossingDetails
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.understanding import ScanText
from checkpoint.handhelds.believed_time import BelievedTime
from checkpoint.handhelds.bundle import HandBundle, HandPlace, HandPractice, hand_bundle
from checkpoint.handhelds.device_key import DeviceKeyError, key_fingerprint, require_point
from checkpoint.handhelds.enrolment import EnrolmentCode
from checkpoint.handhelds.permit import Permit, PermitRefusedError, read_permit, write_permit
from checkpoint.settings import ORIGIN_PATTERN
from checkpoint.store.handhelds import (
    Handheld,
    KeptAct,
    Reader,
    add_handheld,
    find_act,
    find_handheld,
    note_seen,
    read_handhelds,
    read_waiting,
    revoke,
)
from checkpoint.store.lanes import log_access
from sync.agreement.gate_records.handheld import HandheldEnrolled, HandheldRevoked
from sync.agreement.handheld_words import HandheldRevocation
from sync.agreement.identifiers import uuid7

_SEEN_EVERY: Final = timedelta(seconds=60)


class CodeCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device will be called at the gate; ``address``: by which the station's page knows the gate."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    address: Annotated[str, msgspec.Meta(pattern=ORIGIN_PATTERN, max_length=200)] = ""


class EnrolCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code from the station, and the public key that the device made (hex of 65 bytes)."""

    code: Annotated[str, msgspec.Meta(max_length=60)]
    public_key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{130}\Z")]


class PermitCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which lane the officer takes the device up."""

    lane_id: str


class RevokeCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a device is believed no more."""

    reason: HandheldRevocation


class SetAsideActCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an act is not taken into the journal; the officer's words stay at this edge."""

    reason: ReasonText


class MendCommand(CrossingDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officer puts right in an act; without a field it is taken as it was sent."""

    text: ScanText | None = None


class GrantedPermit(msgspec.Struct, frozen=True, kw_only=True):
    """What a device needs to work without the edge: the permit, its end, and the rules to show a verdict by."""

    permit: str
    permit_id: str
    lane_id: str
    expires_at: datetime
    bundle: HandBundle
    now: datetime


class WaitingAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act in the list of the station: what it lacks, and of whom only the last marks."""

    act_id: str
    handheld_id: str
    officer_ref: str
    kind: ActKind
    answer: ActAnswer
    temperature_c: float | None
    document_hint: str
    received_at: datetime
    is_overdue: bool


class HandheldRow(msgspec.Struct, frozen=True, kw_only=True):
    """One device in the list of the station."""

    handheld_id: str
    label: str
    fingerprint: str
    enrolled_at: datetime
    enrolled_by: str
    seen_at: datetime | None
    revoked_at: datetime | None


class HandheldsView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the handhelds."""

    handhelds: tuple[HandheldRow, ...]
    waiting: tuple[WaitingAct, ...]
    places: tuple[HandPlace, ...]
    now: datetime


def enrol_handheld(turn: Turn, command: EnrolCommand, *, code: EnrolmentCode) -> Handheld:
    """Believe a device from here on; two officers have seen its code: the one who made it, the one who typed it."""
    public_key = bytes.fromhex(command.public_key)
    try:
        require_point(public_key)
    except DeviceKeyError:
        refusal = "handheld_key_refused"
        raise ActionRefusedError(refusal, http_code=422) from None
    device = Handheld(
        handheld_id=str(uuid7(turn.at, turn.gate.random_bytes)),
        label=code.label,
        public_key=public_key,
        enrolled_at=turn.at,
        enrolled_by=turn.officer_ref or "",
    )
    add_handheld(turn.transaction, device)
    enrolled = HandheldEnrolled(handheld_id=device.handheld_id, key_fingerprint=key_fingerprint(public_key))
    turn.append(enrolled, lane_id=None, observed_at=turn.at)
    return device


def grant_permit(turn: Turn, command: PermitCommand, *, handheld_id: str) -> GrantedPermit:
    """Let the signed-in officer work on this device for a shift; refuses a device that is believed no more."""
    require_believed(turn, handheld_id)
    if command.lane_id not in turn.gate.settings.lanes:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    permit = Permit(
        permit_id=str(uuid7(turn.at, turn.gate.random_bytes)),
        handheld_id=handheld_id,
        officer_ref=turn.officer_ref or "",
        lane_id=command.lane_id,
        issued_at=turn.at,
        expires_at=turn.at + timedelta(hours=turn.gate.settings.handheld.permit_lives_h),
    )
    _log(turn, action="handheld_permit", subject=handheld_id, reason=command.lane_id)
    return GrantedPermit(
        permit=write_permit(permit, key=turn.gate.identity.signing_key),
        permit_id=permit.permit_id,
        lane_id=permit.lane_id,
        expires_at=permit.expires_at,
        bundle=bundle_of(turn.gate),
        now=turn.at,
    )


def require_believed(turn: Turn, handheld_id: str) -> Handheld:
    """Return a device, or refuse one that is unknown (401) or revoked (403)."""
    device = find_handheld(turn.transaction, handheld_id)
    if device is None:
        code = "handheld_unknown"
        raise ActionRefusedError(code, http_code=401)
    if device.revoked_at is not None:
        code = "handheld_revoked"
        raise ActionRefusedError(code, http_code=403)
    return device


def require_at_work(turn: Turn, handheld_id: str, *, permit_text: str) -> None:
    """Refuse what a device asks for that is believed no more, or on which nobody works now (403)."""
    require_believed(turn, handheld_id)
    try:
        permit = read_permit(permit_text, public_key=turn.gate.identity.signing_key.public_key().public_bytes_raw())
    except PermitRefusedError:
        code = "handheld_permit_unknown"
        raise ActionRefusedError(code, http_code=403) from None
    if code := lapsed_because(turn, permit, handheld_id=handheld_id, at=turn.at):
        raise ActionRefusedError(code, http_code=403)


def revoke_handheld(turn: Turn, handheld_id: str, command: RevokeCommand) -> None:
    """Believe a device no more from this commit on; asking again changes nothing."""
    device = find_handheld(turn.transaction, handheld_id)
    if device is None:
        code = "handheld_unknown"
        raise ActionRefusedError(code, http_code=404)
    if device.revoked_at is not None:
        return
    revoke(turn.transaction, handheld_id, at=turn.at)
    revoked = HandheldRevoked(handheld_id=handheld_id, reason=command.reason)
    turn.append(revoked, lane_id=None, observed_at=turn.at)


def note_sending(turn: Turn, handheld_id: str) -> bool:
    """Note that a device sends; return whether it is revoked."""
    device = find_handheld(turn.transaction, handheld_id)
    if device is None or device.revoked_at is not None:
        return True
    if device.seen_at is None or turn.at - device.seen_at >= _SEEN_EVERY:
        note_seen(turn.transaction, handheld_id, at=turn.at)
    return False


def mend_act(turn: Turn, act_id: str, command: MendCommand) -> ActAnswer:
    """Take an act that waited, put right where the officer says so; the time stays that of the act."""
    known = _require_waiting(turn, act_id)
    act, told = _under_its_name(known), answer_of(known)
    permit = permit_of(turn, act)
    if permit is None:
        code = "handheld_permit_unknown"
        raise ActionRefusedError(code)
    given = {name: value for name in command.__struct_fields__ if (value := getattr(command, name)) is not None}
    text = given.pop("text", None)
    if text is not None:
        given |= {"scans": (text,), "document": None}
    mended = msgspec.structs.replace(act, **given)
    _log(turn, action="handheld_act_mended", subject=act_id, reason=told.code)
    believed = BelievedTime(at=told.observed_at, clock=told.clock, offset_s=told.offset_s)
    by = turn.officer_ref or ""
    return carry_out(
        turn, mended, believed=believed, permit=permit, handheld_id=known.handheld_id, officer_ref=by, sent=act
    )


def set_act_aside(turn: Turn, act_id: str, command: SetAsideActCommand) -> ActAnswer:
    """Take an act off the list without doing it: it was done twice, or at a lane meanwhile. It is logged.

    Refused for a raised reading: it is mended and then withdrawn in the open, so that no alarm can be talked away.
    """
    known = _require_waiting(turn, act_id)
    act = act_of(known)
    if act.provisional_outcome in RAISED and not (known.act_id != str(act.act_id) and is_twin_raised(turn, act)):
        code = "handheld_raised_stays"
        raise ActionRefusedError(code)
    _log(turn, action="handheld_act_set_aside", subject=act_id, reason=command.reason)
    return settle_aside(turn, known)


def reveal_act(turn: Turn, act_id: str) -> HandheldAct:
    """Show an act whole to whoever mends it; that it was looked at is logged."""
    known = _require_waiting(turn, act_id)
    _log(turn, action="handheld_act_revealed", subject=act_id, reason="")
    return act_of(known)


def bundle_of(gate: Gate) -> HandBundle:
    """Gather the rules in force now for a device."""
    own = gate.settings.handheld
    practice = HandPractice(
        lock_after_min=own.lock_after_min,
        forget_refused_after_h=own.forget_refused_after_h,
        receipts_kept=own.receipts_kept,
    )
    now = gate.clock()
    return hand_bundle(gate.policy.rules_at(now), policies=gate.policy.references, at=now, practice=practice)


def handhelds_view(gate: Gate, connection: Reader, *, at: datetime) -> HandheldsView:
    """Draw the page: devices, and what waits to be mended, for how long, and whether for too long."""
    rows = tuple(
        HandheldRow(
            handheld_id=one.handheld_id,
            label=one.label,
            fingerprint=key_fingerprint(one.public_key),
            enrolled_at=one.enrolled_at,
            enrolled_by=one.enrolled_by,
            seen_at=one.seen_at,
            revoked_at=one.revoked_at,
        )
        for one in read_handhelds(connection)
    )
    overdue_before = at - timedelta(hours=gate.settings.handheld.mend_within_h)
    waiting = tuple(_waiting(one, overdue_before=overdue_before) for one in read_waiting(connection))
    return HandheldsView(handhelds=rows, waiting=waiting, places=bundle_of(gate).places, now=at)


def _under_its_name(known: KeptAct) -> HandheldAct:
    """Return an act by the name under which it waits: its own, or another where its own was used."""
    return msgspec.structs.replace(act_of(known), act_id=UUID(known.act_id))


def _waiting(known: KeptAct, *, overdue_before: datetime) -> WaitingAct:
    act = act_of(known)
    number = act.document.document_number if act.document else next(iter(act.scans), "")
    return WaitingAct(
        act_id=known.act_id,
        handheld_id=known.handheld_id,
        officer_ref=known.officer_ref,
        kind=act.kind,
        answer=answer_of(known),
        temperature_c=act.temperature_c,
        document_hint=f"••••{number.strip()[-4:]}" if number else "",
        received_at=known.received_at,
        is_overdue=known.received_at < overdue_before,
    )


def _require_waiting(turn: Turn, act_id: str) -> KeptAct:
    known = find_act(turn.transaction, act_id)
    if known is None or known.content is None:
        code = "handheld_act_gone"
        raise ActionRefusedError(code, http_code=404)
    return known


def _log(turn: Turn, *, action: str, subject: str, reason: str) -> None:
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action=action,
        subject=subject,
        reason=reason,
    )
