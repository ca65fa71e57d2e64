"""The simulated scanners and readers of a drill, and the broker where a scanner speaks over MQTT.

They speak the real protocols over pseudo-terminals and MQTT, so that everything above the cable is the real
program. The broker is a process of its own, which the kernel ends with this one.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from checkpoint.drill import ScenarioError
from checkpoint.rehearsal.site import ARRAY, TERMINAL, DrillLane, DrillSite
from devices.simulator.simulation import DeviceEntry, Simulation, SimulationConfig

FRAME_RATE_HZ: Final = 40.0
"""Frames a second of the simulated arrays; a module itself sends eight, and a person stands that much longer."""
STAND_S: Final = 0.7
SKIN_C: Final[Mapping[str, Mapping[str, float]]] = {
    ARRAY: {"usual": 34.8, "raised": 38.1},
    TERMINAL: {"usual": 36.5, "raised": 38.4},
}
"""What a scanner sees of a person of usual or of raised heat, in °C: skin of an array, forehead of a terminal."""
_BROKER: Final = "nats-server"
_DIES_WITH_PARENT: Final = 1
_BROKER_WITHIN_S: Final = 15.0
_LOOK_S: Final = 0.05


class Stage:
    """Everything that is simulated. ``open`` once, ``close`` once."""

    def __init__(self, site: DrillSite) -> None:
        """Prepare; nothing lives before ``open``."""
        self._site = site
        self._broker: subprocess.Popen[bytes] | None = None
        devices = [entry for lane in site.lanes for entry in _entries(site, lane)]
        self._simulation = Simulation(SimulationConfig(control="", device=devices))

    def open(self) -> None:
        """Start the broker, then every device."""
        if self._site.has_terminals:
            self._broker = _started_broker(self._site)
        self._simulation.start()

    def close(self) -> None:
        """Switch everything off and leave nothing behind."""
        self._simulation.stop()
        if self._broker is not None:
            self._broker.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._broker.wait(5)
            self._broker.kill()
            self._broker.wait()

    def scan(self, lane: DrillLane, lines: tuple[str, ...]) -> None:
        """Lay a document on the reader of a lane."""
        self._order({"device_id": lane.reader_id, "scan": {"lines": list(lines)}})

    def show(self, lane: DrillLane, *, heat: str) -> None:
        """Let somebody of that heat stand before the scanner of a lane."""
        person: dict[str, Any] = {"skin_c": SKIN_C[lane.driver][heat]}
        if lane.driver == ARRAY:
            person |= {"duration_s": STAND_S}
        self._order({"device_id": lane.scanner_id, "show": person})

    def pull(self, device_id: str, *, for_s: float) -> None:
        """Pull the cable of a device for some seconds; it is seen at once."""
        self._order({"device_id": device_id, "fault": {"kind": "unplug", "duration_s": for_s}})

    def _order(self, order: Mapping[str, Any]) -> None:
        answer = msgspec.json.decode(self._simulation.answer(msgspec.json.encode(order)))
        if not answer["ok"]:
            msg = f"the simulated devices refused {dict(order)}: {answer.get('error')}"
            raise ScenarioError(msg)


def _entries(site: DrillSite, lane: DrillLane) -> tuple[DeviceEntry, DeviceEntry]:
    is_terminal = lane.driver == TERMINAL
    link = f"mqtt://127.0.0.1:{site.broker_port}" if is_terminal else str(site.link(lane.scanner_id))
    options: dict[str, str | int | float | bool] = {} if is_terminal else {"physics": True}
    scanner = DeviceEntry(
        device_id=lane.scanner_id, model=lane.driver, link=link, rate_hz=FRAME_RATE_HZ, seed=1, options=options
    )
    reader = DeviceEntry(device_id=lane.reader_id, model="mrz_reader", link=str(site.link(lane.reader_id)))
    return scanner, reader


def _started_broker(site: DrillSite) -> subprocess.Popen[bytes]:
    """Start the broker of the locked wheel on a folder of the drill, and wait until it listens."""
    program = shutil.which(_BROKER, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        msg = f"{_BROKER} is not installed beside this program: a scanner of these stations speaks over MQTT"
        raise ScenarioError(msg)
    settings = site.folder / "broker.conf"
    settings.write_text(
        f'listen: "127.0.0.1:{site.broker_client_port}"\nserver_name: "kiemdich-drill"\nmax_payload: 4MB\n'
        f'jetstream {{ store_dir: "{site.folder / "broker"}", max_mem: 16MB, max_file: 64MB }}\n'
        f'mqtt {{ listen: "127.0.0.1:{site.broker_port}", ack_wait: "4s", max_ack_pending: 500 }}\n',
        encoding="utf-8",
    )
    parent = os.getpid()
    with (site.folder / "broker.log").open("ab") as log:
        started = subprocess.Popen(  # noqa: S603  # a program of ours with settings of ours
            [program, "-c", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509  # runs before any thread of ours starts a lock
        )
    _wait_for(site.broker_port, started)
    return started


def _wait_for(port: int, broker: subprocess.Popen[bytes]) -> None:
    waiting = threading.Event()
    for _ in range(int(_BROKER_WITHIN_S / _LOOK_S)):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
            return
        if broker.poll() is not None:
            break
        waiting.wait(_LOOK_S)
    broker.kill()
    msg = "the broker of the drill does not start; its log stands in the drill's folder"
    raise ScenarioError(msg)


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
