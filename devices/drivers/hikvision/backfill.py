"""Which events of an access terminal are missing, and how to ask for them.

Every event says the number of the one before it (``frontSerialNo``). If that is not the last one
seen, something is missing, and the terminal is asked for exactly those numbers, page after page. A
connection that begins does not know what it missed: it asks for the last hour by the terminal's own
clock. What comes again has the same delivery key, and the store keeps one.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

import msgspec

from devices.drivers.hikvision.alerts import MORE, SearchPage
from devices.reading import Outgoing
from devices.terminal_voice import key_of

ACCESS_SEARCH: Final = "POST /ISAPI/AccessControl/AcsEvent?format=json"
PAGE_LENGTH: Final = 30
MOST_SEARCHES: Final = 8
MAJOR_EVENT: Final = 5

Condition = dict[str, int | str]


class SerialLedger:
    """The last number seen. A number that falls while the terminal's clock goes on is a counter that was reset."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._last_at: datetime | None = None

    def see(self, serial: int, *, front: int | None, at: datetime) -> range:
        """Note an event and give the numbers that must have been before it and were not seen."""
        last, last_at = self._last, self._last_at
        is_reset = last is not None and serial < last and last_at is not None and at > last_at
        if last is None or is_reset or serial > last:
            self._last, self._last_at = serial, at
        if last is None or is_reset or front is None or front <= last:
            return range(0)
        return range(last + 1, front + 1)


class Searches:
    """The searches that are under way; a page tells whether another one is to be asked for."""

    def __init__(self, *, device_id: str) -> None:
        self._device_id = device_id
        self._open: OrderedDict[str, Condition] = OrderedDict()

    def by_serial(self, missing: range) -> Outgoing:
        """Ask for these numbers."""
        return self._begin({"beginSerialNo": missing.start, "endSerialNo": missing.stop - 1})

    def by_time(self, until: datetime, *, minutes: int) -> Outgoing:
        """Ask for what the terminal's own clock puts into the last minutes."""
        since = until - timedelta(minutes=minutes)
        return self._begin({"startTime": _written(since), "endTime": _written(until)})

    def next_page(self, page: SearchPage) -> Outgoing | None:
        """Ask for the page after this one, if there is one; an empty page ends a search that promises more."""
        condition = self._open.pop(page.search_id, None)
        if condition is None or page.progress.upper() != MORE or page.match_count <= 0:
            return None
        position = int(condition["searchResultPosition"]) + page.match_count
        return self._ask(condition | {"searchResultPosition": position})

    def _begin(self, wanted: Condition) -> Outgoing:
        search_id = key_of(self._device_id, repr(sorted(wanted.items())))
        limits: Condition = {"searchID": search_id, "searchResultPosition": 0, "maxResults": PAGE_LENGTH}
        return self._ask(limits | {"major": MAJOR_EVENT, "minor": 0} | wanted)

    def _ask(self, condition: Condition) -> Outgoing:
        self._open[str(condition["searchID"])] = condition
        while len(self._open) > MOST_SEARCHES:
            self._open.popitem(last=False)
        return Outgoing(topic=ACCESS_SEARCH, payload=msgspec.json.encode({"AcsEventCond": condition}))


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
