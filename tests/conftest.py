"""What every test may ask for, and the marks that follow from what it asks for."""

from collections.abc import Generator
from pathlib import Path

import pytest
import structlog

pytest_plugins = [
    "tests.services.brokers",
    "tests.services.postgres",
    "tests.services.schemas",
    "tests.services.chromium",
    "tests.demands",
]

ROOT = Path(__file__).resolve().parent.parent

MARKS_BY_FIXTURE = {
    "nats_broker": ("services", "broker"),
    "mosquitto_broker": ("services", "broker"),
    "mqtt_broker": ("services", "broker"),
    "postgres_server": ("services", "postgres"),
    "own_postgres": ("services", "postgres"),
    "chromium": ("services", "browser"),
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, object, object]:
    """Mark a test by the services it asks for, so that no test can forget to; browser tests come last.

    The browser's synchronous driver keeps the event loop of its thread for the whole session: a test that
    awaits and runs after it, in the same worker, would find that loop instead of its own.
    """
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            for mark in MARKS_BY_FIXTURE.get(fixture, ()):
                item.add_marker(mark)
        if item.nodeid.startswith("tests/journeys/"):
            item.add_marker("journey")
    outcome = yield
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> pytest.TestReport:
    """Tell fixtures whether their test failed (a browser then keeps its trace)."""
    report = yield
    item.has_failed = getattr(item, "has_failed", False) or report.failed
    return report


@pytest.fixture(autouse=True)
def logs_as_before() -> Generator[None]:
    """Undo what a command run in this process set up for its logs: its standard error is closed afterwards."""
    before = structlog.get_config()
    yield
    if structlog.get_config() != before:
        structlog.configure(**before)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and reference pages beside the checkout; tests that need it skip elsewhere."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the recordings of ../shared are not here")
    return folder
