"""The papers of a shift: the report's page, and the numbered sheets for the time without machines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from checkpoint.actions.shift_report import ReportedLane, ReportedOfficer, ShiftReport
from checkpoint.handhelds.bundle import HandPlace
from checkpoint.papers.typesetting import typeset_pdf
from checkpoint.shifts.sheets import LINES_PER_SHEET, NumberBlock, mark_of
from sync.agreement.exercise import is_exercise_name
from sync.agreement.labels_catalogue import Catalogue, format_date, format_instant, format_number
from sync.agreement.local_time import VIETNAM_TIME

_NONE: Final = "-"
PAPER_LANGUAGES: Final = ("vi", "en", "zh")
"""What the fonts of papers can print."""
COLUMNS: Final = (
    "crossings",
    "measured",
    "not_measured",
    "alarms",
    "rechecks",
    "cleared",
    "isolated",
    "referred",
    "refused",
    "pending",
    "withdrawn",
    "from_paper",
)
"""Figures of the printed table, in its order."""
SHEET_COLUMNS: Final = (
    "number",
    "hour",
    "direction",
    "name",
    "document",
    "nationality",
    "temperature",
    "site",
    "symptoms",
    "places",
    "reason",
    "entered",
)


class _Words:
    """Labels and numbers of one language, as a paper prints them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.language = catalogue.language

    def __call__(self, key: str, **values: str | float) -> str:
        return self._catalogue.text("shift_report", key, **values)

    @property
    def mark(self) -> str:
        """The word that marks the papers of a drill."""
        return self._catalogue.text("drill", "mark")

    def number(self, value: float) -> str:
        return format_number(value, language=self.language)

    def exception(self, code: str) -> str:
        return self._catalogue.text("ExceptionCode", code)

    def step(self, step: str) -> str:
        return self._catalogue.text("MandatoryStep", step)

    def shift(self, code: str) -> str:
        """A province may name shifts of its own; those have no words but their code."""
        return self._catalogue.sections["shift_page"].get(f"code_{code}", code)


def report_pdf(report: ShiftReport, *, catalogue: Catalogue) -> bytes:
    """Print a report. Labels and figures are plain values of the template, so that no name becomes markup."""
    t = _Words(catalogue)
    begins, ends = (format_instant(at, language=t.language) for at in (report.starts_at, report.ends_at))
    values = {
        "exercise": t.mark if is_exercise_name(report.edge_id) else "",
        "title": t("title"),
        "gate": report.gate_names.get(t.language, report.point_of_entry_id),
        "edge": report.edge_id,
        "shift": t.shift(report.shift_code),
        "period": f"{begins} - {ends}",
        "made": f"{t('made_at')} {format_instant(report.made_at, language=t.language)}",
        "preliminary": "" if report.is_over else t("not_over"),
        "columns": [t("lane"), *(t(name) for name in COLUMNS), t("seconds")],
        "rows": [_figures(lane, t=t) for lane in report.lanes],
        "total": _figures(report.total, t=t),
        "days": _days(report, t=t),
        "exceptions_title": t("exceptions"),
        "exceptions": [[t.exception(code), t.number(n)] for code, n in report.total.figures.exceptions.items()],
        "lines": _open_points(report, t=t),
        "officers_title": t("officers"),
        "officers": [_officer(one, report=report, t=t) for one in report.officers],
        "officer_columns": [t(key) for key in ("officer", "lane", "from", "until", "handover")],
        "signatures": [t(key) for key in ("sign_leaving", "sign_coming", "sign_head")],
        "sign_note": t("sign_note"),
    }
    return typeset_pdf("shift_report", values=values, at=report.made_at)


def sheets_pdf(
    block: NumberBlock,
    *,
    gate: str,
    edge_id: str,
    at: datetime,
    catalogue: Catalogue,
    asked: Sequence[HandPlace] = (),
    is_exercise: bool = False,
) -> bytes:
    """Print the numbered sheets of a block; ``gate`` is the place's name, ``at`` when they are printed.

    ``edge_id`` is the only edge at which these numbers may be entered; ``asked`` the places to ask everybody about.
    """
    t = _Words(catalogue)
    printed = range(block.first_number, block.last_number + 1)
    numbers = [f"{number}-{mark_of(number, edge_id=edge_id)}" for number in printed]
    sheets = [numbers[start : start + LINES_PER_SHEET] for start in range(0, len(numbers), LINES_PER_SHEET)]
    values = {
        "exercise": t.mark if is_exercise else "",
        "title": t("sheet_title"),
        "gate": gate,
        "numbers": t("sheet_numbers", first=str(block.first_number), last=str(block.last_number)),
        "head": t("sheet_head"),
        "edge": t("sheet_mark", edge_id=edge_id),
        "asked": _asked(asked, t=t),
        "columns": [t(f"sheet_{name}") for name in SHEET_COLUMNS],
        "sheets": sheets,
        "foot": t("sheet_foot"),
    }
    return typeset_pdf("paper_sheet", values=values, at=at)


