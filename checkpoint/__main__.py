"""The edge's command line: ``python -m checkpoint COMMAND``."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import IO, Annotated, NoReturn

import msgspec
import structlog
import typer
import uvicorn

from checkpoint.actions.opening import open_gate
from checkpoint.actions.registering import RegisterError, read_register
from checkpoint.app import create_app
from checkpoint.commands_documents import read_document_command
from checkpoint.settings import Settings, SettingsError, find_settings, load_settings
from checkpoint.store.connection import StoreError, hold_folder
from checkpoint.store.edge_store import EdgeStore, migration_engine
from checkpoint.store.holders import put_holders
from checkpoint.store.identity import open_identity
from checkpoint.workers import Workers
from migrations import DatabaseTooNewError, upgrade
from sync.agreement.deployment import DeploymentError
from sync.agreement.labels_catalogue import LabelError, load_catalogues
from sync.agreement.policy import PolicyError
from sync.agreement.vocabulary import Role
from web.passwords import PasswordRefusedError, Passwords
from web.sign_in import User

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Edge service of one crossing.")
app.command("read-document")(read_document_command)

SettingsOption = Annotated[Path | None, typer.Option("--settings", help="TOML file; else KIEMDICH_SETTINGS.")]
_log = structlog.get_logger("checkpoint")
_LONGEST_GOODBYE_S = 3
_SCREEN_STAYS_CONNECTED_S = 75
_WATCH_DISK_EVERY_S = 1.0
_DISK_FAILED_EXIT = 75


@app.command()
def serve(settings: SettingsOption = None) -> None:
    """Serve the lanes of this edge until SIGTERM; kill it at any moment and nothing acknowledged is lost."""
    configure_logs()
    claim = _claimed(settings)
    configured = _opened(settings)
    try:
        gate = open_gate(configured, clock=lambda: datetime.now(UTC))
        labels = {language: catalogue.sections for language, catalogue in load_catalogues().items()}
    except (DeploymentError, PolicyError, StoreError, LabelError) as error:
        _fail(error)
    workers = Workers(gate)
    web_app = create_app(gate, workers=workers, labels=labels)
    server = _Server(
        uvicorn.Config(
            web_app,
            host=configured.edge.host,
            port=configured.edge.port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_SCREEN_STAYS_CONNECTED_S,
            ws_max_size=64 * 1024,
            timeout_graceful_shutdown=_LONGEST_GOODBYE_S,
        ),
        before_shutdown=web_app.state.edge.stop_streams,
    )
    watch = _DiskWatch(server, is_sound=lambda: gate.store.writer.is_open)
    workers.start()
    watch.start()
    _log.info("serving", edge_id=configured.edge.edge_id, host=configured.edge.host, port=configured.edge.port)
    server.run()
    workers.stop()
    gate.store.close()
    claim.close()
    _log.info("stopped", edge_id=configured.edge.edge_id)
    if watch.has_fired:
        raise typer.Exit(_DISK_FAILED_EXIT)


@app.command()
def identity(settings: SettingsOption = None) -> None:
    """Make this edge's keys if it has none, and print the public halves as one line of JSON."""
    configured = _loaded(settings)
    try:
        own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
    except StoreError as error:
        _fail(error)
    print(msgspec.json.encode(own.public).decode())


@app.command("add-officer")
def add_officer(  # noqa: PLR0917  # typer passes every option by its name
    username: Annotated[str, typer.Option(help="What the officer signs in with.")],
    name: Annotated[str, typer.Option(help="What the screens call the officer.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.OFFICER,
    settings: SettingsOption = None,
) -> None:
    """Add an account, or replace it; the password is the first line of standard input."""
    configured = _opened(settings)
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        password_hash = Passwords().hash_password(password, username=username)
    except PasswordRefusedError as error:
        print(f"the password is {error.code.replace('_', ' ')}: choose another one", file=sys.stderr)
        raise typer.Exit(1) from error
    store = _store(configured)
    store.accounts.put_officer(User(username=username, name=name, role=role.value, password_hash=password_hash))
    store.close()
    print(msgspec.json.encode({"username": username, "role": role}).decode())


@app.command("import-holders")
def import_holders(
    csv: Annotated[Path, typer.Option("--csv", help="CSV with pass_number, full_name, expires_on, …")],
    settings: SettingsOption = None,
) -> None:
    """Read the register of border pass holders; all of it or, at the first mistake, nothing."""
    configured = _opened(settings)
    try:
        holders = list(read_register(csv.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, RegisterError) as error:
        print(f"{csv}: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    store = _store(configured)
    count = store.writer.submit(lambda transaction: put_holders(transaction, holders)).result()
    store.close()
    print(msgspec.json.encode({"holders": count}).decode())


def configure_logs() -> None:
    """Write logs as JSON lines to standard error; what others log goes the same way."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
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

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """Stop without the base class, which would raise the signal again before the store is closed."""
        self._before_shutdown()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


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


def _loaded(path: Path | None) -> Settings:
    try:
        return load_settings(find_settings(path))
    except SettingsError as error:
        _fail(error)


def _claimed(path: Path | None) -> IO[bytes]:
    """Make sure that no other edge runs on the same folder, before anything in it is touched."""
    folder = _loaded(path).data_path
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return hold_folder(folder)
    except (StoreError, OSError) as error:
        _fail(error)


def _opened(path: Path | None) -> Settings:
    """Load the settings and bring the database's schema up to date."""
    configured = _loaded(path)
    try:
        open_identity(configured.data_path, edge_id=configured.edge.edge_id)
        engine = migration_engine(configured.data_path)
        upgrade("edge", engine)
        engine.dispose()
    except (StoreError, DatabaseTooNewError, OSError) as error:
        _fail(error)
    return configured


def _store(settings: Settings) -> EdgeStore:
    try:
        own = open_identity(settings.data_path, edge_id=settings.edge.edge_id)
        return EdgeStore.open(settings.data_path, identity=own, places=settings.isolation.places)
    except StoreError as error:
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    print(str(error), file=sys.stderr)
    raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m checkpoint")
