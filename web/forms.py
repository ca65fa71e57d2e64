"""Small url-encoded forms from a capped raw body: no multipart, no third-party form parser."""

from urllib.parse import parse_qsl

from starlette.requests import Request

LARGEST_FORM_BYTES = 16 * 1024
_MOST_FIELDS = 80
FORM_TYPE = "application/x-www-form-urlencoded"


class FormRefusedError(ValueError):
    """The sender's form is too large, not url-encoded, or names a field twice; do not retry."""


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a url-encoded body; raises FormRefusedError.

    >>> parse_form(b"username=canbo&next=%2Flanes%2Flane-1")
    {'username': 'canbo', 'next': '/lanes/lane-1'}
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        msg = "the form is not url-encoded UTF-8"
        raise FormRefusedError(msg) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        msg = "the form names a field twice"
        raise FormRefusedError(msg)
    return fields


async def read_body(request: Request, *, largest_bytes: int = LARGEST_FORM_BYTES) -> bytes:
    """Read a body, and stop as soon as it grows beyond the cap; raises FormRefusedError."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest_bytes:
            msg = f"the body is larger than {largest_bytes} bytes"
            raise FormRefusedError(msg)
    return bytes(body)


async def read_form(request: Request) -> dict[str, str]:
    """Read and parse a form; raises FormRefusedError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        msg = f"the body must be {FORM_TYPE}"
        raise FormRefusedError(msg)
    return parse_form(await read_body(request))
