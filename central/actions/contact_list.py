"""Who was with a person of a case, and the follow-up of each: days written into the centre's journal (R024)."""

from datetime import date

import msgspec

from central.actions.desk import CaseUnknownError, PersonErasedError, reveal_person
from central.actions.opening import Centre
from central.follow_ups import DayState, FollowUp
from central.ledger import CrossingState
from central.store.contacts import Contact
from sync.agreement.contact_records import FollowUpOutcome
from sync.agreement.vocabulary import LookReason
from sync.exchange.sealing import SealingError

_TO_DO = frozenset({DayState.DUE, DayState.NOT_REACHED})


class ContactUnknownError(LookupError):
    """This crossing is no contact of that case. Nothing was written."""


class ContactLine(msgspec.Struct, frozen=True, kw_only=True):
    """One contact, without the person; ``follow_up`` if the centre follows them up."""

    contact: Contact
    follow_up: FollowUp | None = None


class OpenedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact with who it is; empty of who was erased."""

    line: ContactLine
    full_name: str = ""
    telephone: str = ""
    address: str = ""


class StandingFollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up on which somebody must act: days overdue, whether today is still to be done, the case's day."""

    about: str
    contact: str
    last_day: date
    overdue: int
    is_due_today: bool
    report_day: date | None


def contact_list(centre: Centre, crossing_id: str) -> tuple[CrossingState, list[ContactLine]]:
    """Return a case and its contacts. Raises ``CaseUnknownError``."""
    found = centre.store.desk.contacts(crossing_id)
    if found is None:
        raise CaseUnknownError(crossing_id)
    state, contacts = found
    followed = centre.store.follow_ups.all()
    lines = [
        ContactLine(contact=one, follow_up=followed.get((crossing_id, one.crossing.crossing_id))) for one in contacts
    ]
    return state, lines


def follow_contact(centre: Centre, crossing_id: str, *, contact: str, first_day: date, days: int, by: str) -> None:
    """Follow a contact up from a day on. Raises ``CaseUnknownError``, ``ContactUnknownError``."""
    _, lines = contact_list(centre, crossing_id)
    if contact not in {line.contact.crossing.crossing_id for line in lines}:
        raise ContactUnknownError
    now = centre.clock()
    centre.store.follow_ups.open(crossing_id, contact=contact, first_day=first_day, days=days, by=by, now=now)


def note_day(centre: Centre, crossing_id: str, *, contact: str, day: date, outcome: FollowUpOutcome, by: str) -> None:
    """Write down what was found on a day. Raises ``NotFollowedUpError``."""
    now = centre.clock()
    centre.store.follow_ups.note(crossing_id, contact=contact, day=day, outcome=outcome, by=by, now=now)


def standing_follow_ups(centre: Centre, *, today: date) -> list[StandingFollowUp]:
    """Return what is overdue or due today, the longest overdue first."""
    found = []
    for one in centre.store.follow_ups.all().values():
        overdue, is_due = one.overdue(today), any(day.state in _TO_DO for day in one.on(today))
        if overdue or is_due:
            state = centre.store.desk.state(one.about)
            found.append(
                StandingFollowUp(
                    about=one.about,
                    contact=one.contact,
                    last_day=one.last_day,
                    overdue=overdue,
                    is_due_today=is_due,
                    report_day=None if state is None else state.report_day,
                )
            )
    return sorted(found, key=lambda one: (-one.overdue, one.about, one.contact))


def open_contacts(
    centre: Centre, crossing_id: str, *, reason: LookReason, words: str, username: str
) -> list[OpenedContact]:
    """Say who each contact is; each look is logged before it is shown. Raises ``CaseUnknownError``."""
    _, lines = contact_list(centre, crossing_id)
    opened = []
    for line in lines:
        name = line.contact.crossing.crossing_id
        try:
            person = reveal_person(centre, name, reason=reason, words=words, username=username)
        except (CaseUnknownError, PersonErasedError, SealingError):
            opened.append(OpenedContact(line=line))
            continue
        opened.append(
            OpenedContact(line=line, full_name=person.full_name, telephone=person.telephone, address=person.address)
        )
    return opened
