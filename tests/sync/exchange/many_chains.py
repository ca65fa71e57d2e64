"""An edge and a centre in memory that speak the whole protocol: chains, incarnations, epochs, testimony.

Both are the smallest that are honest: lists of records per (edge, incarnation). ``restored`` makes a
copy as a backup holds it; a clone is a restored edge that runs beside the first.
"""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.agreement.records import CrossingScreened, IncarnationOpened, RecordRecovered
from sync.agreement.vocabulary import ClockQuality
from sync.exchange import messages
from sync.exchange.chain import GENESIS_HASH, ChainHead, record_hash
from sync.exchange.ends import OutgoingChain, OutgoingRecord, RefusedError, TransportError, UplinkIdentity
from sync.exchange.envelope import RecordStamp, body_of, decode_record, encode_record
from sync.exchange.uplink import Uplink
from tests.sync.exchange.journals import MORNING, identifier, screened

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EDGE = "mong-cai-1"
EDGE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class ChainsJournal:
    """Implements ``OutgoingJournal`` with all of its chains."""

    def __init__(self) -> None:
        self.entries: dict[int, list[OutgoingRecord]] = {1: []}
        self.receipts: dict[int, messages.Receipt] = {}
        self.grants: dict[int, messages.IncarnationGrant] = {}
        self.abandoned: dict[int, int] = {}
        self.found = None
        self.ledger_head = None
        self.notices: list[str] = []
        self.name = "first"
        self.writes = 0

    def restored(self, name: str) -> "ChainsJournal":
        twin = copy.deepcopy(self)
        twin.name = name
        return twin

    @property
    def current(self) -> int:
        return max(self.entries)

    def write(self, body=None) -> str:
        """Append one record; gives its identifier."""
        self.writes += 1
        record_id = identifier(f"{self.name}-{self.writes}")
        chain = self.entries[self.current]
        stamp = RecordStamp(
            record_id=record_id,
            edge_id=EDGE,
            incarnation=self.current,
            sequence=len(chain) + 1,
            previous_hash=chain[-1].hash if chain else GENESIS_HASH,
            observed_at=MORNING,
            recorded_at=MORNING,
            boot_id="boot",
            monotonic_ns=self.writes,
            clock_quality=ClockQuality.SYNCHRONISED,
        )
        record = encode_record(body or screened(f"{self.name}-{self.writes}"), stamp=stamp)
        chain.append(OutgoingRecord(sequence=len(chain) + 1, record=record, hash=record_hash(record)))
        return str(record_id)

    def head_of(self, incarnation: int, *, length: int | None = None) -> ChainHead:
        chain = self.entries[incarnation][:length]
        return ChainHead(sequence=chain[-1].sequence, hash=chain[-1].hash) if chain else ChainHead()

    def chains(self) -> Sequence[OutgoingChain]:
        return [
            OutgoingChain(
                incarnation=incarnation,
                head=self.head_of(incarnation, length=self.abandoned.get(incarnation)),
                receipt=self.receipts.get(incarnation),
                grant=self.grants.get(incarnation),
                is_current=incarnation == self.current,
                is_abandoned=incarnation in self.abandoned,
            )
            for incarnation in sorted(self.entries)
            if self.abandoned.get(incarnation) != 0
        ]

    def pending_after(self, sequence: int, *, incarnation: int, limit: int) -> Sequence[OutgoingRecord]:
        return self.entries[incarnation][sequence : sequence + limit]

    def hash_at(self, sequence: int, *, incarnation: int) -> bytes | None:
        chain = self.entries[incarnation]
        return chain[sequence - 1].hash if 0 < sequence <= len(chain) else None

    def note_receipt(self, receipt: messages.Receipt) -> None:
        self.receipts[receipt.incarnation] = receipt

    def note_ledger_head(self, head: messages.SignedHead) -> None:
        messages.check_witness(head, held=self.ledger_head)
        self.ledger_head = head

    def last_ledger_head(self) -> messages.SignedHead | None:
        return self.ledger_head

    def unstated(self) -> Sequence[OutgoingChain]:
        return ()

    def adopt(self, grant, *, abandon, reason, centre_sequence, earlier=()) -> None:
        previous = self.current
        opened = IncarnationOpened(
            reason=reason,
            previous_incarnation=previous,
            previous_sequence=len(self.entries[previous]),
            high_water=max(len(self.entries[previous]), centre_sequence),
            lost_records=0,
        )
        self.entries[grant.incarnation] = []
        self.grants[grant.incarnation] = grant
        self.write(opened)
        for each in abandon:
            upper = self.abandoned.get(each.incarnation, len(self.entries[each.incarnation]))
            for entry in self.entries[each.incarnation][each.last_known_sequence : upper]:
                self.write(
                    RecordRecovered(
                        original_incarnation=each.incarnation, original_sequence=entry.sequence, original=entry.record
                    )
                )
            self.abandoned[each.incarnation] = each.last_known_sequence
        self.found = None

    def finding(self):
        return self.found

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        return ()

    def note_express(self, record_ids) -> None:
        raise AssertionError

    def notice(self, kind: str, *, detail) -> None:
        self.notices.append(kind)


