"""Digest access authentication (RFC 7616), both sides' arithmetic, without a connection.

A password never travels, not even to a listener without TLS. MD5 is there because most terminals
speak nothing else; as the RFC uses it, keyed by a nonce of ours, its collisions help nobody.
"""

import hashlib
import hmac
import re
from typing import Final

import msgspec

ALGORITHMS: Final = {"MD5": "md5", "SHA-256": "sha256"}
_PAIR: Final = re.compile(r'(\w+)=(?:"([^"]{0,1000})"|([^\s,"]{1,1000}))')


class DigestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sent in ``Authorization: Digest``. An empty field was not sent."""

    username: str = ""
    realm: str = ""
    nonce: str = ""
    uri: str = ""
    response: str = ""
    qop: str = ""
    nc: str = ""
    cnonce: str = ""
    algorithm: str = "MD5"


def challenge(*, realm: str, nonce: str, algorithm: str = "MD5", is_stale: bool = False) -> str:
    """Write a ``WWW-Authenticate`` field.

    >>> challenge(realm="lane", nonce="n")
    'Digest realm="lane", qop="auth", nonce="n", algorithm=MD5'
    """
    stale = ", stale=true" if is_stale else ""
    return f'Digest realm="{realm}", qop="auth", nonce="{nonce}", algorithm={algorithm}{stale}'


def read_answer(authorization: str) -> DigestAnswer | None:
    """Read an ``Authorization`` field; ``None`` when it is no digest."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "digest" or len(rest) > 4000:
        return None
    pairs = {name: quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
    return msgspec.convert(
        {name: text for name, text in pairs.items() if name in DigestAnswer.__struct_fields__}, DigestAnswer
    )


def expected_response(answer: DigestAnswer, *, method: str, password: str) -> str:
    """Compute what the response must be for this password (RFC 7616 section 3.4.1, qop auth or none).

    The example of RFC 7616 section 3.9.1:

    >>> mufasa = DigestAnswer(username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html",
    ...     nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc="00000001", qop="auth",
    ...     cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    >>> expected_response(mufasa, method="GET", password="Circle of Life")
    '8ca523f5e9506fed4657c9700eebdbec'
    """
    name = ALGORITHMS[answer.algorithm]
    secret = _hash(name, f"{answer.username}:{answer.realm}:{password}")
    asked = _hash(name, f"{method}:{answer.uri}")
    middle = f"{answer.nonce}:{answer.nc}:{answer.cnonce}:{answer.qop}" if answer.qop else answer.nonce
    return _hash(name, f"{secret}:{middle}:{asked}")


def is_answered(answer: DigestAnswer, *, method: str, username: str, password: str) -> bool:
    """Whether this answer proves the password; the nonce, its count and the address are the caller's to judge."""
    if answer.algorithm not in ALGORITHMS or answer.qop not in {"", "auth"}:
        return False
    expected = expected_response(answer, method=method, password=password)
    is_same_user = hmac.compare_digest(answer.username.encode(), username.encode())
    return hmac.compare_digest(answer.response.encode(), expected.encode()) and is_same_user


def _hash(name: str, text: str) -> str:
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
