"""An edge's journal in memory, written with the real envelope, chain and seal, and its crossings."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.agreement.facts import Assessment, Citation, Facts, Measurement, PolicyReference, Reason, RunningClock
from sync.agreement.records import (
    CodedException,
    CrossingScreened,
    RecordBody,
    TemperatureRechecked,
    TravellerIdentity,
    TravellerIsolated,
)
from sync.agreement.vocabulary import (
    ClockKind,
    ClockQuality,
    DeviceKind,
    Direction,
    Disposition,
    DocumentKind,
    ExceptionCode,
    MeasuringSite,
    ModeOfEntry,
    Outcome,
    PointOfEntryKind,
    PurposeOfCrossing,
    ReadingKind,
    ReasonCode,
    Severity,
    TravellerCategory,
)
from sync.exchange.chain import ChainHead, record_hash
from sync.exchange.ends import Finding, OutgoingChain, OutgoingRecord
from sync.exchange.envelope import RecordStamp, Sealing, encode_record
from sync.exchange.messages import HeadQuestion, Receipt, SignedHead, check_witness
from sync.exchange.sealing import EpisodeKey, associated_bytes, new_episode_key, seal, wrap_episode_key

MORNING = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""08:00 in Viet Nam."""
POLICY = PolicyReference(policy_id="directive-000", version=1)
CLAUSE = Citation(document="000", clause="II.1", quote="kiểm tra thân nhiệt")


def identifier(seed: str) -> UUID:
    """A UUID that the same seed always gives: order comes from sequences, so any will do."""
    return UUID(bytes=random.Random(seed).randbytes(16), version=4)


def measurement(
    temperature_c: float = 36.4,
    *,
    at: datetime = MORNING,
    kind: ReadingKind = ReadingKind.RAW_SKIN,
    unusable_because: tuple[str, ...] = (),
) -> Measurement:
    is_clinical = kind is ReadingKind.CLINICAL
    return Measurement(
        reading_id=f"reading-{temperature_c}-{at:%H%M%S}",
        device_id="gy-1",
        device_kind=DeviceKind.CLINICAL_THERMOMETER if is_clinical else DeviceKind.THERMAL_ARRAY,
        kind=kind,
        site=MeasuringSite.AXILLARY if is_clinical else MeasuringSite.FACE_MAXIMUM,
        temperature_c=temperature_c,
        observed_at=at,
        unusable_because=unusable_because,
    )


def assessment(
    outcome: Outcome, *, code: ReasonCode = ReasonCode.WITHIN_THRESHOLD, redirect_to: str | None = None
) -> Assessment:
    reason = Reason(code=code, severity=Severity.NOTE, rule_id="rule-1", citation=CLAUSE)
    return Assessment(outcome=outcome, reasons=(reason,), policies=(POLICY,), threshold_c=37.5, redirect_to=redirect_to)


_OUTCOMES = {
    Disposition.CLEARED: (Outcome.CLEARED, ReasonCode.WITHIN_THRESHOLD),
    Disposition.PENDING: (Outcome.RECHECK, ReasonCode.RAISED_READING),
    Disposition.REFUSED: (Outcome.REFUSED, ReasonCode.TRAFFIC_STOPPED),
    Disposition.REFERRED: (Outcome.REFERRED, ReasonCode.SYMPTOMS_DECLARED),
}


def facts_of(
    gate: str, *, direction: Direction, category: TravellerCategory, reading: float | None, at: datetime
) -> Facts:
    return Facts(
        point_of_entry_id=gate,
        point_of_entry_kind=PointOfEntryKind.INTERNATIONAL,
        locality="Móng Cái",
        direction=direction,
        mode_of_entry=ModeOfEntry.ROAD,
        category=category,
        purpose=PurposeOfCrossing.TOURISM,
        document_kind=DocumentKind.PASSPORT,
        measurements=(measurement(reading, at=at),) if reading is not None else (),
        nationality="VNM",
        age_years=41,
    )


def screened(
    crossing_id: str,
    *,
    disposition: Disposition = Disposition.CLEARED,
    at: datetime = MORNING,
    gate: str = "mong-cai",
    lane_id: str = "lane-1",
    direction: Direction = Direction.ENTRY,
    category: TravellerCategory = TravellerCategory.TOURIST,
    temperature_c: float | None = None,
    redirect_to: str | None = None,
) -> CrossingScreened:
    """A crossing as the lane writes it. A crossing nobody measured carries a coded exception."""
    outcome, code = _OUTCOMES[disposition]
    is_raised = disposition is Disposition.PENDING
    reading = 38.2 if is_raised else temperature_c
    clock = RunningClock(
        kind=ClockKind.RECHECK, started_at=at, due_at=at + timedelta(minutes=15), clause="Decree 165/2026 article 14"
    )
    return CrossingScreened(
        crossing_id=crossing_id,
        lane_id=lane_id,
        presented_at=at,
        facts=facts_of(gate, direction=direction, category=category, reading=reading, at=at),
        assessment=assessment(outcome, code=code, redirect_to=redirect_to),
        disposition=disposition,
        person_key=f"key-of-{crossing_id}",
        exception=None
        if reading is not None
        else CodedException(code=ExceptionCode.INFANT, reason="dưới 3 tháng", officer_ref="canbo"),
        clocks=(clock,) if is_raised else (),
    )


def rechecked(crossing_id: str, *, disposition: Disposition, at: datetime = MORNING) -> TemperatureRechecked:
    is_fever = disposition is not Disposition.CLEARED
    code = ReasonCode.FEVER_CONFIRMED if is_fever else ReasonCode.FEVER_NOT_CONFIRMED
    outcome = Outcome.REFERRED if is_fever else Outcome.CLEARED
    return TemperatureRechecked(
        crossing_id=crossing_id,
        measurement=measurement(38.4 if is_fever else 36.8, at=at, kind=ReadingKind.CLINICAL),
        assessment=assessment(outcome, code=code),
        disposition=disposition,
    )


