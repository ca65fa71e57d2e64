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
    "contacts_page",
    "desk",
    "declaration",
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
    "LookReason",
    "SettlementReason",
    "Sex",
    "Symptom",
    "TravellerCategory",
    "UnusableReason",
)

_CONTACT_WORDS = ("contacts_page", "desk", "Disposition", "LookReason")
_FIGURE_WORDS = (
    "declaration",
    "desk",
    "figure",
    "figures_page",
    "gate_figure",
    "refusal",
    "report_page",
    "ConveyanceKind",
    "DeviceCondition",
    "Direction",
    "Disposition",
    "FinderUnit",
    "GroupKind",
    "LinkReason",
    "MemberMatch",
    "MissingReason",
    "OccupantRole",
    "Outcome",
    "OverrideReason",
    "PaperVoidReason",
    "PassRegime",
    "PassState",
    "Sex",
    "ShiftMoment",
    "Symptom",
    "ThresholdReason",
    "TravellerCategory",
)
_EXPERT_WORDS = ("experts_page", "desk", "Disposition", "ExceptionCode", "LookReason", "MandatoryStep")

_COMMAND_WORDS = (
    "command",
    "desk",
    "figure",
    "figures_page",
    "gate_figure",
    "orders_page",
    "DeviceCondition",
    "Direction",
    "OrderState",
    "PurposeOfCrossing",
    "ResponseScenario",
    "TravellerCategory",
)


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
    _add_reports(routes, pages=pages)

    @routes.get("/desk", dependencies=[require("desk.see")])
    async def show_desk(request: Request) -> Response:
        return pages.render(request, "desk.html", sections=_CASE_WORDS, crossing_id="")

    @routes.get("/desk/{crossing_id}", dependencies=[require("desk.see")])
    async def show_case(request: Request, crossing_id: str) -> Response:
        return pages.render(request, "desk.html", sections=_CASE_WORDS, crossing_id=crossing_id)

    @routes.get("/desk/{crossing_id}/contacts", dependencies=[require("desk.see")])
    async def show_contacts(request: Request, crossing_id: str) -> Response:
        return pages.render(request, "contacts.html", sections=_CONTACT_WORDS, crossing_id=crossing_id)

    @routes.get("/command", dependencies=[require("command.see")])
    async def show_command(request: Request) -> Response:
        return pages.render(request, "command.html", sections=_COMMAND_WORDS)

    @routes.get("/units", dependencies=[require("units.see")])
    async def show_units(request: Request) -> Response:
        return pages.render(request, "units.html", sections=("units_page", "IncarnationReason", "RevocationReason"))

    return routes


def _add_reports(routes: APIRouter, *, pages: Pages) -> None:
    """Add what is counted: the reports, their figures, and the experts."""

    @routes.get("/experts", dependencies=[require("experts.see")])
    async def show_experts(request: Request) -> Response:
        return pages.render(request, "experts.html", sections=_EXPERT_WORDS)

    @routes.get("/reports", dependencies=[require("reports.see")])
    async def show_reports(request: Request) -> Response:
        return pages.render(request, "reports.html", sections=("report_page", "figures_page", "command", "figure"))

    @routes.get("/reports/{day}/figures", dependencies=[require("reports.see")])
    async def show_figures(request: Request, day: str) -> Response:
        return pages.render(request, "figures.html", sections=_FIGURE_WORDS, day=day)
