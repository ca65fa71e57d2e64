"""Which drivers and links exist: two tables of dotted names, imported only when one is used.

A new device is one file in ``devices/drivers`` and one line here. The tables name modules instead
of importing them, so that this module stands below the drivers and a gate with one scanner never
loads the code of twenty.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from devices.driver import Driver, DriverOptions, Manifest
from devices.errors import DeviceConfigurationError, UnknownDriverError
from devices.link import Link

DRIVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cptv": "devices.drivers.cptv:CptvDriver",
        "facesluice": "devices.drivers.facesluice:FacesluiceDriver",
        "gy_mcu90640": "devices.drivers.gy_mcu90640:GyMcu90640",
        "mrz_reader": "devices.drivers.mrz_reader:MrzReader",
    }
)

LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serial": "devices.links.serial_port:SerialPortLink",
        "mqtt": "devices.links.mqtt:MqttLink",
        "replay": "devices.links.replay:ReplayLink",
    }
)
"""By the scheme of a device's URL. Other serial schemes of pyserial are opened by the serial link."""

_PYSERIAL_SCHEMES: Final = frozenset({"socket", "rfc2217", "loop", "spy"})


class DeviceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device as the settings name it.

    ``url`` says how bytes come: ``serial:///dev/ttyUSB0?baud=115200``, any URL of pyserial,
    ``mqtt://[user:password@]host:port`` or ``replay:///path?speed=1``.
    """

    device_id: str
    driver: str
    url: str
    options: dict[str, str | int | float | bool] = {}


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
    if name not in DRIVERS:
        msg = f"there is no driver {name!r}; known: {', '.join(sorted(DRIVERS))}"
        raise UnknownDriverError(msg)
    return cast(DriverClass, _load(DRIVERS[name]))


def manifests() -> tuple[Manifest, ...]:
    """Give what is known of every registered model, in the order of their names."""
    return tuple(load_driver(name).manifest for name in sorted(DRIVERS))


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
