"""A serial port as a link: opened alone, read in blocking turns, and told apart from a lost cable.

URLs: ``serial:///dev/serial/by-id/...?baud=115200``, or any URL of pyserial: ``socket://host:port``
for a serial server or an array on the network, ``rfc2217://host:port`` for a server that also sets
the speed. ``?baud=auto`` finds the speed out: see ``baud_search``. A path under ``/dev/serial/by-id``
names the module itself and not the socket it is plugged into, so it survives unplugging and two of a
kind. The port is opened with ``exclusive=True``, so that two programs never share a module's bytes.
Always 8N1, as every module of the catalogue.

Each read waits for the first byte, then a hundredth of a second more, and takes all that is there:
at 460800 baud a byte comes every 22 microseconds, and being woken for each would cost the core more
than decoding.
"""

import os
import select
import termios
from contextlib import suppress
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import serial

from devices.driver import Driver, Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.links.baud_search import BaudSearch
from devices.reading import Outgoing
from devices.registry import DeviceConfig, load_driver

_MOST_BYTES_AT_ONCE: Final = 64 * 1024
_GATHER_S: Final = 0.01
_WRITE_TIMEOUT_S: Final = 2.0
_RFC2217_TIMEOUT_S: Final = 0.2
_ANY_BAUD: Final = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_AUTO: Final = "auto"
_FAILURES: Final = (serial.SerialException, OSError, termios.error)
"""What pyserial raises when a plug is pulled: its own error, the system's, or that of the terminal."""


class SerialPortLink:
    """One port. Used from one thread."""

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        """Read the URL; ``DeviceConfigurationError`` when it cannot be meant."""
        self._config = config
        self._device_id = config.device_id
        self._url, self._rates = _port_and_rates(config.url, manifest=manifest)
        self._is_device = self._url.startswith("/")
        self._is_rfc2217 = self._url.startswith("rfc2217:")
        self._port: serial.Serial | None = None
        self._search: BaudSearch | None = None
        self._found: int | None = None
        self._said: list[Outgoing] = []

    def open(self) -> None:
        """Open the port, alone. A missing or busy port is a lost link: it may be plugged in later."""
        baud = self._begin_search() if len(self._rates) > 1 else self._rates[0]
        try:
            self._port = serial.serial_for_url(
                self._url,
                baudrate=baud,
                timeout=_RFC2217_TIMEOUT_S if self._is_rfc2217 else 0.0,
                write_timeout=None if self._is_rfc2217 else _WRITE_TIMEOUT_S,  # pyserial knows none there
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
            content = self._read(port, timeout_s)
            if self._search is not None:
                content = self._searched(content, self._search, port=port)
        except (*_FAILURES, TypeError) as error:
            # TypeError: pyserial 3.5 reads from a descriptor that another failure has already closed.
            msg = f"{self._device_id}: the port went away: {error}"
            raise LinkLostError(msg) from error
        return Delivery(payload=content) if content else None

    def send(self, outgoing: Outgoing) -> None:
        """Write bytes to the device and wait until they have left; while its speed is searched, again at each."""
        port = self._opened()
        if self._search is not None:
            self._said.append(outgoing)
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
        with suppress(*_FAILURES):
            port.close()

    def _read(self, port: serial.Serial, timeout_s: float) -> bytes:
        """Read in the way that suits the kind of port; a network port may wait a little less than it is told."""
        if self._is_device:
            return self._read_device(port, timeout_s)
        return _read_rfc2217(port) if self._is_rfc2217 else _read_socket(port, timeout_s)

    @staticmethod
    def _read_device(port: serial.Serial, timeout_s: float) -> bytes:
        """Read the descriptor itself: one wait and one read where pyserial makes several of each."""
        descriptor = port.fileno()
        if not select.select((descriptor,), (), (), timeout_s)[0]:
            return b""
        select.select((), (), (), _GATHER_S)
        content = os.read(descriptor, _MOST_BYTES_AT_ONCE)
        if not content:
            msg = "it says that bytes are there and gives none"
            raise serial.SerialException(msg)
        return content

    def _begin_search(self) -> int:
        """Begin with the speed that was right the last time, and forget what was said at the last opening."""
        rates = sorted(self._rates, key=lambda baud: baud != self._found)
        self._search, self._said = BaudSearch(rates, new_driver=self._new_driver, now_s=monotonic()), []
        return self._search.baud

    def _searched(self, content: bytes, search: BaudSearch, *, port: serial.Serial) -> bytes:
        """Let the search judge what arrived; change the speed when this one had its time."""
        understood = search.hear(content, now_s=monotonic())
        if understood is not None:
            self._found, self._search = search.baud, None
            return understood
        if search.is_in_vain(now_s=monotonic()):
            port.baudrate = search.try_next(now_s=monotonic())
            port.reset_input_buffer()
            for outgoing in self._said:
                port.write(outgoing.payload)
        return b""

    def _new_driver(self) -> Driver:
        return load_driver(self._config.driver)(device_id=self._device_id, options=self._config.options)

    def _opened(self) -> serial.Serial:
        if self._port is None:
            msg = f"{self._device_id}: the port is not open"
            raise LinkLostError(msg)
        return self._port


def _read_rfc2217(port: serial.Serial) -> bytes:
    """Read what pyserial's own thread has queued, byte by byte.

    The wait was set once, on opening: each change of it would negotiate all settings with the server anew.
    """
    content = bytes(port.read(1))
    if not content:
        return b""
    select.select((), (), (), _GATHER_S)
    return content + bytes(port.read(min(port.in_waiting, _MOST_BYTES_AT_ONCE)))


def _read_socket(port: serial.Serial, timeout_s: float) -> bytes:
    """Wait for the first byte; asked then not to wait, pyserial gives all that the socket holds."""
    _wait_at_most(port, timeout_s)
    content = bytes(port.read(1))
    if not content:
        return b""
    select.select((), (), (), _GATHER_S)
    _wait_at_most(port, 0.0)
    return content + bytes(port.read(_MOST_BYTES_AT_ONCE - 1))


def _port_and_rates(url: str, *, manifest: Manifest) -> tuple[str, tuple[int, ...]]:
    """Split our URL into what pyserial opens and the speed, or the speeds among which to find it.

    A path keeps its query out: ``serial:///dev/ttyUSB0?baud=9600`` opens ``/dev/ttyUSB0``.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    rates = _rates(query.pop("baud", str(manifest.default_baud or 9600)), manifest=manifest)
    if parts.scheme != "serial":
        return url.partition("?")[0] + (f"?{urlencode(query)}" if query else ""), rates
    if query or parts.netloc or not parts.path:
        msg = f"a serial url is serial:///path?baud=N; {url!r} is not"
        raise DeviceConfigurationError(msg)
    return parts.path, rates


def _rates(wanted: str, *, manifest: Manifest) -> tuple[int, ...]:
    """Give the speed that is wanted, or for ``auto`` all that the model has, its usual one first."""
    known = manifest.baud_rates or _ANY_BAUD
    if wanted == _AUTO:
        return tuple(sorted(known, key=lambda baud: baud != manifest.default_baud))
    if not wanted.isdecimal() or int(wanted) not in known:
        msg = f"{manifest.driver} does not speak at {wanted!r} baud; it has {', '.join(map(str, known))} and auto"
        raise DeviceConfigurationError(msg)
    return (int(wanted),)


def _wait_at_most(port: serial.Serial, timeout_s: float) -> None:
    """Set how long a read waits, unless it is so already."""
    if port.timeout != timeout_s:
        port.timeout = timeout_s
