"""The isolation room as its board shows it: who is where, what is due first and what comes next."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.kept_act import raised_of
from checkpoint.actions.path_steps import clock_rule
from checkpoint.actions.person_view import masked
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import newest_identity
from checkpoint.actions.understanding import ScanText, key_of_presented, understand
from checkpoint.clocks import ClockFace, read_clock
from checkpoint.documents import number_key
from checkpoint.handhelds.bundle import HandPlace, places_asked
from checkpoint.isolation.case import CasePath, CaseWords, GivenNotice, IsolationCase, next_step
from checkpoint.isolation.path import PathState, steps_from
from checkpoint.store.crops import crops_kept
from checkpoint.store.crossings import CrossingRow, crossings_by_id, find_crossing, open_crossings
from checkpoint.store.erasure import NOBODY
from checkpoint.store.handhelds import read_waiting
from checkpoint.store.isolation import StoredCase, acts_of, contacts_of, open_cases, read_case
from checkpoint.store.lanes import clocks_of, log_access, read_room_now, running_clocks
from checkpoint.store.mirror import CaseDecision, decisions_about
from sync.agreement.facts import RunningClock
from sync.agreement.isolation_words import EscalationReason, IsolationGround, ProvisionKind
from sync.agreement.policy.legal_rules import FormRule, IsolationRole
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Disposition, QuarantineForm


class BoardClock(ClockFace, frozen=True, kw_only=True):
    """A clock on the board, with who must act, whether it may still be extended, and why it was escalated."""

    who_acts: str = ""
    is_extendable: bool = False
    is_extended: bool = False
    escalated_because: EscalationReason | None = None


class IsolatedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person in the gate's care. ``steps`` are the acts allowed now, ``next_step`` the one the law waits for."""

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
    clocks: tuple[BoardClock, ...]
    is_erased: bool
    case_class: str | None
    case_note: str
    case_decided_at: datetime | None
    state: str = PathState.ALARMED.value
    next_step: str | None = None
    steps: tuple[str, ...] = ()
    outcome: str | None = None
    ground: str | None = None
    duties: tuple[str, ...] = ()
    provisions: tuple[ProvisionKind, ...] = ()
    notices: tuple[GivenNotice, ...] = ()
    destination: str = ""
    departed_at: datetime | None = None
    contacts: int = 0
    is_checked: bool = False
    has_picture: bool = False


class FindOnBoardCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` of a scan: whose document it is among the people on the board."""

    text: ScanText


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One place: who is in it, or nobody."""

    place_id: str
    person: IsolatedPerson | None


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """The room, those who wait (for a recheck or a place), those on the road, and notices that are still owed.

    ``asked``: the places and times that whoever is measured again here may still have to be asked about.
    ``raised_acts``: raised readings of handhelds that wait to be mended, and are nobody's on this board until then.
    """

    room_id: str
    now: datetime
    places: tuple[PlaceView, ...]
    waiting: tuple[IsolatedPerson, ...]
    in_transit: tuple[IsolatedPerson, ...]
    owed: tuple[IsolatedPerson, ...]
    grounds: tuple[IsolationGround, ...]
    asked: tuple[HandPlace, ...] = ()
    raised_acts: int = 0


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is read once for everybody on the board."""

    cases: Mapping[str, StoredCase]
    clocks: Mapping[str, list[RunningClock]]
    decisions: Mapping[str, CaseDecision]
    pictured: frozenset[str]


def isolation_view(gate: Gate) -> RoomView:
    """Draw the isolation room as it stands now; whoever has something due first stands first."""
    now = gate.clock()
    with gate.store.readers.connect() as connection:
        room = read_room_now(connection, room_id=gate.settings.isolation.room_id)
        rows = {row.crossing_id: row for row in open_crossings(connection)}
        clocks = running_clocks(connection)
        gone = crossings_by_id(connection, [one for one in clocks if one not in rows])
        known = _Known(
            cases=open_cases(connection),
            clocks=clocks,
            decisions=decisions_about(connection, rows),
            pictured=crops_kept(connection, [*rows, *(row.crossing_id for row in gone)]),
        )
        raised_acts = raised_of(read_waiting(connection))
        owing = {row.crossing_id: read_case(connection, row.crossing_id) for row in gone}
    people = {key: _person(gate, row, known=known, case=known.cases.get(key), at=now) for key, row in rows.items()}
    places = []
    for place_id, stay in room.places.items():
        person = people.get(stay.crossing_id) if stay else None
        if person is not None and stay is not None:
            person = msgspec.structs.replace(person, isolated_at=stay.admitted_at)
        places.append(PlaceView(place_id=place_id, person=person))
    placed = {stay.crossing_id for stay in room.places.values() if stay}
    outside = [person for key, person in people.items() if key not in placed]
    return RoomView(
        room_id=room.room_id,
        now=now,
        places=tuple(places),
        waiting=_by_due(person for person in outside if person.state != PathState.IN_TRANSIT.value),
        in_transit=_by_due(person for person in outside if person.state == PathState.IN_TRANSIT.value),
        owed=_by_due(_person(gate, row, known=known, case=owing[row.crossing_id], at=now) for row in gone),
        grounds=_grounds(gate, at=now),
        asked=places_asked(gate.policy.rules_at(now), at=now),
        raised_acts=raised_acts,
    )


def isolation_case(turn: Turn, crossing_id: str) -> IsolationCase:
    """Return everything about one case, for its timeline and its orders; whoever asks is noted in the access log."""
    row = find_crossing(turn.transaction, crossing_id)
    with turn.gate.store.readers.connect() as connection:
        case = read_case(connection, crossing_id)
        if row is None or case is None:
            code = "no_such_crossing"
            raise ActionRefusedError(code, http_code=404)
        kept: dict[str, Any] = {
            "contacts": contacts_of(connection, crossing_id),
            "acts": acts_of(connection, crossing_id),
        }
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="isolation_case_opened",
        subject=crossing_id,
        reason="",
    )
    is_erased = row.document_number == NOBODY
    forms = turn.gate.policy.rules_at(turn.at).of_type(FormRule)
    return IsolationCase(
        crossing_id=crossing_id,
        point_of_entry_id=turn.gate.place.point_of_entry_id,
        place_names=dict(turn.gate.place.names),
        policies=turn.gate.policy.references,
        path=case.path,
        words=CaseWords() if is_erased else case.words,
        clocks=clocks_of(turn.transaction, crossing_id),
        forms={rule.topic: rule.form for rule in forms if rule.topic},
        is_erased=is_erased,
        **kept,
        **_who(turn, row),
    )


def find_on_board(turn: Turn, command: FindOnBoardCommand) -> tuple[str, ...]:
    """Return the crossings on the board that a scanned document is about; that it was asked for is noted.

    A number alone and the zone of the same document may make two person keys, so the number counts as well.
    """
    presented = understand(turn, text=command.text)
    key = key_of_presented(turn, presented)
    number = number_key(presented.identity.document_number)
    with turn.gate.store.readers.connect() as connection:
        owing = crossings_by_id(connection, list(running_clocks(connection)))
        rows = {row.crossing_id: row for row in (*open_crossings(connection), *owing)}
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="crossings_searched",
        subject=key[:16],
        reason="",
    )
    same = [one for one, row in rows.items() if key and row.person_key == key]
    return tuple(same or [one for one, row in rows.items() if number and number_key(row.document_number) == number])


_OF_THE_ROW = (
    "full_name",
    "document_number",
    "document_kind",
    "nationality",
    "direction",
    "presented_at",
    "temperature_c",
    "recheck_c",
    "place_id",
)
_OF_THE_SEALED_PART = ("date_of_birth", "sex", "address", "telephone", "vehicle_plate")


def _who(turn: Turn, row: CrossingRow) -> dict[str, Any]:
    """Gather who it is, from the list of crossings and from what was sealed last."""
    sealed = newest_identity(turn, row)
    who = sealed.identity if sealed is not None else TravellerIdentity(full_name="", document_number="")
    known = {name: getattr(row, name) for name in _OF_THE_ROW}
    return known | {name: getattr(who, name) for name in _OF_THE_SEALED_PART}


COLUMNS = (
    "place_id",
    "full_name",
    "document_number_masked",
    "nationality",
    "state",
    "temperature_c",
    "next_step",
    "first_clock",
    "due_at",
    "destination",
)


def board_csv(view: RoomView) -> bytes:
    """Write the board as a CSV that opens rightly in a spreadsheet; document numbers stay masked."""
    rows = []
    places = [(place.place_id, place.person) for place in view.places if place.person is not None]
    others = [("", person) for person in (*view.waiting, *view.in_transit, *view.owed)]
    for place_id, person in (*places, *others):
        first = person.clocks[0] if person.clocks else None
        cells = {
            "place_id": place_id,
            **{name: getattr(person, name) for name in COLUMNS[1:7] if name != "next_step"},
            "next_step": person.next_step or "",
            "first_clock": first.kind.value if first else "",
            "due_at": first.due_at.isoformat() if first else "",
            "destination": person.destination,
        }
        rows.append([cells[name] for name in COLUMNS])
    return csv_bytes(COLUMNS, rows)


def _person(gate: Gate, row: CrossingRow, *, known: _Known, case: StoredCase | None, at: datetime) -> IsolatedPerson:
    decision = known.decisions.get(row.crossing_id)
    path = case.path if case is not None else _path_without_case(row)
    running = known.clocks.get(row.crossing_id, [])
    clocks = sorted((_board_clock(gate, clock, path=path, at=at) for clock in running), key=lambda face: face.due_at)
    ahead = next_step(path, running=frozenset(clock.kind for clock in running))
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
        clocks=tuple(clocks),
        is_erased=row.document_number == NOBODY,
        case_class=decision.case_class.value if decision else None,
        case_note=decision.note if decision else "",
        case_decided_at=decision.decided_at if decision else None,
        state=path.state.value,
        next_step=ahead.value if ahead is not None else None,
        steps=tuple(step.value for step in steps_from(path.state)),
        outcome=path.outcome,
        ground=path.ground,
        duties=path.duties,
        provisions=tuple(dict.fromkeys(kind for given in path.provisions for kind in given.provisions)),
        notices=path.notices,
        destination=path.destination,
        departed_at=path.departed_at,
        contacts=path.contacts,
        is_checked=path.check_ended_at is not None,
        has_picture=row.crossing_id in known.pictured,
    )


def _path_without_case(row: CrossingRow) -> CasePath:
    """Who awaits the recheck is not on the path yet; who was referred by an older program stands at its beginning."""
    return CasePath(state=PathState.ALARMED if row.disposition is Disposition.PENDING else PathState.HELD)


def _board_clock(gate: Gate, clock: RunningClock, *, path: CasePath, at: datetime) -> BoardClock:
    rule = clock_rule(gate, clock)
    notes = [note for note in path.clock_notes if note.kind is clock.kind]
    is_extended = any(note.is_extension for note in notes)
    escalated = next((note.reason for note in reversed(notes) if not note.is_extension), None)
    face = read_clock(clock, at=at)
    return BoardClock(
        **msgspec.structs.asdict(face),
        who_acts=rule.who_acts.value if rule is not None else "",
        is_extendable=rule is not None and rule.extension_s is not None and not is_extended,
        is_extended=is_extended,
        escalated_because=escalated,
    )


def _by_due(people: Iterable[IsolatedPerson]) -> tuple[IsolatedPerson, ...]:
    """Put first whose clock runs out first; who has none comes last."""
    return tuple(sorted(people, key=lambda person: min((clock.due_at for clock in person.clocks), default=_NEVER)))


_NEVER = datetime.max.replace(tzinfo=UTC)


def _grounds(gate: Gate, *, at: datetime) -> tuple[IsolationGround, ...]:
    roles = gate.policy.rules_at(at).of_type(IsolationRole)
    return next((role.grounds for role in roles if role.place is QuarantineForm.GATE), ())
