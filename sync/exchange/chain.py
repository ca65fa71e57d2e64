"""The chain that makes a journal tamper-evident: each record names the hash of the one before.

Pure. A chain belongs to one (edge_id, incarnation); its sequence counts from 1 without gaps and its
first record names 32 zero bytes. Hashes cover the stored bytes under a domain tag, so that a record's
hash can never be mistaken for a hash of something else.
"""

import hashlib
from collections.abc import Iterable

import msgspec

RECORD_TAG = b"kiemdich/record/v1\x00"
GENESIS_HASH = bytes(32)


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain reaches: its last sequence (0 = empty) and that record's hash."""

    sequence: int = 0
    hash: bytes = GENESIS_HASH


class ChainDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where a chain is not what it should be.

    ``sequence`` is the place itself, counted along the chain, whatever the record there says of itself.
    """

    sequence: int
    field: str
    expected: str
    found: str


class ChainBrokenError(ValueError):
    """A record does not follow the one before it; ``difference`` says where and how."""

    def __init__(self, difference: ChainDifference) -> None:
        """Keep the difference, and say it in the message."""
        self.difference = difference
        super().__init__(
            f"record {difference.sequence}: {difference.field} should be {difference.expected}, is {difference.found}"
        )


class _Link(msgspec.Struct, frozen=True):
    sequence: int
    previous_hash: str


_LINKS = msgspec.json.Decoder(_Link)


def record_hash(record: bytes) -> bytes:
    """Hash the stored bytes of one record: SHA-256 under the domain tag, 32 bytes.

    >>> record_hash(b"{}").hex()[:16]
    'bc0da3b216daf8a8'
    """
    return hashlib.sha256(RECORD_TAG + record).digest()


def extend(head: ChainHead, *, sequence: int, previous_hash: str, own_hash: bytes) -> ChainHead:
    """Return the head after a record that says ``sequence`` and ``previous_hash`` (hex) and has ``own_hash``.

    Raises ``ChainBrokenError`` when it does not follow ``head``.
    """
    if sequence != head.sequence + 1:
        raise ChainBrokenError(_difference(head.sequence + 1, "sequence", expected=head.sequence + 1, found=sequence))
    if previous_hash != head.hash.hex():
        raise ChainBrokenError(_difference(sequence, "previous_hash", expected=head.hash.hex(), found=previous_hash))
    return ChainHead(sequence=sequence, hash=own_hash)


def verify_chain(
    records: Iterable[bytes],
    *,
    after_sequence: int = 0,
    after_hash: bytes = GENESIS_HASH,
) -> ChainHead | ChainDifference:
    """Follow ``records`` on from a known head; return the new head, or the first difference."""
    head = ChainHead(sequence=after_sequence, hash=after_hash)
    for record in records:
        try:
            link = _LINKS.decode(record)
            head = extend(head, sequence=link.sequence, previous_hash=link.previous_hash, own_hash=record_hash(record))
        except ChainBrokenError as broken:
            return broken.difference
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _difference(head.sequence + 1, "record", expected="a record of version 1", found="unreadable bytes")
    return head


def _difference(sequence: int, field: str, *, expected: object, found: object) -> ChainDifference:
    return ChainDifference(sequence=sequence, field=field, expected=str(expected), found=str(found))
