"""The Bluetooth link: a thermometer's indications, or a file of them written in hexadecimal.

``ble://AA:BB:CC:DD:EE:FF`` needs the library ``bleak``, which is not installed by default: it is
loaded when such a device is opened, and its absence is a mistake in the settings with the remedy in
its words. ``ble-hex:///path?interval_s=1`` plays a file with one value a line (blanks allowed, ``#``
begins a remark), for replay and for machines without a radio.

A thermometer wakes, measures, connects, tells and sleeps again: not being there is its normal state,
so the link waits for it and is lost only when the radio is.
"""

import asyncio
import queue
import threading
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import structlog

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.reading import Outgoing
from devices.registry import DeviceConfig

TEMPERATURE_MEASUREMENT: Final = "00002a1c-0000-1000-8000-00805f9b34fb"
QUEUE_LENGTH: Final = 64
LOOK_AGAIN_S: Final = 1.0
STOP_WITHIN_S: Final = 5.0

log = structlog.get_logger("devices")


class HexSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand behind the ``?`` of a ``ble-hex`` URL."""

    interval_s: float = 1.0


class BluetoothLink:
    """One thermometer by its address. Its radio runs in a thread of its own."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the address; ``DeviceConfigurationError`` when it is none or ``bleak`` is not installed."""
        del manifest
        self._device_id = config.device_id
        self._address = config.url.removeprefix("ble://").strip("/")
        if not self._address:
            msg = f"{self._device_id}: the url must be ble://AA:BB:CC:DD:EE:FF"
            raise DeviceConfigurationError(msg)
        self._bleak = _bleak(config.device_id)
        self._arrived: queue.Queue[bytes] = queue.Queue(QUEUE_LENGTH)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._why = ""

    def open(self) -> None:
        """Begin to look for the thermometer."""
        self.close()
        self._stopping.clear()
        self._why = ""
        self._thread = threading.Thread(target=self._run, name=f"ble-{self._device_id}", daemon=True)
        self._thread.start()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next value; ``LinkLostError`` when the radio is gone."""
        try:
            return Delivery(payload=self._arrived.get(timeout=timeout_s))
        except queue.Empty:
            if self._thread is None or not self._thread.is_alive():
                self._lose(self._why or "the radio is not looking")
            return None

    def send(self, outgoing: Outgoing) -> None:
        """Do nothing: a thermometer is only listened to."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Do nothing: the indication was confirmed by the radio when it came."""

    def close(self) -> None:
        """Let the thermometer go."""
        thread, self._thread = self._thread, None
        self._stopping.set()
        if thread is not None:
            thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except (OSError, self._bleak.exc.BleakError) as error:
            self._why = f"the radio cannot be used: {type(error).__name__}"

    async def _listen(self) -> None:
        """Wait for the thermometer, hear it out, and wait again."""
        while not self._stopping.is_set():
            found = await self._bleak.BleakScanner.find_device_by_address(self._address, timeout=LOOK_AGAIN_S)
            if found is None:
                continue
            try:
                async with self._bleak.BleakClient(found) as thermometer:
                    await thermometer.start_notify(TEMPERATURE_MEASUREMENT, self._take)
                    while thermometer.is_connected and not self._stopping.is_set():  # noqa: ASYNC110  a thread's event
                        await asyncio.sleep(0.1)
            except (self._bleak.exc.BleakError, TimeoutError) as error:
                log.info("bluetooth.conversation_ended", device_id=self._device_id, error=type(error).__name__)

    def _take(self, _sender: object, content: bytearray) -> None:
        if self._arrived.full():
            log.error("bluetooth.queue_full", device_id=self._device_id)
            return
        self._arrived.put_nowait(bytes(content))

    def _lose(self, detail: str) -> NoReturn:
        msg = f"{self._device_id}: {detail}"
        raise LinkLostError(msg)


class HexFileLink:
    """A file of values in the place of a thermometer."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the URL; the file is read by ``open``."""
        del manifest
        address = urlsplit(config.url)
        self._device_id = config.device_id
        self._path = Path(unquote(address.netloc + address.path))
        fields = {name: texts[-1] for name, texts in parse_qs(address.query).items()}
        try:
            self._interval_s = msgspec.convert(fields, HexSettings, strict=False).interval_s
        except msgspec.ValidationError as error:
            msg = f"{self._device_id}: behind the ? of the url: {error}"
            raise DeviceConfigurationError(msg) from error
        self._values: list[bytes] | None = None
        self._next_s = 0.0
        self._pause = threading.Event()

    def open(self) -> None:
        """Read the file; a line that is not hexadecimal is a mistake in it. What was played is not played again."""
        if self._values is not None:
            return
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
            written = [line.partition("#")[0].strip() for line in lines]
            self._values = [bytes.fromhex(line) for line in written if line]
        except OSError as error:
            msg = f"{self._device_id}: {self._path} cannot be read: {error.strerror}"
            raise DeviceConfigurationError(msg) from error
        except ValueError as error:
            msg = f"{self._device_id}: {self._path} has a line that is not hexadecimal"
            raise DeviceConfigurationError(msg) from error
        self._next_s = monotonic()

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next value when its time has come; afterwards the thermometer is silent."""
        wait_s = self._next_s - monotonic() if self._values else timeout_s
        self._pause.wait(max(0.0, min(wait_s, timeout_s)))
        if not self._values or wait_s > timeout_s:
            return None
        self._next_s = monotonic() + self._interval_s
        return Delivery(payload=self._values.pop(0))

    def send(self, outgoing: Outgoing) -> None:
        """Nobody is there to hear it."""

    def acknowledge(self, delivery: Delivery) -> None:
        """A file needs no acknowledgement."""

    def close(self) -> None:
        """Stop for now; what was not played yet is played after the next ``open``."""


def _bleak(device_id: str) -> Any:  # noqa: ANN401  an optional library has no types where it is not installed
    """Load the radio's library where it is used, and say what is missing where it is not installed."""
    try:
        return import_module("bleak")
    except ImportError as error:
        msg = f"{device_id}: Bluetooth needs the Python package bleak on this machine, or use ble-hex:// with a file"
        raise DeviceConfigurationError(msg) from error
