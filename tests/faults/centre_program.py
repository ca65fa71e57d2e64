"""``python -m central serve`` in a forked process."""

from collections.abc import Callable
from pathlib import Path

import central.__main__


def serve(settings: str, *, tell: Callable[[tuple], None]) -> None:
    """Serve until killed."""
    tell(("starting",))
    central.__main__.set_up_logs()
    central.__main__.serve(settings=Path(settings))
