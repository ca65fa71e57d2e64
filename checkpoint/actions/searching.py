"""Looking into the register: who is found by number, label or name, page by page, and who has not come home."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.holding import key_of_pass
from checkpoint.actions.identifying import keys_of_number
from checkpoint.actions.knowing import PAIRED_SINCE, midnight, state_today
from checkpoint.actions.person_view import masked
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.documents import DocumentFault, ReadDocument, number_key, read_document
from checkpoint.register.label_code import read_label_code
from checkpoint.register.links import PersonLink
from checkpoint.register.names import likeness, read_query
from checkpoint.register.pairing import Outing, Passage, not_returned, outings
from checkpoint.register.passes import PassMove, findings_of, moves_from
from checkpoint.store.crossings import HISTORY_ROWS, PastTemperature, history_of
from checkpoint.store.holders import (
    Child,
    Holder,
    children_at,
    children_of,
    find_by_label,
    find_holder,
    find_holder_by_id,
    holders_at,
    holders_born,
    holders_in_state,
)
from checkpoint.store.lanes import log_access
from checkpoint.store.name_index import Bearer, BearerKind, Rows, find_bearers
from checkpoint.store.persons import (
    ReaderRows,
    SeenTraveller,
    last_passages_of_residents,
    linked_keys,
    links_around,
    passages_of,
    travellers_at,
    travellers_with,
)
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import PassReason, PassState, Sex

MOST_LINES = 60
EXPIRING_WITHIN = timedelta(days=30)
_CANDIDATES = 240
_CANDIDATES_BORN = 1200
"""Where the day of birth is known, so many more bearers of like names are looked through: only its index is read."""
_MARKS_OF_SUBJECT = 16
_LIKE_ENOUGH = 60.0


class SearchCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an officer looks for: a name in any spelling, a number, or a label; born on narrows it."""

    query: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
    date_of_birth: date | None = None


class PersonLine(msgspec.Struct, frozen=True, kw_only=True):
    """One person in a list; numbers are masked. ``likeness``: 0 to 100 for names, 100 for a number or label."""

    kind: BearerKind
    person_id: str
    holder_id: str | None
    person_key: str
    full_name: str
    date_of_birth: date | None
    sex: Sex
    commune: str
    document_number_masked: str
    document_kind: str
    regime: str | None
    state: PassState | None
    expires_on: date | None
    last_seen_at: datetime | None
    likeness: float


class AwayLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who left home on a day and has not come back."""

    person_key: str
    full_name: str
    document_number_masked: str
    document_kind: str
    is_foreign: bool
    left_at: datetime


class HolderCard(msgspec.Struct, frozen=True, kw_only=True):
    """One holder whole: what can be done, who crosses on the pass, when it was used, and who may be the same."""

    person: PersonLine
    scope: str
    issued_on: date | None
    findings: tuple[str, ...]
    state_reason: PassReason | None
    state_since: datetime | None
    moves: tuple[PassMove, ...]
    has_label: bool
    children: tuple[PersonLine, ...]
    history: tuple[PastTemperature, ...]
    outings: tuple[Outing, ...]
    links: tuple[PersonLink, ...]
    similar: tuple[PersonLine, ...]


def search_people(gate: Gate, command: SearchCommand, *, officer_ref: str) -> list[PersonLine]:
    """Find people by label, number or name; the search is noted in the access log."""
    query = command.query.strip()
    document = _document_in(gate, query)
    number = document.fields.number_key if document is not None else number_key(query)
    subject = key_of_pass(number, key=gate.identity.person_index_key)
    _note(gate, officer_ref=officer_ref, action="register_searched", subject=subject)
    return find_people(gate, query, born_on=command.date_of_birth)


def find_people(gate: Gate, query: str, *, born_on: date | None = None) -> list[PersonLine]:
    """Find people by label, number, scanned document or name, the likest first; nothing is noted."""
    document = _document_in(gate, query)
    if document is not None and document.fields.full_name:
        name, born_on = document.fields.full_name, born_on or document.born_on
    else:
        name = query
    with gate.store.readers.connect() as connection:
        rows = ReaderRows(connection)
        return _by_number(gate, rows, query, document=document) or _by_name(gate, rows, name, born_on=born_on)


def _document_in(gate: Gate, query: str) -> ReadDocument | None:
    """What a reader typed: a number with its model before it, or a whole zone; a name alone is no document."""
    if not any(mark.isdigit() for mark in query):
        return None
    found = read_document(query, today=local_date(gate.clock()))
    return None if isinstance(found, DocumentFault) else found


def register_list(
    gate: Gate, state: PassState | None, *, after: int, limit: int, is_expiring: bool = False
) -> tuple[list[PersonLine], int | None]:
    """Return a page of the register by state, or those whose pass ends soon, and where the next page begins."""
    today = local_date(gate.clock())
    with gate.store.readers.connect() as connection:
        rows = ReaderRows(connection)
        until = today + EXPIRING_WITHIN if is_expiring else None
        found = holders_in_state(rows, state, today=today, until=until, after=after, limit=limit)
    lines = [_holder_line(gate, one) for one in found]
    if len(found) < limit:
        return lines, None
    is_by_last_day = is_expiring or state is PassState.EXPIRED
    return lines, after + len(found) if is_by_last_day else found[-1].number


def away_list(gate: Gate, day: date, *, days: int = 1) -> list[AwayLine]:
    """Return the border residents who left home and had not come back at the end of a local day (or until now).

    ``days``: how many days back somebody may have left, that day included. The longest away stands first.
    """
    since, before = midnight(day - timedelta(days=days - 1)), midnight(day + timedelta(days=1))
    with gate.store.readers.connect() as connection:
        rows = ReaderRows(connection)
        found = last_passages_of_residents(rows, since=since, before=before)
        away = [one for one in not_returned(one.passage for one in found) if not _is_home(rows, one, before=before)]
    by_crossing = {one.passage.crossing_id: one for one in found}
    lines = []
    for passage in away:
        one = by_crossing[passage.crossing_id]
        lines.append(
            AwayLine(
                person_key=passage.person_key,
                full_name=one.full_name,
                document_number_masked=masked(one.document_number),
                document_kind=one.document_kind,
                is_foreign=passage.is_foreign,
                left_at=passage.passed_at,
            )
        )
    return lines


def _is_home(rows: Rows, left: Passage, *, before: datetime) -> bool:
    """Tell whether somebody came home by then with another document that an officer linked to theirs."""
    others = linked_keys(rows, left.person_key) - {left.person_key}
    later = [one for one in passages_of(rows, others, since=left.passed_at) if one.passed_at < before]
    return bool(later) and not not_returned(later[-1:])


def holder_card(gate: Gate, holder_id: str) -> HolderCard:
    """Show one holder whole."""
    now = gate.clock()
    today = local_date(now)
    with gate.store.readers.connect() as connection:
        rows = ReaderRows(connection)
        one = find_holder_by_id(rows, holder_id)
        if one is None:
            code = "no_such_holder"
            raise ActionRefusedError(code, http_code=404)
        person = _holder_line(gate, one)
        keys = linked_keys(rows, person.person_key)
        past = sorted((each for key in keys for each in history_of(rows, key)), key=lambda each: each.observed_at)
        similar = [line for line in _by_name(gate, rows, one.full_name) if line.person_key not in keys]
        return HolderCard(
            person=person,
            scope=one.scope,
            issued_on=one.issued_on,
            findings=findings_of(issued_on=one.issued_on, expires_on=one.expires_on, today=today),
            state_reason=one.state_reason,
            state_since=one.state_since,
            moves=moves_from(person.state or one.state),
            has_label=one.label_code is not None,
            children=tuple(_child_line(gate, child, parent=one) for child in children_of(rows, holder_id)),
            history=tuple(past[-HISTORY_ROWS:]),
            outings=outings(passages_of(rows, keys, since=now - PAIRED_SINCE)),
            links=links_around(rows, person.person_key),
            similar=tuple(line for line in similar if line.kind is not BearerKind.CHILD)[:8],
        )


def reveal_number(gate: Gate, holder_id: str, *, officer_ref: str) -> str:
    """Return a holder's number whole; that it was asked for is noted."""
    with gate.store.readers.connect() as connection:
        one = find_holder_by_id(ReaderRows(connection), holder_id)
    if one is None:
        code = "no_such_holder"
        raise ActionRefusedError(code, http_code=404)
    _note(gate, officer_ref=officer_ref, action="pass_number_revealed", subject=holder_id)
    return one.printed_number


def note_export(gate: Gate, *, officer_ref: str, what: str) -> None:
    """Note that an officer took a list of people out of the register."""
    _note(gate, officer_ref=officer_ref, action="register_exported", subject=what)


