"""Print a report: its words and the letterhead go into the typst template, a PDF comes out.

The same report bytes give the same PDF bytes: fonts of the machine are left aside, and the document's
creation time is the time at which the figures were taken.
"""

import io
from functools import cache
from importlib import resources

import msgspec
import segno
import typst

from central.report.daily_report import DailyReport, encode_report
from central.report.wording import words_of
from sync.agreement.deployment import ReportForm
from sync.agreement.labels_catalogue import Catalogue


def print_pdf(report: DailyReport, *, letterhead: ReportForm) -> bytes:
    """Lay the report out on A4 pages in the form of Decree 30/2020/NĐ-CP, appendix I.

    Who issues it, where, to whom and who signs stand in the deployment file, never in code.
    """
    source = resources.files("central.report").joinpath("daily_report.typ").read_bytes()
    compiler = typst.Compiler(source, ignore_system_fonts=True)
    printed = compiler.compile(
        format="pdf",
        sys_inputs={
            "report": encode_report(report).decode(),
            "letterhead": msgspec.json.encode(letterhead).decode(),
            "words": msgspec.json.encode(words_of(report, place=letterhead.place, labels=_labels())).decode(),
            "seal": _ledger_code(report),
        },
        timestamp=int(report.taken_at.timestamp()),
    )
    return _only_document(printed)


@cache
def _labels() -> Catalogue:
    return Catalogue.load("vi")


def _only_document(printed: bytes | list[bytes] | None) -> bytes:
    if isinstance(printed, bytes):
        return printed
    msg = "typst gave no single document for a PDF; the template asks for pages of several files"
    raise TypeError(msg)


def _ledger_code(report: DailyReport) -> str:
    """A QR code of day, revision, ledger length and hash, and of the newest signed head with its signature.

    An auditor compares it with the ledger: ``python -m central verify --witness`` takes heads like this one.
    """
    text = f"KD1|{report.report_day}|{report.revision}|{report.ledger_records}|{report.ledger_hash}"
    head = report.signed_head
    if head is not None:
        text += f"|{head.position}|{head.hash}|{head.issued_at.isoformat()}|{head.signature}"
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", border=1)
    return picture.getvalue().decode()
