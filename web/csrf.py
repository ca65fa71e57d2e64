"""Requests that change something must come from our own page: Fetch metadata, Origin and a token, all three.

A browser always says where a request comes from (``Sec-Fetch-Site`` or ``Origin``); a program that is no
browser says neither, holds no cookie of somebody else, and still needs the session's token.
"""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_from_our_page(headers: Headers, *, scheme: str) -> bool:
    """Tell whether Fetch metadata and Origin, as far as they are there, name our own origin.

    >>> is_from_our_page(Headers({"host": "a", "origin": "https://b"}), scheme="https")
    False
    >>> is_from_our_page(Headers({"host": "a", "origin": "https://a", "sec-fetch-site": "same-origin"}), scheme="https")
    True
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    # A plain form under "no-referrer" says "null"; the browser's own Sec-Fetch-Site then decides.
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    parts = urlsplit(origin)
    web_scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    return parts.scheme == web_scheme and parts.netloc == headers.get("host", "")


def is_right_token(given: str | None, *, expected: str) -> bool:
    """Compare in constant time."""
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
