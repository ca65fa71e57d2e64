"""A clearance slip for one cleared crossing: signed under the edge's own key, recorded, ready to be printed."""

from datetime import timedelta
from functools import cache
from uuid import UUID

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.person_view import masked
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.documents import number_key
from checkpoint.papers.clearance_slip import ClearanceSlip, document_hash, number_of_bearer, write_slip
from checkpoint.papers.slip_page import TEMPLATE, SlipBearer, slip_values
from checkpoint.papers.typesetting import typeset_pdf
from checkpoint.store.crossings import CrossingRow, find_crossing
from checkpoint.store.erasure import NOBODY
from sync.agreement.gate_records.papers import SlipIssued
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.paper_words import PrinterKind
from sync.agreement.policy.lane_rules import SlipValidity
from sync.agreement.vocabulary import Direction, Disposition, DocumentKind


class SlipCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose slip is wanted: the crossing that was cleared."""

    crossing_id: UUID


class IssuedSlip(msgspec.Struct, frozen=True, kw_only=True):
    """A signed slip and the words of its page. Holds a person's name: never to be logged."""

    slip: ClearanceSlip
    code: str
    values: dict[str, object]


def issue_slip(turn: Turn, lane_id: str | None, crossing_id: str, *, printer: PrinterKind) -> IssuedSlip:
    """Sign a slip and write that it was issued; refuses who was not cleared, and what would be out of date."""
    row = _require_cleared(turn, crossing_id)
    rules = turn.gate.policy.rules_at(turn.at).of_type(SlipValidity)
    if not rules:
        code = "slip_without_rule"
        raise ActionRefusedError(code)
    rule = min(rules, key=lambda one: one.valid_for_s)
    slip = _slip_of(turn.gate, row, valid_for=timedelta(seconds=rule.valid_for_s))
    if slip.valid_until <= turn.at:
        code = "slip_expired"
        raise ActionRefusedError(code)
    issued = SlipIssued(
        given_for=crossing_id,
        cleared_at=slip.cleared_at,
        valid_until=slip.valid_until,
        rule_id=rule.rule_id,
        printer=printer,
    )
    turn.append(issued, lane_id=lane_id, observed_at=turn.at)
    text = write_slip(slip, key=turn.gate.identity.signing_key)
    return IssuedSlip(slip=slip, code=text, values=_values(turn.gate, row, slip=slip, code=text))


def slip_pdf(issued: IssuedSlip) -> bytes:
    """Return the page of a slip for any printer, dated when the person was cleared."""
    return typeset_pdf(TEMPLATE, values=issued.values, at=issued.slip.cleared_at)


def _require_cleared(turn: Turn, crossing_id: str) -> CrossingRow:
    row = find_crossing(turn.transaction, crossing_id)
    if row is None or row.document_number == NOBODY:
        code = "no_such_crossing"
        raise ActionRefusedError(code, http_code=404)
    if row.disposition is not Disposition.CLEARED:
        code = "slip_not_cleared"
        raise ActionRefusedError(code)
    if not number_key(row.document_number):
        code = "slip_without_document"
        raise ActionRefusedError(code)
    return row


def _slip_of(gate: Gate, row: CrossingRow, *, valid_for: timedelta) -> ClearanceSlip:
    cleared_at = (row.rechecked_at or row.recorded_at).replace(microsecond=0)
    crossing_id, kind = UUID(row.crossing_id), DocumentKind(row.document_kind)
    number = number_of_bearer(row.document_number, document_kind=kind, age_years=row.age_years)
    return ClearanceSlip(
        crossing_id=crossing_id,
        point_of_entry_id=gate.place.point_of_entry_id,
        direction=Direction(row.direction),
        cleared_at=cleared_at,
        valid_until=cleared_at + valid_for,
        document_hash=document_hash(crossing_id, number),
        is_exercise=gate.is_exercise,
        temperature_c=row.recheck_c if row.recheck_c is not None else row.temperature_c,
    )


def _values(gate: Gate, row: CrossingRow, *, slip: ClearanceSlip, code: str) -> dict[str, object]:
    bearer = SlipBearer(
        full_name=row.full_name,
        document_kind=row.document_kind,
        document_number_masked=masked(row.document_number),
    )
    return slip_values(
        slip,
        code=code,
        bearer=bearer,
        gate_name=gate.place.names["vi"],
        labels=catalogue("vi"),
        beside=catalogue("zh" if row.nationality == "CHN" else "en"),
    )


@cache
def catalogue(language: str) -> Catalogue:
    """Return the labels of one language, read once."""
    return Catalogue.load(language)
