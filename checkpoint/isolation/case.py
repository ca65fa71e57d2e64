"""What the edge knows of one person on the path: a plain value, whole enough to print every order from.

``words`` are the parts that name somebody (order numbers, who signed, escorts, plates): they are kept
apart from the codes, so that an erasure can empty them and leave the path true.
"""

from datetime import date, datetime

import msgspec

from checkpoint.isolation.path import NEXT_STEP, PathEvent, PathState
from sync.agreement.facts import PolicyReference, RunningClock
from sync.agreement.isolation_words import (
    CheckOutcome,
    ContactRelation,
    EscalationReason,
    ExaminationFinding,
    FollowUpDuty,
    IsolationGround,
    NoticeAddressee,
    NoticeMeans,
    ProvisionKind,
    TreatmentAction,
)
from sync.agreement.policy import LegalRole
from sync.agreement.vocabulary import ClockKind, DocumentKind, Sex

_VIETNAM = "VNM"


class GivenNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One notice: to whom, how, when."""

    addressee: NoticeAddressee
    means: NoticeMeans
    at: datetime


class GivenProvision(msgspec.Struct, frozen=True, kw_only=True):
    """What was given at one time."""

    provisions: tuple[ProvisionKind, ...]
    at: datetime


class ClockNote(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that was extended or escalated, and why."""

    kind: ClockKind
    reason: EscalationReason
    is_extension: bool
    at: datetime


class CasePath(msgspec.Struct, frozen=True, kw_only=True):
    """The open part of a case: codes and times only.

    ``ordered_place`` and ``ordered_until``, ``compelled_place``: as signed, wherever the person is now.
    """

    state: PathState = PathState.HELD
    opened_at: datetime | None = None
    check_started_at: datetime | None = None
    check_ended_at: datetime | None = None
    outcome: CheckOutcome | None = None
    findings: tuple[ExaminationFinding, ...] = ()
    actions: tuple[TreatmentAction, ...] = ()
    ground: IsolationGround | None = None
    proposed_at: datetime | None = None
    proposed_by: LegalRole | None = None
    decided_at: datetime | None = None
    decided_by: LegalRole | None = None
    ordered_place: str = ""
    ordered_until: datetime | None = None
    is_declined: bool = False
    lapsed_at: datetime | None = None
    duties: tuple[FollowUpDuty, ...] = ()
    refused_at: datetime | None = None
    compelled_at: datetime | None = None
    compulsory_form: str = ""
    compelled_place: str = ""
    departed_at: datetime | None = None
    destination: str = ""
    escorts: int = 0
    arrived_at: datetime | None = None
    notices: tuple[GivenNotice, ...] = ()
    provisions: tuple[GivenProvision, ...] = ()
    clock_notes: tuple[ClockNote, ...] = ()
    contacts: int = 0


class CaseWords(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that name somebody, as typed. Emptied when the person is erased."""

    proposer: str = ""
    list_number: str = ""
    order_number: str = ""
    signer: str = ""
    compulsory_number: str = ""
    compulsory_signer: str = ""
    escort_names: str = ""
    vehicle_plate: str = ""
    confirmed_by: str = ""


class CloseContact(msgspec.Struct, frozen=True, kw_only=True):
    """One close contact with what is needed to find the person (Decree 89/2018 article 11.4)."""

    contact_id: str
    relation: ContactRelation
    listed_at: datetime
    full_name: str = ""
    document_number: str = ""
    telephone: str = ""
    address: str = ""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One act of the case, as its timeline shows it."""

    event: PathEvent
    at: datetime
    officer_ref: str
    record_id: str


class IsolationCase(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one person under isolation: the value that orders, lists and slips are made from."""

    crossing_id: str
    point_of_entry_id: str
    place_names: dict[str, str]
    policies: tuple[PolicyReference, ...]
    full_name: str
    document_number: str
    document_kind: str
    date_of_birth: date | None
    sex: Sex
    nationality: str | None
    address: str
    telephone: str
    vehicle_plate: str
    direction: str
    presented_at: datetime
    temperature_c: float | None
    recheck_c: float | None
    place_id: str | None
    path: CasePath
    words: CaseWords
    clocks: tuple[RunningClock, ...]
    contacts: tuple[CloseContact, ...]
    acts: tuple[Act, ...]
    forms: dict[str, str]
    is_erased: bool = False


_OWED = frozenset({ClockKind.CONSULAR_NOTICE, ClockKind.PERSON_NOTICE})


def next_step(path: CasePath, *, running: frozenset[ClockKind]) -> PathEvent | None:
    """Return the act that the law waits for first; ``None`` when the gate owes nothing more.

    >>> next_step(CasePath(), running=frozenset()).value
    'check_started'
    """
    if running & _OWED:
        return PathEvent.NOTIFIED
    if path.state is PathState.CHECKED and (path.is_declined or path.outcome is CheckOutcome.NO_SUSPICION):
        return PathEvent.RELEASED
    return NEXT_STEP.get(path.state)


def is_foreign(nationality: str | None, *, document_kind: str) -> bool:
    """Tell whether a consulate must hear of this person.

    Who shows nothing that says a nationality counts as a foreigner, a notice too many rather than one too few; but a
    border pass is given to citizens alone (Circular 31/2023/TT-BCA), unless the document itself says otherwise.

    >>> is_foreign(None, document_kind="border_pass"), is_foreign(None, document_kind="other")
    (False, True)
    """
    if nationality is None:
        return document_kind != DocumentKind.BORDER_PASS.value
    return nationality != _VIETNAM
