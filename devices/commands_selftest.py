"""``python -m devices selftest``: one device against the items of the standards, as JSON that a paper is made from."""

import os
import sys
import threading
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Final

import msgspec
import typer

from devices.commands_capture import bytes_of, read_option
from devices.condition import last_day_of
from devices.driver import DriverOptions, opening_of
from devices.errors import DeviceError, LinkLostError
from devices.imaging.face_finder import load_face_finder
from devices.measurement.measuring_options import for_driver, reference_from
from devices.recording import recorded_events
from devices.registry import DeviceConfig, DriverClass, load_driver, load_link
from devices.selftest import RegisteredFacts, SelfTestReport, StreamSeen, report_on

_RECEIVE_TIMEOUT_S: Final = 0.2
_INTERVAL: Final = "calibration_interval_months"
_OWN: Final = frozenset(DeviceConfig.__struct_fields__)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(selftest)


def selftest(
    device: Annotated[str, typer.Argument(help="device_id of a device in --config, else a driver")],
    *,
    config: Annotated[Path | None, typer.Option(help="settings of an edge, with its register", dir_okay=False)] = None,
    url: Annotated[str, typer.Option(help="the device's url, where no --config names it")] = "",
    recording: Annotated[str, typer.Option(help="test a recorded stream instead, or - for standard input")] = "",
    seconds: Annotated[float, typer.Option(help="how long to watch a live stream", min=1.0, max=3600.0)] = 30.0,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the driver; may be repeated")] = None,
) -> None:
    """Print one JSON report: each item passed, failed or not measurable, with value, limit and source.

    ``python -m checkpoint device-report`` prints it as PDF. Option reference_c names the set temperature of the
    reference body in view. Exit code 1: an item failed.
    """
    given = dict(map(read_option, option or []))
    if config is None and not url and not recording:
        msg = f"nothing to test: give --config for a device of an edge, or --url or --recording for driver {device!r}"
        raise DeviceError(msg)
    chosen, registered = _registered(config, device) if config else (_unregistered(device, url), RegisteredFacts())
    chosen = msgspec.structs.replace(chosen, options={**chosen.options, **given})
    report = tested(chosen, recording=recording, seconds=seconds, registered=registered)
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if any(point.verdict == "failed" for point in report.points):
        raise typer.Exit(1)


def tested(config: DeviceConfig, *, recording: str, seconds: float, registered: RegisteredFacts) -> SelfTestReport:
    """Watch a device, or read a recording of it, and judge what was seen."""
    driver_class = load_driver(config.driver)
    reference = reference_from(config.options, driver=config.driver)
    reference_c = None if reference is None else reference.set_c
    manifest = driver_class.manifest
    finder, _ = load_face_finder(longer_side_px=max(manifest.columns or 0, manifest.rows or 0))
    seen = StreamSeen(reference_c=reference_c, finder=finder)
    at = datetime.now(UTC)
    if recording:
        options: DriverOptions = {**manifest.options_for_recordings, **for_driver(config.options)}
        decoder = driver_class(device_id=config.device_id, options=options)
        seen.take(recorded_events(decoder, bytes_of(recording), at=at, manifest=manifest))
    else:
        _watch(config, seen, driver_class=driver_class, seconds=seconds)
    if reference is not None:
        known = {"reference_c": reference.set_c, "reference_uncertainty_c": reference.uncertainty_c}
        registered = msgspec.structs.replace(registered, **known)
    return report_on(config.device_id, seen, manifest=manifest, registered=registered, at=at)


def _watch(config: DeviceConfig, seen: StreamSeen, *, driver_class: DriverClass, seconds: float) -> None:
    decoder = driver_class(device_id=config.device_id, options=for_driver(config.options))
    beside = beside_the_edge(config)
    link = load_link(config.url)(beside, manifest=msgspec.structs.replace(driver_class.manifest, has_clock=False))
    stopping, until_s = threading.Event(), monotonic() + seconds
    try:
        link.open()
        for command in opening_of(decoder):
            link.send(command)
        while not stopping.is_set() and monotonic() < until_s:
            delivery = link.receive(timeout_s=_RECEIVE_TIMEOUT_S)
            if delivery is not None:
                at = datetime.now(UTC)
                seen.take(decoder.feed(delivery.payload, received_at=at, is_retained=delivery.is_retained))
    except LinkLostError as error:
        msg = f"{config.device_id} does not answer: {error}; check cable and power and test again"
        raise DeviceError(msg) from error
    finally:
        link.close()


def beside_the_edge(config: DeviceConfig) -> DeviceConfig:
    """Name a client of its own on a broker: under the edge's name the test would throw the running edge out.

    ``has_clock`` is taken off the link's manifest for the same reason: its session is then a clean one, for which
    no broker keeps anything after the test.
    """
    if not config.url.startswith(("mqtt:", "mqtts:")):
        return config
    client_id = f"selftest-{config.device_id}-{os.getpid()}"
    return msgspec.structs.replace(config, options={**config.options, "client_id": client_id})


def _unregistered(driver: str, url: str) -> DeviceConfig:
    return DeviceConfig(device_id=driver, driver=driver, url=url or "replay:///")


def _registered(config: Path, device_id: str) -> tuple[DeviceConfig, RegisteredFacts]:
    """Read one [[device]] of an edge's settings: how it is reached, and its entry in the register."""
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{config}: cannot be read as TOML ({error}); name the settings of an edge"
        raise DeviceError(msg) from error
    entries: list[dict[str, Any]] = [one for one in table.get("device", []) if isinstance(one, dict)]
    entry = next((one for one in entries if one.get("device_id") == device_id), None)
    if entry is None:
        known = ", ".join(str(one.get("device_id")) for one in entries) or "none"
        msg = f"{config}: there is no [[device]] {device_id!r}; known: {known}"
        raise DeviceError(msg)
    try:
        chosen = msgspec.convert({name: entry[name] for name in entry if name in _OWN}, DeviceConfig)
        return chosen, _with_due_date(msgspec.convert(entry, RegisteredFacts), months=entry.get(_INTERVAL))
    except msgspec.ValidationError as error:
        msg = f"{config}: [[device]] {device_id!r}: {error}; correct that key"
        raise DeviceError(msg) from error


def _with_due_date(facts: RegisteredFacts, *, months: object) -> RegisteredFacts:
    """Reckon the last day of a calibration whose interval is registered, as the edge does."""
    if facts.calibrated_on is None or not isinstance(months, int):
        return facts
    due_on = last_day_of(facts.calibrated_on, months=months)
    return msgspec.structs.replace(facts, calibration_due_on=due_on)
