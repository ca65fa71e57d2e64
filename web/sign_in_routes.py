"""The pages and interfaces of sign-in, sign-out, the session and the preferences."""

from collections.abc import Mapping

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.access import is_transport_safe, session_cookie
from web.forms import FORM_TYPE, FormRefusedError, read_body, read_form
from web.language import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE, THEMES, preference_cookie
from web.pages import Pages
from web.refusals import refusal_response
from web.roles import session_of
from web.sign_in import Session, SignIn, SignInRefusedError

_HTTP_CODES = {"wrong_credentials": 401, "wait": 429, "busy": 503}
_SHIFT_S = 12 * 3600
_CLEARED = '"cache"'
"""What a browser forgets at sign-out (W3C Clear Site Data, 3.1; ASVS 14.3.1): pages that it held, also for going back.

Not ``"storage"``: this origin's IndexedDB holds what a handheld kept, sealed, and not sent yet, and its worker. Not
``"cookies"``: they go for all ports of the host, with the language, the traveller's screen and the other service.
The session's cookie is taken away by name.
"""


class _Credentials(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    username: str
    password: str
    next: str = ""
    csrf_token: str = ""


def is_local_path(path: str) -> bool:
    r"""Tell whether a redirect to ``path`` stays on this site.

    >>> is_local_path("/desk"), is_local_path("//evil.example"), is_local_path("/\\evil.example")
    (True, False, False)
    """
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()


class SignInRoutes:
    """Bound to one service: its sign-in, its pages, and where each role starts work."""

    def __init__(
        self, *, sign_in: SignIn, pages: Pages, home_by_role: Mapping[str, str], allows_plain_http: bool
    ) -> None:
        """``allows_plain_http``: the demonstration only; otherwise plain http serves this machine itself."""
        self._sign_in = sign_in
        self._pages = pages
        self._home_by_role = home_by_role
        self._allows_plain_http = allows_plain_http

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(include_in_schema=True, tags=["sign-in"])
        router.add_api_route("/", self.show_home, methods=["GET"], include_in_schema=False)
        router.add_api_route("/sign-in", self.show_sign_in, methods=["GET"], include_in_schema=False)
        router.add_api_route("/sign-in", self.take_sign_in, methods=["POST"], status_code=204)
        router.add_api_route("/sign-out", self.take_sign_out, methods=["POST"], status_code=204)
        router.add_api_route("/api/session", self.tell_session, methods=["GET"])
        router.add_api_route("/preferences", self.take_preferences, methods=["POST"], include_in_schema=False)
        return router

    async def show_home(self, request: Request) -> Response:
        """Lead to where this role works."""
        session = session_of(request)
        return RedirectResponse(self._home_by_role.get(session.role, "/devices"), status_code=303)

    async def show_sign_in(self, request: Request, next: str = "") -> Response:  # noqa: A002 - the query's name
        """Show the form, or go on when somebody is signed in already; who locked a station may sign in anew."""
        if request.state.session is not None and not request.state.session.is_locked:
            return RedirectResponse("/", status_code=303)
        return self._form(request, next_path=next)

    async def take_sign_in(self, request: Request) -> Response:
        """Open a session: 204 for JSON, 303 for the form; 401, 403, 429 or 503 otherwise."""
        is_form = request.headers.get("content-type", "").startswith(FORM_TYPE)
        try:
            given = await self._credentials(request, is_form=is_form)
        except (FormRefusedError, msgspec.ValidationError, msgspec.DecodeError):
            return refusal_response("bad_form", http_code=400)
        is_safe = is_transport_safe(request.headers, scheme=request.url.scheme)
        if not (is_safe or self._allows_plain_http):
            return refusal_response("insecure_transport", http_code=403)
        address = request.client.host if request.client else ""
        try:
            session = await self._sign_in.sign_in(given.username, password=given.password, address=address)
        except SignInRefusedError as refusal:
            return self._refuse(request, refusal=refusal, given=given, is_form=is_form)
        if request.state.session is not None:
            await self._sign_in.sign_out(request.state.session.token)
        return self._welcome(request, session=session, next_path=given.next, is_form=is_form)

    async def take_sign_out(self, request: Request) -> Response:
        """End the session and take the cookie away."""
        await self._sign_in.sign_out(session_of(request).token)
        is_form = request.headers.get("content-type", "").startswith(FORM_TYPE)
        answer: Response = RedirectResponse("/sign-in", status_code=303) if is_form else Response(status_code=204)
        answer.headers.append(
            "Set-Cookie", session_cookie("", scheme=request.url.scheme, max_age_s=0, name=self._sign_in.cookie)
        )
        answer.headers["Clear-Site-Data"] = _CLEARED
        return answer

    async def tell_session(self, request: Request) -> Response:
        """Answer ``{username, name, role, csrf_token}``."""
        session = session_of(request)
        body = {name: getattr(session, name) for name in ("username", "name", "role", "csrf_token")}
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def take_preferences(self, request: Request) -> Response:
        """Keep language or theme in a cookie and return to the page."""
        try:
            fields = await read_form(request)
        except FormRefusedError:
            return refusal_response("bad_form", http_code=400)
        path = fields.get("next", "/")
        answer = RedirectResponse(path if is_local_path(path) else "/", status_code=303)
        for name, cookie, choices in (("language", LANGUAGE_COOKIE, LANGUAGES), ("theme", THEME_COOKIE, THEMES)):
            if fields.get(name) in choices:
                answer.headers.append("Set-Cookie", preference_cookie(cookie, fields[name], scheme=request.url.scheme))
        return answer

    async def _credentials(self, request: Request, *, is_form: bool) -> _Credentials:
        if is_form:
            return msgspec.convert(await read_form(request), _Credentials)
        return msgspec.json.decode(await read_body(request), type=_Credentials)

    def _refuse(self, request: Request, *, refusal: SignInRefusedError, given: _Credentials, is_form: bool) -> Response:
        http_code = _HTTP_CODES[refusal.code]
        wait_s = int(refusal.retry_after_s + 0.999)
        if is_form:
            answer = self._form(
                request,
                next_path=given.next,
                username=given.username,
                code=refusal.code,
                wait_s=wait_s,
                http_code=http_code,
            )
        else:
            answer = refusal_response(refusal.code, http_code=http_code, values={"wait_s": wait_s})
        if wait_s:
            answer.headers["Retry-After"] = str(wait_s)
        return answer

    def _welcome(self, request: Request, *, session: Session, next_path: str, is_form: bool) -> Response:
        path = next_path if is_local_path(next_path) else "/"
        answer: Response = RedirectResponse(path, status_code=303) if is_form else Response(status_code=204)
        cookie = session_cookie(session.token, scheme=request.url.scheme, max_age_s=_SHIFT_S, name=self._sign_in.cookie)
        answer.headers.append("Set-Cookie", cookie)
        return answer

    def _form(
        self,
        request: Request,
        *,
        next_path: str,
        username: str = "",
        code: str = "",
        wait_s: int = 0,
        http_code: int = 200,
    ) -> Response:
        return self._pages.render(
            request,
            "sign_in.html",
            http_code=http_code,
            next_path=next_path if is_local_path(next_path) else "",
            username=username,
            refusal_code=code,
            wait_s=wait_s,
        )
