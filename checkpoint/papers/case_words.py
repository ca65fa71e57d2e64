"""What a case says in the words of an order: one value for each placeholder a form may have.

Orders are Vietnamese documents: dates, temperatures and words are written as a Vietnamese office writes them.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from checkpoint.isolation.case import IsolationCase
from checkpoint.isolation.path import ENDS, MOVES
from checkpoint.papers.orders import Issuer, Letterhead, Paper, PaperError, fill, load_form
from sync.agreement.isolation_words import NoticeAddressee
from sync.agreement.labels_catalogue import Catalogue, format_date, format_instant, format_temperature
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import ClockKind

_ENDING = frozenset(event for (state, event), to in MOVES.items() if to in ENDS and state not in ENDS)


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same on every paper of one gate: who issues, where, under which law.

    ``gate_body`` manages the gate: its head orders isolation and tells the consulate (Decree 165/2026, articles 17 and
    20). ``issuing_body`` is the gate's health quarantine, which proposes, hands over and certifies.
    """

    parent_body: str
    issuing_body: str
    gate_parent_body: str
    gate_body: str
    place: str
    law_title: str
    is_exercise: bool = False


def order_paper(case: IsolationCase, *, topic: str, office: Office, labels: Catalogue, at: datetime) -> Paper:
    """Fill the form of a topic in from a case at the instant ``at``; raises ``PaperError`` for an erased person."""
    if case.is_erased:
        msg = f"case {UUID(case.crossing_id)}: the person was erased by order; nothing about them can be printed"
        raise PaperError(msg)
    form = load_form(topic)
    is_of_gate = form.issuer is Issuer.GATE_BODY
    letterhead = Letterhead(
        parent_body=office.gate_parent_body if is_of_gate else office.parent_body,
        issuing_body=office.gate_body if is_of_gate else office.issuing_body,
        place_and_date=f"{office.place}, {_long_date(local_date(_issued_at(case, topic) or at))}",
        form_number=case.forms.get(topic, ""),
        is_exercise=office.is_exercise,
    )
    values = _person(case, labels=labels) | _path(case, labels=labels) | _names(case) | {"law_title": office.law_title}
    return fill(form, values=values, letterhead=letterhead)


def _issued_at(case: IsolationCase, topic: str) -> datetime | None:
    """Return when what a paper says was done: printed again, it bears its own day and not today's."""
    path = case.path
    consulate = (one.at for one in path.notices if one.addressee is NoticeAddressee.CONSULAR_DEPARTMENT)
    done = {
        "isolation_list": path.proposed_at,
        "gate_isolation_order": path.decided_at,
        "compulsory_isolation_order": path.compelled_at,
        "consular_notice": next(consulate, None),
        "handover_record": path.departed_at,
        "isolation_completed": _ended_at(case),
    }
    return done.get(topic)


def _ended_at(case: IsolationCase) -> datetime | None:
    """Return when the gate's care ended; a notice that was still owed may be given after it and moves nothing."""
    return next((act.at for act in reversed(case.acts) if act.event in _ENDING), None)


def _person(case: IsolationCase, *, labels: Catalogue) -> dict[str, str]:
    return {
        "full_name": case.full_name,
        "date_of_birth": format_date(case.date_of_birth) if case.date_of_birth else "",
        "sex": labels.text("Sex", case.sex.value),
        "nationality": _country(case.nationality, labels=labels),
        "document_kind": labels.text("DocumentKind", case.document_kind),
        "document_number": case.document_number,
        "address": case.address,
        "telephone": case.telephone,
        "direction": labels.text("Direction", case.direction).lower(),
        "presented_at": format_instant(case.presented_at),
        "temperature": _degrees(case.temperature_c),
        "recheck": _degrees(case.recheck_c),
        "gate": case.place_names["vi"],
        "place": case.place_id or "",
    }


def _path(case: IsolationCase, *, labels: Catalogue) -> dict[str, str]:
    path = case.path
    return {
        "ground": labels.text("IsolationGround", path.ground.value).lower() if path.ground else "",
        "proposed_at": _instant(path.proposed_at),
        "decided_at": _instant(path.decided_at),
        "isolation_until": _instant(path.ordered_until or _isolation_until(case)),
        # Signed without a place, an order stays so; before it is signed, it names where the person is.
        "ordered_place": path.ordered_place if path.ordered_until else case.place_id or "",
        "compelled_place": path.compelled_place if path.compelled_at else case.place_id or "",
        "refused_at": _instant(path.refused_at),
        "compelled_at": _instant(path.compelled_at),
        "departed_at": _instant(path.departed_at),
        "arrived_at": _instant(path.arrived_at),
        "ended_at": _instant(_ended_at(case)),
        "destination": path.destination,
        "contacts": str(path.contacts),
    }


def _names(case: IsolationCase) -> dict[str, str]:
    words = case.words
    return {
        "proposer": words.proposer,
        "list_number": words.list_number,
        "order_number": words.order_number,
        "signer": words.signer,
        "compulsory_number": words.compulsory_number,
        "compulsory_signer": words.compulsory_signer,
        "escort_names": words.escort_names,
        "vehicle_plate": words.vehicle_plate or case.vehicle_plate,
        "confirmed_by": words.confirmed_by,
    }


def _country(code: str | None, *, labels: Catalogue) -> str:
    """Return a country's Vietnamese name where the catalogue has it, else the three letters of the document."""
    return labels.sections["declaration"].get(f"nationality_{code}", code or "")


def _isolation_until(case: IsolationCase) -> datetime | None:
    return next((clock.due_at for clock in case.clocks if clock.kind is ClockKind.GATE_ISOLATION), None)


def _instant(at: datetime | None) -> str:
    return format_instant(at) if at else ""


def _degrees(temperature_c: float | None) -> str:
    return "" if temperature_c is None else format_temperature(temperature_c)


def _long_date(day: date) -> str:
    """Write a date as offices do: two digits for days up to 9 and for January and February (Decree 30/2020).

    >>> _long_date(date(2026, 2, 3))
    'ngày 03 tháng 02 năm 2026'
    >>> _long_date(date(2026, 11, 22))
    'ngày 22 tháng 11 năm 2026'
    """
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"
