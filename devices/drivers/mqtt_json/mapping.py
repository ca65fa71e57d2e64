r"""Where in a message the numbers stand: a mapping given in the settings, or one of three that are known.

A mapping is the device's ``options`` in TOML. Places are JSON pointers (RFC 6901); an empty one is
the whole payload, for firmware that publishes bare numbers::

    [device.options]
    topic = "tele/gate1/SENSOR"
    temperature_pointer = "/MLX90614/OBJTMP"
    device_pointer = "/MLX90614/AMBTMP"
    unit_pointer = "/TempUnit"
    time_pointer = "/Time"
    site = "forehead"
    kind = "raw_skin"

``preset`` fills in what a firmware is known to do, and each option may still be set beside it:

=================  ====================================================================================
``tasmota``        ``tele/<name>/SENSOR``: object and chip of an MLX90614, unit in ``TempUnit``, local time
``esphome``        ``<name>/sensor/<sensor>/state``: a bare number; the last will is on ``<name>/status``
``zigbee2mqtt``    ``zigbee2mqtt/<name>``: the room's temperature, and never anybody's; its battery in percent
=================  ====================================================================================
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from devices.errors import DeviceConfigurationError
from devices.reading import DeviceVoice, MeasuringSite, ReadingKind
from devices.units import TemperatureUnit, number

NOWHERE: Final = "-"
"""A pointer that points at nothing: the message has no such field."""

FULL_PERCENT: Final = 100
LONGEST_WORD: Final = 120
"""As long as the register's own entry may be."""
_Preset = Mapping[str, str]
PRESETS: Final[Mapping[str, _Preset]] = MappingProxyType(
    {
        "": {},
        "tasmota": {
            "temperature_pointer": "/MLX90614/OBJTMP",
            "device_pointer": "/MLX90614/AMBTMP",
            "unit_pointer": "/TempUnit",
            "time_pointer": "/Time",
        },
        "esphome": {"temperature_pointer": ""},
        "zigbee2mqtt": {
            "temperature_pointer": NOWHERE,
            "ambient_pointer": "/temperature",
            "battery_pointer": "/battery",
        },
    }
)


class MqttJsonOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one thermometer. ``ambient_topic`` is where a room's thermometer speaks, if another does.

    ``ambient_pointer`` is for a thermometer of the room only: limits rise with it. The own temperature of an
    infrared sensor, which its maker may well call ambient (AMBTMP), is warmer and belongs to ``device_pointer``.
    """

    topic: str
    preset: Literal["", "tasmota", "esphome", "zigbee2mqtt"] = ""
    ambient_topic: str = ""
    availability_topic: str = ""
    temperature_pointer: str = ""
    ambient_pointer: str = NOWHERE
    device_pointer: str = NOWHERE
    ambient_topic_pointer: str = ""
    unit: TemperatureUnit = TemperatureUnit.CELSIUS
    unit_pointer: str = NOWHERE
    time_pointer: str = NOWHERE
    id_pointer: str = NOWHERE
    alarm_pointer: str = NOWHERE
    battery_pointer: str = NOWHERE
    serial_number_pointer: str = NOWHERE
    firmware_pointer: str = NOWHERE
    site: MeasuringSite = MeasuringSite.FOREHEAD
    kind: ReadingKind = ReadingKind.RAW_SKIN
    nobody_below_c: float = 27.0
    ambient_holds_s: float = 600.0
    accuracy_c: float = 0.5
    utc_offset_minutes: int = 420
    clock_tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    max_payload_bytes: int = 64 * 1024
    client_id: str | int = ""


def read_options(device_id: str, *, options: Mapping[str, str | int | float | bool]) -> MqttJsonOptions:
    """Read a mapping; ``DeviceConfigurationError`` for a pointer that is none or a room taken for a person."""
    preset = PRESETS.get(str(options.get("preset", "")), {})
    if options.get("preset") == "zigbee2mqtt" and options.get("temperature_pointer", NOWHERE) != NOWHERE:
        msg = f"{device_id}: zigbee2mqtt is for rooms; map a person's thermometer without a preset"
        raise DeviceConfigurationError(msg)
    try:
        read = msgspec.convert({**preset, **options}, MqttJsonOptions)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: option of a thermometer on a broker: {error}"
        raise DeviceConfigurationError(msg) from error
    for name in (field for field in read.__struct_fields__ if field.endswith("_pointer")):
        if not _is_pointer(getattr(read, name)):
            msg = f"{device_id}: option {name} must be a JSON pointer such as /MLX90614/OBJTMP, empty, or -"
            raise DeviceConfigurationError(msg)
    for topic in (read.topic, read.ambient_topic, read.availability_topic):
        if re.search(r"[+#\s]", topic):
            msg = f"{device_id}: a topic names one thermometer: no wildcard and no blank"
            raise DeviceConfigurationError(msg)
    return read


def find(document: object, pointer: str) -> object:
    """Find what a pointer points at; ``None`` where there is nothing.

    >>> find({"MLX90614": {"OBJTMP": 33.8}}, "/MLX90614/OBJTMP"), find([{"a/b": 1}], "/0/a~1b"), find(36.5, "")
    (33.8, 1, 36.5)
    >>> find({"a": 1}, "/b") is None and find({"a": 1}, "-") is None
    True
    """
    if pointer == NOWHERE:
        return None
    found = document
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and re.fullmatch(r"0|[1-9]\d{0,5}", key, re.ASCII) and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def voice_in(document: object, options: MqttJsonOptions) -> DeviceVoice | None:
    """What a message says of the thermometer itself; a battery beyond 0 to 100 % and long words are not taken.

    >>> voice_in({"battery": 87}, read_options("t", options={"topic": "a", "preset": "zigbee2mqtt"}))
    DeviceVoice(serial_number=None, firmware=None, battery_percent=87.0, clock_offset_s=None)
    """
    percent = number(find(document, options.battery_pointer))
    voice = DeviceVoice(
        serial_number=_word(find(document, options.serial_number_pointer)),
        firmware=_word(find(document, options.firmware_pointer)),
        battery_percent=percent if percent is not None and 0 <= percent <= FULL_PERCENT else None,
    )
    return None if voice == DeviceVoice() else voice


def _word(said: object) -> str | None:
    is_word = isinstance(said, str | int) and not isinstance(said, bool)
    text = str(said).strip() if is_word else ""
    return text if 0 < len(text) <= LONGEST_WORD and text.isprintable() else None


def _is_pointer(text: str) -> bool:
    return text in {"", NOWHERE} or re.fullmatch(r"(/([^~/]|~[01])*)+", text) is not None
