"""The link of a thermometer that is read by eye: nothing ever comes over it, and it is always there.

``manual:`` as a device's URL. What an officer types reaches the lane through its own screen; the
device stands in the settings all the same, so that it has a name, a calibration and a place in the list.
"""

import threading

from devices.driver import Manifest
from devices.link import Delivery
from devices.reading import Outgoing
from devices.registry import DeviceConfig


class TypedLink:
    """A hand, in the place of a cable."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        del config, manifest
        self._pause = threading.Event()

    def open(self) -> None:
        """Do nothing: a hand is always there."""

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Wait: nothing comes this way."""
        self._pause.wait(timeout_s)
        return None

    def send(self, outgoing: Outgoing) -> None:
        """Nobody is there to hear it."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Nothing was delivered."""

    def close(self) -> None:
        """Do nothing."""
