"""What every answer tells the browser to refuse: inline code, foreign origins, frames, guessing, caching.

ASVS 5.0 section 3.4. Pages need nothing from elsewhere and no inline script or style, so the policy
starts from ``'none'`` and names what is left.
"""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {source}" for directive, source in _SOURCES.items())
_CLOSED = ", ".join(
    f"{feature}=()" for feature in ("microphone", "geolocation", "payment", "usb", "serial", "display-capture")
)
PERMISSIONS_POLICY = f"camera=(), {_CLOSED}"
PERMISSIONS_WITH_CAMERA = f"camera=(self), {_CLOSED}"
_INSTALLABLE = _SOURCES | {"manifest-src": "'self'", "worker-src": "'self'", "trusted-types": "kd-worker"}
INSTALLABLE_POLICY = "; ".join(f"{directive} {source}" for directive, source in _INSTALLABLE.items())
_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ALWAYS_SAID = tuple((name.lower().encode(), content.encode()) for name, content in _ALWAYS.items())
_NAMES = frozenset(name for name, _ in _ALWAYS_SAID)
_A_PAGE_MAY_SAY = frozenset(
    {
        (b"permissions-policy", PERMISSIONS_WITH_CAMERA.encode()),
        (b"content-security-policy", INSTALLABLE_POLICY.encode()),
    }
)
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_NO_STORE = (b"cache-control", b"no-store")
RawHeaders = list[tuple[bytes, bytes]]


def with_camera(page: Response) -> Response:
    """Let this page, and no frame in it, ask for the camera; no other page can."""
    page.headers["Permissions-Policy"] = PERMISSIONS_WITH_CAMERA
    return page


def as_application(page: Response) -> Response:
    """Let this page be installed and register the one worker of its folder; no other page can."""
    page.headers["Content-Security-Policy"] = INSTALLABLE_POLICY
    return with_camera(page)


class SecurityHeaders:
    """ASGI middleware, outermost. Answers that set no Cache-Control are ``no-store``: they may hold a person."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP answer, errors included."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_ours(message["headers"], is_https=scope["scheme"] == "https")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _with_ours(headers: RawHeaders, *, is_https: bool) -> RawHeaders:
    """Return an answer's headers with ours in place of its own: raw bytes, for every answer passes here."""
    allowed = [header for header in headers if header in _A_PAGE_MAY_SAY]
    allowed_names = {name for name, _ in allowed}
    kept = [header for header in headers if header[0] not in _NAMES]
    ours = [header for header in _ALWAYS_SAID if header[0] not in allowed_names]
    whole = [*kept, *allowed, *ours]
    if is_https:
        whole.append(_HSTS)
    if not any(name == b"cache-control" for name, _ in kept):
        whole.append(_NO_STORE)
    return whole
