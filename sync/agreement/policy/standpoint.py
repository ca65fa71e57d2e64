"""From where rules are held: one edge of one gate, and what is known there of the other gates of the province."""

from collections.abc import Mapping

import msgspec

from sync.agreement.facts import Facts
from sync.agreement.vocabulary import ModeOfEntry, PointOfEntryKind


class GatePlace(msgspec.Struct, frozen=True, kw_only=True):
    """What an order may name a point of entry by, beside its id."""

    kind: PointOfEntryKind
    locality: str
    mode_of_entry: ModeOfEntry

    def seen_there(self, facts: Facts, *, gate_id: str) -> Facts:
        """The same person, who asks to pass at this gate instead."""
        return msgspec.structs.replace(
            facts,
            point_of_entry_id=gate_id,
            point_of_entry_kind=self.kind,
            locality=self.locality,
            mode_of_entry=self.mode_of_entry,
        )


class Standpoint(msgspec.Struct, frozen=True, kw_only=True):
    """``edge_id`` decides, at ``gate_id``; ``gates`` are the points of entry of the province by id.

    Empty where nobody decides: at the centre, and in what only reads a policy.
    """

    edge_id: str = ""
    gate_id: str = ""
    gates: Mapping[str, GatePlace] = {}
