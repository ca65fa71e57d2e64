"""The gate's Wi-Fi: a byte pump between a device and an edge that can be off, or lose an answer on its way back."""

import contextlib
import socket
import threading

FLUSH_LINE = b"POST /handheld/v1/flush"


class Wifi:
    """Listens on a port of its own. ``loses``: how many answers to a flush are still to be lost on the way back."""

    def __init__(self, *, edge_port: int) -> None:
        self._edge_port = edge_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_on = True
        self.loses = 0
        self.lost = 0
        self.flushes = 0
        self.most_at_once = 0
        self._under_way = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def off(self) -> None:
        """Cut everything that is open, and refuse what comes."""
        self.is_on = False
        with self._lock:
            for one in list(self._open):
                self._end(one)

    def on(self) -> None:
        self.is_on = True

    def close(self) -> None:
        self.off()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                device, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(device,), daemon=True).start()

    def _carry(self, device: socket.socket) -> None:
        if not self.is_on:
            device.close()
            return
        try:
            edge = socket.create_connection(("127.0.0.1", self._edge_port), timeout=5)
        except OSError:
            device.close()
            return
        edge.settimeout(None)
        with self._lock:
            self._open |= {device, edge}
        flushing = threading.Event()
        threading.Thread(target=self._pump, args=(device, edge, flushing, False), daemon=True).start()
        self._pump(edge, device, flushing, is_answer=True)

    def _pump(self, source: socket.socket, target: socket.socket, flushing: threading.Event, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                if not is_answer and part.startswith(FLUSH_LINE):
                    self._began(flushing)
                if is_answer and flushing.is_set() and self._ended(flushing):
                    break  # the edge has committed and answered; the device never hears of it
                target.sendall(part)
        with self._lock:
            self._open -= {source, target}
            if is_answer and flushing.is_set():  # cut before the answer
                flushing.clear()
                self._under_way -= 1
        self._end(source)
        self._end(target)

    def _began(self, flushing: threading.Event) -> None:
        with self._lock:
            flushing.set()
            self.flushes += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)

    def _ended(self, flushing: threading.Event) -> bool:
        with self._lock:
            flushing.clear()
            self._under_way -= 1
            if self.loses <= 0:
                return False
            self.loses -= 1
            self.lost += 1
            return True

    @staticmethod
    def _end(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
