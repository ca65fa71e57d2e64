"""Static files under a path that changes with their content, so that browsers may keep them for ever.

``/static/<version>/<folder>/<file>``: modules that import each other by relative paths stay in one version.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

OWN_FOLDER = Path(__file__).parent / "static"


class _LastingFiles(StaticFiles):
    def file_response(  # noqa: PLR0917 - the framework's signature
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
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
        """Serve the folders."""
        for name, folder in self._folders.items():
            app.mount(f"/static/{self._version}/{name}", _LastingFiles(directory=folder), name=f"static-{name}")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, folder in sorted(self._folders.items()):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "fonts" not in path.relative_to(folder).parts:
                    digest.update(f"{name}/{path.relative_to(folder)}\x00".encode() + path.read_bytes())
        return digest.hexdigest()[:12]
