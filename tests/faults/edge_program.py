"""A whole edge without its web pages: real store, real workers (uplink, scanners), and an officer who hurries.

Each acknowledged crossing is told to the test after the officer's screen said that it is saved.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from checkpoint.workers import Workers
from tests.faults.edges import Officer, open_edge


def screen_people(settings: str, pause_s: float, *, tell: Callable[[tuple], None]) -> None:
    """Let people through until killed, and send their records meanwhile."""
    gate = open_edge(Path(settings))
    Workers(gate).start()
    officer = Officer(gate)
    while True:
        tell(tuple(officer.screen()))
        time.sleep(pause_s)


def only_send(settings: str, *, tell: Callable[[tuple], None]) -> None:
    """Serve the uplink and the scanners alone, until killed."""
    gate = open_edge(Path(settings))
    Workers(gate).start()
    tell(("open",))
    threading.Event().wait()
