"""A centre with the patience for slow clients cut from a minute to a second, to keep the test short."""

from collections.abc import Callable

import central.routes.slow_clients
import central.routes.sync
from tests.faults.centre_program import serve

BODY_WITHIN_S = HEADERS_WITHIN_S = 1.0


def serve_impatiently(settings: str, *, tell: Callable[[tuple], None]) -> None:
    """Serve until killed."""
    central.routes.sync.BODY_TIMEOUT_S = BODY_WITHIN_S
    central.routes.slow_clients.HEADERS_TIMEOUT_S = HEADERS_WITHIN_S
    serve(settings, tell=tell)
