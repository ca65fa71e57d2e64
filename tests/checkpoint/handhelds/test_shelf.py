"""What the handheld's worker keeps is whole: a module that is missing there is missed only when the network is gone."""

import json
import re
from pathlib import Path

from checkpoint.web import pages
from checkpoint.web.handheld_pages import worker_text
from tests.web.stage import labels

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = {"checkpoint": ROOT / "checkpoint/web/static", "web": ROOT / "web/static"}
ASKED = re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""")


def kept() -> set[str]:
    """Every file of ours on the shelf, as ``checkpoint/...`` or ``web/...``."""
    shelf = json.loads(worker_text(pages(labels())).split("const SHELF = ", 1)[1].split(";\n", 1)[0])
    return {found.group(1) for path in shelf["files"] if (found := re.search(r"/static/[^/]+/(.*)", path))}


def asked_by(module: str) -> set[str]:
    folder, _, path = module.partition("/")
    text = (FOLDERS[folder] / path).read_text(encoding="utf-8")
    root = Path("/nowhere")
    return {
        (root / module).parent.joinpath(asked).resolve().relative_to(root).as_posix() for asked in ASKED.findall(text)
    }


def test_every_module_that_a_kept_module_asks_for_is_kept_too():
    files = kept()
    modules = {name for name in files if name.endswith(".js")}
    assert "checkpoint/handheld/app.js" in modules
    assert {name: missing for name in modules if (missing := asked_by(name) - files)} == {}
