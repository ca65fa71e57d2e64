"""The command that takes a courier's package and writes what goes back on the same stick."""

import json
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from central.actions.courier import CourierDesk
from central.command_line import REFUSED, SettingsFile, opened, stop
from central.store.engine import StoreUnavailableError
from sync.exchange.courier import CourierError


def register(app: typer.Typer) -> None:
    """Add the command to the centre's command line."""
    app.command("courier-import")(courier_import_command)


def courier_import_command(
    *,
    package: Annotated[Path, typer.Argument(help="The file that the gate's courier-export wrote.")],
    return_to: Annotated[Path, typer.Option(help="Where to write what the courier takes back.")],
    settings: SettingsFile = None,
) -> None:
    """Take a package whole or not at all, and write receipts, refusals and the centre's journal for the gate."""
    centre = opened(settings)
    desk = CourierDesk(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    try:
        taken = desk.take(package)
        _write_whole(return_to, content=msgspec.json.encode(taken.answer))
    except (CourierError, StoreUnavailableError) as error:
        stop(f"{package}: {error}", code=REFUSED)
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}", code=REFUSED)
    refused = [f"{each.incarnation}: {each.first}-{each.last}: {each.refusal.code}" for each in taken.answer.refusals]
    told = {"edge_id": taken.answer.edge_id, "batches": taken.batches, "taken": taken.taken, "refused": refused}
    typer.echo(json.dumps(told))
    if refused:
        raise typer.Exit(REFUSED)


def _write_whole(path: Path, *, content: bytes) -> None:
    """Write under another name and rename: a stick pulled out early holds the old answer or the new one."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
