"""What a link is: the one way in which bytes come from a device and answers go back to it.

A link does I/O and understands nothing; a driver understands and does no I/O. Between them travels
a ``Delivery``: some bytes of a stream, or one whole message. The scanner pulls deliveries in its
own thread, so a link that is called back by a library (MQTT) keeps a bounded queue inside.

A class is a link when it is built as ``SomeLink(config, manifest=...)`` and keeps this protocol.
"""

from typing import Protocol

import msgspec

from devices.reading import Outgoing


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived at once: bytes of a stream in any cut, or exactly one message.

    ``token`` belongs to the link that made the delivery: it finds by it what to acknowledge.
    """

    payload: bytes
    is_retained: bool = False
    token: object = None


class Link(Protocol):
    """A cable, a broker or a recording. Each call raises ``LinkLostError`` when it went away."""

    def open(self) -> None:
        """Connect. ``LinkLostError``: try again later; ``DeviceConfigurationError``: a person must act."""
        ...

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Wait for the next delivery, at most so long; ``None`` when nothing came."""
        ...

    def send(self, outgoing: Outgoing) -> None:
        """Send bytes to the device: a command, or its acknowledgement of a stored reading.

        The scanner sends the driver's ``opening`` right after ``open``. A link that cannot write
        (a recording, a camera) does nothing.
        """
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that everything of this delivery is stored. Does nothing on a plain cable."""
        ...

    def close(self) -> None:
        """Let go of the port or connection. Never raises; what was not acknowledged comes again."""
        ...
