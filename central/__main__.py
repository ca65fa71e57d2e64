"""The centre's command line: ``python -m central COMMAND --settings FILE``."""

import json
import logging
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
import typer
import uvicorn

from central import (
    commands_courier,
    commands_federation,
    commands_ledger,
    commands_orders,
    commands_people,
    commands_units,
)
from central.actions.freezing import NotYetError, freeze
from central.actions.opening import Centre
from central.actions.printing import print_revision
from central.actions.witnessing import WitnessFileError, Witnessing
from central.app import build_app
from central.command_line import MISUSED, REFUSED, SettingsFile, opened, settings_of, stop
from central.ledger import PLAUSIBLE_YEARS
from central.memory import settle_memory
from central.routes.slow_clients import CONNECTIONS_AT_ONCE, PatientProtocol
from central.store.edges import EnrolmentError
from central.store.keys import load_keys
from central.store.verification import DifferenceError
from central.store.witness import Witness
from sync.agreement.deployment import DeploymentError
from sync.agreement.vocabulary import Role
from sync.exchange.messages import fingerprint
from sync.exchange.sealing import sealing_public_text
from sync.exchange.signatures import check_public_key, public_text
from web.passwords import SHORTEST_PASSWORD, PasswordRefusedError, Passwords
from web.sign_in import User

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Provincial centre of Kiểm Dịch.")
commands_orders.register(app)
commands_people.register(app)
commands_federation.register(app)
commands_units.register(app)
commands_courier.register(app)
commands_ledger.register(app)

_PUBLIC_KEY_BYTES = 32


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
    centre = opened(settings)
    told = centre.settings.centre
    service = build_app(centre)
    settle_memory()
    uvicorn.run(
        service,
        host=told.host,
        port=told.port,
        http=PatientProtocol,
        limit_concurrency=CONNECTIONS_AT_ONCE,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


@app.command()
def identity(settings: SettingsFile = None) -> None:
    """Print the centre's public keys and their fingerprint as JSON; makes the keys on the first call."""
    keys = load_keys(settings_of(settings).data_path)
    sealing, signing = sealing_public_text(keys.sealing), public_text(keys.signing)
    shown = fingerprint(bytes.fromhex(signing))
    typer.echo(json.dumps({"province_sealing_key": sealing, "public_key": signing, "fingerprint": shown}))


@app.command()
def enrol(
    *,
    edge_id: Annotated[str, typer.Option(help="The edge's identity, as in its settings file.")],
    point_of_entry_id: Annotated[str, typer.Option(help="The point of entry that it serves, as in the deployment.")],
    public_key: Annotated[str, typer.Option(help="64 hex digits, from the edge's identity command.")],
    settings: SettingsFile = None,
) -> None:
    """Register an edge by its public key; the same words again change nothing."""
    centre = opened(settings)
    try:
        centre.deployment.point_of_entry(point_of_entry_id)
        key = bytes.fromhex(public_key)
        if len(key) != _PUBLIC_KEY_BYTES:
            stop("--public-key: 64 hex digits are needed", code=MISUSED)
        check_public_key(key)
        enrolled = centre.store.edges.enrol(
            edge_id, point_of_entry_id=point_of_entry_id, public_key=key, now=centre.clock()
        )
    except (EnrolmentError, DeploymentError, ValueError) as error:
        stop(str(error), code=REFUSED)
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
    centre = opened(settings)
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        hashed = Passwords().hash_password(password, username=username)
    except PasswordRefusedError as error:
        words = (
            f"the password is {error.code.replace('_', ' ')}: choose another, of {SHORTEST_PASSWORD} letters or more"
        )
        stop(words, code=REFUSED)
    centre.store.accounts.put_user(User(username=username, name=name, role=role.value, password_hash=hashed))
    typer.echo(json.dumps({"username": username, "role": role.value}))


@app.command()
def verify(
    *,
    witness: Annotated[
        Path | None, typer.Option(help="Signed heads that others kept, as `checkpoint witness` prints them.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Recompute chains, projections, counters and report totals from the ledger; exit 1 at a difference."""
    centre = opened(settings)
    try:
        verified = centre.store.verify()
    except DifferenceError as difference:
        named = {name: getattr(difference, name) for name in ("table", "key", "expected", "found")}
        typer.echo(json.dumps({"ok": False, "first_difference": named}, ensure_ascii=False))
        raise typer.Exit(REFUSED) from difference
    typer.echo(json.dumps({"ok": True} | msgspec.structs.asdict(verified) | _witnessed(centre, witness)))


def _witnessed(centre: Centre, file: Path | None) -> dict[str, int]:
    """Hold the centre's own signed heads, and those of a file, against the ledger; exit 1 where it contradicts one."""
    witnessing = Witnessing(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    try:
        contradiction = witnessing.compare_own()
        found = Witness(compared=0, of_lost_lives=0) if file is None else witnessing.compare_file(file)
    except WitnessFileError as error:
        stop(str(error), code=REFUSED)
    contradiction = contradiction or found.contradiction
    if contradiction is not None:
        told = msgspec.structs.asdict(contradiction)
        difference = {"table": told["table"], "key": told["position"], "expected": told["expected"]}
        typer.echo(json.dumps({"ok": False, "first_difference": difference | {"found": told["found"] or "nothing"}}))
        raise typer.Exit(REFUSED)
    if file is None:
        return {}
    return {"witnessed_heads": found.compared, "heads_of_lost_lives": found.of_lost_lives}


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
        stop("--format: json or pdf", code=MISUSED)
    if day.year not in PLAUSIBLE_YEARS:
        stop(f"--day: no report speaks of the year {day.year}", code=MISUSED)
    centre = opened(settings)
    content = _frozen(centre, day.date(), revision=revision, is_early=is_early, output_format=output_format)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        try:
            out.write_bytes(content)
        except OSError as error:
            stop(f"cannot write {out}: {error.strerror}", code=MISUSED)


def _frozen(centre: Centre, day: date, *, revision: int | None, is_early: bool, output_format: str) -> bytes:
    if revision is None and (is_early or not centre.store.reports.newest(day)):
        try:
            freeze(centre, day, by="command_line", is_early=is_early)
        except NotYetError as error:
            stop(str(error), code=REFUSED)
    content = print_revision(centre, day, revision=revision, kind=output_format)
    if content is None:
        stop(f"there is no revision {revision} of {day}", code=REFUSED)
    return content


if __name__ == "__main__":
    app(prog_name="python -m central")
