"""The centre as a web service: what edges push, what CDC and command look at, and its health."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import prometheus_client
import structlog
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

import central.web
from central.actions.opening import Centre
from central.forwarding import Forwarding
from central.routes.answers import answer, refuse, run_in_thread
from central.routes.beside import BesideRoutes
from central.routes.command import CommandRoutes
from central.routes.contacts import ContactRoutes
from central.routes.declaring import CentreDesk
from central.routes.desk import DeskRoutes
from central.routes.experts import ExpertRoutes
from central.routes.figures import FigureRoutes
from central.routes.orders import OrderRoutes
from central.routes.reports import ReportRoutes
from central.routes.sync import SyncRoutes
from central.routes.units import UnitRoutes
from central.store.engine import StoreUnavailableError, UnstorableError
from central.workers import Clockwork
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue
from web.declaring import DeclarationPages, declaration_router
from web.front import install_front
from web.sign_in import SignIn

_LOG = structlog.get_logger(__name__)


def build_app(centre: Centre) -> FastAPI:
    """Put the service together; ``centre`` is open and is closed when the service stops."""
    clockwork = Clockwork(centre)
    forwarding = Forwarding(centre)

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        clockwork.start()
        forwarding.start()
        yield
        forwarding.stop()
        clockwork.stop()
        centre.store.close()

    app = FastAPI(title="Kiểm Dịch: centre", lifespan=run, docs_url=None, redoc_url=None, openapi_url=None)
    for router in _routers_of(centre):
        app.include_router(router)
    app.add_exception_handler(StoreUnavailableError, _say_database_away)
    app.add_exception_handler(UnstorableError, _say_bad_words)
    _add_health(app, centre=centre, clockwork=clockwork)
    labels = {language: Catalogue.load(language).sections for language in LANGUAGES}
    pages = central.web.pages(labels)
    app.include_router(central.web.router(pages))
    declaring = CentreDesk(centre)
    forms = DeclarationPages(labels=labels, assets=pages.assets, desk=declaring)
    app.include_router(declaration_router(forms, desk=declaring, clock=centre.clock))
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


async def _say_bad_words(_request: Request, _error: Exception) -> Response:
    """Refuse a NUL in a name and a number beyond 64 bits: no such thing is here, and nothing was changed."""
    return refuse("bad_form", http_code=400)


def _routers_of(centre: Centre) -> Iterator[APIRouter]:
    yield SyncRoutes(centre).router()
    for looked_at in (DeskRoutes, ExpertRoutes, ContactRoutes, FigureRoutes, BesideRoutes):
        yield looked_at(centre).router()
    for served in (CommandRoutes, ReportRoutes, UnitRoutes, OrderRoutes):
        yield served(centre).router()


def _add_health(app: FastAPI, *, centre: Centre, clockwork: Clockwork) -> None:
    """Add the two open pages: no person, no figure of a gate."""
    registry = prometheus_client.CollectorRegistry()
    position = prometheus_client.Gauge("kiemdich_ledger_position", "Records in the ledger", registry=registry)
    alarms = prometheus_client.Gauge("kiemdich_alarms", "Alarms that nobody has cleared", ["kind"], registry=registry)
    unreadable = prometheus_client.Gauge(
        "kiemdich_express_unreadable", "Express records that no case could be made of yet", registry=registry
    )
    failures = prometheus_client.Gauge("kiemdich_freezing_failures", "Failed looks of the clockwork", registry=registry)

    @app.get("/api/health", response_model=None)
    async def tell_health() -> Response:
        reached = await run_in_thread(centre.store.edges.ledger_position)
        standing = await run_in_thread(centre.store.alarms.counts)
        return answer(
            {
                "centre_id": centre.settings.centre.centre_id,
                "status_word": "up",
                "ledger_position": reached,
                "alarms": {kind: count for kind, count in standing.items() if count},
                "report_day": centre.report_day(),
                "policies": centre.policy.references,
            }
        )

    @app.get("/metrics", response_model=None)
    async def tell_metrics() -> Response:
        position.set(await run_in_thread(centre.store.edges.ledger_position))
        for kind, count in (await run_in_thread(centre.store.alarms.counts)).items():
            alarms.labels(kind=kind).set(count)
        unreadable.set(await run_in_thread(centre.store.provisional.unreadable))
        failures.set(clockwork.failures)
        return Response(prometheus_client.generate_latest(registry), media_type="text/plain; version=0.0.4")
