"""The printed report: Vietnamese with all its marks, nothing missing, nothing printed as zero that is unknown."""

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader

from central.report.daily_report import DailyReport, build_report
from central.report.print_out import print_pdf
from sync.agreement.deployment import ReportForm
from tests.central.report.test_daily_report import CUT_OFF, count, gate, snapshot

LETTERHEAD = ReportForm(
    parent_body="UBND tỉnh Quảng Ninh",
    issuing_body="Sở Y tế",
    number_suffix="BC-SYT",
    place="Quảng Ninh",
    recipients=("UBND tỉnh (báo cáo)", "#evil *recipient* $x$ - [ ] \\"),
    archive_mark="VT, NVY",
    signatory_capacity="KT. Giám đốc",
    signatory_title="Phó Giám đốc",
)


def a_report() -> DailyReport:
    """One gate with figures, one without."""
    counts = [count("mong-cai", name, 17_842) for name in ("crossings", "measured", "cleared")]
    gates = (gate("mong-cai"), gate("hoanh-mo", last_contact_at=CUT_OFF - timedelta(days=3)))
    return build_report(snapshot(*counts, gates=gates), revision=2)


@pytest.fixture(scope="module")
def text() -> str:
    """The words of the printed pages."""
    pages = PdfReader(io.BytesIO(print_pdf(a_report(), letterhead=LETTERHEAD))).pages
    return "\n".join(page.extract_text() for page in pages)


def test_the_header_is_that_of_an_administrative_document(text: str) -> None:
    """Decree 30/2020, appendix I: state name, motto, issuing body, number, place and date, kind of document."""
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "UBND TỈNH QUẢNG NINH",
        "SỞ Y TẾ",
        "/BC-SYT",
        "Quảng Ninh, ngày 22 tháng 11 năm 2026",
        "BÁO CÁO",
        "nhận:",
        "KT. GIÁM ĐỐC",
    ):
        assert words in text


def test_a_gate_without_figures_prints_that_and_never_zero(text: str) -> None:
    """The line of the silent gate holds the notice and no number."""
    line = next(line for line in text.splitlines() if "Hoanh-Mo" in line and "KHÔNG" in line)
    assert "KHÔNG CÓ SỐ LIỆU" in line
    assert "0" not in line


def test_numbers_stand_in_vietnamese_form_and_the_identity_is_printed(text: str) -> None:
    """17.842, and the equation with its verdict."""
    assert "17.842 = 17.842 + 0 + 0 + 0 + 0 + 0" in text
    assert "Khớp" in text


def test_no_text_from_outside_becomes_markup(text: str) -> None:
    """A recipient that looks like a program is printed as it is."""
    assert "#evil *recipient* $x$" in text


def test_the_same_report_prints_the_same_bytes() -> None:
    """R053: a reprint years later is the same file."""
    assert print_pdf(a_report(), letterhead=LETTERHEAD) == print_pdf(a_report(), letterhead=LETTERHEAD)
