"""The self-test of a device on paper: in Vietnamese with all marks, each item with verdict, value, limit and source."""

import io
from datetime import date

import msgspec
import pypdf
from typer.testing import CliRunner

from checkpoint.__main__ import app
from checkpoint.papers.device_report import BECAUSE, POINTS, VERDICTS, device_report_pdf, report_values
from devices.selftest import PointVerdict, SelfTestPoint
from tests.devices.test_selftest import pictures, reported


def a_report():
    return reported(
        pictures(),
        calibrated_on=date(2025, 11, 1),
        calibration_due_on=date(2026, 11, 1),
        owner="Trung tâm Kiểm dịch Y tế Móng Cái #strong[*x*]",
        serial_number="L-35-0042",
    )


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_every_item_verdict_and_reason_has_words():
    assert set(POINTS) == set(SelfTestPoint)
    assert set(VERDICTS) == set(PointVerdict)
    codes = {point.because for point in (*a_report().points, *reported(reference_c=None).points)}
    assert codes - {""} <= set(BECAUSE)


def test_the_paper_has_every_item_with_its_marks_and_nothing_in_it_is_markup():
    report = a_report()
    pdf = device_report_pdf(report)
    printed = " ".join(text_of(pdf).split())
    assert "PHIẾU TỰ KIỂM TRA MÁY ĐO THÂN NHIỆT" in printed
    assert "#strong[*x*]" in printed
    assert "Hiệu chuẩn còn hạn" in printed
    assert "-21 ngày" in printed
    assert "second-hand" not in printed
    assert "không phải giấy chứng nhận phù hợp" in printed
    assert pdf == device_report_pdf(report), "the same report gives the same bytes"


def test_the_sum_of_verdicts_is_every_item():
    summary = str(report_values(a_report())["summary"])
    numbers = [int(word) for word in summary.split() if word.isdigit()]
    assert sum(numbers) == len(SelfTestPoint)


def test_the_command_prints_what_the_other_command_judged(tmp_path):
    printed, paper = tmp_path / "report.json", tmp_path / "report.pdf"
    printed.write_bytes(msgspec.json.encode(a_report()))
    done = CliRunner().invoke(app, ["device-report", str(printed), "--to", str(paper)])
    assert done.exit_code == 0
    assert paper.read_bytes().startswith(b"%PDF")
    printed.write_text("{}")
    refused = CliRunner().invoke(app, ["device-report", str(printed), "--to", str(paper)])
    assert refused.exit_code == 1
    assert "no self-test" in refused.output
