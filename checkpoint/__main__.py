"""The edge's command line: ``python -m checkpoint COMMAND``."""

import sys
from collections.abc import Iterator
from csv import Error as CsvError
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checkpoint.actions.entrusting import HoldersOrder, OfficerOrder, Order
from checkpoint.actions.registering import RegisterError, read_register, register_mistakes
from checkpoint.command_line import EdgeCommands, SettingsOption, fail, loaded, stop, words_of
from checkpoint.commands_backup import backup_command, restore_command
from checkpoint.commands_courier import courier_export_command, courier_receive_command
from checkpoint.commands_coverage import immigration_token_command, import_immigration_command
from checkpoint.commands_devices import device_report_command
from checkpoint.commands_documents import read_document_command
from checkpoint.commands_drill import drill_command
from checkpoint.commands_identity import (
    confirm_centre_command,
    enrol_command,
    resume_command,
    sync_status_command,
    witness_command,
)
from checkpoint.commands_shift import give_badge_command, import_roster_command, shift_report_command
from checkpoint.serving import configure_logs, serve_edge
from checkpoint.store.connection import StoreError
from checkpoint.store.holders import Holder
from checkpoint.store.identity import open_identity
from checkpoint.writing import have_written
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import Role
from web.passwords import SHORTEST_PASSWORD, PasswordRefusedError, Passwords
from web.sign_in import User

app = typer.Typer(no_args_is_help=True, add_completion=False, cls=EdgeCommands, help="Edge service of one crossing.")
app.command("read-document")(read_document_command)
app.command("import-immigration")(import_immigration_command)
app.command("immigration-token")(immigration_token_command)
app.command("enrol")(enrol_command)
app.command("confirm-centre")(confirm_centre_command)
app.command("resume")(resume_command)
app.command("witness")(witness_command)
app.command("sync-status")(sync_status_command)
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("courier-export")(courier_export_command)
app.command("courier-receive")(courier_receive_command)
app.command("give-badge")(give_badge_command)
app.command("import-roster")(import_roster_command)
app.command("shift-report")(shift_report_command)
app.command("device-report")(device_report_command)
app.command("drill")(drill_command)

HOLDERS_AT_ONCE = 5000


@app.command()
def serve(settings: SettingsOption = None) -> None:
    """Serve the lanes of this edge until SIGTERM; kill it at any moment and nothing acknowledged is lost."""
    configure_logs()
    serve_edge(loaded(settings))


@app.command()
def identity(settings: SettingsOption = None) -> None:
    """Make this edge's keys if it has none, and print the public halves as one line of JSON."""
    configured = loaded(settings)
    try:
        own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
    except StoreError as error:
        fail(error)
    print(msgspec.json.encode(own.public).decode())


@app.command("add-officer")
def add_officer(  # noqa: PLR0917  # typer passes every option by its name
    username: Annotated[str, typer.Option(help="What the officer signs in with.")],
    name: Annotated[str, typer.Option(help="What the screens call the officer.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.OFFICER,
    settings: SettingsOption = None,
) -> None:
    """Add an account, or replace it; the password is the first line of standard input.

    Where the edge runs, the edge itself writes it: whoever was signed in under this name is signed out.
    """
    configured = loaded(settings)
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        password_hash = Passwords().hash_password(password, username=username)
    except PasswordRefusedError as error:
        print(
            f"the password is {error.code.replace('_', ' ')}: choose another, of {SHORTEST_PASSWORD} letters or more",
            file=sys.stderr,
        )
        raise typer.Exit(1) from error
    user = User(username=username, name=name, role=role.value, password_hash=password_hash)
    have_written(configured, [OfficerOrder(user=user)])
    print(msgspec.json.encode({"username": username, "role": role}).decode())


@app.command("import-holders")
def import_holders(
    csv: Annotated[Path, typer.Option("--csv", help="CSV with pass_number, full_name, expires_on, …")],
    settings: SettingsOption = None,
) -> None:
    """Read the register of border pass holders; with a mistake in it (each line is named), nothing of it.

    The file is read twice and never held whole: first for mistakes, then in commits of some thousand. Where
    the edge runs, the edge itself writes it. The same list again changes nothing.
    """
    configured, today = loaded(settings), local_date(datetime.now(UTC))
    try:
        with csv.open(encoding="utf-8-sig", newline="") as lines:
            mistakes = register_mistakes(lines, today=today)
        for mistake in mistakes:
            print(f"{csv}: {mistake}", file=sys.stderr)
        if mistakes:
            raise typer.Exit(1)
        with csv.open(encoding="utf-8-sig", newline="") as lines:
            rows = have_written(configured, _holder_orders(read_register(lines, today=today)))
    except (OSError, UnicodeDecodeError, CsvError, RegisterError) as error:
        stop(words_of(error, file=csv))
    print(msgspec.json.encode({"holders": rows}).decode())


def _holder_orders(holders: Iterator[Holder]) -> Iterator[Order]:
    while some := tuple(islice(holders, HOLDERS_AT_ONCE)):
        yield HoldersOrder(holders=some)


if __name__ == "__main__":
    app(prog_name="python -m checkpoint")
