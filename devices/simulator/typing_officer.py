"""A simulated officer who reads a hand thermometer and types what it shows, slips and all.

Gives the entries that the driver ``manual`` is fed: ``link`` is a file to which they are written, one
JSON document a line, as ``python -m devices decode manual FILE`` reads them.
"""

import random
from collections.abc import Mapping
from pathlib import Path

import msgspec

from devices.errors import DeviceConfigurationError

Answer = dict[str, object]


class OfficerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How carefully is typed: the share of entries with a digit left out; ``has_comma`` writes 37,2."""

    site: str = "axillary"
    slip_share: float = 0.0
    has_comma: bool = False
    seed: int = 0


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the thermometer shows."""

    skin_c: float


class TypingOfficer:
    """One officer with one thermometer."""

    def __init__(self, device_id: str, link: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), OfficerOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated officer: {error}"
            raise DeviceConfigurationError(msg) from error
        self._file = Path(link)
        self._chance = random.Random(self._options.seed)
        self._count = 0

    def start(self) -> None:
        """Begin an empty sheet."""
        self._file.write_bytes(b"")

    def stop(self) -> None:
        """Leave the sheet."""

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` what the thermometer shows, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "ask":
            return {"idle": True}
        msg = f"an officer cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    def show(self, person: Shown) -> None:
        """Read it and type it."""
        self._count += 1
        text = f"{person.skin_c:.1f}"
        if self._chance.random() < self._options.slip_share:
            text = text[1:]
        entry = {
            "temperature_c": text.replace(".", ",") if self._options.has_comma else text,
            "site": self._options.site,
            "entry_id": f"entry-{self._count}",
        }
        with self._file.open("ab") as sheet:
            sheet.write(msgspec.json.encode(entry) + b"\n")
