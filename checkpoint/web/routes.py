"""The edge's pages: the lane, the isolation room, the devices. Their modules read the edge's own interface."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.assets import Assets
from web.language import Labels
from web.pages import Pages
from web.roles import require

_FOLDER = Path(__file__).parent

HOME_BY_ROLE: Mapping[str, str] = {"officer": "/lanes", "cdc": "/isolation", "administrator": "/devices"}

_WORDS = (
    "lane",
    "DocumentWarningCode",
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


def pages(labels: Labels) -> Pages:
    """Return the edge's page renderer for a catalogue: language -> section -> key -> text."""
    return Pages(
        labels=labels,
        assets=Assets({"checkpoint": _FOLDER / "static"}),
        template_folder=_FOLDER / "templates",
        service_key="look.checkpoint",
    )


def router(pages: Pages, *, lane_ids: Sequence[str]) -> APIRouter:
    """Return the page routes. ``lane_ids``: the lanes of this edge, in their order."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/lanes", dependencies=[require("lane.see")])
    async def show_lanes(request: Request) -> Response:
        if len(lane_ids) == 1:
            return RedirectResponse(f"/lanes/{lane_ids[0]}", status_code=303)
        return pages.render(request, "lanes.html", sections=_WORDS)

    @routes.get("/lanes/{lane_id}", dependencies=[require("lane.see")])
    async def show_lane(request: Request, lane_id: str) -> Response:
        if lane_id not in lane_ids:
            raise HTTPException(status_code=404)
        return pages.render(request, "lane.html", sections=_WORDS, lane_id=lane_id)

    @routes.get("/isolation", dependencies=[require("isolation.see")])
    async def show_isolation(request: Request) -> Response:
        return pages.render(request, "isolation.html", sections=("isolation_room", *_WORDS))

    @routes.get("/devices", dependencies=[require("devices.see")])
    async def show_devices(request: Request) -> Response:
        return pages.render(request, "devices.html", sections=("devices_page", "DeviceState", "FaultCode"))

    return routes
