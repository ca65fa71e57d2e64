"""The centre's command line: ``python -m central COMMAND --settings FILE``."""

import json
import logging
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import structlog
import typer
import uvicorn

from central.actions.freezing import NotYetError, freeze
from central.actions.opening import Centre, open_centre
from central.actions.printing import print_revision
from central.app import build_app
from central.ledger import PLAUSIBLE_YEARS
from central.settings import Settings, SettingsError, find_settings, load_settings
from central.store.edges import EnrolmentError
from central.store.engine import StoreUnavailableError
from central.store.keys import KeyFileError, load_keys
from central.store.verification import DifferenceError
from migrations import DatabaseTooNewError
from sync.agreement.deployment import DeploymentError
from sync.agreement.vocabulary import Role
from sync.exchange.sealing import sealing_public_text
from sync.exchange.signatures import public_text
from web.passwords import PasswordRefusedError, Passwords
from web.sign_in import User

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Provincial centre of Kiểm Dịch.")

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file (TOML).")]
_PUBLIC_KEY_BYTES = 32
_REFUSED, _MISUSED = 1, 2


@app.callback()
def set_up_logs() -> None:
    """Write logs as JSON lines to standard error: standard output is for the answers."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@app.command()
def serve(settings: SettingsFile = None) -> None:
    """Run the service until it is stopped."""
    centre = _open(settings)
    told = centre.settings.centre
    uvicorn.run(
        build_app(centre), host=told.host, port=told.port, log_level="warning", access_log=False, server_header=False
    )


@app.command()
def identity(settings: SettingsFile = None) -> None:
    """Print the centre's public keys as JSON; makes the keys on the first call."""
    keys = load_keys(_settings(settings).data_path)
    sealing, signing = sealing_public_text(keys.sealing), public_text(keys.signing)
    typer.echo(json.dumps({"province_sealing_key": sealing, "public_key": signing}))


@app.command()
def enrol(
    *,
    edge_id: Annotated[str, typer.Option(help="The edge's identity, as in its settings file.")],
    point_of_entry_id: Annotated[str, typer.Option(help="The point of entry that it serves, as in the deployment.")],
    public_key: Annotated[str, typer.Option(help="64 hex digits, from the edge's identity command.")],
    settings: SettingsFile = None,
) -> None:
    """Register an edge by its public key; the same words again change nothing."""
    centre = _open(settings)
    try:
        centre.deployment.point_of_entry(point_of_entry_id)
        key = bytes.fromhex(public_key)
        if len(key) != _PUBLIC_KEY_BYTES:
            _stop("--public-key: 64 hex digits are needed", code=_MISUSED)
        enrolled = centre.store.edges.enrol(
            edge_id, point_of_entry_id=point_of_entry_id, public_key=key, now=centre.clock()
        )
    except (EnrolmentError, DeploymentError, ValueError) as error:
        _stop(str(error), code=_REFUSED)
    typer.echo(json.dumps({"edge_id": enrolled.edge_id, "incarnation": enrolled.incarnation}))


@app.command("add-user")
def add_user(
    *,
    username: Annotated[str, typer.Option(help="What the person signs in with.")],
    role: Annotated[Role, typer.Option(help="cdc, command or administrator.")],
    name: Annotated[str, typer.Option(help="Name as shown on the screens.")],
    settings: SettingsFile = None,
) -> None:
    """Add an account or replace it; the password is read from standard input."""
    centre = _open(settings)
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        hashed = Passwords().hash_password(password, username=username)
    except PasswordRefusedError as error:
        _stop(f"the password was refused: {error}", code=_REFUSED)
    centre.store.accounts.put_user(User(username=username, name=name, role=role.value, password_hash=hashed))
    typer.echo(json.dumps({"username": username, "role": role.value}))


@app.command()
def verify(settings: SettingsFile = None) -> None:
    """Recompute chains, projections, counters and report totals from the ledger; exit 1 at a difference."""
    centre = _open(settings)
    try:
        verified = centre.store.verify()
    except DifferenceError as difference:
        named = {name: getattr(difference, name) for name in ("table", "key", "expected", "found")}
        typer.echo(json.dumps({"ok": False, "first_difference": named}, ensure_ascii=False))
        raise typer.Exit(_REFUSED) from difference
    typer.echo(json.dumps({"ok": True} | msgspec.structs.asdict(verified)))


@app.command()
def report(
    *,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The report day, YYYY-MM-DD.")],
    output_format: Annotated[str, typer.Option("--format", help="json or pdf")] = "json",
    out: Annotated[Path | None, typer.Option(help="Where to write; standard output if absent.")] = None,
    revision: Annotated[int | None, typer.Option(help="The newest if absent.")] = None,
    is_early: Annotated[bool, typer.Option("--now", help="Freeze although the day is not over.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Hand out a day's report; freezes it first if that was not done and the day is over."""
    if output_format not in {"json", "pdf"}:
        _stop("--format: json or pdf", code=_MISUSED)
    if day.year not in PLAUSIBLE_YEARS:
        _stop(f"--day: no report speaks of the year {day.year}", code=_MISUSED)
    centre = _open(settings)
    content = _frozen(centre, day.date(), revision=revision, is_early=is_early, output_format=output_format)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        try:
            out.write_bytes(content)
        except OSError as error:
            _stop(f"cannot write {out}: {error.strerror}", code=_MISUSED)


def _frozen(centre: Centre, day: date, *, revision: int | None, is_early: bool, output_format: str) -> bytes:
    if revision is None and (is_early or not centre.store.reports.newest(day)):
        try:
            freeze(centre, day, by="command_line", is_early=is_early)
        except NotYetError as error:
            _stop(str(error), code=_REFUSED)
    content = print_revision(centre, day, revision=revision, kind=output_format)
    if content is None:
        _stop(f"there is no revision {revision} of {day}", code=_REFUSED)
    return content


def _settings(path: Path | None) -> Settings:
    try:
        return load_settings(find_settings(path))
    except SettingsError as error:
        _stop(str(error), code=_MISUSED)


def _open(path: Path | None) -> Centre:
    try:
        return open_centre(_settings(path))
    except (DeploymentError, KeyFileError, DatabaseTooNewError) as error:
        _stop(str(error), code=_MISUSED)
    except StoreUnavailableError as error:
        _stop(f"{error}: start the database, or correct key centre.database_url", code=_REFUSED)


def _stop(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m central")
