"""A label printer on a real line: all bytes arrive, and a printer that is not there says so in time."""

import os
import pty
import socket
import threading
import tty

import pytest

from checkpoint.printers import PrinterError, send

SLIP = bytes(range(256)) * 40


@pytest.fixture
def terminal():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def read_all(handle, size):
    taken = b""
    while len(taken) < size:
        taken += os.read(handle, 4096)
    return taken


@pytest.mark.parametrize("address", ["usb:{}", "serial:{}?rate=9600", "serial:{}"])
def test_every_byte_reaches_a_printer_on_a_cable(terminal, address):
    ours, name = terminal
    printed = []
    reader = threading.Thread(target=lambda: printed.append(read_all(ours, len(SLIP))))
    reader.start()

    send(address.format(name), SLIP)

    reader.join(10)
    assert printed == [SLIP]


def test_every_byte_reaches_a_printer_on_the_network():
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take():
            connection, _ = listener.accept()
            with connection:
                parts = iter(lambda: connection.recv(4096), b"")
                taken.append(b"".join(parts))

        printer = threading.Thread(target=take)
        printer.start()
        send(f"tcp://127.0.0.1:{listener.getsockname()[1]}", SLIP)
        printer.join(10)
    assert taken == [SLIP]


def test_a_printer_out_of_paper_is_told_in_time(terminal):
    _, name = terminal

    with pytest.raises(PrinterError, match="paper"):
        send(f"usb:{name}", SLIP * 100, timeout_s=0.3)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("usb:/dev/usb/lp-is-not-there", "does not answer"),
        ("serial:/dev/tty-is-not-there", "does not answer"),
        ("serial:/dev/null?rate=fast", "does not answer"),
        ("tcp://127.0.0.1:9", "does not answer"),
        ("lpt:1", "begins with usb:"),
        ("usb:/etc/hostname", "no device"),
    ],
)
def test_a_printer_that_is_not_there_is_named(address, words):
    with pytest.raises(PrinterError, match=words):
        send(address, SLIP)
