"""What is read and not written: the list of crossings, over readers' connections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.person_view import masked
from checkpoint.documents import PersonIdentifiers, is_personal_number, number_key, person_key
from checkpoint.store.crossings import CrossingRow, list_crossings
from checkpoint.store.erasure import NOBODY
from checkpoint.store.journal import sequences_at
from checkpoint.store.lanes import log_access
from checkpoint.store.mirror import CaseDecision, decisions_about
from checkpoint.store.shifts import Reader

LARGEST_CURSOR: Final = 2**63 - 1
"""What a row's number can be: a larger one is no page of anything."""


class CrossingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing in the list; the number is masked. ``entry`` is the cursor, ``sequence`` the record's number."""

    entry: int
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
    is_erased: bool
    case_class: str | None
    case_decided_at: datetime | None


def crossing_list(gate: Gate, *, limit: int, before: int | None, query: str, officer_ref: str) -> list[CrossingLine]:
    """Return crossings, newest first. A search for a person is noted in the access log."""
    if query:
        note_search(gate, query, officer_ref=officer_ref)
    with gate.store.readers.connect() as connection:
        rows = list_crossings(connection, limit=limit, before=before, query=query, person_key=search_key(gate, query))
        return lines_of(connection, rows)


def note_search(gate: Gate, query: str, *, officer_ref: str) -> None:
    """Note in the access log that somebody was searched for; the log holds a key, never what was typed."""
    subject = search_key(gate, query)[:16]
    gate.perform(
        lambda turn: log_access(
            turn.transaction,
            at=turn.at,
            officer_ref=officer_ref,
            action="crossings_searched",
            subject=subject,
            reason="",
        )
    ).result()


def lines_of(connection: Reader, rows: Sequence[CrossingRow]) -> list[CrossingLine]:
    """Draw rows as lines of a list, with their record's number and what the CDC decided."""
    numbers = sequences_at(connection, [row.entry for row in rows])
    decisions = decisions_about(connection, [row.crossing_id for row in rows])
    return [_line(row, sequence=numbers[row.entry], decision=decisions.get(row.crossing_id)) for row in rows]


def search_key(gate: Gate, query: str) -> str:
    """Return the person key of a number that was typed whole, or nothing."""
    key = number_key(query)
    if not any(mark.isdigit() for mark in key):
        return ""
    identifiers = (
        PersonIdentifiers(personal_number=key) if is_personal_number(key) else PersonIdentifiers(pass_number=key)
    )
    return person_key(identifiers, key=gate.identity.person_index_key) or ""


def _line(row: CrossingRow, *, sequence: int, decision: CaseDecision | None) -> CrossingLine:
    return CrossingLine(
        entry=row.entry,
        sequence=sequence,
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
        is_erased=row.document_number == NOBODY,
        case_class=decision.case_class.value if decision else None,
        case_decided_at=decision.decided_at if decision else None,
    )
