"""The figures of a report day, and the rows behind each: for the CDC, without the persons; command sees no row."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from central.actions.opening import Centre
from central.dimensions import COUNTED_BY, Dimension
from central.ledger import PLAUSIBLE_YEARS
from central.report.daily_report import decode_report
from central.rollup import Figure
from central.routes.answers import ROWS_PER_PAGE, Offset, Word, answer, refuse, run_in_thread
from central.routes.desk import number_of
from central.routes.sheets import csv_answer
from central.store.figure_rows import CrossingRow, FigureTables, RowChoice
from sync.agreement.vocabulary import Direction
from web.roles import require


def _chosen(
    *,
    figure: Figure,
    gate: Word = "",
    category: Word = "",
    by: Dimension | None = None,
    value: Word = "",
    direction: Direction | None = None,
    standing: bool = False,
    rule: Annotated[str, Query(max_length=64)] = "",
    q: Word = "",
) -> RowChoice:
    """What an address asks for: the page, the file and the links of the command page ask alike."""
    return RowChoice(
        figure=figure,
        point_of_entry_id=gate,
        category=category,
        dimension=by,
        value=value,
        direction=direction,
        only_standing=standing,
        rule_id=rule,
        sought=q.strip(),
    )


Chosen = Annotated[RowChoice, Depends(_chosen)]


class FigureRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/reports/{day}", tags=["reports"])
        see, rows = [require("reports.see")], [require("desk.see")]
        router.add_api_route("/figures", self.show, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route("/rows", self.show_rows, methods=["GET"], dependencies=rows, response_model=None)
        router.add_api_route("/{figure}.csv", self.export, methods=["GET"], dependencies=rows, response_model=None)
        return router

    async def show(self, day: date) -> Response:
        """Answer the figures of a day as they are now, and whether the newest frozen revision says the same."""
        if day.year not in PLAUSIBLE_YEARS:
            return refuse("report_unknown", http_code=404)
        tables = await run_in_thread(self._centre.store.figure_rows.tables, day)
        frozen = await run_in_thread(self._frozen, day)
        revision, totals = frozen if frozen is not None else (None, {})
        is_same = all(tables.totals.get(Figure(name), 0) == count for name, count in totals.items())
        said = {"day": day, "as_of": self._centre.clock(), "revision": revision, "is_as_frozen": is_same}
        return answer({**said, "totals": _whole(tables.totals), "tables": self._tables(tables)})

    async def show_rows(
        self,
        day: date,
        *,
        choice: Chosen,
        offset: Offset = 0,
    ) -> Response:
        """Answer a page of the crossings that a figure counts now, and how many there are."""
        found = await run_in_thread(lambda: self._centre.store.figure_rows.crossings(day, choice=choice))
        page = [self._line(day, row) for row in found[offset : offset + ROWS_PER_PAGE]]
        return answer({"day": day, "count": len(found), "offset": offset, "per_page": ROWS_PER_PAGE, "rows": page})

    async def export(
        self,
        day: date,
        *,
        choice: Chosen,
    ) -> Response:
        """Answer all crossings that a figure counts now, as a CSV file."""
        rows = await run_in_thread(lambda: self._centre.store.figure_rows.crossings(day, choice=choice))
        name = f"luot-{day.isoformat()}-{choice.figure.value}.csv"
        return csv_answer(name, head=CrossingRow.__struct_fields__, rows=map(msgspec.structs.astuple, rows))

    def _frozen(self, day: date) -> tuple[int, dict[str, int]] | None:
        revision = self._centre.store.reports.newest(day)
        content = self._centre.store.reports.content(day, revision=revision) if revision else None
        if content is None:
            return None
        totals = decode_report(content).totals
        return revision, {figure.value: int(getattr(totals, figure.value)) for figure in Figure}

    def _tables(self, tables: FigureTables) -> list[dict[str, object]]:
        """Say each table as lines of figures, with what its lines ask for when they are opened."""
        gates = [
            {"ask": {"gate": gate}, "name": self._centre.deployment.names_of(gate), "figures": _whole(counts)}
            for gate, counts in sorted(tables.gates.items())
        ]
        categories = [
            {"ask": {"category": category}, "slug": category, "figures": _whole(counts)}
            for category, counts in sorted(tables.categories.items())
        ]
        cuts: list[dict[str, object]] = [
            {
                "by": dimension,
                "lines": [
                    {
                        "ask": {"by": dimension, "value": value},
                        "slug": value,
                        "figures": {figure.value: count for figure, count in counts.items()},
                    }
                    for value, counts in sorted(tables.dimensions.get(dimension, {}).items())
                ],
            }
            for dimension in Dimension
        ]
        return [{"by": "gate", "lines": gates}, {"by": "category", "lines": categories}, *cuts]

    def _line(self, day: date, row: CrossingRow) -> dict[str, object]:
        said: dict[str, object] = msgspec.to_builtins(row)
        number = number_of(day, crossing_id=row.crossing_id)
        return said | {"case_number": number, "gate": self._centre.deployment.names_of(row.point_of_entry_id)}


def _cut(counts: Mapping[Figure, int]) -> dict[str, int]:
    return {figure.value: counts.get(figure, 0) for figure in COUNTED_BY}


def _whole(counts: Mapping[Figure, int]) -> dict[str, int]:
    """Name every figure: of a gate that spoke, what it has not is nought."""
    return {figure.value: counts.get(figure, 0) for figure in Figure}
