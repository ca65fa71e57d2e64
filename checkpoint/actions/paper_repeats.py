"""The same line of paper a second time: the answer of the first one was lost, or somebody tries to enter another.

A line is entered once. A repeat that says the same gets the first answer; one that says anything else is refused,
for nothing in the journal is written over: what was entered wrongly is corrected where crossings are.
"""

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.remarks import opened_identity
from checkpoint.store.crossings import CrossingRow, find_crossing, first_record
from checkpoint.store.lanes import find_episode_key
from sync.agreement.facts import Facts
from sync.agreement.records import CrossingScreened, TravellerIdentity
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.sealing import unwrap_episode_key


class WrittenLine(msgspec.Struct, frozen=True, kw_only=True):
    """All that a line says of a crossing, as it is written down: its open part and its sealed one."""

    lane_id: str
    facts: Facts
    identity: TravellerIdentity


def is_written(turn: Turn, entry_id: str, *, line: WrittenLine) -> bool:
    """Tell whether the journal says the same of this crossing; of an erased person only the open part is left."""
    row = find_crossing(turn.transaction, entry_id)
    if row is None:
        return False
    envelope = decode_record(first_record(turn.transaction, row))
    first = body_of(envelope)
    if not isinstance(first, CrossingScreened) or first.lane_id != line.lane_id:
        return False
    if _comparable(first.facts) != _comparable(line.facts) or first.areas_visited != len(line.facts.visited_areas):
        return False
    key = _key_of(turn, row)
    return key is None or opened_identity(envelope, key=key) == line.identity


def _key_of(turn: Turn, row: CrossingRow) -> bytes | None:
    kept = find_episode_key(turn.transaction, row.crossing_id)
    if kept is None:
        return None
    return unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)


def _comparable(facts: Facts) -> Facts:
    """Leave out what is made anew with each request, and what others changed meanwhile."""
    unnamed = tuple(msgspec.structs.replace(one, reading_id="") for one in facts.measurements)
    return msgspec.structs.replace(
        facts, measurements=unnamed, visited_areas=(), same_category_crossings_today=0, crossings_counted=()
    )
