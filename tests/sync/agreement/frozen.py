"""Schemas and golden records of every version ever released: ``python -m tests.sync.agreement.frozen``.

Writes what is missing and never overwrites: a released version does not change. A struct that changed
gets a new version, its old struct moves to ``sync/agreement/upcasting.py``, and this adds the new files.
"""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from sync.agreement import records as newest
from sync.agreement.contact_records import ContactFollowedUp, FollowUpOpened, FollowUpOutcome
from sync.agreement.decision_words import OverrideReason
from sync.agreement.declaration.words import DeclarationChannel, DeclarationFlag, DeclarationResolution, Exposure
from sync.agreement.device_words import DeviceCondition
from sync.agreement.earlier_records import TravellerIdentityV1
from sync.agreement.facts import Facts
from sync.agreement.gate_records import register
from sync.agreement.gate_records.coverage import CoverageReconciled, LaneCoverage
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.gate_records.device import DeviceConditionChanged
from sync.agreement.gate_records.papers import SlipChecked, SlipIssued
from sync.agreement.paper_words import PrinterKind, SlipFault
from sync.agreement.records import TravellerIdentity
from sync.agreement.threshold_words import ThresholdMethod
from sync.agreement.upcasting import EVERY_VERSION
from sync.agreement.vocabulary import (
    CaseClass,
    ClockQuality,
    Direction,
    Disposition,
    EpochReason,
    IncarnationReason,
    LinkReason,
    MeasuringSite,
    Outcome,
    PassReason,
    PassRegime,
    PassState,
    ReasonCode,
    RegistrationSource,
    RevocationReason,
    Role,
    SettlementReason,
    Sex,
    Symptom,
    TravellerCategory,
)
from sync.exchange.chain import GENESIS_HASH
from sync.exchange.envelope import Envelope, RecordStamp, encode_record
from tests.sync.agreement.earlier_samples import earlier_samples
from tests.sync.agreement.exercise_samples import exercise_samples
from tests.sync.agreement.group_samples import group_samples
from tests.sync.agreement.handheld_samples import handheld_samples
from tests.sync.agreement.isolation_samples import isolation_samples
from tests.sync.agreement.place_samples import place_samples
from tests.sync.agreement.shift_samples import shift_samples
from tests.sync.agreement.threshold_samples import threshold_samples
from tests.sync.exchange.journals import MORNING, identifier, isolated, rechecked, screened

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "sync" / "agreement" / "schemas"
GOLDEN = ROOT / "tests" / "sync" / "golden"
NOT_RECORDS = {
    ("envelope", 1): Envelope,
    ("traveller_identity", 1): TravellerIdentityV1,
    ("traveller_identity", 2): TravellerIdentity,
}
"""What is frozen as well: the envelope around every record, and the sealed part within."""

_CROSSING = "018f0000-0000-7000-8000-000000000001"


def samples() -> dict[tuple[str, int], msgspec.Struct]:
    """One body of every version, with as much in it as it can hold."""
    opened = screened(_CROSSING, disposition=Disposition.PENDING, direction=Direction.EXIT, redirect_to="hoanh-mo")
    again = rechecked(_CROSSING, disposition=Disposition.REFERRED)
    bodies = (
        *earlier_samples(_CROSSING),
        msgspec.structs.replace(opened, areas_visited=1, facts=_with_a_learnt_limit(opened.facts)),
        msgspec.structs.replace(again, symptoms=(Symptom.COUGH,), areas_visited=1, has_declaration=True),
        isolated(_CROSSING),
        *_about_the_way_out(),
        newest.CaseReviewed(
            crossing_id=_CROSSING, case_class=CaseClass.PROBABLE, note="chờ xét nghiệm", reviewer_ref="cdc-1"
        ),
        *_about_the_journals(),
        *isolation_samples(_CROSSING),
        *_about_the_register(),
        *_about_declarations(),
        *_about_papers(),
        *shift_samples(_CROSSING),
        *handheld_samples(_CROSSING),
        _about_coverage(),
        _about_a_device(),
        VerdictOverridden(
            given_for=_CROSSING,
            outcome=Outcome.REFUSED,
            reason_codes=(ReasonCode.OUTSIDE_HOURS,),
            rule_ids=("override-traffic",),
            code=OverrideReason.MEDICAL_EMERGENCY,
            role=Role.GATE_HEAD,
            approved_by="truong-cua-khau",
        ),
        *place_samples(_CROSSING),
        *group_samples(_CROSSING),
        *exercise_samples(),
        *threshold_samples(),
    )
    return {(body.type_name, body.type_version): body for body in bodies}


def _with_a_learnt_limit(facts: Facts) -> Facts:
    """Let the reading say all that a reading can say."""
    said = {
        "quality": ("indicative_array",),
        "second_site": MeasuringSite.FACE_MAXIMUM,
        "second_site_c": 36.1,
        "threshold_method": ThresholdMethod.ADAPTIVE,
        "limit_c": 36.42,
    }
    return msgspec.structs.replace(
        facts, measurements=tuple(msgspec.structs.replace(one, **said) for one in facts.measurements)
    )


