"""The one place where everything that fails is caught, for what must go on beside the lanes and the ledger.

A thread that carries records, prints slips or looks for news must not end with the first mistake it
meets, and must never take the lane or the reception with it. So it is caught here, told in the log by its
kind alone (an error's words may hold a name), and tried again when its turn comes.
"""

import threading
from collections.abc import Callable

from structlog.stdlib import BoundLogger


def supervised(work: Callable[[], object], *, log: BoundLogger, fault: str, **where: str) -> bool:
    """Let work fail by itself; tell whether it did not. ``fault`` and ``where`` name it in the log."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  # see the first lines of this file
        log.error(fault, error=type(error).__name__, **where)  # noqa: TRY400  # its words may hold a name
        return False
    return True


def keep_at(
    work: Callable[[], object],
    *,
    stopping: threading.Event,
    pause_s: float,
    is_endless: bool = False,
    log: BoundLogger,
    fault: str,
    **where: str,
) -> None:
    """Do it again and again until ``stopping`` is set, with a pause after each failure.

    ``is_endless`` work runs until it is told to stop and needs no pause between two turns; other work is a
    look, and the pause stands between two looks as well.
    """
    while not stopping.is_set():
        went_well = supervised(work, log=log, fault=fault, **where)
        if not (went_well and is_endless):
            stopping.wait(pause_s)
