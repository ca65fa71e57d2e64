"""A conveyance comes to the gate: its numbers read, its movement written, paired with its last one the other way."""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec

from checkpoint.actions.accompanying import note_occupant, sealed_under
from checkpoint.actions.company import HeldRide
from checkpoint.actions.deciding import require_draft
from checkpoint.actions.gate import Turn
from checkpoint.actions.knowing import midnight
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.said_later import is_named_otherwise, note_said_later
from checkpoint.actions.sheet import LaneSheet
from checkpoint.conveyances import (
    PAIRED_KINDS,
    ConveyanceNumber,
    Movement,
    NumberFinding,
    ShownNumbers,
    ended_by,
    part_key,
    read_number,
    read_plate,
)
from checkpoint.groups import seat_code
from checkpoint.store.conveyances import (
    MovementRow,
    PartOf,
    add_movement,
    find_movement,
    last_movement,
    movements_since,
)
from sync.agreement.gate_records.groups import ConveyancePresented
from sync.agreement.group_words import CargoKind, ConveyanceKind, OccupantRole
from sync.agreement.local_time import local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Direction, PurposeOfCrossing

SAME_MOVEMENT: Final = timedelta(hours=2)
"""A vehicle that is named again so soon, in one direction, still stands there: its co-driver is in the lane.

What a clock wrote further ahead than that, before it was put right, is not the last movement of now.
"""
_Plate = Annotated[str, msgspec.Meta(max_length=40)]
_Code = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^[A-Z0-9-]*\Z")]
_Seat = Annotated[str, msgspec.Meta(max_length=12)]
_DRIVEN: Final = frozenset({ConveyanceKind.TRUCK, ConveyanceKind.CAR, ConveyanceKind.COACH, ConveyanceKind.MOTORCYCLE})


class ConveyanceFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an officer says of a conveyance. ``conveyance_id`` is made by the client.

    ``is_confirmed``: the officer looked again at a number of an unusual form and keeps it.
    """

    conveyance_id: UUID
    kind: ConveyanceKind
    number: _Plate
    trailer: _Plate = ""
    abroad: _Plate = ""
    direction: Direction | None = None
    purpose: PurposeOfCrossing | None = None
    occupants: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    cargo: CargoKind | None = None
    seals: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    port_code: _Code = ""
    route: Annotated[tuple[_Code, ...], msgspec.Meta(max_length=20)] = ()
    is_confirmed: bool = False


class RideCommand(ConveyanceFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which conveyance the person in the lane came, and as what."""

    draft_id: UUID
    role: OccupantRole | None = None
    seat: _Seat = ""
    carriage: _Seat = ""


def present_conveyance(
    turn: Turn, command: ConveyanceFields, *, lane_id: str | None, direction: Direction
) -> MovementRow:
    """Write a movement down, or return the one that stands there: the same request, or the same vehicle just now.

    What is said of the vehicle that stands there is added to its movement; another trailer or plate is a new one.
    ``direction`` is the lane's or the post's, where the officer says none.
    """
    known = find_movement(turn.transaction, str(command.conveyance_id))
    if known is not None:
        return known
    shown = _numbers(command)
    key = turn.gate.identity.person_index_key
    parts = [PartOf(part_key=part_key(number, key=key), is_trailer=False) for number in shown.vehicle]
    parts += [PartOf(part_key=part_key(shown.trailer, key=key), is_trailer=True)] if shown.trailer else []
    vehicle = [part.part_key for part in parts if not part.is_trailer]
    before = last_movement(turn.transaction, vehicle, until=turn.at + SAME_MOVEMENT)
    way = command.direction or direction
    body = _movement_said(turn, command, shown=shown, parts=parts, before=before, direction=way)
    if (
        before is not None
        and _stands_there(turn, before, way=way)
        and not is_named_otherwise(turn, before, parts=parts)
    ):
        return note_said_later(turn, before, said=body, shown=shown, parts=parts, lane_id=lane_id)
    return _write_down(turn, body, plates=shown.display, parts=parts, lane_id=lane_id)


def ride_in(turn: Turn, lane_id: str, command: RideCommand) -> LaneSheet:
    """Say in which conveyance the person in the lane came; of one whose alarm is written it is noted at once."""
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    person = sheet.state.person
    row = present_conveyance(turn, command, lane_id=lane_id, direction=person.direction)
    ride = HeldRide(
        conveyance_id=row.conveyance_id,
        kind=row.kind,
        plates=row.plates,
        role=command.role or (OccupantRole.DRIVER if row.kind in _DRIVEN else OccupantRole.PASSENGER),
        seat=seat_code(command.seat),
        carriage=seat_code(command.carriage),
        movement_today=row.movement_today,
        has_come_back=row.pairs_with is not None,
    )
    if sheet.saved is not None:
        note_occupant(turn, lane_id, ride=ride, crossing_id=person.crossing_id)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, ride=ride))