def _about_the_way_out() -> tuple[msgspec.Struct, ...]:
    """How a crossing ends, or is put right."""
    return (
        newest.TravellerDischarged(
            crossing_id=_CROSSING,
            place_id="C1",
            disposition=Disposition.REFERRED,
            reason="sealed",
        ),
        newest.CrossingCorrected(
            crossing_id=_CROSSING,
            corrects_record_id=str(identifier("corrected")),
            reason="nhầm chiều đi",
            direction=Direction.ENTRY,
            category=TravellerCategory.EXPERT,
        ),
        newest.CrossingWithdrawn(
            crossing_id=_CROSSING, withdraws_record_id=str(identifier("withdrawn")), reason="ghi hai lần"
        ),
    )


def _about_the_journals() -> tuple[msgspec.Struct, ...]:
    """Records that are about no traveller: who writes under which number, what was erased, what was ordered."""
    return (
        newest.IncarnationOpened(
            reason=IncarnationReason.RESTORED_DATABASE,
            previous_incarnation=1,
            previous_sequence=30,
            high_water=50,
            lost_records=20,
        ),
        newest.RecordRecovered(original_incarnation=1, original_sequence=31, original=b'{"v":1}'),
        newest.ErasureCarriedOut(erasure_id="erasure-1", episode_ids=(_CROSSING,), keys_destroyed=1),
        newest.PolicyIssued(policy_id="order-x", version=2, document='id = "order-x"\n', issued_by="cdc-1"),
        newest.EpisodesErased(
            erasure_id="erasure-1",
            episode_ids=(_CROSSING,),
            legal_basis="Luật 91/2025/QH15",
            requested_by="12/YC",
            erased_at=MORNING,
        ),
        newest.IncarnationGranted(
            edge_id="mong-cai-1", incarnation=2, previous_incarnation=1, reason=IncarnationReason.FORK
        ),
        *_of_trust(),
        FollowUpOpened(about=_CROSSING, contact=str(identifier("contact")), first_day=date(2026, 11, 23), days=14),
        ContactFollowedUp(
            about=_CROSSING,
            contact=str(identifier("contact")),
            day=date(2026, 11, 23),
            outcome=FollowUpOutcome.NOT_REACHED,
        ),
        *_of_a_province(),
    )


def _of_trust() -> tuple[msgspec.Struct, ...]:
    """Whom the centre believes, which of its lives it is in, and what it waits for no more."""
    return (
        newest.EdgeEnrolled(
            edge_id="mong-cai-1", point_of_entry_id="mong-cai", kind="edge", public_key="ab" * 32, is_confirmed=False
        ),
        newest.EdgeConfirmed(edge_id="mong-cai-1", fingerprint="0123-4567-89ab-cdef"),
        newest.EdgeRevoked(edge_id="mong-cai-1", reason=RevocationReason.DESTROYED),
        newest.EpochRenewed(
            number=2, previous_number=1, ledger_position=1200, reason=EpochReason.TESTIMONY, witness="mong-cai-1"
        ),
        newest.ExpressSettled(
            about=_CROSSING,
            edge_id="mong-cai-1",
            record_ids=(str(identifier("express")),),
            report_day=date(2026, 11, 22),
            reason=SettlementReason.UNIT_GONE,
        ),
    )


def _of_a_province() -> tuple[msgspec.Struct, ...]:
    """What goes up to the nation."""
    return (
        newest.FiguresReported(
            report_day=date(2026, 11, 22),
            revision=1,
            ledger_position=1200,
            figures=(
                newest.FigureReported(
                    point_of_entry_id="mong-cai",
                    direction=Direction.ENTRY,
                    category=TravellerCategory.TOURIST,
                    figure="crossings",
                    count=12,
                ),
            ),
        ),
        newest.CaseNotified(
            case_ref="ab" * 32,
            case_class=CaseClass.CONFIRMED,
            report_day=date(2026, 11, 22),
            point_of_entry_id="mong-cai",
            age_band="40-49",
            sex=Sex.FEMALE,
            nationality="VNM",
            reviewed_at=MORNING,
        ),
    )


def _about_declarations() -> tuple[msgspec.Struct, ...]:
    """What was declared, in codes, and what came of asking."""
    named = {"declaration_id": "018f0000-0000-7000-8000-0000000000d1", "given_for": _CROSSING}
    return (
        DeclarationReceived(
            **named,
            declared_at=MORNING,
            valid_until=MORNING + timedelta(days=7),
            rule_id="law-2026-declaration-terms",
            channel=DeclarationChannel.PHONE,
            language="zh",
            is_verified=True,
            symptoms=(Symptom.COUGH,),
            exposures=(Exposure.SLAUGHTER,),
            areas=1,
        ),
        DeclarationChecked(
            **named, flags=(DeclarationFlag.NO_FEVER_BUT_RAISED,), resolution=DeclarationResolution.EXPLAINED
        ),
    )


