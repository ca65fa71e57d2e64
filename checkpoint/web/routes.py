"""The edge's pages: the lane, the isolation room, the devices. Their modules read the edge's own interface."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from checkpoint.web.handheld_pages import handheld_router
from sync.agreement.display_words import DisplayMessage
from web.assets import Assets
from web.language import Labels
from web.pages import Pages
from web.roles import require, session_of
from web.security_headers import with_camera

_FOLDER = Path(__file__).parent

HOME_BY_ROLE: Mapping[str, str] = {
    "officer": "/lanes",
    "gate_head": "/board",
    "cdc": "/isolation",
    "administrator": "/devices",
}

_DEVICE_WORDS = (
    "devices_page",
    "uplink_reason",
    "DeviceCondition",
    "ConditionReason",
    "FaultCode",
    "IncarnationReason",
)
_WORDS = (
    "override",
    "question",
    "Exposure",
    "OverrideReason",
    "OverriddenReason",
    "Role",
    "uplink_reason",
    "lane",
    "declaration",
    "slip",
    "CaseClass",
    "DeviationName",
    "DocumentWarningCode",
    "FieldState",
    "ZoneField",
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
    "QualityReason",
    "ReadingKind",
    "ReasonCode",
    "ReasonDetail",
    "ResponseScenario",
    "Sex",
    "Symptom",
    "TravellerCategory",
    "UnusableReason",
)


ROWS_WORDS = (
    "board",
    "coverage",
    "lane",
    "Direction",
    "Disposition",
    "DocumentKind",
    "ExceptionCode",
    "TravellerCategory",
)
"""Sections of labels that tables of rows read, whichever page shows one."""

ISOLATION_WORDS = (
    "CheckOutcome",
    "ContactRelation",
    "EscalationReason",
    "ExaminationFinding",
    "FollowUpDuty",
    "IsolationGround",
    "LegalRole",
    "LookReason",
    "NoticeAddressee",
    "NoticeMeans",
    "ProvisionKind",
    "TreatmentAction",
)
"""Sections of labels that the isolation board and its dialogs read."""

REGISTER_WORDS = (
    "DocumentKind",
    "DocumentWarningCode",
    "LinkReason",
    "PassReason",
    "PassRegime",
    "PassState",
    "Sex",
)
"""Sections of labels that the register's page reads; the lane's page reads those of its dialog too."""

SHIFT_WORDS = (
    *ROWS_WORDS,
    "shift_page",
    "question",
    "declaration",
    "DeviceKind",
    "MeasuringSite",
    "PaperVoidReason",
    "PaperWhereabouts",
    "Symptom",
)
"""Sections of labels that the page of the shift and its dialogs read."""

WATCH_WORDS = (
    *ROWS_WORDS,
    "watch_page",
    "DriftSubject",
    "MeasuringSite",
    "ReversalReason",
    "SuspicionCode",
    "ThresholdMethod",
    "ThresholdReason",
)
"""Sections of labels that the page of limits and drift reads."""

POST_WORDS = (
    "post_page",
    "lane",
    "ConveyanceKind",
    "DifferenceReason",
    "Direction",
    "Disposition",
    "DocumentKind",
    "FinderUnit",
    "FirstLook",
    "PartyKind",
    "PlaceStep",
)
"""Sections of labels that the page of posts and trails and its dialogs read; the lane opens the same dialogs."""

BOARD_WORDS = (*ROWS_WORDS, "uplink_reason", "DeviceCondition")
"""Sections of labels that the gate head's board and its rows read."""

GROUP_WORDS = (
    "groups_page",
    "CargoKind",
    "ConveyanceKind",
    "Direction",
    "Disposition",
    "GroupKind",
    "GroupStanding",
    "ManifestFault",
    "MemberMatch",
    "MissingReason",
    "Nearness",
    "OccupantRole",
    "PurposeOfCrossing",
)
"""Sections of labels that the page of groups and vehicles reads; the lane's page reads them too."""

LANE_WORDS = (*_WORDS, *GROUP_WORDS, *POST_WORDS, "station", "together", "register_page", *REGISTER_WORDS)


def pages(labels: Labels, *, is_exercise: bool = False) -> Pages:
    """Return the edge's page renderer for a catalogue: language -> section -> key -> text."""
    return Pages(
        labels=labels,
        assets=Assets({"checkpoint": _FOLDER / "static"}),
        template_folder=_FOLDER / "templates",
        service_key="look.checkpoint",
        is_exercise=is_exercise,
    )


