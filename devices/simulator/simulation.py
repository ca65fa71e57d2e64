"""Simulated devices of one gate in one process, and the socket by which a demonstration directs them.

The configuration is TOML::

    control = "/path/to/control.sock"
    [[device]]
    device_id = "lane-1-thermal"
    model = "gy_mcu90640"            # or gy_mcu9061x, senxor, mrz_reader, facesluice
    link = "/path/to/lane-1-thermal" # symbolic link to the pseudo-terminal; for facesluice an MQTT URL
    rate_hz = 8
    seed = 1
    [device.options]                 # of the array: a reference body in view, and a sensor that is off
    reference_c = 35.0
    sensor_offset_c = -1.2

Commands are lines of JSON on the socket, and each gets one line back, ``{"ok":true}`` or
``{"ok":false,"error":"…"}``::

    {"device_id":"lane-1-thermal","show":{"skin_c":36.1,"ambient_c":24.0,"duration_s":0.8,"glasses":false}}
    {"device_id":"lane-1-mrz","scan":{"lines":["P<UTO…","…"]}}
    {"device_id":"lane-1-thermal","fault":{"kind":"garbage","byte_count":100}}
    {"device_id":"lane-1-thermal","ask":"idle"}
    {"device_id":"lane-1-thermal","ask":"settings"}
"""

import signal
import socketserver
import sys
import threading
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, cast

import msgspec

from devices.errors import DeviceConfigurationError, DeviceError
from devices.simulator.physical_scene import PhysicalScene
from devices.simulator.raw_array import raw_array
from devices.simulator.serial_devices import SimulatedDocumentReader, SimulatedThermalArray
from devices.simulator.serial_sensors import point_thermometer, senxor_array
from devices.simulator.tcam_device import SimulatedTcam
from devices.simulator.thermal_scene import ThermalScene

Answer = dict[str, object]


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[device]]`` of the configuration."""

    device_id: str
    model: str
    link: str
    rate_hz: float = 8.0
    seed: int = 0
    options: dict[str, str | int | float | bool] = {}


class SimulationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration file."""

    control: str
    device: list[DeviceEntry]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the control socket: exactly one of the four wishes."""

    device_id: str
    show: dict[str, int | float | bool | str | None] | None = None
    scan: dict[str, list[str]] | None = None
    fault: dict[str, int | float | str] | None = None
    ask: str | None = None

    def wish(self) -> tuple[str, Mapping[str, object]]:
        """Give the name of the wish and its details."""
        asked = {"what": self.ask} if self.ask is not None else None
        wishes = {"show": self.show, "scan": self.scan, "fault": self.fault, "ask": asked}
        made = [(name, details) for name, details in wishes.items() if details is not None]
        if len(made) != 1:
            msg = "a command has exactly one of show, scan, fault, ask"
            raise DeviceConfigurationError(msg)
        return made[0]


class SimulatedDevice(Protocol):
    """What every simulated device can do. ``perform`` raises ``DeviceError`` for a wish it does not know."""

    def start(self) -> None:
        """Come to life."""
        ...

    def stop(self) -> None:
        """Be switched off, leaving nothing behind."""
        ...

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed and give what is to be added to ``{"ok":true}``."""
        ...


class _ArrayOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand in ``[device.options]`` of a thermal array; ``physics``: bodies, radiance and optics."""

    reference_c: float | None = None
    sensor_offset_c: float = 0.0
    physics: bool = False


class _PointOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand in ``[device.options]`` of a point thermometer: its family, and the one speed it talks at."""

    is_clone: bool = False
    baud: int | None = None


def _thermal_array(entry: DeviceEntry) -> SimulatedDevice:
    options = msgspec.convert(entry.options, type=_ArrayOptions)
    kind = PhysicalScene if options.physics else ThermalScene
    scene = kind(seed=entry.seed, reference_c=options.reference_c, sensor_offset_c=options.sensor_offset_c)
    return SimulatedThermalArray(link=Path(entry.link), rate_hz=entry.rate_hz, seed=entry.seed, scene=scene)


def _point_thermometer(entry: DeviceEntry) -> SimulatedDevice:
    options = msgspec.convert(entry.options, type=_PointOptions)
    return point_thermometer(
        link=Path(entry.link), rate_hz=entry.rate_hz, seed=entry.seed, is_clone=options.is_clone, baud=options.baud
    )


def _senxor_array(entry: DeviceEntry) -> SimulatedDevice:
    return senxor_array(link=Path(entry.link), rate_hz=entry.rate_hz, seed=entry.seed)


def _raw_array(entry: DeviceEntry) -> SimulatedDevice:
    return raw_array(link=Path(entry.link), rate_hz=entry.rate_hz, seed=entry.seed)


def _tcam(entry: DeviceEntry) -> SimulatedDevice:
    return SimulatedTcam(address=entry.link, rate_hz=entry.rate_hz, seed=entry.seed)


def _document_reader(entry: DeviceEntry) -> SimulatedDevice:
    return SimulatedDocumentReader(link=Path(entry.link), seed=entry.seed)