def _about_papers() -> tuple[msgspec.Struct, ...]:
    """A slip that left a gate, and one that was worth nothing at the next post."""
    return (
        SlipIssued(
            given_for=_CROSSING,
            cleared_at=MORNING,
            valid_until=MORNING + timedelta(hours=12),
            rule_id="slip-validity",
            printer=PrinterKind.ESC_POS,
        ),
        SlipChecked(
            given_for=_CROSSING,
            fault=SlipFault.OTHER_DOCUMENT,
            is_proof_of_passage=False,
            slip_crossing_id=str(identifier("slip")),
            slip_point_of_entry_id="mong-cai",
            slip_cleared_at=MORNING,
            slip_valid_until=MORNING + timedelta(hours=12),
        ),
    )


def _about_the_register() -> tuple[msgspec.Struct, ...]:
    """Who holds a pass, what became of it, and who is the same person."""
    holder_id, older_id = str(identifier("holder")), str(identifier("older"))
    return (
        register.PassRegistered(
            holder_id=holder_id,
            source=RegistrationSource.LANE,
            regime=PassRegime.CHINA,
            issued_on=date(2026, 1, 31),
            expires_on=date(2027, 1, 31),
            findings=("validity_too_long",),
            accompanies_holder_id=str(identifier("parent")),
            replaces_holder_id=older_id,
        ),
        register.PassStateChanged(
            holder_id=older_id,
            previous_state=PassState.VALID,
            state=PassState.REPLACED,
            reason=PassReason.NEW_PASS_ISSUED,
        ),
        register.PersonsLinked(
            link_id=str(identifier("link")),
            left_person_key="ab" * 32,
            right_person_key="cd" * 32,
            reason=LinkReason.PASS_REPLACED,
        ),
        register.PersonsUnlinked(link_id=str(identifier("link")), reason=LinkReason.LINKED_IN_ERROR),
    )


def _about_a_device() -> msgspec.Struct:
    return DeviceConditionChanged(
        device_id="face-1",
        model="gy_mcu90640",
        lane_id="lane-1",
        was=DeviceCondition.DRIFTING,
        became=DeviceCondition.OUT_OF_CALIBRATION,
        since=MORNING,
        lasted_s=5400,
        reasons=("calibration_over", "drift_reference_body"),
    )


def _about_coverage() -> msgspec.Struct:
    counts = {"seen": 40, "logged": 41, "measured": 38, "excepted": 2, "turned_back": 1, "not_measured": 0}
    of_a_list = {"listed": 40, "listed_not_logged": 1, "logged_not_listed": 1}
    return CoverageReconciled(
        starts_at=MORNING.replace(minute=0, second=0, microsecond=0),
        revision=2,
        lanes=(
            LaneCoverage(lane_id="lane-1", seen_not_logged=1, **counts, **of_a_list),
            LaneCoverage(lane_id="lane-2", seen_not_logged=0, **counts),
        ),
        replaces_record_id=str(identifier("coverage")),
    )


def golden_record(body: msgspec.Struct) -> bytes:
    stamp = RecordStamp(
        record_id=UUID("018f0000-0000-7000-8000-0000000000ff"),
        edge_id="mong-cai-1",
        incarnation=1,
        sequence=1,
        previous_hash=GENESIS_HASH,
        observed_at=MORNING,
        recorded_at=MORNING,
        boot_id="boot-1",
        monotonic_ns=1,
        clock_quality=ClockQuality.SYNCHRONISED,
        lane_id="lane-1",
        officer_ref="canbo",
    )
    return encode_record(body, stamp=stamp)


def schema_of(struct: type[msgspec.Struct]) -> object:
    """The struct's JSON schema without its prose: words may be improved, shapes may not."""
    return read_schema(json.dumps(msgspec.json.schema(struct)))


def read_schema(text: str) -> object:
    """A schema without prose, and without the number that a struct has in its name once it is an old version."""
    return _without_prose(json.loads(re.sub(r'(?<=[a-z])V\d+"', '"', text)))


def _without_prose(part: object) -> object:
    if isinstance(part, dict):
        return {
            name: {key: _without_prose(inner) for key, inner in value.items()}
            if name in {"properties", "$defs"}
            else _without_prose(value)
            for name, value in part.items()
            if name not in {"title", "description"}
        }
    if isinstance(part, list):
        return [_without_prose(inner) for inner in part]
    return part


def schema_path(type_name: str, version: int) -> Path:
    return SCHEMAS / f"{type_name}.{version}.json"


def golden_path(type_name: str, version: int) -> Path:
    return GOLDEN / f"{type_name}.{version}.json"


def write_missing() -> list[Path]:
    """Write the files of versions that have none; return their paths."""
    files = {
        schema_path(*key): json.dumps(schema_of(struct), indent=1, sort_keys=True).encode() + b"\n"
        for key, struct in (EVERY_VERSION | NOT_RECORDS).items()
    } | {golden_path(*key): golden_record(body) for key, body in samples().items()}
    missing = [path for path in files if not path.exists()]
    for path in missing:
        path.write_bytes(files[path])
    return missing


if __name__ == "__main__":
    for written in write_missing():
        print(written.relative_to(ROOT))
