"""Who comes with the person at a lane, and how far each of them has got (R024).

The same pass, the same group, the same vehicle and the same party: one list with the state of each, so that the
officer sees who is still missing before the next person is called. Whoever stands in the lane is not in it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from checkpoint.actions.company import GroupMark
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.holding import key_of_pass
from checkpoint.actions.knowing import midnight
from checkpoint.actions.person_view import masked
from checkpoint.actions.sheet import LaneSheet
from checkpoint.store.conveyances import occupants_in
from checkpoint.store.crossings import CrossingRow, crossings_by_id, crossings_of_persons
from checkpoint.store.groups import MemberRow, members_of
from checkpoint.store.holders import children_of, find_holder_by_id
from checkpoint.store.lanes import log_access
from checkpoint.store.parties import read_party
from checkpoint.store.persons import ReaderRows
from sync.agreement.local_time import local_date

NOT_SEEN = "not_seen"
"""The state of somebody of whom this gate has no crossing; everybody else has their crossing's disposition."""


class Way(StrEnum):
    """What somebody has in common with the person in the lane; words under ``[together]``."""

    PASS = "pass"
    GROUP = "group"
    VEHICLE = "vehicle"
    PARTY = "party"


class TogetherLine(msgspec.Struct, frozen=True, kw_only=True):
    """One of those who come along. Holds a name: never to be logged. ``number`` is the place on the group's list."""

    full_name: str
    document_number_masked: str
    ways: tuple[Way, ...]
    state: str
    presented_at: datetime | None
    number: int | None = None


class _Found:
    """Lines as they are gathered: one for each crossing, whatever is shared; and those without one."""

    def __init__(self) -> None:
        self.by_crossing: dict[str, dict[Way, int | None]] = {}
        self.not_seen: list[TogetherLine] = []

    def add(self, crossing_id: str, *, way: Way, number: int | None = None) -> None:
        self.by_crossing.setdefault(crossing_id, {})[way] = number

    def add_missing(self, full_name: str, *, way: Way, number: int | None = None) -> None:
        line = TogetherLine(
            full_name=full_name,
            document_number_masked="",
            ways=(way,),
            state=NOT_SEEN,
            presented_at=None,
            number=number,
        )
        self.not_seen.append(line)


def travelling_together(gate: Gate, lane_id: str) -> list[TogetherLine]:
    """Return who comes with the person in the lane: those already screened first, in their order."""
    sheet = gate.sheets[lane_id]
    if sheet.state.presentation is None:
        return []
    here, found = sheet.state.presentation.crossing_id, _Found()
    with gate.store.readers.connect() as connection:
        names = _names_on_pass(gate, sheet, rows=ReaderRows(connection))
        since = midnight(local_date(gate.clock()))
        _add_pass(found, names, today=crossings_of_persons(connection, list(names), since=since))
        group = gate.groups.get(lane_id)
        _add_group(found, () if group is None else members_of(connection, group.group_id), mark=sheet.group)
        if sheet.ride is not None:
            for one in occupants_in(connection, [sheet.ride.conveyance_id]):
                found.add(one.crossing_id, way=Way.VEHICLE)
        standing = gate.parties.get(lane_id)
        party = None if standing is None else read_party(connection, standing.party.party_id)
        for member in () if party is None else party[1]:
            found.add(member.crossing_id, way=Way.PARTY)
        rows = crossings_by_id(connection, sorted(set(found.by_crossing) - {here}))
    return [*(_line(row, ways=found.by_crossing[row.crossing_id]) for row in rows), *found.not_seen]


def note_looked(turn: Turn, lane_id: str, *, count: int) -> None:
    """Note in the access log that an officer looked at who comes along, and at how many."""
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="companions_read",
        subject=lane_id,
        reason=f"{count}",
    )


def _names_on_pass(gate: Gate, sheet: LaneSheet, *, rows: ReaderRows) -> dict[str, str]:
    """Return the holder of a pass and the children on it by their keys, without the person in the lane."""
    key = gate.identity.person_index_key
    holder_id = sheet.standing.holder_id if sheet.standing is not None else None
    holder = None if holder_id is None else find_holder_by_id(rows, holder_id)
    if holder is None:
        return {}
    children = children_of(rows, holder.holder_id)
    names = {key_of_pass(one.own_number, key=key): one.full_name for one in children}
    if names:
        names[key_of_pass(holder.pass_number, key=key)] = holder.full_name
    names.pop(sheet.state.person.person_key, None)
    return names


def _add_pass(found: _Found, names: dict[str, str], *, today: Sequence[CrossingRow]) -> None:
    """The people on a pass, by what each crossed with today."""
    for row in today:
        found.add(row.crossing_id, way=Way.PASS)
    for person_key in names.keys() - {row.person_key for row in today}:
        found.add_missing(names[person_key], way=Way.PASS)


def _add_group(found: _Found, members: Sequence[MemberRow], *, mark: GroupMark | None) -> None:
    for member in members:
        if member.crossing_id is not None:
            found.add(member.crossing_id, way=Way.GROUP, number=member.number)
        elif mark is None or mark.number != member.number:
            found.add_missing(_name_of(member), way=Way.GROUP, number=member.number)


def _name_of(member: MemberRow) -> str:
    return member.full_name or masked(member.document_number)


def _line(row: CrossingRow, *, ways: dict[Way, int | None]) -> TogetherLine:
    return TogetherLine(
        full_name=row.full_name,
        document_number_masked=masked(row.document_number) if row.document_number else "",
        ways=tuple(ways),
        state=row.disposition.value,
        presented_at=row.presented_at,
        number=ways.get(Way.GROUP),
    )
