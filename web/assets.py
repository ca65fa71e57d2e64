"""Static files under a path that changes with their content, so that browsers may keep them for ever.

``/static/<version>/<folder>/<file>``: modules that import each other by relative paths stay in one version.
"""

import hashlib
import os
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

OWN_FOLDER = Path(__file__).parent / "static"


_LASTING = {"Cache-Control": "public, max-age=31536000, immutable"}
_KEPT_UP_TO_BYTES = 256 * 1024


class _LastingFiles(StaticFiles):
    """A folder whose small files are kept in memory: a page asks for dozens at once, and no officer waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self._kept = {
            path.relative_to(folder).as_posix(): (path.read_bytes(), guess_type(path.name)[0])
            for path in folder.rglob("*")
            if _is_kept(path, folder=folder)
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        content, media_type = self._kept.get(path, (None, None))
        if content is None or scope["method"] != "GET":
            return await super().get_response(path, scope)
        return Response(content, media_type=media_type, headers=_LASTING)

    def file_response(  # noqa: PLR0917 - the framework's signature
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(_LASTING)
        return answer


class Assets:
    """The stylesheet, modules and fonts: ``web`` always, and a folder of each service."""

    def __init__(self, folders: Mapping[str, Path] | None = None) -> None:
        """``folders``: name -> folder of the service's own modules."""
        self._folders = {"web": OWN_FOLDER, **(folders or {})}
        self._version = self._fingerprint()

    def url(self, path: str) -> str:
        """Return the address of ``web/css/app.css`` and the like."""
        return f"/static/{self._version}/{path}"

    def mount(self, app: FastAPI) -> None:
        """Serve the folders, asked before any other route."""
        for name, folder in self._folders.items():
            files = Mount(f"/static/{self._version}/{name}", _LastingFiles(folder), name=f"static-{name}")
            app.router.routes.insert(0, files)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, folder in sorted(self._folders.items()):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "fonts" not in path.relative_to(folder).parts:
                    digest.update(f"{name}/{path.relative_to(folder)}\x00".encode() + path.read_bytes())
        return digest.hexdigest()[:12]


def _is_kept(path: Path, *, folder: Path) -> bool:
    """Whether a file is kept in memory; fonts are many, and each browser asks for them once."""
    is_font = "fonts" in path.relative_to(folder).parts
    return path.is_file() and not is_font and path.stat().st_size <= _KEPT_UP_TO_BYTES
