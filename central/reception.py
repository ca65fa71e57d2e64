"""What a push must be before it may touch the ledger: pure checks, in the order of their cost.

A batch is taken whole or not at all. Its records must be of the edge that signed, of one incarnation,
without gaps, each naming the hash of the one before. What a record says inside is not judged here: a
record that cannot be projected is still appended (quarantine is the store's word).
"""

import re

import msgspec

from sync.agreement.exercise import is_exercise_name
from sync.agreement.records import RecordBody, RecordRecovered
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
    """One record as received. ``body`` is ``None`` for a newer type, or when ``refusal`` says why.

    ``original`` is the record that a ``record_recovered`` carries over from an abandoned chain.
    """

    envelope: Envelope
    record: bytes
    hash: bytes
    body: RecordBody | None = None
    refusal: str | None = None
    original: "ReceivedRecord | None" = None

    @property
    def subject(self) -> "ReceivedRecord":
        """The record that says what happened: this one, or the innermost that it carries."""
        return self if self.original is None else self.original.subject

    @property
    def crossing_id(self) -> str | None:
        """The crossing that this is about, if it is known and about one."""
        body = self.subject.body
        return None if body is None else body.crossing_id


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
    """Read one record; raise ``ReceptionError`` if it is no record at all, or one of a drill.

    A bad body is only noted.
    """
    try:
        envelope = decode_record(line)
    except EnvelopeError as error:
        raise ReceptionError(code="record_refused", http_code=422) from error
    if is_exercise_name(envelope.edge_id):
        raise ReceptionError(code="record_refused", http_code=422)
    try:
        body = body_of(envelope)
    except EnvelopeError:
        return ReceivedRecord(envelope=envelope, record=line, hash=record_hash(line), refusal="body_refused")
    if isinstance(body, RecordRecovered):
        return _with_original(envelope, body=body, line=line)
    crossing_id = None if body is None else body.crossing_id
    refusal = None if crossing_id is None or is_identifier(crossing_id) else "crossing_id_refused"
    return ReceivedRecord(
        envelope=envelope, record=line, hash=record_hash(line), body=None if refusal else body, refusal=refusal
    )


def _with_original(envelope: Envelope, *, body: RecordRecovered, line: bytes) -> ReceivedRecord:
    """Read the record inside: of the same edge, from the place that is named, under an older incarnation."""
    try:
        original = read_record(body.original)
    except ReceptionError:
        return ReceivedRecord(envelope=envelope, record=line, hash=record_hash(line), refusal="original_refused")
    inner = original.envelope
    named = (envelope.edge_id, body.original_incarnation, body.original_sequence)
    if (inner.edge_id, inner.incarnation, inner.sequence) != named or inner.incarnation >= envelope.incarnation:
        return ReceivedRecord(envelope=envelope, record=line, hash=record_hash(line), refusal="original_refused")
    return ReceivedRecord(envelope=envelope, record=line, hash=record_hash(line), body=body, original=original)


def is_identifier(text: str) -> bool:
    """Whether a crossing's name can be an index key: short, and nothing but letters, digits and hyphens."""
    return len(text) <= 64 and _IDENTIFIER(text) is not None


_IDENTIFIER = re.compile(r"-*[A-Za-z0-9][A-Za-z0-9-]*").fullmatch


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
