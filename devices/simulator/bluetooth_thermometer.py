"""A simulated clinical thermometer: what it would indicate over Bluetooth, written into a file in hexadecimal.

A radio cannot be simulated on a machine without one. The file is what a ``ble-hex`` link plays: the
same bytes, one indication a line.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import msgspec

from devices.errors import DeviceConfigurationError

Answer = dict[str, object]
VIETNAM: Final = timezone(timedelta(hours=7))
NAN: Final = b"\xff\xff\x7f\x00"


class ThermometerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is set. ``place`` is the code of 0x2A1D: 1 armpit, 2 body, 3 ear, 6 mouth."""

    place: int = 1
    is_fahrenheit: bool = False
    has_time: bool = True


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What it measures; 0 is a measurement that failed, which it indicates as NaN."""

    skin_c: float


class BluetoothThermometer:
    """One thermometer. ``link`` is the file that it writes."""

    def __init__(
        self,
        device_id: str,
        link: str,
        options: Mapping[str, str | int | float | bool],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        try:
            self._options = msgspec.convert(dict(options), ThermometerOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated thermometer: {error}"
            raise DeviceConfigurationError(msg) from error
        self._file = Path(link)
        self._clock = clock

    def start(self) -> None:
        """Begin an empty file."""
        self._file.write_text("# synthetic indications of 0x2A1C\n", encoding="utf-8")

    def stop(self) -> None:
        """Leave the file."""

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` a temperature, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "ask":
            return {"idle": True}
        msg = f"a thermometer cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    def show(self, person: Shown) -> None:
        """Measure somebody: one more line."""
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(self._indication(person.skin_c).hex(" ") + "\n")

    def _indication(self, temperature_c: float) -> bytes:
        options = self._options
        shown = temperature_c * 9 / 5 + 32 if options.is_fahrenheit else temperature_c
        content = round(shown * 10).to_bytes(3, "little", signed=True) + b"\xff" if temperature_c else NAN
        flags = int(options.is_fahrenheit) | (2 if options.has_time else 0) | 4
        if options.has_time:
            local = self._clock().astimezone(VIETNAM)
            content += local.year.to_bytes(2, "little")
            content += bytes((local.month, local.day, local.hour, local.minute, local.second))
        return bytes((flags,)) + content + bytes((options.place,))
