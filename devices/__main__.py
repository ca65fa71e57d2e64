"""The devices on the command line: what exists, what bytes say, and devices that are not there.

    python -m devices list                       the catalogue, one JSON array
    python -m devices decode DRIVER FILE|-       recorded bytes, one JSON line for each event
    python -m devices simulate --config FILE     devices that speak the real protocols

Exit codes: 0 done, 2 told to do what cannot be done (one sentence on standard error).
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer

from devices.driver import Driver, Wire
from devices.errors import DeviceError
from devices.reading import CommandReply, DeviceEvent, Fault, Reading, ScannedText, ThermalFrame
from devices.registry import load_driver, manifests

_PIECE_BYTES: Final = 64 * 1024
_CANNOT: Final = 2
_NAMES: Final[dict[type, str]] = {
    ThermalFrame: "thermal_frame",
    Reading: "reading",
    ScannedText: "scanned_text",
    CommandReply: "command_reply",
    Fault: "fault",
}

app = typer.Typer(add_completion=False, help="Scanners, thermometers and document readers.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """Print the catalogue of device models as one JSON array."""
    _print(msgspec.json.format(msgspec.json.encode(manifests()), indent=2))


@app.command()
def decode(
    driver: Annotated[str, typer.Argument(help="name of a driver, as 'list' shows it")],
    file: Annotated[str, typer.Argument(help="file of recorded bytes, or - for standard input")],
    *,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the driver; may be repeated")] = None,
    received_at: Annotated[str | None, typer.Option(help="when the bytes came, with zone; default: now")] = None,
    pixels: Annotated[bool, typer.Option(help="print all temperatures of a picture")] = False,
) -> None:
    """Print one JSON line for each picture, reading, scan, reply or fault, with its byte offset.

    A file for a device on a message wire (MQTT) holds one message in each line.
    """
    driver_class = load_driver(driver)
    options = driver_class.manifest.options_for_recordings | dict(map(_option, option or []))
    decoder = driver_class(device_id=driver, options=options)
    at = datetime.now(UTC) if received_at is None else _aware(received_at)
    for event in _events(decoder, _bytes_of(file), at=at, is_messages=driver_class.manifest.wire is Wire.MQTT):
        _print(msgspec.json.encode(_as_fields(event, with_pixels=pixels)))


@app.command()
def simulate(
    config: Annotated[Path, typer.Option(help="TOML file that names the simulated devices", dir_okay=False)],
) -> None:
    """Run simulated devices that write the very bytes the real ones would, until interrupted."""
    from devices.simulator.simulation import run_until_signalled  # noqa: PLC0415  only this command needs it

    run_until_signalled(config)


def _aware(text: str) -> datetime:
    """Read an ISO 8601 time that says its zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r} is no time as 2026-11-22T08:00:00+07:00"
        raise DeviceError(msg) from error
    if at.tzinfo is None:
        msg = f"{text!r} says no zone; write 2026-11-22T08:00:00+07:00"
        raise DeviceError(msg)
    return at.astimezone(UTC)


def _option(text: str) -> tuple[str, str | int | float | bool]:
    """Read NAME=VALUE; a value that looks like a number or true/false is one."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        msg = f"an option is NAME=VALUE; {text!r} is not"
        raise DeviceError(msg)
    try:
        return name, msgspec.json.decode(value, type=int | float | bool)
    except msgspec.MsgspecError:
        return name, value


def _bytes_of(file: str) -> bytes:
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


def _events(decoder: Driver, recorded: bytes, *, at: datetime, is_messages: bool) -> Iterator[DeviceEvent]:
    """Feed the recording as its wire would have brought it. What a message says stands where the message does."""
    for offset, part in _messages(recorded) if is_messages else _pieces(recorded):
        for event in decoder.feed(part, received_at=at):
            yield msgspec.structs.replace(event, byte_offset=offset) if is_messages else event
    yield from decoder.finish(received_at=at)


def _messages(recorded: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each line that is not empty and where it stands; a file that is one JSON document is one message."""
    if _is_json(recorded):
        yield 0, recorded
        return
    offset = 0
    for line in recorded.splitlines(keepends=True):
        if line.strip():
            yield offset, line.rstrip(b"\r\n")
        offset += len(line)


def _is_json(recorded: bytes) -> bool:
    try:
        msgspec.json.decode(recorded, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return False
    return True


def _pieces(recorded: bytes) -> Iterator[tuple[int, bytes]]:
    return ((at, recorded[at : at + _PIECE_BYTES]) for at in range(0, len(recorded), _PIECE_BYTES))


def _as_fields(event: DeviceEvent, *, with_pixels: bool) -> dict[str, object]:
    """Give an event as JSON fields, its kind and place first. Absent values are left out, never zero."""
    if isinstance(event, ThermalFrame):
        return _picture_fields(event, with_pixels=with_pixels)
    fields = msgspec.structs.asdict(event)
    fields.pop("acknowledge_with", None)
    first = {"event": _NAMES[type(event)], "byte_offset": fields.pop("byte_offset")}
    return first | {name: value for name, value in fields.items() if value is not None}


def _picture_fields(frame: ThermalFrame, *, with_pixels: bool) -> dict[str, object]:
    rows, columns = frame.celsius.shape
    hottest_row, hottest_column = divmod(int(frame.celsius.argmax()), columns)
    fields: dict[str, object] = {
        "event": "thermal_frame",
        "byte_offset": frame.byte_offset,
        "device_id": frame.device_id,
        "observed_at": frame.observed_at,
        "sequence": frame.sequence,
        "rows": rows,
        "columns": columns,
        "minimum_c": round(float(frame.celsius.min()), 4),
        "maximum_c": round(float(frame.celsius.max()), 4),
        "mean_c": round(float(frame.celsius.mean(dtype=np.float64)), 4),
        "maximum_at": {"row": hottest_row, "column": hottest_column},
    }
    if frame.ambient_c is not None:
        fields["ambient_c"] = round(frame.ambient_c, 4)
    if with_pixels:
        fields["celsius"] = np.round(frame.celsius.astype(np.float64), 4).tolist()
    return fields


def _print(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")


def main() -> None:
    """Run a command and turn what cannot be done into one sentence and exit code 2."""
    try:
        app()
    except DeviceError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(_CANNOT) from error
    except BrokenPipeError:
        sys.stderr.close()  # the reader had enough; Python would complain once more at exit


if __name__ == "__main__":
    main()
