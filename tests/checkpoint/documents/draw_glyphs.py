"""Draw the sheet of letters that the camera's classifier is trained from, out of the OCR-B font files.

``python -m tests.checkpoint.documents.draw_glyphs FOLDER`` reads ``OCRB.otf`` and ``OCRBS.otf`` (round and sharp
ends) and writes ``checkpoint/documents/camera/ocrb_glyphs.png``. Chromium draws: no font program of our own is
needed. See ``checkpoint/documents/camera/PROVENANCE.md``.
"""

import base64
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from checkpoint.documents.camera.letters import LETTERS
from checkpoint.documents.camera.training import CELL_HEIGHT_PX, CUTS, PITCH_PX, SHEET
from tests.services.chromium import NAMES

_ADVANCE_EM = 0.72294
_BASELINE_PX = 70


def page_of(fonts: list[bytes]) -> str:
    """One row for each font, one cell for each letter, all on one baseline."""
    size_px = PITCH_PX / _ADVANCE_EM
    faces = "".join(
        f"@font-face{{font-family:f{row};src:url(data:font/otf;base64,{base64.b64encode(font).decode()})}}"
        for row, font in enumerate(fonts)
    )
    letters = "".join(
        f'<text x="{column * PITCH_PX}" y="{row * CELL_HEIGHT_PX + _BASELINE_PX}" font-family="f{row}"'
        f' font-size="{size_px}">{letter.replace("<", "&lt;")}</text>'
        for row in range(len(fonts))
        for column, letter in enumerate(LETTERS)
    )
    width, height = PITCH_PX * len(LETTERS), CELL_HEIGHT_PX * len(fonts)
    return f'<style>{faces}body{{margin:0}}</style><svg width="{width}" height="{height}">{letters}</svg>'


def main(folder: Path) -> None:
    """Draw the sheet."""
    fonts = [(folder / name).read_bytes() for name in CUTS]
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, NAMES)), None)
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page(viewport={"width": PITCH_PX * len(LETTERS), "height": CELL_HEIGHT_PX * len(fonts)})
        page.set_content(page_of(fonts))
        page.evaluate("document.fonts.ready")
        shot = page.screenshot()
        browser.close()
    grey = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(SHEET), grey, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
