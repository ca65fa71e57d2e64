"""The way of one person through second check, isolation and hand-over: one record for each act.

Open parts hold codes, counts and times. Order numbers, names of who decided, escorts, plates and
telephones stand in the sealed part under the crossing's key. Whatever an act does to the legal
clocks it says itself: ``ends`` are the kinds that are over with it, ``clocks`` those that begin
(a clock that is extended ends and begins in one record). The acts that carry no new body of their
own (admission, discharge) are ``traveller_isolated`` and ``traveller_discharged`` as before.
"""

from typing import Annotated, ClassVar

import msgspec

from sync.agreement.facts import RunningClock
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
from sync.agreement.policy.rule import LegalRole
from sync.agreement.vocabulary import ClockKind

SmallCount = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class _IsolationAct(msgspec.Struct, frozen=True, kw_only=True):
    """What every act has: whose it is, and what it does to the legal clocks."""

    type_name: ClassVar[str]
    type_version: ClassVar[int] = 1

    crossing_id: str
    ends: tuple[ClockKind, ...] = ()
    clocks: tuple[RunningClock, ...] = ()


class PhysicalCheckStarted(_IsolationAct, frozen=True, kw_only=True):
    """The physical check of a suspect began (Decree 165/2026 article 24.2)."""

    type_name: ClassVar[str] = "physical_check_started"


class PhysicalCheckEnded(_IsolationAct, frozen=True, kw_only=True):
    """It ended: what was found, what was concluded, and what was done (articles 24 and 25.2)."""

    type_name: ClassVar[str] = "physical_check_ended"

    outcome: CheckOutcome
    findings: tuple[ExaminationFinding, ...] = ()
    actions: tuple[TreatmentAction, ...] = ()


class IsolationProposed(_IsolationAct, frozen=True, kw_only=True):
    """The person was put on the list of people to isolate (article 17.1)."""

    type_name: ClassVar[str] = "isolation_proposed"

    ground: IsolationGround
    proposed_by: LegalRole


class IsolationDecided(_IsolationAct, frozen=True, kw_only=True):
    """The head of the gate body signed: isolate, or do not (article 17.2). The order's number is sealed."""

    type_name: ClassVar[str] = "isolation_decided"

    is_approved: bool
    ground: IsolationGround
    decided_by: LegalRole


class HoldLapsed(_IsolationAct, frozen=True, kw_only=True):
    """No decision came within the hold: the person may go on, with duties (article 19.3). Nobody lets it pass silently.

    ``observed_at`` of the envelope is the instant of the lapse, however late the edge could note it.
    """

    type_name: ClassVar[str] = "hold_lapsed"

    duties: tuple[FollowUpDuty, ...]


class IsolationRefused(_IsolationAct, frozen=True, kw_only=True):
    """The person refuses isolation: a file for a compulsory order is opened (article 20)."""

    type_name: ClassVar[str] = "isolation_refused"


class CompulsionOrdered(_IsolationAct, frozen=True, kw_only=True):
    """Compulsory isolation was ordered; ``form`` is its number as the law pack prints it."""

    type_name: ClassVar[str] = "compulsion_ordered"

    ordered_by: LegalRole
    form: str = ""


class ProvisionGiven(_IsolationAct, frozen=True, kw_only=True):
    """Food, water, care, an interpreter, a blanket (IHR article 32)."""

    type_name: ClassVar[str] = "provision_given"

    provisions: tuple[ProvisionKind, ...]


class NoticeGiven(_IsolationAct, frozen=True, kw_only=True):
    """Somebody was told of the isolation."""

    type_name: ClassVar[str] = "notice_given"

    addressee: NoticeAddressee
    means: NoticeMeans


class HandoverDeparted(_IsolationAct, frozen=True, kw_only=True):
    """The person left the gate with an escort for a facility; which, escorts and vehicle are sealed."""

    type_name: ClassVar[str] = "handover_departed"
    type_version: ClassVar[int] = 2

    place_id: str
    escorts: SmallCount


class HandoverReturned(_IsolationAct, frozen=True, kw_only=True):
    """The escort brought the person back to the gate."""

    type_name: ClassVar[str] = "handover_returned"

    reason: EscalationReason


class HandoverArrived(_IsolationAct, frozen=True, kw_only=True):
    """The facility confirmed that the person is there: the gate's care ends. Which, and who confirmed, is sealed."""

    type_name: ClassVar[str] = "handover_arrived"
    type_version: ClassVar[int] = 2

    means: NoticeMeans


class ClockExtended(_IsolationAct, frozen=True, kw_only=True):
    """A deadline was lengthened, once, where the law gives leave."""

    type_name: ClassVar[str] = "clock_extended"

    kind: ClockKind
    reason: EscalationReason
    clause: str


class ClockEscalated(_IsolationAct, frozen=True, kw_only=True):
    """A deadline cannot be kept, or was not: who must act was told, and why."""

    type_name: ClassVar[str] = "clock_escalated"

    kind: ClockKind
    reason: EscalationReason
    who_acts: LegalRole


class ContactListed(_IsolationAct, frozen=True, kw_only=True):
    """One close contact of this person. Who it is stands sealed under the contact's own episode, ``contact_id``."""

    type_name: ClassVar[str] = "contact_listed"

    contact_id: str
    relation: ContactRelation


IsolationRecord = (
    PhysicalCheckStarted
    | PhysicalCheckEnded
    | IsolationProposed
    | IsolationDecided
    | HoldLapsed
    | IsolationRefused
    | CompulsionOrdered
    | ProvisionGiven
    | NoticeGiven
    | HandoverDeparted
    | HandoverReturned
    | HandoverArrived
    | ClockExtended
    | ClockEscalated
    | ContactListed
)