def _movement_said(
    turn: Turn,
    command: ConveyanceFields,
    *,
    shown: ShownNumbers,
    parts: list[PartOf],
    before: MovementRow | None,
    direction: Direction,
) -> ConveyancePresented:
    conveyance_key = before.conveyance_key if before is not None else parts[0].part_key
    return ConveyancePresented(
        conveyance_id=str(command.conveyance_id),
        conveyance_key=conveyance_key,
        kind=command.kind,
        direction=direction,
        purpose=command.purpose or _purpose_of(command.kind),
        presented_at=turn.at,
        plates=len(shown.everything),
        part_keys=tuple(part.part_key for part in parts),
        occupants=command.occupants,
        cargo=command.cargo,
        seals=command.seals,
        port_code=command.port_code,
        route=command.route,
        movement_today=_movement_today(turn, conveyance_key),
        pairs_with=_pairs_with(before, kind=command.kind, direction=direction, at=turn.at),
        findings=tuple(finding.value for finding in shown.findings),
    )


def _stands_there(turn: Turn, before: MovementRow, *, way: Direction) -> bool:
    return before.direction is way and turn.at - before.presented_at <= SAME_MOVEMENT


def _write_down(
    turn: Turn, body: ConveyancePresented, *, plates: str, parts: list[PartOf], lane_id: str | None
) -> MovementRow:
    identity = TravellerIdentity(full_name="", document_number="", vehicle_plate=plates)
    sealed = sealed_under(turn, body.conveyance_id, identity=identity)
    saved = turn.append(body, lane_id=lane_id, observed_at=turn.at, sealed_for=sealed)
    row = MovementRow(
        entry=saved.entry,
        plates=plates,
        lane_id=lane_id,
        officer_ref=turn.officer_ref or "",
        findings=" ".join(body.findings),
        **{
            name: getattr(body, name)
            for name in (
                "conveyance_id", "conveyance_key", "kind", "direction", "purpose", "presented_at", "occupants", "cargo",
                "port_code", "movement_today", "pairs_with",
            )
        },
    )  # fmt: skip
    add_movement(turn.transaction, row, parts=parts, saved=saved)
    return row


def _numbers(command: ConveyanceFields) -> ShownNumbers:
    """Read the numbers; one that is none is refused, one of an unusual form wants a second look."""
    own = read_number(command.number, kind=command.kind)
    trailer = _optional(command.trailer)
    abroad = _optional(command.abroad)
    shown = ShownNumbers(own=own, trailer=trailer, abroad=abroad)
    for column, number in (("number", own), ("trailer", trailer), ("abroad", abroad)):
        if number is not None and not number.is_plausible:
            code = "plate_unreadable"
            raise ActionRefusedError(code, http_code=422, values={"field": column})
    if shown.findings and not command.is_confirmed:
        code = _CODE_BY_FINDING[shown.findings[0]]
        raise ActionRefusedError(code, http_code=422)
    return shown


_CODE_BY_FINDING: Final = {
    NumberFinding.FORMAT_UNUSUAL: "plate_unusual",
    NumberFinding.PROVINCE_UNKNOWN: "plate_unusual",
    NumberFinding.CHECK_DIGIT_WRONG: "vessel_number_wrong",
    NumberFinding.TRAILER_EXPECTED: "trailer_plate_expected",
    NumberFinding.TRAILER_SHOWN_AS_VEHICLE: "trailer_plate_first",
}


def _optional(text: str) -> ConveyanceNumber | None:
    return read_plate(text) if text.strip() else None


def _movement_today(turn: Turn, conveyance_key: str) -> int:
    today = midnight(local_date(turn.at))
    return movements_since(turn.transaction, conveyance_key, since=today) + 1


def _pairs_with(before: MovementRow | None, *, kind: ConveyanceKind, direction: Direction, at: datetime) -> str | None:
    if before is None or kind not in PAIRED_KINDS:
        return None
    last = Movement(
        conveyance_id=before.conveyance_id, keys=frozenset(), moved_at=before.presented_at, direction=before.direction
    )
    return ended_by(Movement(conveyance_id="", keys=frozenset(), moved_at=at, direction=direction), before=last)


def _purpose_of(kind: ConveyanceKind) -> PurposeOfCrossing:
    return PurposeOfCrossing.DRIVER_OR_CARGO if kind is ConveyanceKind.TRUCK else PurposeOfCrossing.OTHER
