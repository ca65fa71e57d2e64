"""Which drivers and links exist: two tables of dotted names, imported only when one is used.

A new device is one file in ``devices/drivers`` and one line here. The tables name modules instead
of importing them, so that this module stands below the drivers and a gate with one scanner never
loads the code of twenty.

Somebody else's driver is a package that names it as an entry point of the group ``kiemdich.drivers``; once
installed it is found by its name like ours. None of ours can be replaced that way.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from devices.driver import Driver, DriverOptions, Manifest
from devices.errors import DeviceConfigurationError, UnknownDriverError
from devices.link import Link

DRIVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "barcode_serial": "devices.drivers.barcode_serial:BarcodeSerial",
        "ble_thermometer": "devices.drivers.ble_thermometer:BleThermometer",
        "cptv": "devices.drivers.cptv:CptvDriver",
        "facesluice": "devices.drivers.facesluice:FacesluiceDriver",
        "flir_jpeg": "devices.drivers.flir_jpeg:FlirJpeg",
        "gy_mcu90640": "devices.drivers.gy_mcu90640:GyMcu90640",
        "gy_mcu9061x": "devices.drivers.gy_mcu9061x:GyMcu9061x",
        "hikvision": "devices.drivers.hikvision:Hikvision",
        "hikvision_push": "devices.drivers.hikvision:HikvisionPush",
        "infiray_p2": "devices.drivers.infiray_p2:InfirayP2",
        "lepton": "devices.drivers.lepton:LeptonUvc",
        "lepton_tcam": "devices.drivers.lepton:LeptonTcam",
        "manual": "devices.drivers.manual:ManualThermometer",
        "mlx9064x": "devices.drivers.mlx9064x:Mlx9064x",
        "mqtt_json": "devices.drivers.mqtt_json:MqttJson",
        "mrz_reader": "devices.drivers.mrz_reader:MrzReader",
        "senxor": "devices.drivers.senxor:Senxor",
        "uniview_lapi": "devices.drivers.uniview_lapi:UniviewLapi",
        "zkteco_push": "devices.drivers.zkteco_push:ZktecoPush",
    }
)

LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ble": "devices.links.bluetooth:BluetoothLink",
        "ble-hex": "devices.links.bluetooth:HexFileLink",
        "serial": "devices.links.serial_port:SerialPortLink",
        "http-pull": "devices.links.http_pull:HttpPullLink",
        "http-push": "devices.links.http_push:HttpPushLink",
        "https-pull": "devices.links.http_pull:HttpPullLink",
        "https-push": "devices.links.http_push:HttpPushLink",
        "manual": "devices.links.typed:TypedLink",
        "mqtt": "devices.links.mqtt:MqttLink",
        "mqtts": "devices.links.mqtt:MqttLink",
        "uvc": "devices.links.camera:CameraLink",
        "replay": "devices.links.replay:ReplayLink",
    }
)
"""By the scheme of a device's URL. Other serial schemes of pyserial are opened by the serial link."""

ENTRY_POINT_GROUP: Final = "kiemdich.drivers"
_PYSERIAL_SCHEMES: Final = frozenset({"socket", "rfc2217", "loop", "spy"})


class DeviceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device as the settings name it.

    ``url`` says how bytes come: ``serial:///dev/ttyUSB0?baud=115200``, any URL of pyserial,
    ``mqtt://[user:password@]host:port`` or ``replay:///path?speed=1``. ``longest_silence_s`` replaces the manifest's:
    whoever set a terminal's heartbeat to 60 s knows after how long it is missing.
    """

    device_id: str
    driver: str
    url: str
    options: dict[str, str | int | float | bool] = {}
    longest_silence_s: float | None = None


class DriverClass(Protocol):
    """How every driver is built."""

    manifest: Manifest

    def __call__(self, *, device_id: str, options: DriverOptions) -> Driver:
        """Give a driver at the beginning of its stream; unknown options are a configuration error."""
        ...


class LinkClass(Protocol):
    """How every link is built."""

    def __call__(self, config: DeviceConfig, *, manifest: Manifest) -> Link:
        """Give a closed link."""
        ...


def load_driver(name: str) -> DriverClass:
    """Find a driver's class by its name in the registry.

    >>> load_driver("gy_mcu90640").manifest.columns
    32
    >>> load_driver("crystal_ball")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    devices.errors.UnknownDriverError: there is no driver 'crystal_ball'; known: gy_mcu90640, ...
    """
    if name in DRIVERS:
        return cast(DriverClass, _load(DRIVERS[name]))
    others = third_party_drivers()
    if name in others:
        return _third_party(others[name])
    msg = f"there is no driver {name!r}; known: {', '.join(driver_names())}"
    raise UnknownDriverError(msg)


def third_party_drivers() -> Mapping[str, EntryPoint]:
    """Find the drivers that installed packages name, by name; one with the name of ours is none."""
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP) if entry.name not in DRIVERS}


def driver_names() -> tuple[str, ...]:
    """Give the names of all drivers there are, ours and installed ones, in their order."""
    return tuple(sorted({*DRIVERS, *third_party_drivers()}))


def manifests() -> tuple[Manifest, ...]:
    """Give what is known of every model that can be read, in the order of their names."""
    return tuple(load_driver(name).manifest for name in driver_names())


def _third_party(entry: EntryPoint) -> DriverClass:
    """Load somebody else's driver; whatever is wrong with it is said with the name of its package."""
    whose = f"driver {entry.name!r} of package {entry.dist.name if entry.dist else 'unknown'}"
    try:
        found = entry.load()
    except Exception as error:  # somebody else's code runs here: whatever it raises is said
        msg = f"{whose} cannot be loaded: {error}"
        raise DeviceConfigurationError(msg) from error
    manifest = getattr(found, "manifest", None)
    if not isinstance(manifest, Manifest) or manifest.driver != entry.name:
        msg = f"{whose} is no driver: its manifest must be a Manifest and say driver={entry.name!r}"
        raise DeviceConfigurationError(msg)
    return cast(DriverClass, found)


def load_link(url: str) -> LinkClass:
    """Find the link for a device's URL; an unknown scheme is a configuration error."""
    scheme = urlsplit(url).scheme
    name = "serial" if scheme in _PYSERIAL_SCHEMES else scheme
    if name not in LINKS:
        msg = f"no link speaks {scheme!r}; a device's url begins with one of: {', '.join(sorted(LINKS))}"
        raise DeviceConfigurationError(msg)
    return cast(LinkClass, _load(LINKS[name]))


def _load(dotted: str) -> Any:  # noqa: ANN401  a class by name has no better type before the cast
    module, _, attribute = dotted.partition(":")
    return getattr(import_module(module), attribute)
