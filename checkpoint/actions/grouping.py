"""A group at the gate: opened with its list, standing at lanes, closed when everybody is accounted for."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.accompanying import count_of, mark_for, note_member, require_group, sealed_under, show_at
from checkpoint.actions.company import GroupMark, GroupStanding
from checkpoint.actions.conveying import ConveyanceFields, present_conveyance
from checkpoint.actions.deciding import require_draft
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.groups import LARGEST_FILE_BYTES, ManifestMember, ReadManifest, read_manifest
from checkpoint.store.groups import (
    GroupRow,
    MemberRow,
    add_group,
    close_group_row,
    find_group,
    group_at,
    has_open_twin,
    lanes_of,
    members_in,
    miss_member,
    put_at_lane,
)
from sync.agreement.gate_records.groups import GroupClosed, GroupMemberMissing, GroupOpened
from sync.agreement.group_words import GroupKind, MemberMatch, MissingReason
from sync.agreement.identifiers import uuid7
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Direction

_File = Annotated[str, msgspec.Meta(max_length=LARGEST_FILE_BYTES * 4 // 3 + 4)]
_Words = Annotated[str, msgspec.Meta(max_length=200)]


class OpenGroupCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group as it is announced. ``group_id`` is made by the client; ``file`` is its list in base64.

    ``announced`` heads; without it, as many as stand on the list. ``conveyance`` is what it comes in.
    """

    group_id: UUID
    kind: GroupKind
    direction: Direction
    file: _File
    announced: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    operator: _Words = ""
    guide: _Words = ""
    telephone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    conveyance: ConveyanceFields | None = None
    lane_id: str | None = None


class StandCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which group stands at this lane from now on; ``None``: no group."""

    group_id: UUID | None = None


class ConfirmMemberCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The officer says who this is in the group: a place, or, without a number, somebody who came unexpected."""

    draft_id: UUID
    number: int | None = None


class CloseGroupCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End the head count; with somebody missing only for a reason."""

    group_id: UUID
    reason: MissingReason | None = None


def decoded_file(text: str) -> bytes:
    """Return the bytes of a file that came as base64."""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        code = "bad_field"
        raise ActionRefusedError(code, http_code=422, values={"field": "file"}) from None


def read_group_list(command: OpenGroupCommand, *, today: date) -> tuple[ReadManifest, str]:
    """Read the list of a command and name it by what it says; slow, so before the turn."""
    content = decoded_file(command.file)
    return read_manifest(content, today=today), sha256(content).hexdigest()


def open_group(turn: Turn, command: OpenGroupCommand, *, read: ReadManifest, fingerprint: str) -> GroupRow:
    """Open a group with its whole list, or with nothing of it; the same request again is the same group."""
    group_id = str(command.group_id)
    known = find_group(turn.transaction, group_id)
    if known is not None:
        _require_same(known, command, fingerprint=fingerprint)
        return known
    announced = _announced(command, read=read)
    if read.members and has_open_twin(turn.transaction, fingerprint, direction=command.direction):
        code = "group_list_open_already"
        raise ActionRefusedError(code)
    conveyance_id = None
    if command.conveyance is not None:
        row = present_conveyance(turn, command.conveyance, lane_id=command.lane_id, direction=command.direction)
        conveyance_id = row.conveyance_id
    group = GroupRow(
        group_id=group_id,
        kind=command.kind,
        direction=command.direction,
        announced=announced,
        listed=len(read.members),
        operator=command.operator.strip(),
        guide=command.guide.strip(),
        telephone=command.telephone.strip(),
        conveyance_id=conveyance_id,
        opened_at=turn.at,
        opened_by=turn.officer_ref or "",
        fingerprint=fingerprint,
    )
    _write_opened(turn, group, lane_id=command.lane_id)
    add_group(turn.transaction, group, members=_places(turn, group_id, members=read.members, announced=announced))
    if command.lane_id is not None:
        stand_at_lane(turn, command.lane_id, StandCommand(group_id=command.group_id))
    return group


def stand_at_lane(turn: Turn, lane_id: str, command: StandCommand) -> LaneSheet:
    """Let a group stand at a lane, or leave it. A closed one may stand again while somebody of it is missing."""
    if lane_id not in turn.gate.sheets:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    if command.group_id is not None:
        group = require_group(turn, str(command.group_id))
        if group.closed_at is not None and count_of(turn, group).is_complete:
            code = "group_is_closed"
            raise ActionRefusedError(code)
    put_at_lane(turn.transaction, lane_id, group_id=str(command.group_id) if command.group_id else None)
    show_at(turn, [lane_id])
    sheet = turn.sheet(lane_id)
    person = sheet.state.presentation
    mark = None if person is None or sheet.saved is not None else mark_for(turn, lane_id, person)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, group=mark))


def confirm_member(turn: Turn, lane_id: str, command: ConfirmMemberCommand) -> LaneSheet:
    """Take the officer's word for who this is; counted when the crossing is saved, or now if it is."""
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    group_id = group_at(turn.transaction, lane_id)
    if group_id is None:
        code = "no_group_at_lane"
        raise ActionRefusedError(code)
    number = command.number if command.number is not None else _unnamed_place(turn, group_id)
    if command.number is not None:
        _require_free(turn, group_id, number=command.number)
    match = MemberMatch.OFFICER if command.number is not None else MemberMatch.UNEXPECTED
    mark = GroupMark(group_id=group_id, standing=GroupStanding.MEMBER, number=number, match=match)
    if sheet.saved is not None:
        note_member(turn, lane_id, mark=mark, crossing_id=sheet.state.person.crossing_id)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, group=mark))