class WholeCentre:
    """A centre that answers every question of the uplink; ``faults`` says how the next requests end."""

    def __init__(self) -> None:
        self.ledger: dict[int, list[bytes]] = {}
        self.frozen: set[int] = set()
        self.newest = 1
        self.epoch = 1
        self.faults: list[str] = []
        self.testimonies: list[messages.Evidence] = []
        self.alarms: list[str] = []
        self.in_flight = 0

    def backup(self):
        return copy.deepcopy((self.ledger, self.frozen, self.newest))

    def restore(self, backup, *, is_known: bool) -> None:
        """Become what a backup holds; ``is_known``: the operator says so by a new epoch."""
        self.ledger, self.frozen, self.newest = copy.deepcopy(backup)
        self.epoch += is_known

    @property
    def epoch_name(self) -> str:
        return f"epoch-{self.epoch}"

    def held(self) -> list[str]:
        """The identifiers of what the centre counts, once each, in the order in which they came."""
        found: dict[str, None] = {}
        for chain in self.ledger.values():
            for record in chain:
                envelope = decode_record(record)
                body = body_of(envelope)
                if isinstance(body, RecordRecovered):
                    envelope = decode_record(body.original)
                    body = body_of(envelope)
                if isinstance(body, CrossingScreened):
                    found[str(envelope.record_id)] = None
        return list(found)

    def _begin(self, incarnation: int | None = None) -> None:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "lost":
            raise TransportError(reason="timeout")
        if incarnation is not None and incarnation > self.newest:
            raise RefusedError(messages.Refusal(code="wrong_incarnation"))
        self._answer_is_lost = fault == "answer lost"

    def _end(self) -> None:
        if self._answer_is_lost:
            raise TransportError(reason="timeout")

    def _head(self, incarnation: int) -> tuple[int, bytes]:
        chain = self.ledger.get(incarnation, [])
        return len(chain), record_hash(chain[-1]) if chain else GENESIS_HASH

    def ask_head(self, question, *, key) -> messages.HeadAnswer:
        self._begin(question.incarnation)
        question.check(signature=question.signature(key=key), public_key=EDGE_KEY.public_key().public_bytes_raw())
        chain = self.ledger.get(question.incarnation, [])
        own = question.own_sequence
        if 0 < own <= len(chain) and record_hash(chain[own - 1]).hex() != question.own_hash:
            self.frozen.add(question.incarnation)
            self.alarms.append("fork")
        sequence, digest = self._head(question.incarnation)
        answer = messages.HeadAnswer(
            epoch=self.epoch_name,
            edge_id=EDGE,
            incarnation=question.incarnation,
            sequence=sequence,
            hash=digest.hex(),
            receipt=self._receipt(question, sequence=sequence, digest=digest.hex()),
            is_frozen=question.incarnation in self.frozen,
            newest_incarnation=self.newest,
        ).signed(key=CENTRE_KEY)
        self._end()
        return answer

    def push(self, headers, *, body, key) -> messages.PushAnswer:
        self._begin(headers.incarnation)
        if headers.epoch != self.epoch_name:
            raise RefusedError(messages.Refusal(code="wrong_epoch"))
        if headers.incarnation in self.frozen:
            raise RefusedError(messages.Refusal(code="frozen_incarnation"))
        chain = self.ledger.setdefault(headers.incarnation, [])
        if headers.first > len(chain) + 1:
            raise RefusedError(messages.Refusal(code="gap"))
        lines, _ = messages.unpack_batch(body)
        for place, line in enumerate(lines, start=headers.first - 1):
            if place < len(chain) and chain[place] != line:
                self.frozen.add(headers.incarnation)
                self.alarms.append("fork")
                raise RefusedError(messages.Refusal(code="fork"))
        if lines and headers.first > 1:
            assert decode_record(lines[0]).previous_hash == record_hash(chain[headers.first - 2]).hex()
        chain += lines[len(chain) + 1 - headers.first :]
        receipt = self._receipt(headers, sequence=headers.last, digest=headers.head_hash)
        self._end()
        return messages.PushAnswer(
            epoch=self.epoch_name, sequence=headers.last, hash=headers.head_hash, dispositions=(), receipt=receipt
        )

    def ask_incarnation(self, question, *, key) -> messages.IncarnationGrant:
        self._begin()
        self.newest = max(self.newest, question.incarnation) + 1
        grant = messages.IncarnationGrant(
            edge_id=EDGE,
            incarnation=self.newest,
            previous_incarnation=question.incarnation,
            epoch=self.epoch_name,
            issued_at=NOW,
            nonce=question.nonce,
        ).signed(key=CENTRE_KEY)
        self._end()
        return grant

    def testify(self, words, *, evidence, key) -> messages.TestimonyAnswer:
        self._begin()
        self.testimonies.append(evidence)
        shown = evidence.receipt or evidence.ledger_head or evidence.grant
        shown.check(public_key=CENTRE_KEY.public_key().public_bytes_raw())
        if evidence.receipt is not None and evidence.receipt.epoch == self.epoch_name:
            self.epoch += evidence.receipt.sequence > self._head(evidence.receipt.incarnation)[0]
        if evidence.grant is not None:
            self.newest = max(self.newest, evidence.grant.incarnation)
        answer = messages.TestimonyAnswer(epoch=self.epoch_name, is_accepted=True, nonce=words.nonce)
        self._end()
        return answer.signed(key=CENTRE_KEY)

    def _receipt(self, words, *, sequence: int, digest: str) -> messages.Receipt:
        unsigned = messages.Receipt(
            epoch=self.epoch_name,
            edge_id=EDGE,
            incarnation=words.incarnation,
            sequence=sequence,
            hash=digest,
            ledger_position=sequence,
            received_at=NOW,
            nonce=words.nonce,
        )
        return unsigned.signed(key=CENTRE_KEY)


def uplink_of(journal: ChainsJournal, centre: WholeCentre, *, seed: int = 1) -> Uplink:
    """An uplink whose clock goes on 20 s with each look, and whose chance is a seed."""
    chance, looks = Random(seed), count(1)
    identity = UplinkIdentity(
        edge_id=EDGE,
        incarnation=1,
        signing_key=EDGE_KEY,
        centre_public_key=CENTRE_KEY.public_key().public_bytes_raw(),
        instance=chance.randbytes(16).hex(),
        start_number=seed,
    )
    return Uplink(
        identity,
        journal=journal,
        transport=centre,
        clock=lambda: NOW + next(looks) * timedelta(seconds=20),
        draw=chance.random,
        random_bytes=chance.randbytes,
    )
