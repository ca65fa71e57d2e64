"""What the printed report says, as finished strings: Vietnamese administrative wording and number forms.

Pure. The template lays out; this module words; ``daily_report`` counts. Only the fixed phrases of this
one official form (Decree 30/2020) stand here; what the screens say too comes from the label catalogue.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from central.dimensions import Dimension
from central.report.beside_wording import DIMENSION_COLUMNS, DIMENSION_NAMES, beside_of, clock, dimensions_of, whole
from central.report.daily_report import BY_DIMENSION, ENDS, Change, DailyReport, Figures, GateLine, Identity
from central.report.snapshot import EdgeHead, LedgerHead
from sync.agreement.labels_catalogue import Catalogue, format_date, format_temperature
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import Direction, TravellerCategory

NO_FIGURES = "KHÔNG CÓ SỐ LIỆU"
AWAITED = "CHỜ DỮ LIỆU"
NOTHING = "Không có."
IDENTITY_RULE = "Lượt qua cửa khẩu = cho qua + cách ly + chuyển cơ sở y tế + không cho qua + đang chờ + đã hủy."

GATE_COLUMNS = (
    "Nhập cảnh",
    "Xuất cảnh",
    "Đo thân nhiệt",
    "Tỷ lệ %",
    "Nghi ngờ",
    "Sốt xác nhận",
    "Cách ly",
    "Chuyển CSYT",
    "Không cho qua",
    "Đang chờ",
)
CATEGORY_COLUMNS = ("Lượt qua", "Đo thân nhiệt", "Tỷ lệ %", "Nghi ngờ", "Sốt xác nhận")
REFERRED_COLUMNS = ("TT", "Thời điểm", "Cửa khẩu", "Đối tượng", "Máy quét", "Nhiệt kế", "Kết quả")
UNMEASURED_COLUMNS = ("TT", "Thời điểm", "Cửa khẩu", "Lý do")
CHANGE_COLUMNS = ("Phạm vi", "Chỉ tiêu", "Lần trước", "Lần này")
SECTIONS = {
    "summary": "I. KẾT QUẢ CHUNG",
    "gates": "II. SỐ LIỆU THEO CỬA KHẨU",
    "categories": "III. SỐ LIỆU THEO ĐỐI TƯỢNG",
    "identities": "IV. ĐỐI CHIẾU SỐ LIỆU",
    "referred": "V. TRƯỜNG HỢP THÂN NHIỆT CAO",
    "unmeasured": "VI. LƯỢT QUA KHÔNG ĐƯỢC ĐO THÂN NHIỆT",
    "orders": "VII. VĂN BẢN CHỈ ĐẠO ĐANG ÁP DỤNG",
    "quality": "VIII. CHẤT LƯỢNG SỐ LIỆU",
    "dimensions": "IX. SỐ LIỆU THEO QUỐC TỊCH, GIỚI TÍNH, GIỜ",
    "beside": "X. TỜ KHAI, GIẤY XÁC NHẬN, CA TRỰC VÀ ĐỘ PHỦ",
    "changes": "XI. THAY ĐỔI SO VỚI LẦN BAN HÀNH TRƯỚC",
}
FIGURE_NAMES = {
    "crossings": "lượt qua cửa khẩu",
    "measured": "được đo thân nhiệt",
    "not_measured": "không được đo",
    "suspected": "nghi ngờ",
    "confirmed": "sốt xác nhận",
    "cleared_after_recheck": "cho qua sau đo lại",
    "cleared": "cho qua",
    "isolated": "cách ly tại cửa khẩu",
    "referred": "chuyển cơ sở y tế",
    "refused": "không cho qua",
    "pending": "đang chờ",
    "withdrawn": "đã hủy",
    "with_exception": "không đo, có lý do",
    "redirected": "hướng dẫn sang cửa khẩu khác",
}


def words_of(report: DailyReport, *, place: str, labels: Catalogue) -> dict[str, Any]:
    """Word the whole report for the template; ``labels`` is the Vietnamese catalogue."""
    names = {gate.point_of_entry_id: gate.name for gate in report.gates} | {"province": "Toàn tỉnh"}
    return {
        "title": f"Kết quả kiểm dịch y tế tại các cửa khẩu ngày {format_date(report.report_day)}",
        "place_and_date": f"{place}, {official_date(local_date(report.taken_at))}",
        "period": _period(report),
        "provisional": f"SỐ LIỆU TẠM TÍNH, lấy lúc {clock(report.taken_at)}; chưa đến giờ chốt số liệu",
        "sections": SECTIONS,
        "none": NOTHING,
        "summary": _summary(report),
        "gate_columns": GATE_COLUMNS,
        "gates": [_gate(gate) for gate in report.gates],
        "total_cells": _gate_cells(report.totals, _directions(report)),
        "gate_notes": _gate_notes(report),
        "category_columns": CATEGORY_COLUMNS,
        "categories": [
            _category(category, report.categories[category], labels=labels)
            for category in TravellerCategory
            if category in report.categories  # a revision of before a category was added has none of it
        ],
        "identity_rule": IDENTITY_RULE,
        "identities": [_identity(identity, report=report, names=names) for identity in _printed(report.identities)],
        "referred_columns": REFERRED_COLUMNS,
        "referred": _referred(report, names=names, labels=labels),
        "unmeasured_columns": UNMEASURED_COLUMNS,
        "unmeasured": _unmeasured(report, names=names, labels=labels),
        "orders": [f"{order.title} ({order.policy_id}, bản {order.version})" for order in report.orders],
        "quality": _quality(report, names=names),
        "dimension_columns": DIMENSION_COLUMNS,
        "dimensions": dimensions_of(report, labels=labels),
        "beside": beside_of(report, names=names),
        "change_columns": CHANGE_COLUMNS,
        "changes": [_change(change, names=names) for change in report.changes],
        "provenance": _provenance(report),
    }


def percent(share: float | None) -> str:
    """A share in Vietnamese form; a share that is not full is never rounded up to 100.

    >>> percent(1.0), percent(0.99996), percent(0.57), percent(None)
    ('100', '99,99', '57', '-')
    """
    if share is None:
        return "-"
    hundredths = int(round(share * 10_000, 4))  # 0.57 * 10000 is a hair under 5700 in binary
    cut = (hundredths if share >= 1.0 else min(hundredths, 9_999)) / 100
    return f"{cut:.2f}".rstrip("0").rstrip(".").replace(".", ",")


def degrees(temperature_c: float | None) -> str:
    """A temperature in Vietnamese form.

    >>> degrees(38.1)
    '38,1 °C'
    """
    return "-" if temperature_c is None else format_temperature(temperature_c)


def official_date(day: date) -> str:
    """A date as Decree 30/2020 writes it: a zero before days below 10 and before months 1 and 2.

    >>> official_date(date(2020, 2, 5)), official_date(date(2026, 11, 22))
    ('ngày 05 tháng 02 năm 2020', 'ngày 22 tháng 11 năm 2026')
    """
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def _period(report: DailyReport) -> str:
    return f"(Số liệu từ {clock(report.starts_at)} đến {clock(report.cut_off_at)}; lần ban hành {report.revision})"


def _summary(report: DailyReport) -> list[str]:
    totals = report.totals
    entry, leaving = _directions(report)
    return [
        (
            f"Tổng số lượt qua cửa khẩu: {whole(totals.crossings)}; trong đó nhập cảnh {whole(entry)}, "
            f"xuất cảnh {whole(leaving)}{_in_transit(totals, (entry, leaving), lead=', quá cảnh ')}."
        ),
        (
            f"Được đo thân nhiệt: {whole(totals.measured)} lượt, đạt {percent(totals.coverage)} % số lượt phải đo; "
            f"không được đo: {whole(totals.not_measured)}."
        ),
        (
            f"Nghi ngờ do thân nhiệt cao: {whole(totals.suspected)}; sốt xác nhận bằng nhiệt kế: "
            f"{whole(totals.confirmed)}; cho qua sau đo lại: {whole(totals.cleared_after_recheck)}."
        ),
        (
            f"Cách ly tạm thời tại cửa khẩu: {whole(totals.isolated)}; chuyển cơ sở y tế: {whole(totals.referred)}; "
            f"không cho qua: {whole(totals.refused)} (hướng dẫn sang cửa khẩu khác: {whole(totals.redirected)}); "
            f"đang chờ: {whole(totals.pending)}; đã hủy: {whole(totals.withdrawn)}."
        ),
        *_found_outside(report),
    ]


def _found_outside(report: DailyReport) -> list[str]:
    """Say how many of the crossings were none: people who were found outside a gate (R007)."""
    found = report.categories.get(TravellerCategory.ILLEGAL_CROSSING)
    if found is None or not found.crossings:
        return []
    legal = report.totals.crossings - found.crossings
    return [
        (
            f"Trong tổng số trên có {whole(found.crossings)} người bị phát hiện vượt biên trái phép, được kiểm dịch "
            f"như mọi người và tính riêng: đo thân nhiệt {whole(found.measured)}, cách ly {whole(found.isolated)}, "
            f"chuyển cơ sở y tế {whole(found.referred)}; số lượt qua cửa khẩu hợp pháp là {whole(legal)}."
        )
    ]


def _directions(report: DailyReport) -> tuple[int, int]:
    entry, leaving = (
        sum(gate.by_direction[direction].crossings for gate in report.gates if gate.by_direction)
        for direction in (Direction.ENTRY, Direction.EXIT)
    )
    return entry, leaving


def _gate(gate: GateLine) -> dict[str, Any]:
    if gate.figures is None:
        awaited = f"{AWAITED}: còn {whole(gate.pending_records)} bản ghi tại cửa khẩu chưa gửi"
        missing = awaited if gate.pending_records else NO_FIGURES
        notice = f"TẠM DỪNG ({gate.suspended_by})" if gate.suspended_by else missing
        return {"name": gate.name, "cells": None, "notice": notice}
    crossings = tuple(gate.by_direction[way].crossings for way in (Direction.ENTRY, Direction.EXIT))
    return {"name": gate.name, "cells": _gate_cells(gate.figures, crossings), "notice": ""}


def _gate_cells(figures: Figures, crossings: tuple[int, ...]) -> list[str]:
    return [
        *(whole(number) for number in crossings),
        whole(figures.measured),
        percent(figures.coverage),
        *(
            whole(getattr(figures, name))
            for name in ("suspected", "confirmed", "isolated", "referred", "refused", "pending")
        ),
    ]


def _gate_notes(report: DailyReport) -> list[str]:
    silent = [
        f"{gate.name}: số liệu đến {clock(gate.reported_until)}, sau đó mất liên lạc."
        for gate in report.gates
        if gate.reported_until
    ]
    awaited = [
        f"{gate.name}: còn {whole(gate.pending_records)} bản ghi chưa gửi về tỉnh, số liệu chưa đủ."
        for gate in report.gates
        if gate.pending_records and gate.figures is not None
    ]
    return (
        silent
        + awaited
        + [f"{gate.name}: ngoài ra có {count} lượt quá cảnh." for gate in report.gates if (count := _transits(gate))]
    )


def _transits(gate: GateLine) -> str:
    if gate.figures is None:
        return ""
    return _in_transit(gate.figures, tuple(figures.crossings for figures in gate.by_direction.values()), lead="")


def _in_transit(figures: Figures, crossings: tuple[int, ...], *, lead: str) -> str:
    """What the columns of entry and exit do not hold, so that they add up to the crossings; nothing for none."""
    rest = figures.crossings - sum(crossings)
    return f"{lead}{whole(rest)}" if rest else ""


def _category(category: TravellerCategory, figures: Figures, *, labels: Catalogue) -> dict[str, Any]:
    cells = [whole(figures.crossings), whole(figures.measured), percent(figures.coverage)]
    return {
        "name": labels.text("TravellerCategory", category),
        "cells": [*cells, whole(figures.suspected), whole(figures.confirmed)],
    }


def _printed(identities: Iterable[Identity]) -> list[Identity]:
    """The crossings identity at each gate, in sum and by dimension, and any other equation that does not hold."""
    return [identity for identity in identities if identity.left_name == "crossings" or not identity.holds]


def _identity(identity: Identity, *, report: DailyReport, names: dict[str, str]) -> dict[str, str]:
    scope = names.get(identity.scope, identity.scope)
    if identity.right_name.startswith(BY_DIMENSION):
        dimension = Dimension(identity.right_name.removeprefix(BY_DIMENSION))
        scope = f"Cộng theo {DIMENSION_NAMES[dimension]}: {FIGURE_NAMES[identity.left_name]}"
        equation = f"{whole(identity.left)} = {whole(identity.right)}"
    elif identity.right_name.startswith("sum of gates"):
        scope = f"Tổng các cửa khẩu: {FIGURE_NAMES[identity.left_name]}"
        equation = f"{whole(identity.left)} = {whole(identity.right)}"
    else:
        figures = _figures_of_scope(report, identity.scope)
        equation = f"{whole(identity.left)} = {' + '.join(whole(getattr(figures, name)) for name in ENDS)}"
    return {"scope": scope, "equation": equation, "verdict": "Khớp" if identity.holds else "KHÔNG KHỚP"}


def _figures_of_scope(report: DailyReport, scope: str) -> Figures:
    found = next((gate.figures for gate in report.gates if gate.point_of_entry_id == scope), None)
    return found or report.totals


def _referred(report: DailyReport, *, names: dict[str, str], labels: Catalogue) -> list[list[str]]:
    return [
        [
            str(index),
            clock(row.observed_at),
            names.get(row.point_of_entry_id, row.point_of_entry_id),
            labels.text("TravellerCategory", row.category),
            degrees(row.scanner_c),
            degrees(row.clinical_c),
            labels.text("Disposition", row.disposition),
        ]
        for index, row in enumerate(report.referred, start=1)
    ]


def _unmeasured(report: DailyReport, *, names: dict[str, str], labels: Catalogue) -> list[list[str]]:
    return [
        [
            str(index),
            clock(row.observed_at),
            names.get(row.point_of_entry_id, row.point_of_entry_id),
            labels.text("ExceptionCode", row.exception_code)
            if row.exception_code
            else labels.text("Disposition", row.disposition),
        ]
        for index, row in enumerate(report.unmeasured, start=1)
    ]


def _quality(report: DailyReport, *, names: dict[str, str]) -> list[str]:
    missing = ", ".join(report.units_without_figures)
    return [
        f"Đơn vị chưa có số liệu: {missing or 'không có'}.",
        (
            f"Bản ghi đến sau giờ chốt: {whole(report.late_records)}; lượt được đính chính: "
            f"{whole(report.corrected_crossings)}."
        ),
        (
            f"Bản ghi chưa tính được (đang giữ riêng): {whole(report.quarantined_records)}; bản ghi thuộc phiên bản "
            f"mới hơn: {whole(report.unprojected_records)}."
        ),
        *_express_only(report, names=names),
        *(_unit(edge, names=names) for edge in report.edge_heads),
    ]


def _express_only(report: DailyReport, *, names: dict[str, str]) -> list[str]:
    """Name the cases that no figure of this report holds; nothing where there is none."""
    if not report.express_only:
        return []
    told = ", ".join(
        f"{row.crossing_id[-6:].upper()} ({names.get(row.point_of_entry_id, row.point_of_entry_id)})"
        for row in report.express_only
    )
    return [f"Ca báo nhanh, bản ghi không bao giờ đến (ngoài các số trên): {whole(len(report.express_only))}: {told}."]


def _unit(edge: EdgeHead, *, names: dict[str, str]) -> str:
    """One edge's line: how far its journal is here, when it called last, and what is missing, as numbers."""
    place = f" ({names[edge.point_of_entry_id]})" if edge.point_of_entry_id in names else ""
    heard = f"liên lạc cuối {clock(edge.last_contact_at)}" if edge.last_contact_at else "chưa liên lạc lần nào"
    counts = (
        ("chờ gửi", edge.pending_records),
        ("mất", edge.lost_records),
        ("khôi phục", edge.recovered_records),
        ("giữ riêng", edge.quarantined_records),
        ("thuộc phiên bản mới hơn", edge.unprojected_records),
    )
    told = "".join(f", {word} {whole(number)}" for word, number in counts if number or word == "mất")
    return f"Máy {edge.edge_id}{place}: đời {edge.incarnation}, đến bản ghi {whole(edge.sequence)}, {heard}{told}."


def _change(change: Change, *, names: dict[str, str]) -> list[str]:
    scope = names.get(change.scope, change.scope)
    before = NO_FIGURES if change.before is None else whole(change.before)
    after = NO_FIGURES if change.after is None else whole(change.after)
    return [scope, FIGURE_NAMES[change.figure], before, after]


def _provenance(report: DailyReport) -> list[str]:
    return [
        f"Sổ cái: {whole(report.ledger_records)} bản ghi; số liệu lấy lúc {clock(report.taken_at)}.",
        f"Mã đối chiếu sổ cái: {report.ledger_hash}",
        *_witness(report.signed_head),
        "Lập tự động từ sổ cái bằng phần mềm Kiểm Dịch; quét mã để đối chiếu.",
    ]


def _witness(head: LedgerHead | None) -> list[str]:
    """The signed head as it is printed: whoever holds the paper holds a witness of the ledger."""
    if head is None:
        return ["Sổ cái chưa được ký."]
    return [
        f"Đầu sổ đã ký: bản ghi {whole(head.position)}, lúc {clock(head.issued_at)}, mã {head.hash}",
    ]
