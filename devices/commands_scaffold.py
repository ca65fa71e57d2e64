"""``python -m devices scaffold``: begin a driver in a package of its own, which already keeps every law."""

import re
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from devices.errors import DeviceError
from devices.registry import DRIVERS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,38}[a-z0-9]")

_PYPROJECT: Final = """\
[project]
name = "kiemdich-$dashed"
version = "0.1.0"
description = "Driver $name for Kiểm Dịch"
requires-python = ">=3.11"

[project.entry-points."kiemdich.drivers"]
$name = "kiemdich_$name:$title"

[project.entry-points."kiemdich.specimens"]
$name = "kiemdich_$name.specimen:SPECIMEN"

[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = ["kiemdich_$name"]
"""

_README: Final = """\
# Driver $name

Install it beside Kiểm Dịch (`pip install --no-deps .` with the interpreter of the edge); `python -m devices list` then
shows it, and a device is set up with `driver = "$name"`. No line of Kiểm Dịch changes.

1. Describe the device in `manifest`, with its limits and where you know its bytes from.
2. Decode its bytes in `_read`. Never raise on bytes: what cannot be read is a `Fault`.
3. Put real units of its stream into `specimen.py`.
4. In the checkout of Kiểm Dịch: `python -m pytest tests/devices/test_conformance.py -k $name`, and here
   `python -m pytest tests`.
"""

_DRIVER: Final = '''\
"""$title: lines "T,<temperature>*<CRC in four hexadecimal digits>", as an example. Write your device here."""

import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from devices.driver import DriverOptions, Manifest, Wire, refuse_unknown_options
from devices.framing import Line, LineSplitter
from devices.reading import ClockBasis, DeviceEvent, DeviceKind, Fault, FaultCode, MeasuringSite, Reading, ReadingKind


class $title:
    """The incremental decoder: no I/O, no clock, no exception on bytes."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="$name",
        model="$title",
        device_kind=DeviceKind.INFRARED_THERMOMETER,
        wire=Wire.SERIAL,
        baud_rates=(9600,),
        default_baud=9600,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FOREHEAD,),
        accuracy_c=0.5,
        known_limits=("an example: no such device exists",),
        sources=("the scaffold of Kiểm Dịch",),
        verified_against="made lines only",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        refuse_unknown_options(options or {}, known=("reference_c",), driver="$name")
        self._device_id = device_id
        self._lines = LineSplitter(terminators=b"\\n", max_line_bytes=64)

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes, in any cut, and give the events they complete."""
        del is_retained  # a serial line retains nothing
        for line in self._lines.feed(chunk):
            yield self._read(line, at=received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: what is left over is a fault."""
        rest = self._lines.finish()
        if rest is not None:
            yield self._fault(rest, FaultCode.TRUNCATED, "the stream ended within a line", at=received_at)

    def _read(self, line: Line, *, at: datetime) -> DeviceEvent:
        if line.was_cut:
            return self._fault(line, FaultCode.OVERLONG, "longer than any line", at=at)
        body, _, checksum = line.content.partition(b"*")
        if checksum != b"%04X" % binascii.crc_hqx(body, 0xFFFF):
            return self._fault(line, FaultCode.BAD_CHECKSUM, "checksum of a line", at=at)
        try:
            temperature_c = float(body.removeprefix(b"T,"))
        except ValueError:
            return self._fault(line, FaultCode.BAD_MESSAGE, "no temperature in a line", at=at)
        if not 0.0 < temperature_c < 100.0:
            return self._fault(line, FaultCode.NOT_MEASURED, "nothing was measured", at=at)
        return Reading(
            device_id=self._device_id,
            driver="$name",
            device_kind=self.manifest.device_kind,
            observed_at=at,
            clock_basis=ClockBasis.RECEIVED,
            temperature_c=temperature_c,
            kind=ReadingKind.RAW_SKIN,
            site=MeasuringSite.FOREHEAD,
            delivery_key=f"{at.isoformat()}/{line.byte_offset}",
            byte_offset=line.byte_offset,
        )

    def _fault(self, line: Line, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=line.byte_offset,
            byte_count=len(line.content),
        )
'''

_SPECIMEN: Final = '''\
"""What the conformance suite feeds this driver: units that each make one event. Put bytes of the real device here."""

import binascii


def line(temperature: str) -> bytes:
    """Write one line as the device would."""
    body = b"T," + temperature.encode()
    return body + b"*%04X\\n" % binascii.crc_hqx(body, 0xFFFF)


SPECIMEN = {
    "units": (line("36.52"), line("35.90"), line("38.71"), line("36.11")),
    "garbage_ends_with": b"\\n",
    "is_checksummed": True,
    "never": (line("0"), line("nan"), line("none")),
}
'''

_TEST: Final = '''\
"""What $name says of bytes whose meaning is known. The laws are in Kiểm Dịch: tests/devices/test_conformance.py."""

from datetime import UTC, datetime

from devices.reading import FaultCode
from kiemdich_$name import $title
from kiemdich_$name.specimen import line

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def test_a_line_is_the_temperature_that_it_says():
    [reading] = $title(device_id="one").feed(line("36.52"), received_at=AT)
    assert (reading.temperature_c, reading.is_usable) == (36.52, True)


def test_zero_is_not_measured():
    [fault] = $title(device_id="one").feed(line("0"), received_at=AT)
    assert fault.code is FaultCode.NOT_MEASURED
'''


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(scaffold)


def scaffold(
    name: Annotated[str, typer.Argument(help="name of the driver: small letters, digits and _")],
    *,
    to: Annotated[Path, typer.Option(help="folder in which the package is made", file_okay=False)] = Path(),
) -> None:
    """Write a package with a driver that works: manifest, decoder, specimen and tests, to be made into yours."""
    if not _NAME.fullmatch(name) or name in DRIVERS:
        msg = f"{name!r} cannot be the name of a new driver: 3 to 40 small letters, digits and _, and not one of ours"
        raise DeviceError(msg)
    folder = to / f"kiemdich-{name.replace('_', '-')}"
    if folder.exists():
        msg = f"{folder} is there already; nothing was written"
        raise DeviceError(msg)
    title = "".join(word.capitalize() for word in name.split("_"))
    words = {"name": name, "dashed": name.replace("_", "-"), "title": title}
    for place, text in _FILES.items():
        file = folder / Template(place).substitute(words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(words), encoding="utf-8")
    typer.echo(str(folder))


_FILES: Final = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "kiemdich_$name/__init__.py": _DRIVER,
    "kiemdich_$name/specimen.py": _SPECIMEN,
    "tests/test_$name.py": _TEST,
}
