"""From a template and plain values to a page: a PDF for an office printer, or dots for a label printer.

Values reach the template through ``sys.inputs`` only, so that no name and no number can become markup.
The same values give the same bytes: fonts of the machine are left aside, and the document's time is given.
Letters come from the face in the program for setting type; Chinese characters from that which set-up laid beside here.
"""

import io
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import segno
import typst

from checkpoint.papers.raster import Dots
from devices.opencv import cv2

MILLIMETRES_PER_INCH = 25.4
MARK = "exercise"
"""The value with the word that marks the paper of a drill; empty or absent on every other paper."""
WATERMARK = b"""#set page(foreground: context {
  let word = json(bytes(sys.inputs.paper)).exercise
  let across = if page.height == auto { page.width } else { calc.min(page.width, page.height) }
  let size = across * 0.16
  place(center + horizon, rotate(-30deg, text(size, fill: rgb(91, 42, 134, 60), weight: "bold", word)))
})
"""
"""Set before a template: the word across every page, over whatever stands there."""
DARK_BELOW = 192
"""Grey (0 black, 255 white) under which a pixel becomes a printed dot: thin strokes of marks stay."""


def typeset_pdf(template: str, *, values: Mapping[str, object], at: datetime) -> bytes:
    """Lay ``values`` out in ``templates/<template>.typ`` as a PDF dated ``at`` (aware)."""
    return _compiled(template, values=values, form="pdf", timestamp=int(at.timestamp()))


def typeset_dots(template: str, *, values: Mapping[str, object], dots_per_mm: float = 8.0) -> Dots:
    """Lay ``values`` out as one strip of dots; 8 dots a millimetre is the usual 203 dpi of label printers."""
    picture = _compiled(template, values=values, form="png", ppi=dots_per_mm * MILLIMETRES_PER_INCH)
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        msg = f"the template {template} gave no picture"
        raise TypeError(msg)
    return Dots.from_dark(np.asarray(grey) < DARK_BELOW)


def code_svg(text: str, *, error: str = "m") -> str:
    """Draw a text as a QR code (SVG, one module of border), for a template to place."""
    picture = io.BytesIO()
    segno.make(text, error=error, micro=False).save(picture, kind="svg", border=1)
    return picture.getvalue().decode()


@cache
def _fonts() -> typst.Fonts:
    """Know the faces once; where set-up laid none, a Chinese character is an empty box and all else is as ever."""
    folder = Path(str(resources.files("checkpoint.papers"))) / "fonts"
    return typst.Fonts(include_system_fonts=False, font_paths=[folder] if folder.is_dir() else [])


def _compiled(
    template: str,
    *,
    values: Mapping[str, object],
    form: Literal["pdf", "png"],
    ppi: float | None = None,
    timestamp: int | None = None,
) -> bytes:
    source = resources.files("checkpoint.papers").joinpath("templates", f"{template}.typ").read_bytes()
    if form == "pdf" and values.get(MARK):
        source = WATERMARK + source
    compiler = typst.Compiler(source, ignore_system_fonts=True, font_paths=_fonts())
    inputs = {"paper": msgspec.json.encode(values).decode()}
    printed = compiler.compile(format=form, ppi=ppi, sys_inputs=inputs, timestamp=timestamp)
    if isinstance(printed, bytes):
        return printed
    msg = f"the template {template} asks for several pages of {form}; it must give one"
    raise TypeError(msg)
