"""One of each record of second check, isolation and hand-over, with as much in it as it can hold."""

from datetime import timedelta

import msgspec

from sync.agreement.facts import RunningClock
from sync.agreement.gate_records import isolation as acts
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
from sync.agreement.vocabulary import ClockKind
from tests.sync.exchange.journals import MORNING, identifier


def isolation_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    clock = RunningClock(
        kind=ClockKind.GATE_ISOLATION,
        started_at=MORNING,
        due_at=MORNING + timedelta(hours=48),
        clause="Nghị định 165/2026/NĐ-CP điểm b khoản 3 Điều 17",
    )
    acted = {"crossing_id": crossing_id, "ends": (ClockKind.TEMPORARY_HOLD,), "clocks": (clock,)}
    head, body = LegalRole.HEAD_OF_QUARANTINE_ORGANISATION, LegalRole.HEAD_OF_GATE_BODY
    late = {"kind": ClockKind.TEMPORARY_HOLD, "reason": EscalationReason.OVERLOADED}
    return (
        acts.PhysicalCheckStarted(**acted),
        acts.PhysicalCheckEnded(
            **acted,
            outcome=CheckOutcome.GROUP_A_SUSPECTED,
            findings=(ExaminationFinding.FEVER, ExaminationFinding.EPIDEMIOLOGICAL_LINK),
            actions=(TreatmentAction.ISOLATION_OR_REFERRAL, TreatmentAction.CONTACT_LIST),
        ),
        acts.IsolationProposed(**acted, ground=IsolationGround.SUSPECT, proposed_by=head),
        acts.IsolationDecided(**acted, is_approved=True, ground=IsolationGround.SUSPECT, decided_by=body),
        acts.HoldLapsed(**acted, duties=(FollowUpDuty.SELF_MONITORING, FollowUpDuty.REPORT_TO_COMMUNE_STATION)),
        acts.IsolationRefused(**acted),
        acts.CompulsionOrdered(**acted, ordered_by=body, form="Mẫu số 05 Phụ lục IV"),
        acts.ProvisionGiven(**acted, provisions=(ProvisionKind.WATER, ProvisionKind.INTERPRETER)),
        acts.NoticeGiven(**acted, addressee=NoticeAddressee.CONSULAR_DEPARTMENT, means=NoticeMeans.TELEPHONE),
        acts.HandoverDeparted(**acted, place_id="C1", escorts=2),
        acts.HandoverReturned(**acted, reason=EscalationReason.FACILITY_FULL),
        acts.HandoverArrived(**acted, means=NoticeMeans.TELEPHONE),
        acts.ClockExtended(**acted, **late, clause="Nghị định 165/2026/NĐ-CP khoản 5 Điều 19"),
        acts.ClockEscalated(**acted, **late, who_acts=head),
        acts.ContactListed(**acted, contact_id=str(identifier("contact")), relation=ContactRelation.NEARBY_SEAT),
    )
