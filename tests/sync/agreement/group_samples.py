"""One of each record of groups and conveyances, with as much in it as it can hold."""

import msgspec

from sync.agreement.gate_records import groups
from sync.agreement.group_words import (
    CargoKind,
    ConveyanceKind,
    GroupKind,
    MemberMatch,
    MissingReason,
    OccupantRole,
)
from sync.agreement.vocabulary import Direction, PurposeOfCrossing
from tests.sync.exchange.journals import MORNING, identifier


def group_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    conveyance_id, group_id = str(identifier("conveyance")), str(identifier("group"))
    return (*_of_conveyances(conveyance_id, crossing_id), *_of_groups(group_id, conveyance_id, crossing_id))


def _of_conveyances(conveyance_id: str, crossing_id: str) -> tuple[msgspec.Struct, ...]:
    return (
        groups.ConveyancePresented(
            conveyance_id=conveyance_id,
            conveyance_key="ab" * 32,
            kind=ConveyanceKind.TRUCK,
            direction=Direction.EXIT,
            purpose=PurposeOfCrossing.DRIVER_OR_CARGO,
            presented_at=MORNING,
            plates=3,
            part_keys=("ab" * 32, "cd" * 32, "ef" * 32),
            occupants=2,
            cargo=CargoKind.FARM_PRODUCE,
            seals=1,
            port_code="VNMCA",
            route=("VN-QN", "CN-45-06"),
            movement_today=2,
            pairs_with=str(identifier("earlier-conveyance")),
            findings=("format_unusual",),
        ),
        groups.ConveyanceOccupantSeen(
            conveyance_id=conveyance_id, given_for=crossing_id, role=OccupantRole.CO_DRIVER, seat="14C", carriage="3"
        ),
    )


def _of_groups(group_id: str, conveyance_id: str, crossing_id: str) -> tuple[msgspec.Struct, ...]:
    return (
        groups.GroupOpened(
            group_id=group_id,
            kind=GroupKind.TOUR,
            direction=Direction.ENTRY,
            announced=40,
            listed=39,
            conveyance_id=conveyance_id,
        ),
        groups.GroupMemberSeen(
            group_id=group_id,
            given_for=crossing_id,
            match=MemberMatch.DOCUMENT_NUMBER,
            number=17,
            member_id=str(identifier("member")),
            seat="14C",
            carriage="3",
            is_late=True,
        ),
        groups.GroupMemberMissing(
            group_id=group_id, member_id=str(identifier("member")), number=17, reason=MissingReason.CROSSES_LATER
        ),
        groups.GroupClosed(
            group_id=group_id,
            announced=40,
            seen=39,
            missing=(17,),
            unexpected=1,
            reason=MissingReason.CROSSES_LATER,
        ),
    )
