"""Telling the simulated devices what stands in front of them, over their control socket (JSON lines)."""

import json
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANSWER_TIMEOUT_S = 10.0


class SimulatorError(RuntimeError):
    """The simulated devices did not take the order; their log says why."""


class SimulatorControl:
    """One connection to the simulators of one gate; may be used by several lanes' threads."""

    def __init__(self, path: Path) -> None:
        """Remember the socket's path; the connection opens with the first order."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._received = b""

    def show(self, device_id: str, *, skin_c: float, duration_s: float) -> None:
        """Let somebody with that skin temperature stand before the scanner for ``duration_s``."""
        self._order({"device_id": device_id, "show": {"skin_c": skin_c, "ambient_c": 24.0, "duration_s": duration_s}})

    def scan(self, device_id: str, lines: tuple[str, ...]) -> None:
        """Lay a document with these machine-readable lines on the reader."""
        self._order({"device_id": device_id, "scan": {"lines": list(lines)}})

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._hang_up()

    def _order(self, order: Mapping[str, Any]) -> None:
        with self._lock:
            try:
                answer = self._exchange(order)
            except OSError:
                # The simulator was started anew: its old socket is gone, so call again once.
                self._hang_up()
                try:
                    answer = self._exchange(order)
                except OSError as error:
                    self._hang_up()
                    msg = f"the simulated devices at {self._path} do not answer: {error}"
                    raise SimulatorError(msg) from error
        if not answer.get("ok"):
            msg = f"the simulated devices refused {json.dumps(order)}: {answer}"
            raise SimulatorError(msg)

    def _exchange(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection.settimeout(ANSWER_TIMEOUT_S)
            self._connection.connect(str(self._path))
            self._received = b""
        self._connection.sendall(json.dumps(order).encode() + b"\n")
        while b"\n" not in self._received:
            chunk = self._connection.recv(65536)
            if not chunk:
                msg = "connection closed"
                raise ConnectionResetError(msg)
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
