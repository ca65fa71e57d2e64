"""What is said of a vehicle that still stands there: its movement learns it, and the journal says so.

The co-driver's officer may be the first to name the trailer. The movement stays one: the record that tells more is
sealed under the same episode and bears the finding ``said_later``, by which nobody counts it as another movement.
"""

from collections.abc import Sequence

import msgspec

from checkpoint.actions.accompanying import sealed_again
from checkpoint.actions.gate import Turn
from checkpoint.conveyances import NamedParts, ShownNumbers, contradicts
from checkpoint.store.conveyances import MovementRow, PartOf, parts_in, put_said_later
from sync.agreement.gate_records.groups import SAID_LATER, ConveyancePresented
from sync.agreement.records import TravellerIdentity


def is_named_otherwise(turn: Turn, row: MovementRow, *, parts: Sequence[PartOf]) -> bool:
    """Tell whether these numbers cannot be of that movement: it stood there with another trailer or plate."""
    return contradicts(_named(parts_in(turn.transaction, row.conveyance_id)), named=_named(parts))


def note_said_later(
    turn: Turn,
    row: MovementRow,
    *,
    said: ConveyancePresented,
    shown: ShownNumbers,
    parts: Sequence[PartOf],
    lane_id: str | None,
) -> MovementRow:
    """Add to a movement what it did not say; ``parts`` are the hashes of ``shown``. Nothing new writes nothing."""
    known = parts_in(turn.transaction, row.conveyance_id)
    known_keys = {one.part_key for one in known}
    fresh = [
        (part, number) for part, number in zip(parts, shown.everything, strict=True) if part.part_key not in known_keys
    ]
    added = "".join(f" {'+' if part.is_trailer else '/'} {number.display}" for part, number in fresh)
    told = msgspec.structs.replace(
        row,
        plates=row.plates + added,
        occupants=said.occupants if row.occupants is None else row.occupants,
        cargo=row.cargo or said.cargo,
        port_code=row.port_code or said.port_code,
        findings=" ".join(dict.fromkeys((*row.findings.split(), *said.findings))),
    )
    if told == row:
        return row
    new_parts = [part for part, _ in fresh]
    identity = TravellerIdentity(full_name="", document_number="", vehicle_plate=told.plates)
    sealed_for = sealed_again(turn, row.conveyance_id, identity=identity)
    body = as_told(told, parts=[*known, *new_parts], findings=(*told.findings.split(), SAID_LATER))
    body = msgspec.structs.replace(body, seals=said.seals, route=said.route)
    turn.append(body, lane_id=lane_id, observed_at=turn.at, sealed_for=sealed_for)
    put_said_later(turn.transaction, told, parts=new_parts)
    return told


def as_told(told: MovementRow, *, parts: Sequence[PartOf], findings: tuple[str, ...]) -> ConveyancePresented:
    """Say the whole movement anew, with when and which way it first came; its own numbers stand before a trailer's."""
    ordered = sorted(parts, key=lambda one: (one.is_trailer, one.part_key != told.conveyance_key))
    kept = (
        "conveyance_id", "conveyance_key", "kind", "direction", "purpose", "presented_at", "occupants", "cargo",
        "port_code", "movement_today", "pairs_with",
    )  # fmt: skip
    return ConveyancePresented(
        plates=len(parts),
        part_keys=tuple(one.part_key for one in ordered),
        findings=findings,
        **{name: getattr(told, name) for name in kept},
    )


def _named(parts: Sequence[PartOf]) -> NamedParts:
    return NamedParts(
        vehicle=frozenset(one.part_key for one in parts if not one.is_trailer),
        trailers=frozenset(one.part_key for one in parts if one.is_trailer),
    )
