"""The commands about people: erasing who a crossing was about, and the keys' own short-lived backup."""

import json
from pathlib import Path
from typing import Annotated

import typer

from central.actions.erasing import ErasureRefusedError, erase_people
from central.command_line import REFUSED, SettingsFile, opened, stop
from central.store.erasure import UnknownEpisodesError
from central.store.key_backup import KeyBackupError, backup_keys, restore_keys

_OPERATOR = "command_line"


def register(app: typer.Typer) -> None:
    """Add the commands to the centre's command line."""
    app.command("erase")(erase_command)
    app.command("backup-keys")(backup_keys_command)
    app.command("restore-keys")(restore_keys_command)


def erase_command(
    *,
    crossing_id: Annotated[list[str], typer.Option(help="A crossing of the person; may be given several times.")],
    legal_basis: Annotated[str, typer.Option(help="Law and article that the erasure rests on.")],
    requested_by: Annotated[str, typer.Option(help="Number of the file of the request, never a name.")],
    settings: SettingsFile = None,
) -> None:
    """Erase who these crossings were about, here and at every edge. It cannot be undone."""
    centre = opened(settings)
    try:
        erased = erase_people(
            centre, crossing_id, legal_basis=legal_basis, requested_by=requested_by, username=_OPERATOR
        )
    except (ErasureRefusedError, UnknownEpisodesError) as error:
        stop(str(error), code=REFUSED)
    told = {
        "erasure_id": erased.erasure_id,
        "episodes": len(erased.episode_ids),
        "keys_destroyed": erased.keys_destroyed,
        "centre_sequence": erased.centre_sequence,
    }
    typer.echo(json.dumps(told))


def backup_keys_command(
    *,
    to: Annotated[Path, typer.Option(help="Folder of the key backups; those older than 7 days are removed.")],
    settings: SettingsFile = None,
) -> None:
    """Write the wrapped episode keys into a file of their own, which ends after 7 days."""
    centre = opened(settings)
    try:
        path, count = backup_keys(centre.store.engine, to, now=centre.clock())
    except OSError as error:
        stop(f"{to}: {error.strerror}", code=REFUSED)
    typer.echo(json.dumps({"file": str(path), "keys": count}))


def restore_keys_command(
    *,
    source: Annotated[
        Path, typer.Option("--from", help="What backup-keys wrote: a file, or the newest one of a folder.")
    ],
    settings: SettingsFile = None,
) -> None:
    """Put back the keys that are missing, but none of a person who was erased."""
    centre = opened(settings)
    try:
        count = restore_keys(centre.store.engine, source, now=centre.clock())
    except KeyBackupError as error:
        stop(str(error), code=REFUSED)
    typer.echo(json.dumps({"keys": count}))
