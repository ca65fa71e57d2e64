"""The way to a label printer: a device file of USB, a serial line, or a raw port of the network (9100).

A printer never holds a lane up: each send has a time limit, and a failure says what to look at.
"""

import os
import select
import socket
import stat
import time
from pathlib import Path
from urllib.parse import urlsplit

import serial

RAW_PORT = 9100
_TIMEOUT_S = 5.0
_SERIAL_RATE_BAUD = 115_200


class PrinterError(OSError):
    """The slip did not come out: paper, cable or power. Look at the printer, then print again."""


def send(url: str, printed: bytes, *, timeout_s: float = _TIMEOUT_S) -> None:
    """Send bytes to a printer named ``usb:/dev/usb/lp0``, ``serial:/dev/ttyUSB0?rate=9600`` or ``tcp://host:9100``.

    Raises:
        PrinterError: nothing, or not all of it, was taken within ``timeout_s``; names the printer, never the paper.
    """
    kind = urlsplit(url).scheme
    way = {"usb": _to_file, "serial": _to_serial, "tcp": _to_network}.get(kind)
    if way is None:
        msg = f"{url}: a printer's address begins with usb:, serial: or tcp://; correct it in the settings"
        raise PrinterError(msg)
    try:
        way(url, printed, timeout_s)
    except PrinterError:
        raise
    except (OSError, serial.SerialException, ValueError) as error:
        msg = f"{url}: the printer does not answer ({type(error).__name__}); look at its power, paper and cable"
        raise PrinterError(msg) from error


def _to_file(url: str, printed: bytes, timeout_s: float) -> None:
    path = Path(urlsplit(url).path)
    if not stat.S_ISCHR(path.stat().st_mode):
        msg = f"{url}: this is no device of a printer; correct it in the settings"
        raise PrinterError(msg)
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    until_s = time.monotonic() + timeout_s
    try:
        while printed:
            _, ready, _ = select.select([], [handle], [], max(0.0, until_s - time.monotonic()))
            if not ready:
                msg = f"{url}: the printer stopped taking data; look at its paper and its cover"
                raise PrinterError(msg)
            printed = printed[os.write(handle, printed) :]
    finally:
        os.close(handle)


def _to_serial(url: str, printed: bytes, timeout_s: float) -> None:
    parts = urlsplit(url)
    rate = int(parts.query.removeprefix("rate=")) if parts.query else _SERIAL_RATE_BAUD
    with serial.Serial(parts.path, baudrate=rate, write_timeout=timeout_s, exclusive=True) as line:
        line.write(printed)
        line.flush()


def _to_network(url: str, printed: bytes, timeout_s: float) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or RAW_PORT), timeout=timeout_s) as connection:
        connection.sendall(printed)
        connection.shutdown(socket.SHUT_WR)
