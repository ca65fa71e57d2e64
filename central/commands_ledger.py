"""Commands about the ledger: the service's role, and the replay of what was held."""

import json
from typing import Annotated

import msgspec
import typer

from central.command_line import REFUSED, SettingsFile, opened, stop
from central.store.gate_projection import rebuild_gate_tables
from central.store.quarantine import replay_quarantine
from central.store.roles import RoleError, grant_role


def register(app: typer.Typer) -> None:
    """Add these commands to the centre's."""
    app.command("grant-role")(grant)
    app.command("replay-quarantine")(replay)
    app.command("rebuild-gate-records")(rebuild)


def grant(
    *,
    role: Annotated[str, typer.Option(help="An existing role of PostgreSQL, with which the service will connect.")],
    settings: SettingsFile = None,
) -> None:
    """Give a role what the service needs: of what is append-only no UPDATE, DELETE or TRUNCATE. Run as the owner."""
    centre = opened(settings)
    try:
        tables = grant_role(centre.store.engine, role)
    except RoleError as error:
        stop(str(error), code=REFUSED)
    typer.echo(json.dumps({"role": role, "tables": tables}))


def replay(settings: SettingsFile = None) -> None:
    """Project what was held and can be projected now; running it again changes nothing."""
    centre = opened(settings)
    done = replay_quarantine(centre.store.engine, cut_off_hour=centre.store.cut_off_hour, now=centre.clock())
    typer.echo(json.dumps(msgspec.structs.asdict(done)))


def rebuild(settings: SettingsFile = None) -> None:
    """Draw again from the ledger what gates write beside crossings: declarations, slips, shifts, paper, coverage."""
    centre = opened(settings)
    records = rebuild_gate_tables(centre.store.engine, cut_off_hour=centre.store.cut_off_hour)
    typer.echo(json.dumps({"records": records}))
