"""The edge as a web application: its interface, its streams, its pages, behind one front door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from checkpoint.actions.gate import Gate
from checkpoint.app.edge_app import EdgeApp, Running
from checkpoint.app.lane_routes import lane_routes
from checkpoint.app.site_routes import site_routes
from checkpoint.app.streams import stream_routes
from checkpoint.web import HOME_BY_ROLE, pages, router
from web.front import install_front
from web.language import Labels
from web.passwords import Passwords
from web.sign_in import SignIn

__all__ = ["create_app"]


def create_app(gate: Gate, *, workers: Running, labels: Labels, passwords: Passwords | None = None) -> FastAPI:
    """Build the application around a running gate. ``labels``: language -> section -> key -> text."""
    edge = EdgeApp(gate, workers=workers)
    accounts = gate.store.accounts
    sign_in = SignIn(users=accounts, sessions=accounts, clock=gate.clock, passwords=passwords, is_in_memory=True)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        edge.attach(asyncio.get_running_loop())
        yield
        edge.is_stopping.set()

    app = FastAPI(title="Kiểm Dịch: edge", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.extend([*lane_routes(edge), *site_routes(edge), *stream_routes(edge, sign_in=sign_in)])
    screens = pages(labels)
    app.include_router(router(screens, lane_ids=tuple(gate.sheets)))
    install_front(
        app,
        sign_in=sign_in,
        pages=screens,
        home_by_role=HOME_BY_ROLE,
        allows_plain_http=gate.settings.edge.is_demo,
    )
    app.state.edge = edge
    return app