def isolated(crossing_id: str, *, place_id: str = "C1", at: datetime = MORNING) -> TravellerIsolated:
    clock = RunningClock(
        kind=ClockKind.GATE_ISOLATION,
        started_at=at,
        due_at=at + timedelta(hours=2),
        clause="Decree 165/2026 article 14",
    )
    return TravellerIsolated(crossing_id=crossing_id, place_id=place_id, clocks=(clock,))


_EPISODES = ("crossing_id", "declaration_id", "handover_id", "member_id", "group_id", "conveyance_id")
"""Which of the names in a body is the episode that it is sealed under, the first that is there."""


class EdgeJournal:
    """Implements ``OutgoingJournal``. ``province_key`` given: each crossing's first record is sealed."""

    def __init__(self, edge_id: str = "mong-cai-1", *, incarnation: int = 1, key: Ed25519PrivateKey | None = None):
        self.edge_id = edge_id
        self.incarnation = incarnation
        self.key = key or Ed25519PrivateKey.from_private_bytes(random.Random(edge_id).randbytes(32))
        self.province_key: X25519PublicKey | None = None
        self.entries: list[OutgoingRecord] = []
        self.receipts: list[Receipt] = []
        self.ledger_heads: list[SignedHead] = []
        self.expressed: list[str] = []
        self.notices: list[tuple[str, dict[str, str | int]]] = []

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def write(self, body: RecordBody, *, at: datetime = MORNING, who: TravellerIdentity | None = None) -> bytes:
        """Append one record; gives its bytes."""
        head = self.head()
        sequence = head.sequence + 1
        record_id = identifier(f"{self.edge_id}/{self.incarnation}/{sequence}/{body.crossing_id}")
        named = (getattr(body, name, None) for name in _EPISODES)
        episode_id = next(filter(None, named), None)
        sealed, sealing, episode_key = self._seal(who, record_id=record_id, episode_id=episode_id)
        stamp = RecordStamp(
            record_id=record_id,
            edge_id=self.edge_id,
            incarnation=self.incarnation,
            sequence=sequence,
            previous_hash=head.hash,
            observed_at=at,
            recorded_at=at,
            boot_id="boot-1",
            monotonic_ns=sequence,
            clock_quality=ClockQuality.SYNCHRONISED,
            lane_id="lane-1",
            officer_ref="canbo",
        )
        record = encode_record(body, stamp=stamp, sealed=sealed, sealing=sealing)
        self.append(record, episode_key=episode_key)
        return record

    def append(self, record: bytes, *, episode_key: EpisodeKey | None = None) -> None:
        """Append bytes as they are: right ones, or an attacker's."""
        self.entries.append(
            OutgoingRecord(
                sequence=len(self.entries) + 1, record=record, hash=record_hash(record), episode_key=episode_key
            )
        )

    def _seal(
        self, who: TravellerIdentity | None, *, record_id: UUID, episode_id: str | None
    ) -> tuple[bytes | None, Sealing | None, EpisodeKey | None]:
        if who is None or episode_id is None or self.province_key is None:
            return None, None, None
        key = new_episode_key()
        sealed = seal(who, episode_key=key, associated=associated_bytes(str(record_id), edge_id=self.edge_id))
        wrapped = wrap_episode_key(key, episode_id=episode_id, recipients={"province": self.province_key})
        return sealed.ciphertext, Sealing(episode_id=episode_id, nonce=sealed.nonce), wrapped

    def head(self) -> ChainHead:
        if not self.entries:
            return ChainHead()
        return ChainHead(sequence=self.entries[-1].sequence, hash=self.entries[-1].hash)

    def question(self, *, nonce: str) -> HeadQuestion:
        """The question for the head that this journal would ask."""
        head = self.head()
        return HeadQuestion(
            edge=self.edge_id,
            incarnation=self.incarnation,
            nonce=nonce,
            instance="0" * 32,
            start_number=0,
            own_sequence=head.sequence,
            own_hash=head.hash.hex(),
        )

    def chains(self) -> Sequence[OutgoingChain]:
        receipt = self.receipts[-1] if self.receipts else None
        return [OutgoingChain(incarnation=self.incarnation, head=self.head(), receipt=receipt)]

    def pending_after(self, sequence: int, *, incarnation: int, limit: int) -> Sequence[OutgoingRecord]:
        assert incarnation == self.incarnation
        return self.entries[sequence : sequence + limit]

    def hash_at(self, sequence: int, *, incarnation: int) -> bytes | None:
        assert incarnation == self.incarnation
        return self.entries[sequence - 1].hash if sequence <= len(self.entries) else None

    def note_receipt(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def note_ledger_head(self, head: SignedHead) -> None:
        check_witness(head, held=self.last_ledger_head())
        self.ledger_heads.append(head)

    def last_ledger_head(self) -> SignedHead | None:
        return self.ledger_heads[-1] if self.ledger_heads else None

    def finding(self) -> Finding | None:
        return None

    def unstated(self) -> Sequence[OutgoingChain]:
        return ()

    def adopt(self, grant, *, abandon, reason, centre_sequence, earlier=()) -> None:
        msg = "this journal has one incarnation"
        raise NotImplementedError(msg)

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        return ()

    def note_express(self, record_ids: Sequence[str]) -> None:
        self.expressed.extend(record_ids)

    def notice(self, kind: str, *, detail: dict[str, str | int]) -> None:
        self.notices.append((kind, detail))
