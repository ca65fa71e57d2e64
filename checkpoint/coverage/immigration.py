"""The immigration counter's list, without a name: a keyed hash of the document's number, a time, a direction.

The hash is made with the key of the edge's person keys, so that a list that is lost says nothing, and so that the
same number gives the same hash whatever kind of document it stood on.
"""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import msgspec

from checkpoint.documents import number_key
from sync.agreement.vocabulary import Direction

ERASED: Final = ""
"""What stands where the hash of an erased person stood; no document has an empty number."""
_DOCUMENT_DOMAIN: Final = "kiemdich/immigration-document/v1"
_ENTRY_DOMAIN: Final = "kiemdich/immigration-entry/v1"


class ImmigrationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One stamp at the counter. ``lane_id`` and ``counter`` are empty where the list names none."""

    entry_key: str
    document_key: str
    at: datetime
    direction: Direction
    lane_id: str = ""
    counter: str = ""

    @property
    def name(self) -> str:
        """The same line of the same list has the same name."""
        return self.entry_key


def document_key(number: str, *, key: bytes) -> str:
    """Hash a document's number: HMAC-SHA256, hexadecimal; ``ERASED`` for nothing.

    >>> document_key("qn 100-123", key=b"k" * 32) == document_key("QN100123", key=b"k" * 32)
    True
    """
    plain = number_key(number)
    return _keyed(_DOCUMENT_DOMAIN, plain, key=key) if plain else ERASED


def entry_key(document: str, *, at: datetime, direction: Direction, turn: int = 1, key: bytes) -> str:
    """Name one line of a list by what it says, so that the same line read twice is one entry.

    Where it was stamped is left out: one list names the counter and another does not. ``turn``: the how manieth line
    of its list that says so; a mother and two children cross with one pass in one minute.
    """
    return _keyed(_ENTRY_DOMAIN, f"{document}\0{at.astimezone(UTC).isoformat()}\0{direction}\0{turn}", key=key)


def _keyed(domain: str, text: str, *, key: bytes) -> str:
    return hmac.new(key, f"{domain}\0{text}".encode(), sha256).hexdigest()
