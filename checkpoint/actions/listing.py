"""What is read and not written: the list of crossings and the isolation room, over readers' connections."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.view import masked
from checkpoint.clocks import ClockFace, read_clocks
from checkpoint.documents import PersonIdentifiers, is_personal_number, number_key, person_key
from checkpoint.store.crossings import CrossingRow, list_crossings, open_crossings
from checkpoint.store.lanes import log_access, read_room_now, running_clocks
from sync.agreement.records import RunningClock
from sync.agreement.vocabulary import Disposition


class CrossingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing in the list; the number is masked."""

    sequence: int
    crossing_id: str
    lane_id: str
    presented_at: datetime
    recorded_at: datetime
    observed_at: datetime
    full_name: str
    document_number_masked: str
    document_kind: str
    nationality: str | None
    direction: str
    category: str
    purpose: str
    temperature_c: float | None
    recheck_c: float | None
    outcome: str
    disposition: str
    exception_code: str | None
    place_id: str | None


class IsolatedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person in, or waiting for, the isolation room, with the clocks that run."""

    crossing_id: str
    lane_id: str
    full_name: str
    document_number_masked: str
    nationality: str | None
    category: str
    age_years: int | None
    temperature_c: float | None
    recheck_c: float | None
    disposition: str
    isolated_at: datetime | None
    clocks: tuple[ClockFace, ...]


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One place: who is in it, or nobody."""

    place_id: str
    person: IsolatedPerson | None


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """The isolation room, and those who wait: pending a recheck, or referred without a place."""

    room_id: str
    now: datetime
    places: tuple[PlaceView, ...]
    waiting: tuple[IsolatedPerson, ...]


def crossing_list(gate: Gate, *, limit: int, before: int | None, query: str, officer_ref: str) -> list[CrossingLine]:
    """Return crossings, newest first. A search for a person is noted in the access log."""
    if query:
        gate.perform(
            lambda turn: log_access(
                turn.transaction,
                at=turn.at,
                officer_ref=officer_ref,
                action="crossings_searched",
                subject=_search_key(gate, query)[:16],
                reason="",
            )
        ).result()
    with gate.store.readers.connect() as connection:
        rows = list_crossings(connection, limit=limit, before=before, query=query, person_key=_search_key(gate, query))
    return [_line(row) for row in rows]


def isolation_view(gate: Gate) -> RoomView:
    """Draw the isolation room as it stands now."""
    now = gate.clock()
    with gate.store.readers.connect() as connection:
        room = read_room_now(connection, room_id=gate.settings.isolation.room_id)
        rows = {row.crossing_id: row for row in open_crossings(connection)}
        clocks = running_clocks(connection)
    people = {
        crossing_id: _person(row, clocks=clocks.get(crossing_id, ()), at=now) for crossing_id, row in rows.items()
    }
    places = []
    for place_id, stay in room.places.items():
        person = people.get(stay.crossing_id) if stay else None
        if person is not None and stay is not None:
            person = msgspec.structs.replace(person, isolated_at=stay.admitted_at)
        places.append(PlaceView(place_id=place_id, person=person))
    waiting = tuple(
        person for crossing_id, person in people.items() if rows[crossing_id].disposition is not Disposition.ISOLATED
    )
    return RoomView(room_id=room.room_id, now=now, places=tuple(places), waiting=waiting)


def _search_key(gate: Gate, query: str) -> str:
    """Return the person key of a number that was typed whole, or nothing."""
    key = number_key(query)
    if not any(mark.isdigit() for mark in key):
        return ""
    identifiers = (
        PersonIdentifiers(personal_number=key) if is_personal_number(key) else PersonIdentifiers(pass_number=key)
    )
    return person_key(identifiers, key=gate.identity.person_index_key) or ""


def _line(row: CrossingRow) -> CrossingLine:
    return CrossingLine(
        sequence=row.sequence,
        crossing_id=row.crossing_id,
        lane_id=row.lane_id,
        presented_at=row.presented_at,
        recorded_at=row.recorded_at,
        observed_at=row.observed_at or row.presented_at,
        full_name=row.full_name,
        document_number_masked=masked(row.document_number),
        document_kind=row.document_kind,
        nationality=row.nationality,
        direction=row.direction,
        category=row.category,
        purpose=row.purpose,
        temperature_c=row.temperature_c,
        recheck_c=row.recheck_c,
        outcome=row.outcome,
        disposition=row.disposition.value,
        exception_code=row.exception_code,
        place_id=row.place_id,
    )


def _person(row: CrossingRow, *, clocks: Sequence[RunningClock], at: datetime) -> IsolatedPerson:
    return IsolatedPerson(
        crossing_id=row.crossing_id,
        lane_id=row.lane_id,
        full_name=row.full_name,
        document_number_masked=masked(row.document_number),
        nationality=row.nationality,
        category=row.category,
        age_years=row.age_years,
        temperature_c=row.recheck_c if row.recheck_c is not None else row.temperature_c,
        recheck_c=row.recheck_c,
        disposition=row.disposition.value,
        isolated_at=None,
        clocks=read_clocks(clocks, at=at),
    )
