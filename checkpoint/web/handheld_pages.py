"""The handhelds' page as an application to install: the page in three languages, its worker, its manifest, its icons.

All of it is open: it holds no session, no person and no token, so that a worker may keep it and show it with the edge
dead. Who works on the device is asked by the page itself (``checkpoint.app.handheld_routes``).
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from devices.opencv import cv2
from web.assets import OWN_FOLDER
from web.language import LANGUAGES, language_of
from web.pages import Pages
from web.roles import require
from web.security_headers import as_application

PREFIX: Final = "/handheld/"
ICON_SIZES: Final = (192, 512)
_FOLDER: Final = Path(__file__).parent
_WORKER: Final = _FOLDER / "static" / "handheld" / "worker.js"
_SECTIONS: Final = (
    "handheld", "lane", "question", "DeviationName", "DeviceKind", "DocumentKind", "DocumentWarningCode",
    "ExceptionCode", "Exposure", "FieldState", "MeasuringSite", "Outcome", "PurposeOfCrossing", "Symptom",
    "TravellerCategory", "ZoneField",
)  # fmt: skip
_FONTS: Final = tuple(
    f"web/vendor/fonts/be-vietnam-pro-{part}-{weight}-normal.woff2"
    for part in ("vietnamese", "latin")
    for weight in (400, 600, 800)
)
_BESIDE: Final = ("sound.js", "choices.js", "place_questions.js", "camera.js", "camera.css", "zone_words.js")
_MODULES: Final = (
    "api", "bursts", "clocks", "dialogs", "elements", "faults", "format", "labels", "moments", "preferences", "waiting",
)  # fmt: skip


def handheld_router(pages: Pages) -> APIRouter:
    """Return the routes of the application and of the station's page about handhelds."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/handhelds", dependencies=[require("handheld.see")])
    async def show_station(request: Request) -> Response:
        return pages.render(
            request, "handhelds.html", sections=("handheld", "question", "Outcome", "HandheldRevocation")
        )

    @routes.get("/handheld/worker.js")
    async def show_worker() -> Response:
        headers = {"Cache-Control": "no-cache"}
        return Response(worker_text(pages), media_type="text/javascript", headers=headers)

    @routes.get("/handheld/manifest.webmanifest")
    async def show_manifest(request: Request) -> Response:
        content = msgspec.json.encode(_manifest(pages, language=language_of(request)))
        return Response(content, media_type="application/manifest+json")

    @routes.get("/handheld/icon-{size:int}.png")
    async def show_icon(size: int) -> Response:
        if size not in ICON_SIZES:
            raise HTTPException(status_code=404)
        return Response(icon_png(size), media_type="image/png", headers={"Cache-Control": "max-age=86400"})

    @routes.get("/handheld/")
    @routes.get("/handheld/{language}")
    async def show_application(request: Request, language: str = "") -> Response:
        if language not in {"", *LANGUAGES}:
            raise HTTPException(status_code=404)
        request.state.session = None  # what a worker keeps must hold nobody's token
        page = pages.render(request, "handheld.html", sections=_SECTIONS, language=language or None)
        return as_application(page)

    return routes


def worker_text(pages: Pages) -> str:
    """Put before the worker's text what it keeps; its bytes change with everything that the page is made of."""
    own = sorted(path.relative_to(_FOLDER / "static").as_posix() for path in (_FOLDER / "static/handheld").iterdir())
    files = [f"checkpoint/{name}" for name in (*own, *_BESIDE) if not name.endswith("worker.js")]
    files += [f"web/js/{name}.js" for name in _MODULES]
    files += ["web/css/look.css", "web/vendor/fonts.css", "web/vendor/hanzi.css", "web/mark.svg"]
    files += [name for name in _FONTS if (OWN_FOLDER / name.removeprefix("web/")).is_file()]
    shelf = {
        "version": _version(pages),
        "pages": [f"{PREFIX}{language}" for language in LANGUAGES],
        "files": [*map(pages.assets.url, files), f"{PREFIX}manifest.webmanifest", f"{PREFIX}icon-192.png"],
    }
    return f"const SHELF = {msgspec.json.encode(shelf).decode()};\n{_WORKER.read_text(encoding='utf-8')}"


def _version(pages: Pages) -> str:
    words = {language: {name: pages.labels[language].get(name) for name in _SECTIONS} for language in LANGUAGES}
    digest = hashlib.sha256(pages.assets.url("").encode() + msgspec.json.encode(words))
    digest.update((_FOLDER / "templates" / "handheld.html").read_bytes())
    return digest.hexdigest()[:12]


def _manifest(pages: Pages, *, language: str) -> dict[str, object]:
    words = pages.labels[language]["handheld"]
    icons = [
        {"src": f"{PREFIX}icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]
    return {
        "id": PREFIX,
        "name": words["full_name"],
        "short_name": words["short_name"],
        "lang": language,
        "start_url": PREFIX,
        "scope": PREFIX,
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#12181b",
        "theme_color": "#12181b",
        "icons": icons,
    }


@cache
def icon_png(size: int) -> bytes:
    """Draw our mark (an octagon and a check, as in ``web/mark.svg``) on its ground, ``size`` pixels square.

    The mark keeps within the middle 80 %, so that a mask of any shape cuts nothing off.
    """
    scale = 16.0  # OpenCV takes fixed-point coordinates with four bits of fraction
    unit = size / 32 * 0.9
    octagon = ((11, 6), (21, 6), (26, 11), (26, 21), (21, 26), (11, 26), (6, 21), (6, 11))
    check = ((10.5, 16.5), (14.5, 20.5), (22, 11.5))
    picture = np.full((size, size, 3), (0x1B, 0x18, 0x12), np.uint8)
    for points, colour, width, is_closed in (
        (octagon, (0xF4, 0xF7, 0xF6), 2.4, True),
        (check, (0x72, 0xC8, 0x2F), 3.0, False),
    ):
        at = np.array([[size / 2 + (x - 16) * unit, size / 2 + (y - 16) * unit] for x, y in points])
        drawn = np.round(at * scale).astype(np.int32)
        cv2.polylines(picture, [drawn], is_closed, colour, max(1, round(width * unit)), cv2.LINE_AA, 4)
    is_written, png = cv2.imencode(".png", picture)
    if not is_written:
        msg = "the icon could not be written as PNG"
        raise RuntimeError(msg)
    return bytes(png.tobytes())
