"""Put the front on a service: headers, door, static files, sign-in, and pages for refusals."""

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.access import AccessGate, OpenPaths
from web.pages import Pages
from web.refusals import AccessRefusedError, refusal_response
from web.security_headers import SecurityHeaders
from web.sign_in import SignIn
from web.sign_in_routes import SignInRoutes


def install_front(
    app: FastAPI,
    *,
    sign_in: SignIn,
    pages: Pages,
    home_by_role: Mapping[str, str],
    open_paths: OpenPaths | None = None,
    allows_plain_http: bool = False,
) -> None:
    """Call once, after the service's own middleware: the last one added stands outermost."""
    routes = SignInRoutes(sign_in=sign_in, pages=pages, home_by_role=home_by_role, allows_plain_http=allows_plain_http)
    app.include_router(routes.router())
    pages.assets.mount(app)

    async def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, AccessRefusedError):
            raise error
        return _refusal(request, error=error, pages=pages)

    app.add_exception_handler(AccessRefusedError, refuse)
    app.add_middleware(AccessGate, sign_in=sign_in, open_paths=open_paths)
    app.add_middleware(SecurityHeaders)


def _refusal(request: Request, *, error: AccessRefusedError, pages: Pages) -> Response:
    is_page = not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
    if not is_page:
        return refusal_response(error.code, http_code=error.http_code)
    if error.code == "not_signed_in":
        return RedirectResponse("/sign-in", status_code=303)
    return pages.render(request, "refused.html", http_code=error.http_code, refusal_code=error.code)