def _asked(places: Sequence[HandPlace], *, t: _Words) -> str:
    """Name the places by numbers, which are written into the line of whoever was there."""
    if not places:
        return ""
    said = [
        f"{place}) {getattr(one.names, t.language)}, "
        f"{format_instant(one.was_from, language=t.language)} - {format_instant(one.was_to, language=t.language)}"
        for place, one in enumerate(places, start=1)
    ]
    return t("sheet_asked", places="; ".join(said))


def _figures(lane: ReportedLane, *, t: _Words) -> list[str]:
    pace = lane.seconds_per_traveller
    counted = [t.number(getattr(lane.figures, name)) for name in COLUMNS]
    return [lane.label or t("total"), *counted, _NONE if pace is None else t.number(pace)]


def _days(report: ShiftReport, *, t: _Words) -> list[list[str]]:
    """Part the total by report days where the cut-off lies within the shift."""
    if len(report.report_days) < 2:
        return []
    return [
        [
            t("of_report_day", day=format_date(one.report_day, language=t.language)),
            *(t.number(getattr(one.figures, name)) for name in COLUMNS),
            _NONE,
        ]
        for one in report.report_days
    ]


def _officer(one: ReportedOfficer, *, report: ShiftReport, t: _Words) -> list[str]:
    labels = {lane.lane_id: lane.label for lane in report.lanes}
    closed = _NONE if one.closed_at is None else format_instant(one.closed_at, language=t.language)
    opened = format_instant(one.opened_at, language=t.language)
    handed = t("handed_over") if one.has_handed_over else t("not_handed_over")
    if one.ended_by:
        handed = f"{handed}; {t('ended_by', officer=one.ended_by)}"
    return [one.username, labels.get(one.lane_id, one.lane_id), opened, closed, handed]


def _parties(report: ShiftReport, *, t: _Words) -> list[str]:
    """Say what was found outside the gate: never a part of the crossings above."""
    found, crossings = report.interceptions, report.intercepted.figures
    if not found.parties and not crossings.crossings:
        return []
    counts = {"parties": found.parties, "people": found.declared, "left": found.not_screened}
    ends = {"screened": crossings.crossings, "isolated": crossings.isolated + crossings.referred}
    return [t("interceptions_said", **{name: t.number(number) for name, number in (counts | ends).items()})]


def _vehicles(report: ShiftReport, *, t: _Words) -> list[str]:
    found = report.post_checks
    if not found.parties:
        return []
    names = ("parties", "declared", "screened", "not_screened", "beyond_declared", "with_proof")
    return [t("post_checks_said", **{name: t.number(getattr(found, name)) for name in names})]


def _experts(report: ShiftReport, *, labels: Mapping[str, str], t: _Words) -> list[str]:
    """Say 100 %, or name each passage that lacks a step: its lane, its time and the step."""
    found = report.experts
    if not found.due:
        return []
    said = t("experts_said", complete=t.number(found.complete), due=t.number(found.due))
    gaps = (
        t(
            "expert_gap",
            lane=labels.get(gap.lane_id, gap.lane_id),
            hour=f"{gap.presented_at.astimezone(VIETNAM_TIME):%H:%M}",
            steps=", ".join(t.step(step) for step in gap.missing),
        )
        for gap in found.gaps
    )
    return [said, *gaps]


def _open_points(report: ShiftReport, *, t: _Words) -> list[list[str]]:
    labels = {lane.lane_id: lane.label for lane in report.lanes}
    points: dict[str, Sequence[str]] = {
        "experts": _experts(report, labels=labels, t=t),
        "interceptions": _parties(report, t=t),
        "post_checks": _vehicles(report, t=t),
        "device_faults": report.device_faults,
        "gaps": [labels.get(lane_id, lane_id) for lane_id in report.lanes_without_plan],
        "missing_paper": [str(number) for number in report.missing_paper_numbers],
    }
    return [[t(key), ", ".join(words) or t("nothing")] for key, words in points.items()]
