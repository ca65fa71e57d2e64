"""The short way for the records that most crossings consist of: decoded once, projected as they came.

Whatever is not exactly that goes the long way, which also names what is wrong: the short way finds a record
right or says nothing.
"""

import msgspec

from central.ledger import ISOLATION_ACTS, CrossingState, ProjectionError, apply_record
from central.reception import is_identifier
from central.store.bulk import Row
from central.store.projection import PROVINCE, Sender
from sync.agreement.records import (
    CrossingCorrected,
    CrossingScreened,
    CrossingWithdrawn,
    RecordBody,
    TemperatureRechecked,
    TravellerDischarged,
    TravellerIsolated,
)
from sync.exchange.chain import record_hash
from sync.exchange.envelope import RECORD_LIMIT_BYTES, Envelope

_HASH_DIGITS = 64


class PlainRecord(Envelope, frozen=True, kw_only=True):
    """An envelope whose open part is read with it, in one decoding.

    The form of ``type`` and ``previous_hash`` is not looked at: ``read_plain`` holds the one against a known
    word, and the look at the chains the other against the hash that it must be.
    """

    type: str
    previous_hash: str
    open: RecordBody  # type: ignore[assignment]

    def applied_to(self, state: CrossingState | None, *, sender: Sender, cut_off_hour: int) -> CrossingState | None:
        """Return the crossing after this record; ``None`` if it may not change it."""
        if sender.kind == PROVINCE:
            return None
        try:
            return apply_record(
                state,
                body=self.open,
                envelope=self,
                point_of_entry_id=sender.point_of_entry_id,
                cut_off_hour=cut_off_hour,
            )
        except ProjectionError:
            return None


_ABOUT_CROSSINGS: tuple[type, ...] = (
    CrossingScreened,
    TemperatureRechecked,
    TravellerIsolated,
    TravellerDischarged,
    CrossingCorrected,
    CrossingWithdrawn,
    *ISOLATION_ACTS,
)


def _decoder(body: type) -> msgspec.json.Decoder[PlainRecord]:
    """Make the reader of one type of record, of its newest version."""
    name = f"Plain{body.__name__}"
    fitted = msgspec.defstruct(name, [("open", body)], bases=(PlainRecord,), frozen=True, kw_only=True)
    return msgspec.json.Decoder(fitted)


_READERS = {body.type_name: (_decoder(body), body.type_version) for body in _ABOUT_CROSSINGS}  # type: ignore[attr-defined]


def read_plain(row: Row) -> PlainRecord | None:
    """Read a row of ``crossing_check``; ``None`` unless bytes, hash and every column say the same.

    The spelling of the JSON was judged when the record arrived (``central.reception``); since then the hash, which
    the look at the chains follows, holds the bytes to what they were.
    """
    _, edge_id, incarnation, sequence, record_id, kind, crossing_id, own_hash, record, _ = row
    decoder, version = _READERS.get(kind, _NO_READER)
    if decoder is None or len(record) > RECORD_LIMIT_BYTES:
        return None
    try:
        plain = decoder.decode(record)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    is_right = (
        (plain.edge_id, plain.incarnation, plain.sequence, plain.type, plain.type_version, plain.open.crossing_id)
        == (edge_id, incarnation, sequence, kind, version, crossing_id)
        and plain.record_id == record_id
        and len(plain.previous_hash) == _HASH_DIGITS
        and record_hash(record) == own_hash
        and is_identifier(crossing_id)
    )
    return plain if is_right else None


_NO_READER: tuple[None, int] = (None, 0)
