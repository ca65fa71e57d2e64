"""Which speed a serial device talks at, judged by what its driver makes of the bytes heard at each.

Several modules leave the factory at one speed or another (GY-MCU90614: 9600, its elder sister
115200), and all keep a speed that somebody saved. Nothing on the wire says which; but at the wrong
speed checksums fail and headers are missing, so nearly every byte becomes a fault, and at the right
one nearly none. No I/O, no clock: who listens is the link.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from devices.driver import Driver
from devices.reading import Fault

LEAST_BYTES = 27
"""Three frames of the shortest kind, nine bytes: fewer may be understood by chance."""


def choose_baud(heard: Mapping[int, bytes], *, new_driver: Callable[[], Driver], at: datetime) -> int | None:
    """Give the speed at which the driver understood the most bytes of those it heard there.

    A speed convinces when at least ``LEAST_BYTES`` were understood and more than were lost, a
    frame cut at the beginning or the end included. ``None`` when no speed convinces: the device is
    silent, absent or another one. Events are not counted, for a point thermometer before an empty
    place is understood in every byte and says nothing.
    """
    understood = {baud: len(content) - _lost(content, driver=new_driver(), at=at) for baud, content in heard.items()}
    convincing = [
        baud for baud, count in understood.items() if count >= LEAST_BYTES and count > len(heard[baud]) - count
    ]
    return max(convincing, key=lambda baud: understood[baud] / len(heard[baud]), default=None)


def _lost(content: bytes, *, driver: Driver, at: datetime) -> int:
    """Count the bytes that became faults."""
    events = [*driver.feed(content, received_at=at), *driver.finish(received_at=at)]
    return sum(event.byte_count for event in events if isinstance(event, Fault))
