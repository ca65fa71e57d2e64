"""A serial port as a link: opened alone, read in blocking turns, and told apart from a lost cable.

URLs: ``serial:///dev/serial/by-id/...?baud=115200``, or any URL of pyserial (``socket://``,
``rfc2217://``, ``loop://``, ``spy://``). The port is opened with ``exclusive=True``, so that two
programs never share a module's bytes. Always 8N1, as every module of the catalogue.

Each read waits for the first byte and then takes all that the driver of the port holds: with one
frame per read the parser works in whole frames, and with a torrent in large pieces.
"""

import termios
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import serial

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.reading import Outgoing
from devices.registry import DeviceConfig

_MOST_BYTES_AT_ONCE: Final = 64 * 1024
_WRITE_TIMEOUT_S: Final = 2.0
_ANY_BAUD: Final = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_FAILURES: Final = (serial.SerialException, OSError, termios.error)
"""What pyserial raises when a plug is pulled: its own error, the system's, or that of the terminal."""


class SerialPortLink:
    """One port. Used from one thread."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the URL; ``DeviceConfigurationError`` when it cannot be meant."""
        self._device_id = config.device_id
        self._url, self._baud = _port_and_baud(config.url, manifest=manifest)
        self._is_device = self._url.startswith("/")
        self._port: serial.Serial | None = None

    def open(self) -> None:
        """Open the port, alone. A missing or busy port is a lost link: it may be plugged in later."""
        try:
            self._port = serial.serial_for_url(
                self._url,
                baudrate=self._baud,
                timeout=0.0,
                write_timeout=_WRITE_TIMEOUT_S,
                exclusive=True if self._is_device else None,  # a network port has no lock
            )
        except ValueError as error:
            msg = f"{self._device_id}: pyserial cannot open such a url: {error}"
            raise DeviceConfigurationError(msg) from error
        except _FAILURES as error:
            msg = f"{self._device_id}: the port does not open: {error}"
            raise LinkLostError(msg) from error

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Wait for the first byte at most so long, then take everything that is there."""
        port = self._opened()
        try:
            _wait_at_most(port, timeout_s)
            content = port.read(1)
            if not content:
                return None
            content += self._rest(port)
        except (*_FAILURES, TypeError) as error:
            # TypeError: pyserial 3.5 reads from a descriptor that another failure has already closed.
            msg = f"{self._device_id}: the port went away: {error}"
            raise LinkLostError(msg) from error
        return Delivery(payload=bytes(content))

    def send(self, outgoing: Outgoing) -> None:
        """Write bytes to the device and wait until they have left."""
        port = self._opened()
        try:
            port.write(outgoing.payload)
            port.flush()
        except _FAILURES as error:
            msg = f"{self._device_id}: the port does not take bytes: {error}"
            raise LinkLostError(msg) from error

    def acknowledge(self, delivery: Delivery) -> None:
        """Do nothing: a cable keeps no copy that could be let go."""

    def close(self) -> None:
        """Let go of the port; a port that is gone already is closed enough."""
        port, self._port = self._port, None
        if port is None:
            return
        try:
            port.close()
        except _FAILURES:
            return

    def _rest(self, port: serial.Serial) -> bytes:
        """Take what has arrived behind the first byte. A network port cannot say how much that is."""
        if self._is_device:
            waiting = min(port.in_waiting, _MOST_BYTES_AT_ONCE - 1)
            return bytes(port.read(waiting)) if waiting else b""
        _wait_at_most(port, 0.0)
        return bytes(port.read(_MOST_BYTES_AT_ONCE - 1))

    def _opened(self) -> serial.Serial:
        if self._port is None:
            msg = f"{self._device_id}: the port is not open"
            raise LinkLostError(msg)
        return self._port


def _port_and_baud(url: str, *, manifest: Manifest) -> tuple[str, int]:
    """Split our URL into what pyserial opens and the speed.

    A path keeps its query out: ``serial:///dev/ttyUSB0?baud=9600`` opens ``/dev/ttyUSB0``.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    wanted = query.pop("baud", str(manifest.default_baud or 9600))
    known = manifest.baud_rates or _ANY_BAUD
    if not wanted.isdecimal() or int(wanted) not in known:
        msg = f"{manifest.driver} does not speak at {wanted!r} baud; it has {', '.join(map(str, known))}"
        raise DeviceConfigurationError(msg)
    if parts.scheme != "serial":
        return url.replace(f"baud={wanted}", "").rstrip("?&"), int(wanted)
    if query or parts.netloc or not parts.path:
        msg = f"a serial url is serial:///path?baud=N; {url!r} is not"
        raise DeviceConfigurationError(msg)
    return parts.path, int(wanted)


def _wait_at_most(port: serial.Serial, timeout_s: float) -> None:
    """Set how long a read waits, unless it is so already: pyserial asks the terminal each time it is set."""
    if port.timeout != timeout_s:
        port.timeout = timeout_s
