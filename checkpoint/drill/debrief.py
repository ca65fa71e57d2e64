"""The words of a timeline: a line for each act, and what to say afterwards. Pure; the words come from the labels."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from checkpoint.drill.scenario import Scenario
from checkpoint.drill.timeline import Line, LineState, Timeline
from sync.agreement.labels_catalogue import Catalogue, format_instant, format_number
from sync.agreement.local_time import VIETNAM_TIME

_PRAISED: Final = (LineState.DONE, LineState.KEPT)
_TO_PRACTISE: Final = (LineState.MISSED, LineState.BROKEN, LineState.LATE)
NOTHING: Final = "-"
COLUMNS: Final = (
    "inject",
    "act",
    "lane",
    "played_at",
    "done_at",
    "seconds",
    "limit",
    "state",
    "points",
    "officer",
    "clause",
)
"""The columns of the printed timeline; the labels are ``drill.column_...``."""


def timeline_rows(
    timeline: Timeline, *, scenario: Scenario, catalogue: Catalogue, lanes: Mapping[str, str]
) -> list[list[str]]:
    """Write each line of a timeline as texts, in the order of ``COLUMNS``; ``lanes`` gives the label of a lane's id."""
    return [_row(line, scenario=scenario, catalogue=catalogue, lanes=lanes) for line in timeline.lines]


def timeline_lines(timeline: Timeline, *, scenario: Scenario, catalogue: Catalogue) -> list[str]:
    """Write a timeline for a terminal: the lines, then the debrief."""
    rows = timeline_rows(timeline, scenario=scenario, catalogue=catalogue, lanes={})
    shown = [f"  {row[7]:<14} {row[5]:>8} / {row[6]:<8} {row[8]:>7}  {row[1]} · {row[0]}" for row in rows]
    return ["", *shown, "", *debrief(timeline, scenario=scenario, catalogue=catalogue)]


def debrief(timeline: Timeline, *, scenario: Scenario, catalogue: Catalogue) -> list[str]:
    """Say how a drill went, in sentences: when, how many points, what was in time, what to practise again."""
    language = catalogue.language
    points, possible = (_points(value, language=language) for value in (timeline.points, timeline.possible))
    said = [
        catalogue.text("drill", "debrief_title", title=scenario.title.in_language(language)),
        catalogue.text(
            "drill",
            "debrief_when",
            began=_instant(timeline.opened_at, language=language),
            ended=_instant(timeline.closed_at, language=language),
        ),
        catalogue.text("drill", "debrief_points", points=points, possible=possible),
        catalogue.text("drill", "debrief_in_time", count=sum(timeline.count(state) for state in _PRAISED)),
    ]
    said += list(_to_practise(timeline, scenario=scenario, catalogue=catalogue))
    if timeline.closed_at is not None and not timeline.is_whole:
        said.append(catalogue.text("drill", "debrief_broken_off", count=timeline.count(LineState.NOT_PLAYED)))
    return said


def _to_practise(timeline: Timeline, *, scenario: Scenario, catalogue: Catalogue) -> Iterator[str]:
    for line in timeline.lines:
        if line.state in _TO_PRACTISE:
            yield catalogue.text(
                "drill",
                f"debrief_{line.state.value}",
                act=catalogue.text("drill_act", line.act),
                inject=_title(line, scenario=scenario, language=catalogue.language),
                clause=line.clause,
                seconds=_seconds(line.seconds, language=catalogue.language),
                limit=_seconds(line.within_s, language=catalogue.language),
            )


def _row(line: Line, *, scenario: Scenario, catalogue: Catalogue, lanes: Mapping[str, str]) -> list[str]:
    language = catalogue.language
    act = catalogue.text("drill_act", line.act)
    earned = f"{_points(line.points, language=language)}/{_points(line.possible, language=language)}"
    return [
        _title(line, scenario=scenario, language=language),
        catalogue.text("drill", "must_not", act=act) if line.must_not else act,
        NOTHING if line.lane_id is None else lanes.get(line.lane_id, line.lane_id),
        _time(line.played_at),
        _time(line.done_at),
        _seconds(line.seconds, language=language),
        _seconds(line.within_s, language=language),
        catalogue.text("drill_state", line.state.value),
        earned,
        line.officer_ref or NOTHING,
        line.clause,
    ]


def _title(line: Line, *, scenario: Scenario, language: str) -> str:
    return scenario.injects[line.inject_id].title.in_language(language)


def _seconds(value: float | None, *, language: str) -> str:
    return NOTHING if value is None else f"{_points(round(value, 1), language=language)} s"


def _time(at: datetime | None) -> str:
    return NOTHING if at is None else f"{at.astimezone(VIETNAM_TIME):%H:%M:%S}"


def _points(value: float, *, language: str) -> str:
    return format_number(int(value) if value.is_integer() else value, language=language)


def _instant(at: datetime | None, *, language: str) -> str:
    return NOTHING if at is None else format_instant(at, language=language)
