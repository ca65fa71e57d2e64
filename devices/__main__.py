"""The devices on the command line: what exists, what bytes say, and devices that are not there.

    python -m devices list                       the catalogue, one JSON array
    python -m devices decode DRIVER FILE|-       recorded bytes, one JSON line for each event
    python -m devices simulate --config FILE     devices that speak the real protocols
    python -m devices capture URL --driver NAME --to FILE    keep what a device sends, with its times
    python -m devices screen CLIP                each person in a recording, one JSON line
    python -m devices selftest DEVICE            each item of the standards: passed, failed or not measurable
    python -m devices scaffold NAME              begin a driver in a package of its own

Exit codes: 0 done, 2 told to do what cannot be done (one sentence on standard error).
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import typer

from devices import commands_capture, commands_scaffold, commands_screen, commands_selftest
from devices.commands_capture import bytes_of, read_option
from devices.errors import DeviceError
from devices.reading import CommandReply, DeviceEvent, Fault, Reading, ScannedText, ThermalFrame
from devices.recording import recorded_events
from devices.registry import load_driver, manifests

_CANNOT: Final = 2
_NAMES: Final[dict[type, str]] = {
    ThermalFrame: "thermal_frame",
    Reading: "reading",
    ScannedText: "scanned_text",
    CommandReply: "command_reply",
    Fault: "fault",
}

app = typer.Typer(add_completion=False, help="Scanners, thermometers and document readers.", no_args_is_help=True)

commands_capture.register(app)
commands_scaffold.register(app)
commands_screen.register(app)
commands_selftest.register(app)


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

    A file for a device on a message wire (MQTT) holds one message in each line, that of a camera raw frames.
    """
    driver_class = load_driver(driver)
    options = driver_class.manifest.options_for_recordings | dict(map(read_option, option or []))
    decoder = driver_class(device_id=driver, options=options)
    at = datetime.now(UTC) if received_at is None else _aware(received_at)
    for event in recorded_events(decoder, bytes_of(file), at=at, manifest=driver_class.manifest):
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
    surroundings = {"ambient_c": frame.ambient_c, "device_c": frame.device_c}
    fields |= {name: round(said_c, 4) for name, said_c in surroundings.items() if said_c is not None}
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
