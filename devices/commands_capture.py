"""``python -m devices capture``: keep what a device sends, with times, for bug reports and for replay."""

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, BinaryIO, Final

import msgspec
import typer

from devices.capture_file import Captured, delivery_line, header_line
from devices.driver import opening_of
from devices.errors import DeviceError
from devices.link import Link
from devices.registry import DeviceConfig, load_driver, load_link

_RECEIVE_TIMEOUT_S: Final = 0.2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(capture)


def capture(
    url: Annotated[str, typer.Argument(help="the device's url, as in the settings of an edge")],
    *,
    driver: Annotated[str, typer.Option(help="name of a driver, as 'list' shows it")],
    to: Annotated[Path, typer.Option(help="file to write; it must not be there yet", dir_okay=False)],
    seconds: Annotated[float, typer.Option(help="stop after so long; 0: until interrupted", min=0.0)] = 0.0,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the driver; may be repeated")] = None,
) -> None:
    """Record what comes from a device, with its times, until interrupted; prints one JSON line of figures.

    ``decode`` and a replay url read the file back. What a terminal or reader sends may be about a person.
    """
    config = DeviceConfig(device_id="capture", driver=driver, url=url, options=dict(map(read_option, option or [])))
    driver_class = load_driver(driver)
    decoder = driver_class(device_id=config.device_id, options=config.options)
    link = load_link(url)(config, manifest=driver_class.manifest)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    link.open()  # first: a device that is not there leaves no empty file behind
    try:
        with _new_file(to) as file:
            for command in opening_of(decoder):
                link.send(command)
            deliveries, bytes_ = _record(link, file, driver=driver, seconds=seconds, stopping=stopping)
    finally:
        link.close()
    sys.stdout.buffer.write(msgspec.json.encode({"deliveries": deliveries, "bytes": bytes_}) + b"\n")


def read_option(text: str) -> tuple[str, str | int | float | bool]:
    """Read NAME=VALUE; a value that looks like a number or true/false is one."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        msg = f"an option is NAME=VALUE; {text!r} is not"
        raise DeviceError(msg)
    try:
        return name, msgspec.json.decode(value, type=int | float | bool)
    except msgspec.MsgspecError:
        return name, value


def bytes_of(file: str) -> bytes:
    """Read the whole recording; nothing at all is a mistake of who asks, not silence of a device."""
    try:
        recorded = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        msg = f"cannot read {file}: {getattr(error, 'strerror', None) or error}"
        raise DeviceError(msg) from error
    if not recorded:
        msg = f"there is no byte in {'standard input' if file == '-' else file}: nothing to decode"
        raise DeviceError(msg)
    return recorded


def _new_file(to: Path) -> BinaryIO:
    """Open a file that was not there, readable by its owner alone."""
    try:
        file = to.open("xb")
        to.chmod(0o600)
    except OSError as error:
        msg = f"cannot write {to}: {error.strerror}"
        raise DeviceError(msg) from error
    return file


def _record(link: Link, file: BinaryIO, *, driver: str, seconds: float, stopping: threading.Event) -> tuple[int, int]:
    file.write(header_line(driver=driver, began_at=datetime.now(UTC)))
    began_s, deliveries, bytes_ = monotonic(), 0, 0
    while not stopping.is_set() and (not seconds or monotonic() - began_s < seconds):
        delivery = link.receive(timeout_s=_RECEIVE_TIMEOUT_S)
        if delivery is None:
            continue
        after_s = round(monotonic() - began_s, 4)
        captured = Captured(after_s=after_s, payload=delivery.payload, retained=delivery.is_retained)
        file.write(delivery_line(captured))
        file.flush()
        link.acknowledge(delivery)
        deliveries, bytes_ = deliveries + 1, bytes_ + len(delivery.payload)
    return deliveries, bytes_