def _by_number(gate: Gate, rows: Rows, query: str, *, document: ReadDocument | None) -> list[PersonLine]:
    label = read_label_code(query)
    if label is not None:
        found = find_by_label(rows, label)
        if isinstance(found, Child):
            parent = find_holder_by_id(rows, found.holder_id)
            return [] if parent is None else [_child_line(gate, found, parent=parent)]
        return [] if found is None else [_holder_line(gate, found)]
    if not any(mark.isdigit() for mark in query):
        return []
    number = document.fields.number_key if document is not None else number_key(query)
    one = find_holder(rows, number)
    if one is not None:
        return [_holder_line(gate, one)]
    keys = keys_of_number(number, key=gate.identity.person_index_key)
    return [_traveller_line(seen) for seen in travellers_with(rows, keys)]


def _by_name(gate: Gate, rows: Rows, name: str, *, born_on: date | None = None) -> list[PersonLine]:
    query = read_query(name)
    bearers = find_bearers(rows, name, limit=_CANDIDATES if born_on is None else _CANDIDATES_BORN)
    lines = _lines(gate, rows, bearers if born_on is None else _born(rows, bearers, born_on=born_on))
    fitting = [line for line in lines if born_on is None or line.date_of_birth in {None, born_on}]
    scored = (msgspec.structs.replace(line, likeness=likeness(query, line.full_name)) for line in fitting)
    wanted = [line for line in scored if line.likeness >= _LIKE_ENOUGH]
    wanted.sort(key=lambda line: (-line.likeness, line.date_of_birth != born_on, line.full_name, line.person_id))
    return wanted[:MOST_LINES]


def _born(rows: Rows, bearers: list[Bearer], *, born_on: date) -> list[Bearer]:
    """Leave out the holders who were born on another day, before their rows are read."""
    numbers = [bearer.number for bearer in bearers if bearer.kind is BearerKind.HOLDER]
    fitting = set(holders_born(rows, numbers, born_on=born_on))
    return [bearer for bearer in bearers if bearer.kind is not BearerKind.HOLDER or bearer.number in fitting]


def _lines(gate: Gate, rows: Rows, bearers: Iterable[Bearer]) -> list[PersonLine]:
    by_kind: dict[BearerKind, list[int]] = {kind: [] for kind in BearerKind}
    for bearer in bearers:
        by_kind[bearer.kind].append(bearer.number)
    lines = [_holder_line(gate, one) for one in holders_at(rows, by_kind[BearerKind.HOLDER]).values()]
    for child in children_at(rows, by_kind[BearerKind.CHILD]).values():
        parent = find_holder_by_id(rows, child.holder_id)
        if parent is not None:
            lines.append(_child_line(gate, child, parent=parent))
    lines += [_traveller_line(one) for one in travellers_at(rows, by_kind[BearerKind.TRAVELLER]).values()]
    return lines


def _holder_line(gate: Gate, one: Holder) -> PersonLine:
    return PersonLine(
        kind=BearerKind.HOLDER,
        person_id=one.holder_id,
        holder_id=one.holder_id,
        person_key=key_of_pass(one.pass_number, key=gate.identity.person_index_key),
        full_name=one.full_name,
        date_of_birth=one.date_of_birth,
        sex=one.sex,
        commune=one.commune,
        document_number_masked=masked(one.printed_number),
        document_kind="border_pass",
        regime=one.regime.value,
        state=state_today(one, today=local_date(gate.clock())),
        expires_on=one.expires_on,
        last_seen_at=None,
        likeness=100.0,
    )


def _child_line(gate: Gate, child: Child, *, parent: Holder) -> PersonLine:
    return msgspec.structs.replace(
        _holder_line(gate, parent),
        kind=BearerKind.CHILD,
        person_id=child.child_id,
        person_key=key_of_pass(child.own_number, key=gate.identity.person_index_key),
        full_name=child.full_name,
        date_of_birth=child.date_of_birth,
        sex=child.sex,
    )


def _traveller_line(one: SeenTraveller) -> PersonLine:
    return PersonLine(
        kind=BearerKind.TRAVELLER,
        person_id=one.person_key,
        holder_id=None,
        person_key=one.person_key,
        full_name=one.full_name,
        date_of_birth=date.fromisoformat(one.date_of_birth) if one.date_of_birth else None,
        sex=Sex.UNSPECIFIED,
        commune="",
        document_number_masked=masked(one.document_number),
        document_kind=one.document_kind,
        regime=None,
        state=None,
        expires_on=None,
        last_seen_at=one.last_seen_at,
        likeness=100.0,
    )


def _note(gate: Gate, *, officer_ref: str, action: str, subject: str) -> None:
    gate.perform(
        lambda turn: log_access(
            turn.transaction,
            at=turn.at,
            officer_ref=officer_ref,
            action=action,
            subject=subject[:36] if "-" in subject else subject[:_MARKS_OF_SUBJECT],
            reason="",
        )
    ).result()
