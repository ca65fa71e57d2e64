"""What a push must be before it may touch the ledger: pure checks, in the order of their cost.

A batch is taken whole or not at all. Its records must be of the edge that signed, of one incarnation,
without gaps, each naming the hash of the one before. What a record says inside is not judged here: a
record that cannot be projected is still appended (quarantine is the store's word).
"""

import msgspec

from sync.agreement.records import RecordBody
from sync.exchange.chain import ChainBrokenError, ChainHead, extend, record_hash
from sync.exchange.envelope import Envelope, EnvelopeError, body_of, decode_record
from sync.exchange.messages import BatchError, PushHeaders, RefusalCode, unpack_batch
from sync.exchange.sealing import EpisodeKey


class ReceptionError(ValueError):
    """The push is refused as it is; ``code`` goes back to the edge, which halts and shows it red."""

    def __init__(self, code: RefusalCode, *, http_code: int) -> None:
        """Keep the code and the HTTP code of the refusal."""
        self.code = code
        self.http_code = http_code
        super().__init__(code)


class ReceivedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record as received. ``body`` is ``None`` for a newer type, or when ``refusal`` says why."""

    envelope: Envelope
    record: bytes
    hash: bytes
    body: RecordBody | None = None
    refusal: str | None = None


class ReceivedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one push, checked against each other; at least one."""

    edge_id: str
    incarnation: int
    records: tuple[ReceivedRecord, ...]
    episode_keys: tuple[EpisodeKey, ...] = ()

    @property
    def last(self) -> ReceivedRecord:
        """The newest record: its hash becomes the head."""
        return self.records[-1]


def receive_batch(headers: PushHeaders, *, body: bytes) -> ReceivedBatch:
    """Unpack and check a push whose signature is known to be good; raise ``ReceptionError``."""
    try:
        lines, keys = unpack_batch(body)
    except BatchError as error:
        code: RefusalCode = "too_large" if error.is_too_large else "malformed"
        raise ReceptionError(code, http_code=413 if error.is_too_large else 400) from error
    if len(lines) != headers.last - headers.first + 1:
        raise ReceptionError(code="malformed", http_code=400)
    records = tuple(read_record(line) for line in lines)
    _check_chain(records, headers=headers)
    return ReceivedBatch(
        edge_id=headers.edge, incarnation=headers.incarnation, records=records, episode_keys=tuple(keys)
    )


def read_record(line: bytes) -> ReceivedRecord:
    """Read one record; raise ``ReceptionError`` if it is no record at all. A bad body is only noted."""
    try:
        envelope = decode_record(line)
    except EnvelopeError as error:
        raise ReceptionError(code="record_refused", http_code=422) from error
    try:
        body = body_of(envelope)
    except EnvelopeError:
        return ReceivedRecord(envelope=envelope, record=line, hash=record_hash(line), refusal="body_refused")
    refusal = None if body is None or _is_identifier(body.crossing_id) else "crossing_id_refused"
    return ReceivedRecord(
        envelope=envelope, record=line, hash=record_hash(line), body=None if refusal else body, refusal=refusal
    )


def _is_identifier(text: str) -> bool:
    """Whether a crossing's name can be an index key: short, and nothing but letters, digits and hyphens."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()


def _check_chain(records: tuple[ReceivedRecord, ...], *, headers: PushHeaders) -> None:
    """Each record belongs to the signer and follows the one before; the last hash is the signed one."""
    first = records[0].envelope
    head = ChainHead(sequence=headers.first - 1, hash=bytes.fromhex(first.previous_hash))
    for received in records:
        envelope = received.envelope
        if (envelope.edge_id, envelope.incarnation) != (headers.edge, headers.incarnation):
            raise ReceptionError(code="record_refused", http_code=422)
        try:
            head = extend(
                head,
                sequence=envelope.sequence,
                previous_hash=envelope.previous_hash,
                own_hash=received.hash,
            )
        except ChainBrokenError as error:
            raise ReceptionError(code="chain_broken", http_code=422) from error
    if head.hash.hex() != headers.head_hash:
        raise ReceptionError(code="chain_broken", http_code=422)
