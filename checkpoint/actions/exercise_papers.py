"""A drill's timeline as the page, the table and the paper show it."""

import csv
import io
from datetime import datetime

import msgspec

from checkpoint.actions.exercising import ShownDrill
from checkpoint.actions.gate import Gate
from checkpoint.drill.debrief import COLUMNS, debrief, timeline_rows
from checkpoint.papers.typesetting import typeset_pdf
from sync.agreement.labels_catalogue import Catalogue

_BOM = "\ufeff"


class DrillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line, in words; ``state`` is the code behind its word, ``cells`` are in the order of the columns."""

    state: str
    cells: tuple[str, ...]


class DrillView(msgspec.Struct, frozen=True, kw_only=True):
    """A drill as its page shows it."""

    title: str
    story: str
    standing: str
    points: float
    possible: float
    opened_at: datetime | None
    closed_at: datetime | None
    now: datetime
    columns: tuple[str, ...]
    rows: tuple[DrillRow, ...]
    said: tuple[str, ...]


def drill_view(shown: ShownDrill, *, catalogue: Catalogue, now: datetime) -> DrillView:
    """Draw the page of a drill in one language."""
    scenario, timeline = shown.scenario, shown.timeline
    cells = timeline_rows(timeline, scenario=scenario, catalogue=catalogue, lanes=shown.lanes)
    standing = "not_begun" if timeline.opened_at is None else "running"
    if timeline.closed_at is not None:
        standing = "over" if timeline.is_whole else "broken_off"
    return DrillView(
        title=scenario.title.in_language(catalogue.language),
        story=scenario.story.in_language(catalogue.language),
        standing=standing,
        points=timeline.points,
        possible=timeline.possible,
        opened_at=timeline.opened_at,
        closed_at=timeline.closed_at,
        now=now,
        columns=_columns(catalogue),
        rows=tuple(
            DrillRow(state=line.state.value, cells=tuple(row)) for line, row in zip(timeline.lines, cells, strict=True)
        ),
        said=() if timeline.closed_at is None else tuple(debrief(timeline, scenario=scenario, catalogue=catalogue)),
    )


def drill_csv(shown: ShownDrill, *, catalogue: Catalogue) -> bytes:
    """Write the timeline as a table that a spreadsheet opens."""
    paper = io.StringIO()
    writer = csv.writer(paper)
    writer.writerow(_columns(catalogue))
    writer.writerows(timeline_rows(shown.timeline, scenario=shown.scenario, catalogue=catalogue, lanes=shown.lanes))
    return (_BOM + paper.getvalue()).encode()


def drill_pdf(shown: ShownDrill, *, gate: Gate, catalogue: Catalogue, at: datetime) -> bytes:
    """Print the timeline and the debrief, to be signed."""
    edge = gate.settings.edge
    values = {
        "exercise": catalogue.text("drill", "mark"),
        "title": catalogue.text("drill", "paper_title"),
        "scenario": shown.scenario.title.in_language(catalogue.language),
        "story": shown.scenario.story.in_language(catalogue.language),
        "gate": gate.place.names.get(catalogue.language, edge.point_of_entry_id),
        "edge": edge.edge_id,
        "columns": list(_columns(catalogue)),
        "rows": timeline_rows(shown.timeline, scenario=shown.scenario, catalogue=catalogue, lanes=shown.lanes),
        "said": debrief(shown.timeline, scenario=shown.scenario, catalogue=catalogue),
        "signatures": [catalogue.text("drill", key) for key in ("sign_trainer", "sign_head")],
    }
    return typeset_pdf("drill_timeline", values=values, at=at)


def _columns(catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(catalogue.text("drill", f"column_{name}") for name in COLUMNS)
