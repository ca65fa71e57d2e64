"""The edge as a web application: its interface, its streams, its pages, behind one front door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from checkpoint.actions.gate import Gate
from checkpoint.app.answers import say_damaged
from checkpoint.app.board_routes import board_routes
from checkpoint.app.cookies import cookie_at
from checkpoint.app.coverage_routes import FEED_PREFIX, coverage_routes
from checkpoint.app.declare_routes import EdgeDesk, edge_declaration_router
from checkpoint.app.device_routes import device_routes
from checkpoint.app.display_routes import OPEN_PATHS as DISPLAY_PATHS
from checkpoint.app.display_routes import display_routes
from checkpoint.app.document_routes import document_routes
from checkpoint.app.edge_app import EdgeApp, Running
from checkpoint.app.exercise_routes import exercise_routes
from checkpoint.app.group_routes import group_routes
from checkpoint.app.handheld_routes import SIGNED_PREFIX as HANDHELD_PREFIX
from checkpoint.app.handheld_routes import handheld_routes
from checkpoint.app.isolation_routes import isolation_routes
from checkpoint.app.lane_routes import lane_routes
from checkpoint.app.override_routes import override_routes
from checkpoint.app.paper_routes import paper_routes
from checkpoint.app.place_routes import place_routes
from checkpoint.app.register_routes import register_routes
from checkpoint.app.shift_routes import shift_routes
from checkpoint.app.site_routes import site_routes
from checkpoint.app.station_routes import station_routes
from checkpoint.app.streams import stream_routes
from checkpoint.app.watch_routes import watch_routes
from checkpoint.store.connection import DamagedDatabaseError
from checkpoint.web import HOME_BY_ROLE, pages, router
from checkpoint.web.handheld_pages import PREFIX as HANDHELD_PAGES
from web.access import OpenPaths
from web.declaring import DeclarationPages
from web.exercise_mark import ExerciseMark
from web.front import install_front
from web.language import Labels
from web.passwords import Passwords
from web.pins import Pins
from web.sign_in import SESSION_COOKIE, SignIn
from web.stations import Stations

__all__ = ["create_app"]


_ROOMS = (
    lane_routes,
    site_routes,
    register_routes,
    isolation_routes,
    coverage_routes,
    watch_routes,
    paper_routes,
    place_routes,
    shift_routes,
    exercise_routes,
    document_routes,
    group_routes,
    handheld_routes,
    display_routes,
    board_routes,
    device_routes,
)
"""What each room answers over HTTP, given the edge alone."""


_OPEN_PATHS = OpenPaths(
    exact=OpenPaths().exact | DISPLAY_PATHS,
    prefixes=(*OpenPaths().prefixes, HANDHELD_PAGES),
    signed_prefixes=(FEED_PREFIX, HANDHELD_PREFIX),
)
"""What needs no session: the travellers' screen, the handhelds' page, and programs that sign or hold a token."""


def create_app(
    gate: Gate, *, workers: Running, labels: Labels, passwords: Passwords | None = None, pins: Pins | None = None
) -> FastAPI:
    """Build the application around a running gate. ``labels``: language -> section -> key -> text."""
    edge, accounts, book = EdgeApp(gate, workers=workers), gate.store.accounts, gate.store.stations
    sign_in = SignIn(
        users=accounts, sessions=accounts, clock=gate.clock, passwords=passwords, is_in_memory=True, standings=book
    )
    sign_in.cookie = cookie_at(gate, SESSION_COOKIE)
    stations = Stations(users=accounts, sessions=accounts, badges=book, locks=book, clock=gate.clock, pins=pins)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        edge.attach(asyncio.get_running_loop())
        yield
        edge.is_stopping.set()

    app = FastAPI(title="Kiểm Dịch: edge", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(DamagedDatabaseError, say_damaged)
    app.router.routes.extend(route for room in _ROOMS for route in room(edge))
    app.router.routes.extend(override_routes(edge, sign_in=sign_in))
    app.router.routes.extend([*station_routes(edge, stations=stations), *stream_routes(edge, sign_in=sign_in)])
    screens = pages(labels, is_exercise=gate.is_exercise)
    app.include_router(router(screens, lane_ids=tuple(gate.sheets)))
    desk = EdgeDesk(gate)
    forms = DeclarationPages(labels=labels, assets=screens.assets, desk=desk)
    app.include_router(edge_declaration_router(gate, pages=forms, desk=desk))
    install_front(
        app,
        sign_in=sign_in,
        pages=screens,
        home_by_role=HOME_BY_ROLE,
        open_paths=_OPEN_PATHS,
        allows_plain_http=gate.settings.edge.is_demo,
    )
    if gate.is_exercise:
        marks = {language: (words["drill"]["mark"], words["drill"]["mark_line"]) for language, words in labels.items()}
        app.add_middleware(ExerciseMark, marks=marks, stylesheet=screens.assets.url("web/css/exercise.css"))
    app.state.edge = edge
    return app
