"""A serial server of RFC 2217 for tests: pyserial's own port manager between a TCP client and a port."""

import select
import socket
import threading
from contextlib import suppress

import serial
from serial.rfc2217 import PortManager


class _PseudoPort(serial.Serial):
    """A port on a pseudo-terminal, which has no modem lines to look at or to set."""

    cts = dsr = ri = cd = property(lambda self: False)

    def _update_rts_state(self):
        """There is no such line."""

    def _update_dtr_state(self):
        """There is no such line."""


class Rfc2217Server:
    """Serves one port to one client after another until it is closed."""

    def __init__(self, port_path):
        self.port = _PseudoPort(str(port_path), baudrate=9600, timeout=0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.number = self._listener.getsockname()[1]
        self._client = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def write(self, content):
        """What the port manager answers to the client."""
        self._client.sendall(content)

    def drop_client(self):
        """Break the connection, as a server does that is restarted."""
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._stopping.set()
        self._thread.join(5.0)
        self._listener.close()
        self.port.close()

    def _serve(self):
        while not self._stopping.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                self._client, _ = self._listener.accept()
                with self._client, suppress(ConnectionError):
                    self._carry(PortManager(self.port, self))

    def _carry(self, manager):
        while not self._stopping.is_set():
            for ready in select.select([self._client, self.port], [], [], 0.05)[0]:
                if ready is self.port:
                    self._client.sendall(b"".join(manager.escape(self.port.read(4096))))
                    continue
                received = self._client.recv(4096)
                if not received:
                    return
                self.port.write(b"".join(manager.filter(received)))
