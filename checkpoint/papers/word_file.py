"""A paper as a DOCX: the same lines as the PDF, for an office that must still edit it (Decree 30/2020, appendix I)."""

import io
from datetime import datetime

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from docx.table import _Cell

from checkpoint.papers.orders import Paper, Signature

_COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
_MOTTO = "Độc lập - Tự do - Hạnh phúc"
_NOTE = "Nơi nhận:"
_EXERCISE = "DIỄN TẬP"


def paper_docx(paper: Paper, *, at: datetime) -> bytes:
    """Write a paper as DOCX dated ``at`` (aware)."""
    document = Document()
    document.core_properties.created = document.core_properties.modified = at.replace(tzinfo=None)
    document.core_properties.author = paper.letterhead.issuing_body
    document.core_properties.title = paper.subject
    document.core_properties.language = "vi"
    document.core_properties.comments = ""
    _page(document)
    _head(document, paper)
    _body(document, paper)
    _foot(document, paper)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _page(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)


def _head(document: WordDocument, paper: Paper) -> None:
    letterhead = paper.letterhead
    if letterhead.is_exercise:
        _line(document, _EXERCISE, is_bold=True, alignment=WD_ALIGN_PARAGRAPH.CENTER)
        _mark_every_page(document)
    if letterhead.form_number:
        _line(document, letterhead.form_number, alignment=WD_ALIGN_PARAGRAPH.RIGHT)
    left, right = document.add_table(rows=1, cols=2).rows[0].cells
    _cell(left, (letterhead.parent_body.upper(), letterhead.issuing_body.upper(), f"Số: {paper.number}"))
    _cell(right, (_COUNTRY, _MOTTO, letterhead.place_and_date))


def _mark_every_page(document: WordDocument) -> None:
    """Let no page of a drill's paper be taken for a real one when it lies alone."""
    for edge in (document.sections[0].header, document.sections[0].footer):
        paragraph = edge.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(_EXERCISE).bold = True


def _body(document: WordDocument, paper: Paper) -> None:
    centre = WD_ALIGN_PARAGRAPH.CENTER
    _line(document, paper.title, is_bold=True, alignment=centre)
    _line(document, paper.subject, is_bold=True, alignment=centre)
    if paper.authority:
        _line(document, paper.authority, is_bold=True, alignment=centre)
    for ground in paper.grounds:
        _line(document, ground)
    if paper.resolution:
        _line(document, paper.resolution, is_bold=True, alignment=centre)
    for article in paper.articles:
        _line(document, article)


def _foot(document: WordDocument, paper: Paper) -> None:
    cells = document.add_table(rows=1, cols=len(paper.signatures)).rows[0].cells
    for cell, signature in zip(cells, paper.signatures, strict=True):
        _cell(cell, _signature_lines(signature))
    _line(document, _NOTE, is_bold=True)
    for recipient in paper.recipients:
        _line(document, f"- {recipient};")


def _signature_lines(signature: Signature) -> tuple[str, ...]:
    return (signature.title, signature.note, "", "", "", signature.name)


def _line(
    document: WordDocument, text: str, *, is_bold: bool = False, alignment: WD_ALIGN_PARAGRAPH | None = None
) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY if alignment is None else alignment
    paragraph.add_run(text).bold = is_bold


def _cell(cell: _Cell, lines: tuple[str, ...]) -> None:
    for place, text in enumerate(lines):
        paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(text).bold = place <= 1
