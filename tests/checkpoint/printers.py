"""Printers to print on: one on a cable (a pseudo terminal), one on the network, and what came out as a picture."""

import os
import pty
import re
import socket
import threading
import time
import tty

import numpy as np
import zxingcpp

from checkpoint.papers.raster import Dots

WAIT_S = 20.0
CUT = b"\x1bd\x03\x1dVB\x00"


class CablePrinter:
    """An ESC/POS printer behind a terminal: reads all the time, as a printer with paper does."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.url = f"serial:{os.ttyname(self._theirs)}"
        self.taken = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:
                return
            self.taken += part

    def pages(self, count: int) -> list[np.ndarray]:
        until_s = time.monotonic() + WAIT_S
        while self.taken.count(CUT) < count and time.monotonic() < until_s:
            time.sleep(0.02)
        return [esc_pos_page(part + CUT) for part in self.taken.split(CUT) if part]

    def close(self) -> None:
        os.close(self._theirs)
        os.close(self._ours)


class NetworkPrinter:
    """A ZPL printer at a raw port; ``stop`` pulls its plug, ``start`` puts it back."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.start()
        self.url = f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                job = b""
                while part := connection.recv(65536):
                    job += part
                if job:
                    self.jobs.append(job)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def pages(self, count: int) -> list[np.ndarray]:
        until_s = time.monotonic() + WAIT_S
        while len(self.jobs) < count and time.monotonic() < until_s:
            time.sleep(0.02)
        return [zpl_page(job) for job in self.jobs]


def esc_pos_page(told: bytes) -> np.ndarray:
    """Print as an ESC/POS printer would: reset, rasters, feed, cut."""
    assert told.startswith(b"\x1b@")
    place, bands = 2, []
    while told[place : place + 4] == b"\x1dv0\x00":
        row_bytes, rows = (int.from_bytes(told[place + at : place + at + 2], "little") for at in (4, 6))
        size = row_bytes * rows
        bands.append(Dots(row_bytes=row_bytes, rows=rows, bits=told[place + 8 : place + 8 + size]).dark())
        place += 8 + size
    assert told[place:] == CUT
    return np.vstack(bands)


def zpl_page(told: bytes) -> np.ndarray:
    """Print as a ZPL printer would: one graphic field."""
    found = re.fullmatch(rb"\^XA\^PW(\d+)\^LL(\d+)\^FO0,0\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS\^XZ\n", told)
    rows, row_bytes = int(found[2]), int(found[5])
    return Dots(row_bytes=row_bytes, rows=rows, bits=bytes.fromhex(found[6].decode())).dark()


def picture_of(page: np.ndarray) -> np.ndarray:
    return np.pad(np.where(page, 0, 255).astype(np.uint8), 24, constant_values=255)


def code_on(page: np.ndarray) -> str:
    """Scan a printed page as a reader would."""
    [found] = zxingcpp.read_barcodes(picture_of(page))
    return found.text
