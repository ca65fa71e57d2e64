"""The door: every path needs a session unless it is listed as open, every change needs our own page.

ASGI middleware under ``SecurityHeaders``. It puts the session into ``request.state.session`` (None on open
paths without one); roles are asked by each route (``web.roles``). The cookie is ``__Host-kd`` over https and
``kd`` over plain http, which is served to the machine itself only unless the demonstration allows more; a drill's
has a name of its own (``SignIn.cookie``), for cookies go to every port of a host.
"""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.csrf import CSRF_FIELD, CSRF_HEADER, SAFE_METHODS, is_from_our_page, is_right_token
from web.forms import FORM_TYPE, FormRefusedError, parse_form, read_body
from web.refusals import refusal_response
from web.sign_in import SESSION_COOKIE, Session, SignIn

_WITHOUT_AUTHORITY = frozenset({"/sign-in", "/preferences", "/declare"})
"""Changes in which the session has no part: nothing that it may do is done, so there is no token to ask for."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OpenPaths(msgspec.Struct, frozen=True, kw_only=True):
    """What needs no session. ``signed_prefixes`` carry their own signature: no cookie, no CSRF check."""

    exact: frozenset[str] = frozenset(
        {"/sign-in", "/preferences", "/declare", "/api/health", "/metrics", "/favicon.ico"}
    )
    prefixes: tuple[str, ...] = ("/static/",)
    signed_prefixes: tuple[str, ...] = ("/sync/v1/",)

    def is_open(self, path: str) -> bool:
        """Tell whether ``path`` may be asked for by anybody."""
        return path in self.exact or path.startswith(self.prefixes)


def cookie_name(scheme: str, *, name: str = SESSION_COOKIE) -> str:
    """Return the session cookie's name: the ``__Host-`` prefix binds it to this host, path / and https.

    >>> cookie_name("https"), cookie_name("ws")
    ('__Host-kd', 'kd')
    """
    return _bound_name(name, scheme=scheme)


def _bound_name(name: str, *, scheme: str) -> str:
    return f"__Host-{name}" if scheme in {"https", "wss"} else name


def session_cookie(token: str, *, scheme: str, max_age_s: int, name: str = SESSION_COOKIE) -> str:
    """Return the Set-Cookie value; an empty token with age 0 takes the cookie away.

    ``name``: a cookie goes to every port of a host, so two services on one host need two names.
    """
    return cookie_line(name, token, scheme=scheme, max_age_s=max_age_s)


def cookie_line(name: str, token: str, *, scheme: str, max_age_s: int) -> str:
    """Return the Set-Cookie value of a secret of ours under its plain name."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{_bound_name(name, scheme=scheme)}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"


def is_transport_safe(headers: Headers, *, scheme: str) -> bool:
    """Tell whether a password may travel this way: https, or plain http to the machine itself.

    >>> is_transport_safe(Headers({"host": "127.0.0.1:8441"}), scheme="http")
    True
    >>> is_transport_safe(Headers({"host": "gate.example"}), scheme="http")
    False
    """
    if scheme in {"https", "wss"}:
        return True
    host = headers.get("host", "")
    return (host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]) in _LOOPBACK


def token_in(headers: Headers, *, scheme: str, name: str = SESSION_COOKIE) -> str | None:
    """Read the session token from the cookies, if there is a plausible one."""
    return cookie_in(headers, name=name, scheme=scheme)


def cookie_in(headers: Headers, *, name: str, scheme: str) -> str | None:
    """Read a secret of ours from the cookies, by its plain name, if there is a plausible one."""
    value = cookie_parser(headers.get("cookie", "")).get(_bound_name(name, scheme=scheme), "")
    return value if 0 < len(value) <= 128 else None


class AccessGate:
    """ASGI middleware: resolves the session, refuses closed paths, and checks changes for CSRF."""

    def __init__(self, app: ASGIApp, *, sign_in: SignIn, open_paths: OpenPaths | None = None) -> None:
        """Wrap ``app``; closed by default."""
        self._app = app
        self._sign_in = sign_in
        self._open = open_paths or OpenPaths()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or WebSocket through, or answer for it."""
        if scope["type"] == "lifespan" or scope["path"].startswith(self._open.signed_prefixes):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = await self._session_of(scope, headers=headers)
        scope.setdefault("state", {})["session"] = session
        if scope["type"] == "websocket":
            await self._pass_websocket(scope, receive, send, session=session)
            return
        answer, receive = await self._judge(scope, receive, headers=headers, session=session)
        await (answer or self._app)(scope, receive, send)

    async def _session_of(self, scope: Scope, *, headers: Headers) -> Session | None:
        token = token_in(headers, scheme=scope["scheme"], name=self._sign_in.cookie)
        if token is None or scope["path"].startswith("/static/"):
            return None
        is_change = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        is_page = not scope["path"].startswith("/api/")
        return await self._sign_in.resume(token, is_activity=is_change or is_page)

    async def _pass_websocket(self, scope: Scope, receive: Receive, send: Send, *, session: Session | None) -> None:
        """A WebSocket knows no CORS: only our own page, signed in, may open one (close before accept is 403)."""
        if session is None or not is_from_our_page(Headers(scope=scope), scheme=scope["scheme"]):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    async def _judge(
        self, scope: Scope, receive: Receive, *, headers: Headers, session: Session | None
    ) -> tuple[Response | None, Receive]:
        """Return the refusal, if any, and the ``receive`` to go on with (a body that was read is played again)."""
        path, is_change = scope["path"], scope["method"] not in SAFE_METHODS
        if is_change and not is_from_our_page(headers, scheme=scope["scheme"]):
            return refusal_response("foreign_page", http_code=403), receive
        if session is None:
            return (None if self._open.is_open(path) else _not_signed_in(scope, headers=headers)), receive
        if not is_change or path in _WITHOUT_AUTHORITY:
            return None, receive
        try:
            given, receive = await _given_token(scope, receive, headers=headers)
        except FormRefusedError:
            return refusal_response("bad_form", http_code=400), receive
        if is_right_token(given, expected=session.csrf_token):
            return None, receive
        return refusal_response("csrf", http_code=403), receive


def _not_signed_in(scope: Scope, *, headers: Headers) -> Response:
    wants_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    if wants_page and not scope["path"].startswith("/api/"):
        return RedirectResponse(f"/sign-in?next={quote(scope['path'], safe='/')}", status_code=303)
    return refusal_response("not_signed_in", http_code=401)


async def _given_token(scope: Scope, receive: Receive, *, headers: Headers) -> tuple[str | None, Receive]:
    """Find the CSRF token in the header or, for a plain form, in its field."""
    in_header = headers.get(CSRF_HEADER)
    is_form = headers.get("content-type", "").partition(";")[0].strip().lower() == FORM_TYPE
    if in_header is not None or not is_form:
        return in_header, receive
    body = await read_body(Request(scope, receive))
    fields: Mapping[str, str] = parse_form(body)
    return fields.get(CSRF_FIELD), _play_again(body, receive=receive)


def _play_again(body: bytes, *, receive: Receive) -> Receive:
    is_played = False

    async def receive_again() -> Message:
        nonlocal is_played
        if is_played:
            return await receive()
        is_played = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
