"""The envelope of a record, version 1: the bytes that are stored, hashed, signed and sent.

A record is one line of JSON, written once by the edge and never re-serialised. The open part holds
one struct of ``sync.agreement.records``; the sealed part is ciphertext (``sealing.py``), so that a
person can be erased while the hash over these bytes stays true. Key order is part of the format:
``decode_record`` refuses bytes that ``encode_record`` would not have written, so that one record has
one spelling (no doubled keys, no spaces, no other base64).

Three clocks: ``observed_at`` (the device's or the officer's moment), ``recorded_at`` (the commit) and, at
the centre, the time of receipt; ``boot_id`` and ``monotonic_ns`` order within one run of the machine, and
``clock_quality`` says whether its wall clock was synchronised. The size of the last time-sync offset is not
in version 1, and no field may be added to it: a reader of version 1 refuses bytes that it would not have
written. It needs ``"v":2`` with ``clock_offset_ms``, read beside version 1; until then the offset is known
by what the centre sees, the bound between two receipts.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from sync.agreement.records import RecordBody
from sync.agreement.upcasting import read_body
from sync.agreement.vocabulary import ClockQuality

RECORD_LIMIT_BYTES = 128 * 1024
"""A record has at most 64 KiB, and half as much again where another record carries it over in base64.

What an edge wrote must never be too long for the centre: one such record would hold its chain up for ever.
"""

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
Position = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
TypeSlug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,64}$")]
HashText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class EnvelopeError(ValueError):
    """These bytes are no record of version 1: the sender's fault; the same bytes fail again."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """How the sealed part was encrypted. The wrapped key travels apart, so that it can be destroyed."""

    scheme: Literal["aes-256-gcm/v1"] = "aes-256-gcm/v1"
    episode_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    nonce: bytes


class RecordStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a record but what happened. ``previous_hash`` is 32 raw bytes; times are aware."""

    record_id: UUID
    edge_id: str
    incarnation: int
    sequence: int
    previous_hash: bytes
    observed_at: datetime
    recorded_at: datetime
    boot_id: str
    monotonic_ns: int
    clock_quality: ClockQuality
    lane_id: str | None = None
    officer_ref: str | None = None

    def __post_init__(self) -> None:
        """Refuse a naive time: order comes from the sequence, but no instant may be ambiguous."""
        if self.observed_at.tzinfo is None or self.recorded_at.tzinfo is None:
            msg = "a record needs aware times"
            raise EnvelopeError(msg)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it travels. ``sequence`` counts from 1 without gaps per (edge_id, incarnation)."""

    v: Literal[1] = 1
    record_id: UUID
    edge_id: Slug
    incarnation: Position
    sequence: Position
    type: TypeSlug
    type_version: Position
    observed_at: AwareTime
    recorded_at: AwareTime
    boot_id: str
    monotonic_ns: int
    clock_quality: ClockQuality
    lane_id: str | None
    officer_ref: str | None
    previous_hash: HashText
    open: msgspec.Raw
    sealed: bytes | None = None
    sealing: Sealing | None = None

    def __post_init__(self) -> None:
        """Refuse a ciphertext without its nonce, and a nonce without its ciphertext."""
        if (self.sealed is None) != (self.sealing is None):
            msg = "sealed and sealing come together or not at all"
            raise ValueError(msg)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Envelope)


def encode_record(
    body: RecordBody,
    *,
    stamp: RecordStamp,
    sealed: bytes | None = None,
    sealing: Sealing | None = None,
) -> bytes:
    """Write the record's bytes: what happened, when and where, and the ciphertext of who it was."""
    envelope = Envelope(
        record_id=stamp.record_id,
        edge_id=stamp.edge_id,
        incarnation=stamp.incarnation,
        sequence=stamp.sequence,
        type=body.type_name,
        type_version=body.type_version,
        observed_at=stamp.observed_at,
        recorded_at=stamp.recorded_at,
        boot_id=stamp.boot_id,
        monotonic_ns=stamp.monotonic_ns,
        clock_quality=stamp.clock_quality,
        lane_id=stamp.lane_id,
        officer_ref=stamp.officer_ref,
        previous_hash=stamp.previous_hash.hex(),
        open=msgspec.Raw(_ENCODER.encode(body)),
        sealed=sealed,
        sealing=sealing,
    )
    return _ENCODER.encode(envelope)


def decode_record(record: bytes) -> Envelope:
    """Read one record's bytes; raise ``EnvelopeError`` for anything ``encode_record`` never writes.

    The open part is not looked into: it may be of a type that this version does not know yet.
    """
    if len(record) > RECORD_LIMIT_BYTES:
        msg = f"a record has at most {RECORD_LIMIT_BYTES} bytes, this one {len(record)}"
        raise EnvelopeError(msg)
    try:
        envelope = _DECODER.decode(record)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        # The decoder's own words may quote the bytes, hence a person: name only the kind of fault.
        msg = f"not a record of version 1 ({type(error).__name__})"
        raise EnvelopeError(msg) from None
    if _ENCODER.encode(envelope) != record:
        msg = "the record is not in its one canonical spelling"
        raise EnvelopeError(msg)
    return envelope


def body_of(envelope: Envelope) -> RecordBody | None:
    """Read the open part as the newest version of its type (``sync.agreement.upcasting``).

    Returns ``None`` for a type or version that is newer than this program. Raises ``EnvelopeError`` when
    the type is known and its open part does not fit it.
    """
    try:
        return read_body(envelope.open, type_name=envelope.type, type_version=envelope.type_version)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        msg = f"the open part is no {envelope.type} ({type(error).__name__})"
        raise EnvelopeError(msg) from None
