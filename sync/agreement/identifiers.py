"""Identifiers that cross the wire: what they look like, and how a new one is made.

Slugs (gates, lanes, devices, policies, rules) are lower case, digits and hyphens, so that they can
stand in a URL, a topic and a file name. Record and crossing identifiers are UUIDv7 (RFC 9562):
they sort by birth but are never used for order; order comes from sequence numbers.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

SLUG_PATTERN = r"^[a-z0-9]+(?:[.-][a-z0-9]+)*\Z"
_SLUG = re.compile(SLUG_PATTERN)


class IdentifierError(ValueError):
    """The caller handed over something that is no identifier of ours; do not retry."""


def slug(text: str) -> str:
    """Return ``text`` unchanged if it is a slug of at most 64 characters.

    >>> slug("mong-cai-1")
    'mong-cai-1'
    """
    if len(text) > 64 or not _SLUG.match(text):
        msg = f"{text!r} is no slug: use lower case letters, digits, '-' and '.', at most 64"
        raise IdentifierError(msg)
    return text


def uuid7(at: datetime, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> UUID:
    """Make a UUIDv7 from the aware time ``at`` and 10 random bytes (RFC 9562 section 5.7).

    >>> str(uuid7(datetime(2020, 1, 29, tzinfo=UTC), lambda n: bytes(n)))
    '016fee98-f800-7000-8000-000000000000'
    """
    if at.tzinfo is None:
        msg = "uuid7 needs an aware time"
        raise IdentifierError(msg)
    milliseconds = int(at.astimezone(UTC).timestamp() * 1000) & (2**48 - 1)
    noise = int.from_bytes(random_bytes(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | noise & (2**62 - 1))