def router(pages: Pages, *, lane_ids: Sequence[str]) -> APIRouter:
    """Return the page routes. ``lane_ids``: the lanes of this edge, in their order."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/lanes", dependencies=[require("lane.glance")])
    async def show_lanes(request: Request) -> Response:
        if len(lane_ids) == 1 or session_of(request).is_locked:  # a locked station is opened at any lane
            return RedirectResponse(f"/lanes/{lane_ids[0]}", status_code=303)
        return pages.render(request, "lanes.html", sections=_WORDS)

    @routes.get("/lanes/{lane_id}", dependencies=[require("lane.glance")])
    async def show_lane(request: Request, lane_id: str) -> Response:
        if lane_id not in lane_ids:
            raise HTTPException(status_code=404)
        page = pages.render(request, "lane.html", sections=LANE_WORDS, lane_id=lane_id)
        return with_camera(page)

    @routes.get("/register", dependencies=[require("register.see")])
    async def show_register(request: Request) -> Response:
        return pages.render(request, "register.html", sections=("register_page", "lane", *REGISTER_WORDS))

    routes.include_router(handheld_router(pages))
    _add_isolation(routes, pages=pages)
    _add_devices(routes, pages=pages)
    _add_watch(routes, pages=pages)
    _add_shift(routes, pages=pages)
    _add_coverage(routes, pages=pages)
    if pages.is_exercise:
        _add_drill(routes, pages=pages)
    _add_post(routes, pages=pages)
    _add_display(routes, pages=pages)
    _add_board(routes, pages=pages)
    _add_groups(routes, pages=pages)
    return routes


def _add_isolation(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/isolation", dependencies=[require("isolation.see")])
    async def show_isolation(request: Request) -> Response:
        return pages.render(request, "isolation.html", sections=("isolation_room", "papers", *ISOLATION_WORDS, *_WORDS))

    @routes.get("/isolation/veiled", dependencies=[require("isolation.glance")])
    async def show_veiled(request: Request) -> Response:
        return pages.render(request, "isolation_veiled.html", sections=("isolation_room", *ISOLATION_WORDS, *_WORDS))


def _add_devices(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/devices", dependencies=[require("devices.see")])
    async def show_devices(request: Request) -> Response:
        return pages.render(request, "devices.html", sections=_DEVICE_WORDS)


def _add_watch(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/watch", dependencies=[require("watch.see")])
    async def show_watch(request: Request) -> Response:
        return pages.render(request, "watch.html", sections=WATCH_WORDS)


def _add_board(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/crossings", dependencies=[require("lane.see")])
    async def show_crossings(request: Request) -> Response:
        return pages.render(request, "crossings.html", sections=BOARD_WORDS)

    @routes.get("/board", dependencies=[require("board.see")])
    async def show_board(request: Request) -> Response:
        return pages.render(request, "board.html", sections=BOARD_WORDS)


def _add_display(routes: APIRouter, *, pages: Pages) -> None:
    """Add the travellers' screen: no officer signs in there, and its three languages stand side by side."""

    @routes.get("/display")
    async def show_display(request: Request) -> Response:
        words = {language: pages.labels[language]["display"] for language in pages.labels}
        return pages.render(
            request, "display.html", sections=("display",), words=words, messages=[one.value for one in DisplayMessage]
        )


def _add_shift(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/shift", dependencies=[require("shift.see")])
    async def show_shift(request: Request) -> Response:
        return pages.render(request, "shift.html", sections=SHIFT_WORDS)


def _add_post(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/post", dependencies=[require("post.see")])
    async def show_post(request: Request) -> Response:
        return pages.render(request, "post.html", sections=POST_WORDS)


def _add_drill(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/drill", dependencies=[require("drill.see")])
    async def show_drill(request: Request) -> Response:
        return pages.render(request, "drill.html", sections=("drill",))


def _add_coverage(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/coverage", dependencies=[require("coverage.see")])
    async def show_coverage(request: Request) -> Response:
        return pages.render(request, "coverage.html", sections=ROWS_WORDS)


def _add_groups(routes: APIRouter, *, pages: Pages) -> None:
    @routes.get("/groups", dependencies=[require("groups.see")])
    async def show_groups(request: Request) -> Response:
        return pages.render(request, "groups.html", sections=GROUP_WORDS)