def close_group(turn: Turn, command: CloseGroupCommand) -> GroupRow:
    """End the head count. With somebody missing it says how many, and wants a reason; each is written down."""
    group = require_group(turn, str(command.group_id))
    if group.closed_at is not None:
        return group
    count = count_of(turn, group)
    if count.missing and command.reason is None:
        code = "group_members_missing"
        numbers = ", ".join(str(number) for number in count.missing[:20])
        raise ActionRefusedError(code, values={"missing": len(count.missing), "numbers": numbers})
    reason = command.reason if count.missing else None
    body = GroupClosed(
        group_id=group.group_id,
        announced=count.announced,
        seen=count.seen,
        missing=count.missing,
        unexpected=count.unexpected,
        reason=reason,
    )
    turn.append(body, lane_id=None, observed_at=turn.at)
    if reason is not None:
        _write_missing(turn, group, numbers=frozenset(count.missing), reason=reason)
    close_group_row(turn.transaction, group.group_id, at=turn.at, officer_ref=turn.officer_ref or "", reason=reason)
    lanes = lanes_of(turn.transaction, group.group_id)
    for lane_id in lanes:
        put_at_lane(turn.transaction, lane_id, group_id=None)
    show_at(turn, lanes)
    return require_group(turn, group.group_id)


def _write_opened(turn: Turn, group: GroupRow, *, lane_id: str | None) -> None:
    """Write that a group was announced: heads in the open part, who leads it sealed under the group."""
    body = GroupOpened(
        group_id=group.group_id,
        kind=group.kind,
        direction=group.direction,
        announced=group.announced,
        listed=group.listed,
        conveyance_id=group.conveyance_id,
    )
    identity = TravellerIdentity(
        full_name=group.guide, document_number="", telephone=group.telephone, remarks=group.operator
    )
    sealed = sealed_under(turn, group.group_id, identity=identity)
    turn.append(body, lane_id=lane_id, observed_at=turn.at, sealed_for=sealed)


def _require_same(known: GroupRow, command: OpenGroupCommand, *, fingerprint: str) -> None:
    """Take a request for one that was carried out only where it says the same."""
    asked = (fingerprint, command.kind, command.direction, command.operator.strip(), command.announced)
    stands = (known.fingerprint, known.kind, known.direction, known.operator)
    if asked != (*stands, known.announced if command.announced else command.announced):
        code = "group_id_taken"
        raise ActionRefusedError(code)


def _announced(command: OpenGroupCommand, *, read: ReadManifest) -> int:
    """Return how many heads were announced; refuses a list with a mistake and one that is longer than announced."""
    if read.faults:
        code = "manifest_has_faults"
        raise ActionRefusedError(code, http_code=422, values={"faults": len(read.faults)})
    announced = command.announced or len(read.members)
    if announced < len(read.members):
        code = "announced_too_few"
        raise ActionRefusedError(code, http_code=422, values={"announced": announced, "listed": len(read.members)})
    return announced


def _places(turn: Turn, group_id: str, *, members: Sequence[ManifestMember], announced: int) -> Iterator[MemberRow]:
    """Make a place for each announced head: the listed ones in their order, then those without a name."""
    for number in range(1, announced + 1):
        listed = members[number - 1] if number <= len(members) else None
        yield MemberRow(
            group_id=group_id,
            number=number,
            member_id=str(uuid7(turn.at, turn.gate.random_bytes)),
            full_name=listed.full_name if listed else "",
            document_number=listed.document_number if listed else "",
            number_key=listed.number_key if listed else "",
            date_of_birth=listed.date_of_birth if listed else None,
            nationality=listed.nationality if listed else "",
            seat=listed.seat if listed else "",
            carriage=listed.carriage if listed else "",
        )


def _unnamed_place(turn: Turn, group_id: str) -> int | None:
    """Return the first free place that was announced and stands on no list."""
    free = (one for one in members_in(turn.transaction, group_id) if one.crossing_id is None and not one.full_name)
    return next((one.number for one in free), None)


def _require_free(turn: Turn, group_id: str, *, number: int) -> None:
    place = next((one for one in members_in(turn.transaction, group_id) if one.number == number), None)
    if place is None or place.crossing_id is not None:
        code = "no_such_member" if place is None else "member_seen_before"
        raise ActionRefusedError(code, values={"number": number})


def _write_missing(turn: Turn, group: GroupRow, *, numbers: frozenset[int], reason: MissingReason) -> None:
    """Name each missing member under an episode of its own: who is erased later is erased alone."""
    for one in members_in(turn.transaction, group.group_id):
        if one.number not in numbers:
            continue
        miss_member(turn.transaction, group.group_id, number=one.number, reason=reason)
        if not one.full_name:
            continue
        missing = GroupMemberMissing(group_id=group.group_id, member_id=one.member_id, number=one.number, reason=reason)
        identity = TravellerIdentity(
            full_name=one.full_name, document_number=one.document_number, date_of_birth=one.date_of_birth
        )
        sealed = sealed_under(turn, one.member_id, identity=identity)
        turn.append(missing, lane_id=None, observed_at=turn.at, sealed_for=sealed)