def _face_terminal(entry: DeviceEntry) -> SimulatedDevice:
    """The terminal stands in its own module, loaded only where one is simulated: it needs MQTT."""
    made = import_module("devices.simulator.face_terminal").FaceTerminal(entry.device_id, entry.link, entry.options)
    return cast(SimulatedDevice, made)


def _by_name(dotted: str) -> Callable[[DeviceEntry], SimulatedDevice]:
    """Make a device of a module that is loaded only where one is simulated."""

    def make(entry: DeviceEntry) -> SimulatedDevice:
        module, _, name = dotted.partition(":")
        maker = getattr(import_module(f"devices.simulator.{module}"), name)
        return cast(SimulatedDevice, maker(entry.device_id, entry.link, entry.options))

    return make


def _posting(dialect: str) -> Callable[[DeviceEntry], SimulatedDevice]:
    """Make a terminal that posts as one maker's do."""

    def make(entry: DeviceEntry) -> SimulatedDevice:
        maker = import_module("devices.simulator.posting_terminal").PostingTerminal
        spoken = getattr(import_module("devices.simulator.posting_dialects"), dialect)
        return cast(SimulatedDevice, maker(entry.device_id, entry.link, entry.options, dialect=spoken))

    return make


_MODELS: Final[Mapping[str, Callable[[DeviceEntry], SimulatedDevice]]] = MappingProxyType(
    {
        "gy_mcu90640": _thermal_array,
        "gy_mcu9061x": _point_thermometer,
        "senxor": _senxor_array,
        "mlx9064x": _raw_array,
        "lepton_tcam": _tcam,
        "mrz_reader": _document_reader,
        "facesluice": _face_terminal,
        "hikvision": _by_name("hikvision_camera:HikvisionCamera"),
        "hikvision_push": _posting("HikvisionDialect"),
        "uniview_lapi": _posting("UniviewDialect"),
        "zkteco_push": _posting("ZktecoDialect"),
        "mqtt_json": _by_name("broker_thermometer:BrokerThermometer"),
        "ble_thermometer": _by_name("bluetooth_thermometer:BluetoothThermometer"),
        "manual": _by_name("typing_officer:TypingOfficer"),
    }
)


class Simulation:
    """All devices of a configuration. Raises ``DeviceConfigurationError`` for a model that nobody simulates."""

    def __init__(self, config: SimulationConfig) -> None:
        """Make the devices; none lives before ``start``."""
        self._devices: dict[str, SimulatedDevice] = {}
        for entry in config.device:
            if entry.model not in _MODELS:
                msg = f"no simulator for {entry.model!r}; there are: {', '.join(sorted(_MODELS))}"
                raise DeviceConfigurationError(msg)
            self._devices[entry.device_id] = _MODELS[entry.model](entry)

    def start(self) -> None:
        """Switch every device on."""
        for device in self._devices.values():
            device.start()

    def stop(self) -> None:
        """Switch every device off."""
        for device in self._devices.values():
            device.stop()

    def answer(self, line: bytes) -> bytes:
        """Carry out one line of the control socket and give the line to send back."""
        try:
            command = msgspec.json.decode(line, type=Command)
            wish, details = command.wish()
            if command.device_id not in self._devices:
                msg = f"no device {command.device_id!r}; there are: {', '.join(sorted(self._devices))}"
                raise DeviceConfigurationError(msg)
            answer: Answer = {"ok": True} | self._devices[command.device_id].perform(wish, details)
        except (DeviceError, msgspec.MsgspecError, TypeError, ValueError) as error:
            answer = {"ok": False, "error": str(error)}
        return msgspec.json.encode(answer) + b"\n"


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The control socket; a thread for each who directs."""

    daemon_threads = True

    def __init__(self, path: Path, *, simulation: Simulation) -> None:
        """Listen at the path; a socket that a killed process left behind is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.simulation = simulation
        super().__init__(str(path), _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: lines in, lines out, until the other side hangs up."""

    def handle(self) -> None:
        """Answer line by line."""
        server = cast(ControlServer, self.server)
        try:
            for line in self.rfile:
                if line.strip():
                    self.wfile.write(server.simulation.answer(line))
        except ConnectionError:
            return  # the one who directs went away before the answer


def read_config(path: Path) -> SimulationConfig:
    """Read the TOML file; ``DeviceConfigurationError`` says what is wrong with it."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=SimulationConfig)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise DeviceConfigurationError(msg) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        msg = f"{path}: {error}"
        raise DeviceConfigurationError(msg) from error


def run_until_signalled(path: Path) -> None:
    """Run the simulation until SIGTERM or SIGINT; one line of JSON on standard output says that it is ready."""
    config = read_config(path)
    simulation = Simulation(config)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    control = Path(config.control)
    try:
        simulation.start()
        with ControlServer(control, simulation=simulation) as server:
            threading.Thread(target=server.serve_forever, name="control", daemon=True).start()
            ready = {"ready": True, "control": str(control), "devices": [entry.device_id for entry in config.device]}
            sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
            sys.stdout.flush()
            stopping.wait()
            server.shutdown()
    finally:
        simulation.stop()
        control.unlink(missing_ok=True)
