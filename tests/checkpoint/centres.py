"""A centre by hand: its own journal, signed answers for the downlink, and what an edge takes of them."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkpoint.actions.gate import Gate
from checkpoint.actions.mirroring import Mirror
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CaseReviewed, EpisodesErased, PolicyIssued
from sync.agreement.vocabulary import CaseClass, ClockQuality
from sync.exchange.chain import ChainHead, record_hash
from sync.exchange.ends import CentreRecord
from sync.exchange.envelope import RecordStamp, encode_record
from sync.exchange.messages import DownAnswer

ORDER = """
id = "{policy_id}"
version = {version}
kind = "orders"
cite_as = "Lệnh thử"
issued_by = "Trung tâm"

[title]
vi = "Lệnh thử"
en = "Test order"
zh = "测试命令"

[[rule]]
kind = "traffic_order"
rule_id = "{policy_id}-rule"
effective_from = 2020-01-29T00:00:00+07:00
state = "{state}"
applies_to = {{ point_of_entry_ids = ["mong-cai"] }}
citation = {{ clause = "điều 1" }}
{more}
"""


def order_text(policy_id: str = "order-x", *, version: int = 1, state: str = "stopped", more: str = "") -> str:
    return ORDER.format(policy_id=policy_id, version=version, state=state, more=more)


class HandCentre:
    """Writes records into its own chain and answers for them."""

    def __init__(self, *, incarnation: int = 1, epoch: str = "epoch-1") -> None:
        self.incarnation = incarnation
        self.epoch = epoch
        self.key = Ed25519PrivateKey.generate()
        self.head = ChainHead()
        self.records: list[CentreRecord] = []

    def write(self, body, *, at: datetime) -> CentreRecord:
        stamp = RecordStamp(
            record_id=uuid7(at),
            edge_id="centre",
            incarnation=self.incarnation,
            sequence=self.head.sequence + 1,
            previous_hash=self.head.hash,
            observed_at=at,
            recorded_at=at,
            boot_id="boot",
            monotonic_ns=1,
            clock_quality=ClockQuality.SYNCHRONISED,
        )
        return self.write_bytes(encode_record(body, stamp=stamp))

    def write_bytes(self, record: bytes) -> CentreRecord:
        written = CentreRecord(
            incarnation=self.incarnation,
            sequence=self.head.sequence + 1,
            record=record,
            hash=record_hash(record),
        )
        self.head = ChainHead(sequence=written.sequence, hash=written.hash)
        self.records.append(written)
        return written

    def issue(self, text: str, *, policy_id: str = "order-x", version: int = 1, at: datetime) -> CentreRecord:
        return self.write(PolicyIssued(policy_id=policy_id, version=version, document=text, issued_by="cdc"), at=at)

    def review(self, crossing_id: str, *, case_class: CaseClass = CaseClass.CONFIRMED, note: str = "", at: datetime):
        body = CaseReviewed(crossing_id=crossing_id, case_class=case_class, note=note, reviewer_ref="cdc")
        return self.write(body, at=at)

    def erase(self, *episode_ids: str, at: datetime, erasure_id: str = "erasure-1") -> CentreRecord:
        body = EpisodesErased(
            erasure_id=erasure_id,
            episode_ids=episode_ids,
            legal_basis="Luật 91/2025/QH15",
            requested_by="12/YC",
            erased_at=at,
        )
        return self.write(body, at=at)

    def answer(self, after: int, *, at: datetime, edge_id: str = "mong-cai-1") -> DownAnswer:
        records = self.records[after:]
        unsigned = DownAnswer(
            epoch=self.epoch,
            edge_id=edge_id,
            centre_incarnation=self.incarnation,
            after=after,
            last=after + len(records),
            head_hash=(records[-1].hash if records else self.records[after - 1].hash if after else bytes(32)).hex(),
            length=len(self.records),
            issued_at=at,
            nonce="00" * 16,
            records=tuple(each.record for each in records),
        )
        return unsigned.signed(key=self.key)

    def tell(self, gate: Gate, *, at: datetime | None = None) -> None:
        """Let an edge take everything it does not have yet, as its downlink would."""
        mirror = Mirror(gate)
        position = mirror.position()
        after = position.sequence if position.incarnation in {0, self.incarnation} else 0
        mirror.take(self.answer(after, at=at or datetime.now(UTC)), self.records[after:])
