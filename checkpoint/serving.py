"""How an edge is served: its gate, its workers, its web application, in one process until it is told to stop.

``python -m checkpoint serve`` and a drill serve the same program; a drill has a companion beside the workers.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from socket import socket
from types import FrameType
from typing import Protocol

import structlog
import typer
import uvicorn

from checkpoint.actions.entrusting import forget_orders
from checkpoint.actions.gate import Gate
from checkpoint.actions.opening import open_gate
from checkpoint.app import create_app
from checkpoint.command_line import DISK_FAILED, claimed, fail
from checkpoint.settings import Settings
from checkpoint.store.connection import StoreError
from checkpoint.store.disk import LOG_THRIFT, make_room
from checkpoint.workers import Workers
from checkpoint.writing import prepare
from sync.agreement.deployment import DeploymentError
from sync.agreement.labels_catalogue import LabelError, load_catalogues
from sync.agreement.policy import PolicyError

_log = structlog.get_logger("checkpoint")
_LONGEST_GOODBYE_S = 3
_SCREEN_STAYS_CONNECTED_S = 75
_WATCH_DISK_EVERY_S = 1.0
_SWITCH_S = 0.0001
"""Drivers compute in threads of their own: an officer's answer, which passes through three threads, waits at most so
long for each of them. Measured at eight lanes: 0.5 ms costs one answer in twenty a millisecond, 0.05 gains nothing.
"""


class Companion(Protocol):
    """What runs beside the workers of an edge as long as it serves."""

    def begin(self, gate: Gate, *, workers: Workers, stop: Callable[[], None]) -> None:
        """Start, on threads of its own; ``stop`` ends the serving."""

    def end(self) -> None:
        """Stop, before the database is closed."""


def serve_edge(configured: Settings, *, companion: Companion | None = None) -> None:
    """Serve until SIGTERM, or until the companion says so; ends with code 75 where the disk failed."""
    sys.setswitchinterval(_SWITCH_S)
    claim = claimed(configured)
    gate = _gate(configured)
    try:
        labels = {language: catalogue.sections for language, catalogue in load_catalogues().items()}
    except LabelError as error:
        fail(error)
    workers = Workers(gate)
    web_app = create_app(gate, workers=workers, labels=labels)
    server = _Server(_config(web_app, configured), before_shutdown=web_app.state.edge.stop_streams)
    watch = _DiskWatch(server, is_sound=lambda: gate.store.writer.is_open)
    _start(workers, gate)
    watch.start()
    if companion is not None:
        begin = partial(companion.begin, gate, workers=workers)
        server.on_started = lambda: begin(stop=lambda: server.handle_exit(signal.SIGTERM, None))
    _log.info("serving", edge_id=configured.edge.edge_id, host=configured.edge.host, port=configured.edge.port)
    server.run()
    if companion is not None:
        companion.end()
    workers.stop()
    gate.store.close()
    claim.close()
    _log.info("stopped", edge_id=configured.edge.edge_id)
    if watch.has_fired:
        raise typer.Exit(DISK_FAILED)


def _config(web_app: object, configured: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        web_app,  # type: ignore[arg-type]  # an ASGI application
        host=configured.edge.host,
        port=configured.edge.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_SCREEN_STAYS_CONNECTED_S,
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=_LONGEST_GOODBYE_S,
    )


def configure_logs() -> None:
    """Write logs as JSON lines to standard error; what others log goes the same way."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            LOG_THRIFT,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class _Server(uvicorn.Server):
    """Ends the streams as soon as a signal comes, so that a stop does not wait for open screens."""

    def __init__(self, config: uvicorn.Config, *, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown
        self.on_started: Callable[[], None] = _nothing

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Tell who waits once requests are answered and a signal would be heard, and not before."""
        await super().startup(sockets)
        self.on_started()

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """Stop without the base class, which would raise the signal again before the store is closed."""
        self._before_shutdown()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _nothing() -> None:
    """Nobody waits for the server."""


class _DiskWatch(threading.Thread):
    """Stops the server when the disk failed under the writer: a new program must open the database anew."""

    def __init__(self, server: _Server, *, is_sound: Callable[[], bool]) -> None:
        super().__init__(name="disk-watch", daemon=True)
        self._server = server
        self._is_sound = is_sound
        self.has_fired = False

    def run(self) -> None:
        waiting = threading.Event()
        while not self._server.should_exit:
            if not self._is_sound():
                self.has_fired = True
                self._server.handle_exit(signal.SIGTERM, None)
                return
            waiting.wait(_WATCH_DISK_EVERY_S)


def _gate(settings: Settings) -> Gate:
    """Open the gate, on a full disk by giving the ballast up. The caller holds the folder."""
    has_given_way = make_room(settings.data_path)
    prepare(settings)
    try:
        gate = open_gate(settings, clock=lambda: datetime.now(UTC))
    except (DeploymentError, PolicyError, StoreError, OSError) as error:
        fail(error)
    if has_given_way:
        gate.disk.begin_in_reserve()
    forget_orders(settings.data_path)
    return gate


def _start(workers: Workers, gate: Gate) -> None:
    try:
        workers.start()
    except OSError as error:  # a disk so full that not even this start can be counted
        gate.store.close()
        fail(error)
