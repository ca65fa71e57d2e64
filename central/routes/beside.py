"""What gates wrote beside crossings on a report day, and the records behind each figure: nobody is named."""

from collections import defaultdict
from datetime import date

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from central.actions.opening import Centre
from central.gate_figures import GateFigure
from central.ledger import PLAUSIBLE_YEARS
from central.routes.answers import ROWS_PER_PAGE, Offset, Word, answer, refuse, run_in_thread
from central.routes.sheets import csv_answer
from central.store.gate_reading import CountedRow
from web.roles import require

_REPEATED = GateFigure.DECLARATIONS_REPEATED


class BesideRoutes:
    """Bound to one centre."""

    def __init__(self, centre: Centre) -> None:
        """Nothing is read yet."""
        self._centre = centre

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/reports/{day}/beside", tags=["reports"])
        see, rows = [require("reports.see")], [require("desk.see")]
        router.add_api_route("/figures", self.show, methods=["GET"], dependencies=see, response_model=None)
        router.add_api_route("/rows", self.show_rows, methods=["GET"], dependencies=rows, response_model=None)
        router.add_api_route("/{figure}.csv", self.export, methods=["GET"], dependencies=rows, response_model=None)
        return router

    async def show(self, day: date) -> Response:
        """Answer the figures of each gate that wrote any record, as they are now, in the order of the vocabulary."""
        if day.year not in PLAUSIBLE_YEARS:
            return refuse("report_unknown", http_code=404)
        sums: defaultdict[str, defaultdict[GateFigure, int]] = defaultdict(lambda: defaultdict(int))
        for row in await run_in_thread(self._centre.store.gates.counts, day):
            sums[row.point_of_entry_id][row.figure] += row.count
        for again in await run_in_thread(lambda: self._centre.store.gates.counted(day, figure=_REPEATED)):
            sums[again.point_of_entry_id][_REPEATED] += again.count
        gates = [{"gate": gate, "name": self._centre.deployment.names_of(gate)} for gate in sorted(sums)]
        lines = [
            {"figure": figure.value, "counts": {gate: sums[gate][figure] for gate in sums if sums[gate][figure]}}
            for figure in GateFigure
        ]
        return answer({"day": day, "gates": gates, "lines": [line for line in lines if line["counts"]]})

    async def show_rows(
        self, day: date, *, figure: GateFigure, gate: Word = "", q: Word = "", offset: Offset = 0
    ) -> Response:
        """Answer a page of the records that a figure counts, how many there are, and what they count to."""
        found = await self._found(day, figure=figure, gate=gate, sought=q.strip())
        page = [self._line(row) for row in found[offset : offset + ROWS_PER_PAGE]]
        said = {"day": day, "count": len(found), "sum": sum(row.count for row in found)}
        return answer({**said, "offset": offset, "per_page": ROWS_PER_PAGE, "rows": page})

    async def export(self, day: date, *, figure: GateFigure, gate: Word = "", q: Word = "") -> Response:
        """Answer all records that a figure counts, as a CSV file."""
        found = await self._found(day, figure=figure, gate=gate, sought=q.strip())
        name = f"ghi-{day.isoformat()}-{figure.value}.csv"
        return csv_answer(name, head=CountedRow.__struct_fields__, rows=map(msgspec.structs.astuple, found))

    async def _found(self, day: date, *, figure: GateFigure, gate: str, sought: str) -> list[CountedRow]:
        counted = self._centre.store.gates.counted
        rows = await run_in_thread(lambda: counted(day, figure=figure, point_of_entry_id=gate))
        return [row for row in rows if row.is_sought(sought)]

    def _line(self, row: CountedRow) -> dict[str, object]:
        said: dict[str, object] = msgspec.to_builtins(row)
        return said | {"gate": self._centre.deployment.names_of(row.point_of_entry_id)}
