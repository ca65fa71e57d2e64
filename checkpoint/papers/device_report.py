"""A device's self-test on paper, in Vietnamese: the words of what ``python -m devices selftest`` judged. Pure."""

from datetime import date
from typing import Final

from checkpoint.papers.typesetting import typeset_pdf
from devices.selftest import PointVerdict, SelfTestPoint, SelfTestReport, TestedPoint
from sync.agreement.labels_catalogue import format_date
from sync.agreement.local_time import VIETNAM_TIME

TEMPLATE: Final = "device_report"
POINTS: Final = {
    SelfTestPoint.LABORATORY_ACCURACY: "Sai số so với vật chuẩn, kể cả độ không đảm bảo của vật chuẩn",
    SelfTestPoint.STATED_ACCURACY: "Độ chính xác nhà sản xuất công bố",
    SelfTestPoint.TEMPORAL_NOISE: "Nhiễu của một điểm ảnh theo thời gian",
    SelfTestPoint.RAW_IMAGE: "Ảnh nhiệt thô, số cột (tỷ lệ 4:3)",
    SelfTestPoint.FACE_PIXELS: "Khuôn mặt đứng đo rộng",
    SelfTestPoint.UNIFORMITY: "Độ đồng đều trên mặt phẳng đo",
    SelfTestPoint.DRIFT_BETWEEN_CALIBRATIONS: "Trôi giữa hai lần hiệu chuẩn (14 ngày)",
    SelfTestPoint.REFERENCE_AGE: "Vật chuẩn được thấy lại chậm nhất sau",
    SelfTestPoint.REFERENCE_WANDER: "Vật chuẩn dao động trong lúc đo",
    SelfTestPoint.AMBIENT: "Nhiệt độ phòng",
    SelfTestPoint.WARM_UP: "Thời gian làm nóng máy đã khai",
    SelfTestPoint.RESULT_WITHIN: "Thời gian lâu nhất để có một kết quả",
    SelfTestPoint.RESOLUTION: "Độ phân giải nhiệt độ",
    SelfTestPoint.CALIBRATION: "Hiệu chuẩn còn hạn",
    SelfTestPoint.INTACT_STREAM: "Tỷ lệ khung dữ liệu hỏng",
}
VERDICTS: Final = {
    PointVerdict.PASSED: ("✓", "Đạt"),
    PointVerdict.FAILED: ("■", "Không đạt"),
    PointVerdict.NOT_MEASURABLE: ("-", "Không đo được"),
}
BECAUSE: Final = {
    "not_stated": "nhà sản xuất và hồ sơ không công bố",
    "no_due_date": "hồ sơ chưa có hạn hiệu chuẩn",
    "needs_plane_source": "cần đưa vật chuẩn qua các điểm của mặt phẳng đo",
    "needs_14_days": "cần số đo của 14 ngày",
    "no_pictures": "máy không cho ảnh nhiệt",
    "too_few_pictures": "quá ít ảnh nhiệt",
    "no_times": "bản ghi không có thời điểm",
    "no_ambient": "máy không báo nhiệt độ phòng",
    "nothing_came": "không nhận được gì",
    "reference_not_found": "không thấy vật chuẩn trong ảnh",
    "no_reference": "chưa khai vật chuẩn",
    "nobody_seen": "không có ai đứng trước máy đủ lâu",
}
_UNITS: Final = {"px": "cột", "s": "giây", "min": "phút", "d": "ngày", "K": "°C"}
_SOURCE_WORDS: Final = {
    "second-hand": "đọc gián tiếp",
    "table 1": "bảng 1",
    "14 days": "14 ngày",
    "one set point": "tại một điểm đặt",
    "this product: faults per message": "quy định của sản phẩm",
}
_BEYOND: Final = 1e6


def device_report_pdf(report: SelfTestReport) -> bytes:
    """Print a report; the same report gives the same bytes."""
    return typeset_pdf(TEMPLATE, values=report_values(report), at=report.tested_at)


def report_values(report: SelfTestReport) -> dict[str, object]:
    """Word a report for the template."""
    counts = {verdict: sum(point.verdict is verdict for point in report.points) for verdict in PointVerdict}
    local = report.tested_at.astimezone(VIETNAM_TIME)
    return {
        "title": "PHIẾU TỰ KIỂM TRA MÁY ĐO THÂN NHIỆT",
        "subtitle": f"{report.device_id} · {local:%H:%M} ngày {format_date(local.date())}",
        "facts": _facts(report),
        "summary": (
            f"{counts[PointVerdict.PASSED]} mục đạt, {counts[PointVerdict.FAILED]} mục không đạt, "
            f"{counts[PointVerdict.NOT_MEASURABLE]} mục không đo được"
        ),
        "heads": ["Mục kiểm tra", "Kết quả", "Đo được", "Giới hạn", "Nguồn của giới hạn"],
        "points": [_point(point) for point in report.points],
        "caution": (
            "Giới hạn theo nguồn ghi bên cạnh; bản gốc IEC 80601-2-59 và ISO/TR 13154 chưa được đối chiếu. "
            "Phiếu này không phải giấy chứng nhận phù hợp."
        ),
        "tested_by": "Người kiểm tra",
        "checked_by": "Người phụ trách thiết bị",
    }


def _facts(report: SelfTestReport) -> list[list[str]]:
    known = report.registered
    return [
        ["Kiểu máy", report.model],
        ["Bộ đọc", report.driver],
        ["Số máy", known.serial_number or "chưa khai"],
        ["Phần mềm", known.firmware or "chưa khai"],
        ["Chủ quản", known.owner or "chưa khai"],
        ["Giấy hiệu chuẩn", known.certificate or "chưa khai"],
        ["Hiệu chuẩn ngày", _day(known.calibrated_on)],
        ["Hạn hiệu chuẩn", _day(known.calibration_due_on)],
        ["Đã xem", f"{report.frames} ảnh, {report.readings} số đo"],
        ["Trong", f"{_number(report.seconds)} giây, {report.faults} lỗi"],
    ]


def _point(point: TestedPoint) -> dict[str, str]:
    mark, verdict = VERDICTS[point.verdict]
    unit = _UNITS.get(point.unit, point.unit)
    return {
        "name": POINTS[point.point],
        "mark": mark,
        "verdict": verdict,
        "measured": "-" if point.measured is None else f"{_number(point.measured)} {unit}".strip(),
        "limit": _limit(point, unit=unit),
        "source": _source(point.source),
        "because": BECAUSE[point.because] if point.because else "",
    }


def _source(source: str) -> str:
    for english, words in _SOURCE_WORDS.items():
        source = source.replace(english, words)
    return source


def _limit(point: TestedPoint, *, unit: str) -> str:
    if point.most >= _BEYOND:
        return f"≥ {_number(point.least)} {unit}".strip()
    if point.least == -point.most:
        return f"± {_number(point.most)} {unit}".strip()
    if point.least == 0.0:
        return f"≤ {_number(point.most)} {unit}".strip()
    return f"{_number(point.least)} đến {_number(point.most)} {unit}".strip()


def _number(number: float) -> str:
    """Write a number as Vietnamese does, without noughts that say nothing.

    >>> _number(0.031), _number(320.0), _number(-0.25)
    ('0,031', '320', '-0,25')
    """
    return f"{number:.3f}".rstrip("0").rstrip(".").replace(".", ",")


def _day(day: date | None) -> str:
    return "chưa khai" if day is None else format_date(day)
