"""A shift of a gate as the centre gets it: declarations, slips, officers, paper, coverage."""

from datetime import datetime, timedelta

from sync.agreement.decision_words import OverrideReason
from sync.agreement.declaration.words import DeclarationChannel, DeclarationFlag, DeclarationResolution, Exposure
from sync.agreement.gate_records.coverage import CoverageReconciled, LaneCoverage
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.gate_records.papers import SlipChecked, SlipIssued
from sync.agreement.gate_records.register import PassRegistered, PassStateChanged, PersonsLinked, PersonsUnlinked
from sync.agreement.gate_records.shift import (
    OwnTemperatureTaken,
    PaperLineEntered,
    PaperLineVoided,
    PaperSheetsPrinted,
    ShiftClosed,
    ShiftOpened,
)
from sync.agreement.paper_words import PrinterKind, SlipFault
from sync.agreement.records import RecordBody
from sync.agreement.shift_words import PaperVoidReason, ShiftMoment
from sync.agreement.vocabulary import (
    LinkReason,
    MeasuringSite,
    Outcome,
    PassReason,
    PassRegime,
    PassState,
    ReasonCode,
    RegistrationSource,
    Role,
    Symptom,
)
from tests.sync.agreement.group_samples import group_samples
from tests.sync.agreement.handheld_samples import handheld_samples
from tests.sync.agreement.place_samples import place_samples
from tests.sync.exchange.journals import MORNING, identifier

HOUR = MORNING.replace(minute=0, second=0, microsecond=0)


def declared(
    crossing_id: str, *, symptoms: tuple[Symptom, ...] = (), at: datetime = MORNING, areas: int = 0
) -> DeclarationReceived:
    return DeclarationReceived(
        declaration_id=f"d-{crossing_id}",
        given_for=crossing_id,
        declared_at=at,
        valid_until=at + timedelta(days=7),
        rule_id="law-2026-declaration-terms",
        channel=DeclarationChannel.PHONE,
        language="vi",
        is_verified=True,
        symptoms=symptoms,
        exposures=(Exposure.SLAUGHTER,) if symptoms else (),
        areas=areas,
    )


def checked(crossing_id: str) -> DeclarationChecked:
    return DeclarationChecked(
        declaration_id=f"d-{crossing_id}",
        given_for=crossing_id,
        flags=(DeclarationFlag.NO_FEVER_BUT_RAISED,),
        resolution=DeclarationResolution.EXPLAINED,
    )


def slip(crossing_id: str, *, at: datetime = MORNING) -> SlipIssued:
    return SlipIssued(
        given_for=crossing_id,
        cleared_at=at,
        valid_until=at + timedelta(hours=12),
        rule_id="slip-validity",
        printer=PrinterKind.ESC_POS,
    )


def lane(lane_id: str, *, seen: int, logged: int, not_measured: int = 0) -> LaneCoverage:
    return LaneCoverage(
        lane_id=lane_id,
        seen=seen,
        logged=logged,
        measured=logged,
        excepted=0,
        turned_back=0,
        seen_not_logged=seen - logged,
        not_measured=not_measured,
    )


def reconciled(*lanes: LaneCoverage, revision: int = 1, starts_at: datetime = HOUR) -> CoverageReconciled:
    return CoverageReconciled(starts_at=starts_at, revision=revision, lanes=lanes)


def own(shift_id: str, *, temperature_c: float = 36.5, moment: ShiftMoment = ShiftMoment.START) -> OwnTemperatureTaken:
    return OwnTemperatureTaken(
        shift_id=shift_id,
        moment=moment,
        temperature_c=temperature_c,
        site=MeasuringSite.AXILLARY,
        limit_c=37.5,
        is_raised=temperature_c >= 37.5,
    )


def a_shift(crossing_id: str = "c1") -> tuple[RecordBody, ...]:
    """One of each, about one crossing."""
    return (
        ShiftOpened(shift_id="s1", shift_day=MORNING.date(), shift_code="A", is_planned=True),
        own("s1"),
        declared(crossing_id, symptoms=(Symptom.COUGH,), areas=1),
        checked(crossing_id),
        slip(crossing_id),
        SlipChecked(given_for=crossing_id, fault=SlipFault.EXPIRED, is_proof_of_passage=False),
        PaperSheetsPrinted(block_id="b1", first_number=1, last_number=20),
        PaperLineEntered(number=1, entered_crossing_id=crossing_id, written_at=MORNING),
        PaperLineVoided(number=2, reason=PaperVoidReason.SPOILT),
        reconciled(lane("lane-1", seen=12, logged=11), lane("lane-2", seen=5, logged=5)),
        own("s1", temperature_c=37.8, moment=ShiftMoment.END),
        ShiftClosed(shift_id="s1", handover_id="h1"),
    )


def overridden(crossing_id: str) -> VerdictOverridden:
    return VerdictOverridden(
        given_for=crossing_id,
        outcome=Outcome.REFUSED,
        reason_codes=(ReasonCode.OUTSIDE_HOURS,),
        rule_ids=("override-traffic",),
        code=OverrideReason.MEDICAL_EMERGENCY,
        role=Role.GATE_HEAD,
        approved_by="truong",
    )


def of_the_register() -> tuple[RecordBody, ...]:
    holder_id, link_id = str(identifier("holder")), str(identifier("link"))
    return (
        PassRegistered(holder_id=holder_id, source=RegistrationSource.REGISTER, regime=PassRegime.CHINA),
        PassStateChanged(
            holder_id=holder_id,
            previous_state=PassState.VALID,
            state=PassState.LOST,
            reason=PassReason.REPORTED_BY_HOLDER,
        ),
        PersonsLinked(
            link_id=link_id,
            left_person_key="ab" * 32,
            right_person_key="cd" * 32,
            reason=LinkReason.BOTH_DOCUMENTS_SEEN,
        ),
        PersonsUnlinked(link_id=link_id, reason=LinkReason.LINKED_IN_ERROR),
    )


def company(crossing_id: str = "c1") -> tuple[RecordBody, ...]:
    """One of each of who came with whom, of handhelds, other places, the register and a decision against a verdict."""
    return (
        *group_samples(crossing_id),
        *handheld_samples(crossing_id),
        *place_samples(crossing_id),
        *of_the_register(),
        overridden(crossing_id),
    )
