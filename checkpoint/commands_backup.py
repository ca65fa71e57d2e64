"""The commands ``backup`` and ``restore``: a copy without names, the keys to the names apart, and the way back."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checkpoint.command_line import SettingsOption, fail, loaded
from checkpoint.store.backup import back_up
from checkpoint.store.connection import DATABASE_NAME, StoreError, hold_folder, naming_damage
from checkpoint.store.identity import open_identity
from checkpoint.store.restoring import restore


def backup_command(
    to: Annotated[Path, typer.Option("--to", help="Folder for both files; made with mode 0700 if it is not there.")],
    settings: SettingsOption = None,
) -> None:
    """Write an encrypted copy without names, and the keys to the names in a file that ends after 7 days.

    May run beside the serving edge. Prints one line of JSON with the names of the files and the counts.
    """
    configured = loaded(settings)
    edge_id = configured.edge.edge_id
    try:
        own = open_identity(configured.data_path, edge_id=edge_id)
        site_key = own.site_key.public_key()
        with naming_damage(configured.data_path / DATABASE_NAME):
            made = back_up(configured.data_path, to, edge_id=edge_id, site_key=site_key, at=datetime.now(UTC))
    except (StoreError, OSError) as error:
        fail(error)
    sys.stdout.write(msgspec.json.encode(made).decode() + "\n")


def restore_command(  # noqa: PLR0917  # typer passes every option by its name
    source: Annotated[Path, typer.Option("--from", help="Folder with the backup and its keys.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of the database that is here.")] = False,  # noqa: FBT002  # typer's way of a flag
    without_keys: Annotated[  # noqa: FBT002  # typer's way of a flag
        bool, typer.Option("--without-keys", help="Go on although no keys are left: nobody of before gets a name.")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Put the newest backup of a folder back; whoever was erased stays erased. The edge must not run.

    The edge then asks the centre for a new incarnation by itself. A database that is replaced is kept
    aside: destroy it once everything is in order, for it names people.
    """
    configured = loaded(settings)
    try:
        configured.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with hold_folder(configured.data_path):
            own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
            done = restore(
                configured.data_path,
                source,
                edge_id=configured.edge.edge_id,
                site_key=own.site_key,
                person_index_key=own.person_index_key,
                at=datetime.now(UTC),
                replaces=replace,
                needs_keys=not without_keys,
            )
    except (StoreError, OSError) as error:
        fail(error)
    sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
