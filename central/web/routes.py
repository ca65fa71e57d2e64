"""The centre's pages: CDC desk, command, reports, units. Their modules read the centre's own interface."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from web.assets import Assets
from web.language import Labels
from web.pages import Pages
from web.roles import require

_FOLDER = Path(__file__).parent

HOME_BY_ROLE: Mapping[str, str] = {"cdc": "/desk", "command": "/command", "administrator": "/units"}

_CASE_WORDS = (
    "desk",
    "lane",
    "CaseClass",
    "ClockKind",
    "DeviceKind",
    "Direction",
    "Disposition",
    "DocumentKind",
    "ExceptionCode",
    "MandatoryStep",
    "MeasuringSite",
    "Outcome",
    "PurposeOfCrossing",
    "ReadingKind",
    "ReasonCode",
    "ReasonDetail",
    "ResponseScenario",
    "Sex",
    "Symptom",
    "TravellerCategory",
    "UnusableReason",
)

_COMMAND_WORDS = ("command", "desk", "figure", "OrderState", "ResponseScenario")


def pages(labels: Labels) -> Pages:
    """Return the centre's page renderer for a catalogue: language -> section -> key -> text."""
    return Pages(
        labels=labels,
        assets=Assets({"central": _FOLDER / "static"}),
        template_folder=_FOLDER / "templates",
        service_key="look.centre",
    )


def router(pages: Pages) -> APIRouter:
    """Return the page routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/desk", dependencies=[require("desk.see")])
    async def show_desk(request: Request) -> Response:
        return pages.render(request, "desk.html", sections=_CASE_WORDS, crossing_id="")

    @routes.get("/desk/{crossing_id}", dependencies=[require("desk.see")])
    async def show_case(request: Request, crossing_id: str) -> Response:
        return pages.render(request, "desk.html", sections=_CASE_WORDS, crossing_id=crossing_id)

    @routes.get("/command", dependencies=[require("command.see")])
    async def show_command(request: Request) -> Response:
        return pages.render(request, "command.html", sections=_COMMAND_WORDS)

    @routes.get("/reports", dependencies=[require("reports.see")])
    async def show_reports(request: Request) -> Response:
        return pages.render(request, "reports.html", sections=("report_page", "command", "figure"))

    @routes.get("/units", dependencies=[require("units.see")])
    async def show_units(request: Request) -> Response:
        return pages.render(request, "units.html", sections=("units_page",))

    return routes
