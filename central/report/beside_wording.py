"""The printed report's words for what is counted by dimension, and for what gates write beside crossings. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from central.dimensions import UNKNOWN, Dimension
from central.report.daily_report import DailyReport
from central.report.snapshot import CoverageLine
from sync.agreement.labels_catalogue import Catalogue, format_date, format_number
from sync.agreement.local_time import VIETNAM_TIME

DIMENSION_COLUMNS = ("Lượt qua", "Đo thân nhiệt", "Nghi ngờ", "Sốt xác nhận")
DIMENSION_NAMES = {
    Dimension.NATIONALITY: "quốc tịch",
    Dimension.SEX: "giới tính",
    Dimension.HOUR: "giờ trong ngày",
}
NOT_KNOWN = "Không rõ"
NOT_RECONCILED = "chưa có giờ nào được đối chiếu"
_BESIDE = {
    "declarations": "tờ khai y tế",
    "declared_symptoms": "tờ khai có triệu chứng",
    "declarations_checked": "tờ khai được hỏi lại",
    "slips_issued": "giấy xác nhận đã cấp",
    "slips_checked": "giấy xác nhận đã kiểm tra",
    "shifts_opened": "ca trực đã mở",
    "shifts_closed": "ca trực đã đóng",
    "own_temperatures": "lượt cán bộ tự đo thân nhiệt",
    "own_temperatures_raised": "lượt cán bộ vượt ngưỡng",
    "paper_lines_entered": "dòng nhập từ sổ giấy",
    "paper_lines_voided": "dòng giấy không dùng",
    "verdicts_overridden": "lượt cho qua trái kết luận, có lý do",
    "interceptions": "vụ vượt biên bị phát hiện",
    "persons_found": "người bị phát hiện vượt biên",
    "persons_found_screened": "người bị phát hiện đã kiểm dịch",
    "persons_found_not_screened": "người bị phát hiện chưa kiểm dịch, có lý do",
    "post_checks": "xe kiểm tra tại chốt",
    "post_passengers": "người trên xe",
    "post_passengers_screened": "người trên xe đã kiểm dịch",
    "post_passengers_not_screened": "người trên xe chưa kiểm dịch, có lý do",
    "conveyances": "lượt phương tiện",
    "groups_opened": "đoàn đã báo",
    "group_heads": "người trong các đoàn",
    "group_members_seen": "thành viên đoàn đã qua làn",
    "group_members_missing": "thành viên đoàn vắng mặt, có lý do",
    "handheld_acts": "lượt nhận từ máy cầm tay",
    "handheld_acts_different": "lượt máy trạm kết luận khác máy cầm tay",
    "lane_bad_device_minutes": "phút làn dùng máy đo không đạt",
}
"""The figures that are printed; every other one stands in the report's data."""


def whole(number: int | None) -> str:
    """A count in Vietnamese form.

    >>> whole(17842), whole(None)
    ('17.842', '-')
    """
    return "-" if number is None else format_number(number)


def clock(instant: datetime) -> str:
    """An instant in local time: ``14:32 ngày 22/11/2026``."""
    local = instant.astimezone(VIETNAM_TIME)
    return f"{local:%H:%M} ngày {format_date(local.date())}"


def dimensions_of(report: DailyReport, *, labels: Catalogue) -> list[dict[str, Any]]:
    """Word the tables by dimension; none in a report of before they were counted, or of a day without crossings."""
    return [
        {
            "name": DIMENSION_NAMES[dimension].capitalize(),
            "rows": [
                {
                    "name": _value(dimension, value, labels=labels),
                    "cells": [
                        whole(figures.crossings),
                        whole(figures.measured),
                        whole(figures.suspected),
                        whole(figures.confirmed),
                    ],
                }
                for value, figures in values.items()
            ],
        }
        for dimension, values in (report.dimensions or {}).items()
        if values
    ]


def _value(dimension: Dimension, value: str, *, labels: Catalogue) -> str:
    if value == UNKNOWN:
        return NOT_KNOWN
    if dimension is Dimension.SEX:
        return labels.text("Sex", value)
    return f"{value} giờ" if dimension is Dimension.HOUR else value


def beside_of(report: DailyReport, *, names: Mapping[str, str]) -> list[str]:
    """Word one line for each gate that wrote any of it, and one for what its scanners and lanes covered."""
    if report.beside is None or report.coverage is None:
        return []
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in report.beside:
        sums[one.point_of_entry_id][one.figure] += one.count
    covered = {line.point_of_entry_id: line for line in report.coverage}
    return [
        f"{names.get(gate, gate)}: {_counted(sums.get(gate, {}))}{_covered(covered.get(gate))}."
        for gate in sorted({*sums, *covered})
    ]


def _counted(figures: Mapping[str, int]) -> str:
    return "".join(f"{words} {whole(figures[name])}; " for name, words in _BESIDE.items() if figures.get(name))


def _covered(line: CoverageLine | None) -> str:
    """Hours that nobody reconciled are said, never counted as nought."""
    if line is None:
        return f"độ phủ: {NOT_RECONCILED}"
    listed = (
        "chưa có danh sách xuất nhập cảnh"
        if line.listed_not_logged is None
        else f"có trong danh sách mà chưa ghi {whole(line.listed_not_logged)} ({whole(line.hours_listed)} giờ)"
    )
    return (
        f"độ phủ {whole(line.hours)} giờ, đến {clock(line.as_of)}: máy quét thấy {whole(line.seen)}, "
        f"làn ghi {whole(line.logged)}, thấy mà chưa ghi {whole(line.seen_not_logged)}, "
        f"chưa đo {whole(line.not_measured)}, {listed}"
    )
