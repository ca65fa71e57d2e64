r"""One HTTP request as bytes: what a listener hands to a driver, and what a recording of one holds.

A driver on an HTTP wire is fed whole requests, written as RFC 9112 writes them but with the few
header fields that mean anything: no cookie, no credentials, no name of the sender. So a capture can
be read by eye, sent again with any tool, and holds no secret.

>>> written = write_request("POST", "/iclock/cdata?SN=7&table=rtlog", media_type="text/plain", body=b"x")
>>> written
b'POST /iclock/cdata?SN=7&table=rtlog HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx'
>>> read_request(written).query["table"]
'rtlog'
"""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

LONGEST_HEAD_BYTES: Final = 16 * 1024
_MOST_FIELDS: Final = 50
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{3,7}) (/[\x21-\x7e]{0,2000}) HTTP/1\.[01]", re.ASCII)


class HttpMessageError(ValueError):
    """The bytes are no HTTP request; the text says why and quotes nothing of them."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request without its sender: ``path`` and ``query`` are decoded, ``media_type`` is as it was sent."""

    method: str
    path: str
    query: dict[str, str]
    media_type: str
    body: bytes


def write_request(method: str, target: str, *, media_type: str, body: bytes) -> bytes:
    """Write a request as a driver is fed it."""
    head = f"{method} {target} HTTP/1.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


def read_request(payload: bytes) -> HttpRequest:
    """Read a request; ``HttpMessageError`` on anything else, a body shorter or longer than it says included."""
    head, blank, body = payload[:LONGEST_HEAD_BYTES].partition(b"\r\n\r\n")
    if not blank:
        msg = "no end of the header"
        raise HttpMessageError(msg)
    body = payload[len(head) + len(blank) :]
    first, *lines = head.split(b"\r\n")
    asked = _REQUEST_LINE.fullmatch(first)
    if asked is None:
        msg = "the first line is no request"
        raise HttpMessageError(msg)
    fields = header_fields(lines)
    if fields.get("content-length", str(len(body))) != str(len(body)):
        msg = "the body is not as long as it says"
        raise HttpMessageError(msg)
    path, query = _taken_apart(asked[2].decode("ascii"))
    return HttpRequest(
        method=asked[1].decode("ascii"),
        path=path,
        query=query,
        media_type=fields.get("content-type", ""),
        body=body,
    )


def _taken_apart(target: str) -> tuple[str, dict[str, str]]:
    """Give path and query; urllib raises on more than 50 fields, and on a target like a host in broken brackets."""
    try:
        parts = urlsplit(target)
        return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        msg = "the request's target cannot be taken apart"
        raise HttpMessageError(msg) from None


def header_fields(lines: list[bytes]) -> dict[str, str]:
    """Read header lines, names in lower case; a line without a colon means nothing and is left out."""
    fields = (line.decode("latin-1").partition(":") for line in lines)
    return {name.strip().lower(): content.strip() for name, colon, content in fields if colon}


def is_of_media_type(media_type: str, *kinds: str) -> bool:
    """Whether a Content-Type is one of these, whatever its parameters.

    >>> is_of_media_type('application/json; charset="UTF-8"', "application/json")
    True
    """
    return media_type.partition(";")[0].strip().lower() in kinds


def parameter(media_type: str, name: str) -> str:
    """Give a parameter of a Content-Type or Content-Disposition, or nothing.

    >>> parameter('multipart/form-data; boundary="MIME_boundary"', "boundary")
    'MIME_boundary'
    """
    found = re.search(rf';\s*{re.escape(name)}=(?:"([^"]{{0,200}})"|([^;\s]{{1,200}}))', media_type, re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""
