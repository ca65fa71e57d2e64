"""The centre as a web service: what edges push, what CDC and command look at, and its health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import prometheus_client
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

import central.web
from central.actions.opening import Centre
from central.actions.reception import Reception
from central.routes.answers import answer, refuse, run_in_thread
from central.routes.command import CommandRoutes
from central.routes.desk import DeskRoutes
from central.routes.reports import ReportRoutes
from central.routes.sync import SyncRoutes
from central.routes.units import UnitRoutes
from central.store.engine import StoreUnavailableError
from central.workers import Clockwork
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue
from web.front import install_front
from web.sign_in import SignIn

_LOG = structlog.get_logger(__name__)


def build_app(centre: Centre) -> FastAPI:
    """Put the service together; ``centre`` is open and is closed when the service stops."""
    clockwork = Clockwork(centre)

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        clockwork.start()
        yield
        clockwork.stop()
        centre.store.close()

    app = FastAPI(title="Kiểm Dịch: centre", lifespan=run, docs_url=None, redoc_url=None, openapi_url=None)
    reception = Reception(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    served = (DeskRoutes(centre), CommandRoutes(centre), ReportRoutes(centre), UnitRoutes(centre))
    for routes in (SyncRoutes(reception), *served):
        app.include_router(routes.router())
    app.add_exception_handler(StoreUnavailableError, _say_database_away)
    _add_health(app, centre=centre, clockwork=clockwork)
    labels = {language: Catalogue.load(language).sections for language in LANGUAGES}
    pages = central.web.pages(labels)
    app.include_router(central.web.router(pages))
    accounts = centre.store.accounts
    install_front(
        app,
        sign_in=SignIn(users=accounts, sessions=accounts, clock=centre.clock),
        pages=pages,
        home_by_role=central.web.HOME_BY_ROLE,
        allows_plain_http=centre.settings.centre.is_demo,
    )
    return app


async def _say_database_away(_request: Request, error: Exception) -> Response:
    _LOG.critical("database_away", reason=str(error))
    answered = refuse("centre_unavailable", http_code=503)
    answered.headers["Retry-After"] = "5"
    return answered


def _add_health(app: FastAPI, *, centre: Centre, clockwork: Clockwork) -> None:
    """Add the two open pages: no person, no figure of a gate."""
    registry = prometheus_client.CollectorRegistry()
    position = prometheus_client.Gauge("kiemdich_ledger_position", "Records in the ledger", registry=registry)
    alarms = prometheus_client.Gauge("kiemdich_alarms", "Alarms raised, such as forks", registry=registry)
    failures = prometheus_client.Gauge("kiemdich_freezing_failures", "Failed looks of the clockwork", registry=registry)

    @app.get("/api/health", response_model=None)
    async def tell_health() -> Response:
        reached = await run_in_thread(centre.store.edges.ledger_position)
        return answer(
            {
                "centre_id": centre.settings.centre.centre_id,
                "status_word": "up",
                "ledger_position": reached,
                "report_day": centre.report_day(),
                "policies": centre.policy.references,
            }
        )

    @app.get("/metrics", response_model=None)
    async def tell_metrics() -> Response:
        position.set(await run_in_thread(centre.store.edges.ledger_position))
        alarms.set(len(await run_in_thread(centre.store.edges.alarms)))
        failures.set(clockwork.failures)
        return Response(prometheus_client.generate_latest(registry), media_type="text/plain; version=0.0.4")
