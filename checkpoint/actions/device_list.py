"""The gate's devices as its people see them: condition with reasons for everybody, the register for who may see it."""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.instruments import condition_of
from checkpoint.settings import DeviceSettings
from checkpoint.store.lanes import log_access
from devices.condition import ConditionReason
from devices.health import DeviceHealth
from devices.registry import load_driver
from sync.agreement.local_time import VIETNAM_TIME


class DeviceView(DeviceHealth, frozen=True, kw_only=True):
    """A device's health with the condition judged from it; every reason that holds, the gravest first."""

    condition: str = "up"
    reasons: tuple[ConditionReason, ...] = ()


class RegisteredDevice(DeviceView, frozen=True, kw_only=True):
    """A device with its entry in the register. ``contradictions`` name fields in which the device says otherwise.

    What the device says of itself stands in ``voice`` and is what is shown first. ``model`` is the driver's code,
    ``model_name`` what its manifest calls the devices.
    """

    model: str
    model_name: str
    lane_id: str
    owner: str
    serial_number: str
    firmware: str
    certificate: str
    calibrated_on: date | None
    calibration_due_on: date | None
    since: datetime | None
    contradictions: tuple[str, ...] = ()


def device_views(gate: Gate, health: Mapping[str, DeviceHealth], *, at: datetime) -> dict[str, DeviceView]:
    """Judge the devices whose health is known, by their ids."""
    views = {}
    for device_id, one in health.items():
        device = gate.settings.device_of(device_id)
        if device is None:
            continue
        found = condition_of(gate, device, health=one, at=at)
        fields = {name: getattr(one, name) for name in DeviceHealth.__struct_fields__}
        views[device_id] = DeviceView(**fields, condition=found.condition.value, reasons=found.reasons)
    return views


def registered_devices(gate: Gate) -> tuple[RegisteredDevice, ...]:
    """List every device of the settings with all that is known of it, in their order."""
    at = gate.clock()
    views = device_views(gate, gate.instruments.health(), at=at)
    return tuple(_registered(gate, device, view=views.get(device.device_id)) for device in gate.settings.device)


def _registered(gate: Gate, device: DeviceSettings, *, view: DeviceView | None) -> RegisteredDevice:
    lane = gate.settings.lane_of_device(device.device_id)
    standing = gate.instruments.standing.get(device.device_id)
    fields = {} if view is None else {name: getattr(view, name) for name in DeviceView.__struct_fields__}
    return RegisteredDevice(
        **({"device_id": device.device_id, "state": "starting"} | fields),
        model=device.driver,
        model_name=load_driver(device.driver).manifest.model,
        lane_id="" if lane is None else lane.lane_id,
        owner=device.owner,
        serial_number=device.serial_number,
        firmware=device.firmware,
        certificate=device.certificate,
        calibrated_on=device.calibrated_on,
        calibration_due_on=device.calibration_due,
        since=None if standing is None else standing.since,
        contradictions=() if view is None else contradictions(device, view),
    )


def contradictions(device: DeviceSettings, health: DeviceHealth) -> tuple[str, ...]:
    """Name the entries of the register that the device itself denies; where one of both is silent, none is."""
    said = {"serial_number": health.voice.serial_number, "firmware": health.voice.firmware}
    written = {"serial_number": device.serial_number, "firmware": device.firmware}
    return tuple(name for name, word in said.items() if word and written[name] and word != written[name])


COLUMNS = (
    "device_id",
    "model",
    "lane_id",
    "condition",
    "since",
    "reasons",
    "serial_number",
    "serial_number_said",
    "firmware",
    "firmware_said",
    "owner",
    "calibrated_on",
    "calibration_due_on",
    "certificate",
    "battery_percent",
    "clock_offset_s",
    "last_event_at",
    "readings",
    "contradictions",
)


def devices_csv(devices: tuple[RegisteredDevice, ...]) -> str:
    """Write the list as a table; what is not known is empty, never 0. Nothing in it is read as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in devices:
        voice = one.voice
        said: dict[str, object] = {
            "reasons": " ".join(reason.code for reason in one.reasons),
            "contradictions": " ".join(one.contradictions),
            "serial_number_said": voice.serial_number,
            "firmware_said": voice.firmware,
            "battery_percent": voice.battery_percent,
            "clock_offset_s": voice.clock_offset_s,
        }
        writer.writerow([_cell(said[name] if name in said else getattr(one, name)) for name in COLUMNS])
    return "\ufeff" + out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM_TIME).isoformat(timespec="seconds")
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return "" if value is None else value


def note_device_export(turn: Turn) -> None:
    """Note in the access log that the list was taken as a file."""
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="devices_exported",
        subject="",
        reason="",
    )
