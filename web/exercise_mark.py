"""The mark of a drill on everything that a service shows: every page and every table that leaves it.

One place below all rooms, so that no page and no file can be made without it. A page gets the stylesheet,
the pattern and the words; a table gets a first column; every answer gets a header. Papers are marked where
they are typeset.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.language import language_of

HEADER: Final = "X-Kiemdich-Exercise"
FILE_MARK: Final = "DIEN-TAP-"
_BODY: Final = re.compile(rb"<body\b[^>]*>", re.IGNORECASE)
_HEAD_ENDS: Final = b"</head>"
_FILE_NAME: Final = re.compile(r'filename="')
_BOM: Final = "\ufeff"


class ExerciseMark:
    """ASGI middleware around the whole service of a drill."""

    def __init__(self, app: ASGIApp, *, marks: Mapping[str, tuple[str, str]], stylesheet: str) -> None:
        """``marks``: language -> the word and the line of the mark. ``stylesheet``: its address."""
        self._app = app
        self._marks = marks
        self._stylesheet = stylesheet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the service does, with the mark."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        word, line = self._marks[language_of(Request(scope))]
        await self._app(scope, receive, _Marking(send, word=word, line=line, stylesheet=self._stylesheet))


class _Marking:
    """The sending end of one answer: a page or a table is held until it is whole, everything else goes through."""

    def __init__(self, send: Send, *, word: str, line: str, stylesheet: str) -> None:
        self._send = send
        self._word, self._line, self._stylesheet = word, line, stylesheet
        self._start: Message | None = None
        self._mark: Callable[[bytes], bytes] | None = None
        self._held = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body" or self._mark is None:
            await self._send(message)
        else:
            await self._hold(message)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        headers[HEADER] = "1"
        media_type = headers.get("content-type", "")
        self._mark = {"text/html": self._page, "text/csv": self._table}.get(media_type.partition(";")[0])
        if "content-disposition" in headers:
            named = _FILE_NAME.sub(f'filename="{FILE_MARK}', headers["content-disposition"], count=1)
            headers["content-disposition"] = named
        message["headers"] = headers.raw
        if self._mark is None:
            await self._send(message)
        else:
            self._start = message

    async def _hold(self, message: Message) -> None:
        self._held += message.get("body", b"")
        if message.get("more_body", False) or self._mark is None or self._start is None:
            return
        body = self._mark(self._held) if self._held else b""
        headers = MutableHeaders(raw=self._start["headers"])
        if body:
            headers["content-length"] = str(len(body))
        self._start["headers"] = headers.raw
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})

    def _page(self, body: bytes) -> bytes:
        sheet = f'<link rel="stylesheet" href="{self._stylesheet}">'.encode()
        shown = f'<aside class="exercise-mark" aria-label="{self._word}" data-word="{self._word}">{self._line}</aside>'
        shown += '<div class="exercise-pattern" aria-hidden="true"></div>'
        marked = body.replace(_HEAD_ENDS, sheet + _HEAD_ENDS, 1)
        return _BODY.sub(lambda found: found[0] + shown.encode(), marked, count=1)

    def _table(self, body: bytes) -> bytes:
        text = body.decode("utf-8")
        rows = csv.reader(io.StringIO(text.removeprefix(_BOM)))
        paper = io.StringIO()
        csv.writer(paper).writerows([self._word, *row] for row in rows)
        return ((_BOM if text.startswith(_BOM) else "") + paper.getvalue()).encode()
