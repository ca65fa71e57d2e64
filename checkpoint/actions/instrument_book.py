"""What is remembered of the gate's instruments between two looks: how each stands, and what is about to change."""

from collections.abc import Callable, Mapping
from datetime import datetime

from checkpoint.store.instruments import StandingCondition
from devices.condition import DeviceCondition, WatchFindings
from devices.health import DeviceHealth


class InstrumentBook:
    """How each device of one gate stands. ``standing`` is replaced whole, so that it may be read from any thread.

    ``health`` and ``findings`` are asked anew at each look; whoever runs the scanners and watches their readings
    puts itself there. Before that nothing is known of any link, and nothing speaks against any device.
    """

    def __init__(self, standing: Mapping[str, StandingCondition]) -> None:
        """Begin with how each device stood when the edge last ran."""
        self.standing = standing
        self.changing: Mapping[str, tuple[DeviceCondition, datetime]] = {}
        self.health: Callable[[], Mapping[str, DeviceHealth]] = dict
        self.findings: Callable[[str], WatchFindings] = _nothing_found

    def note(self, device_id: str, *, standing: StandingCondition) -> None:
        """Remember how a device stands from now on."""
        self.standing = {**self.standing, device_id: standing}


def _nothing_found(_device_id: str) -> WatchFindings:
    return WatchFindings()
