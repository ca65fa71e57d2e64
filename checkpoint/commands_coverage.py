"""The commands of coverage: ``import-immigration`` reads the counter's list, ``immigration-token`` lets it be sent."""

import sys
from csv import Error as CsvError
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checkpoint.actions.entrusting import ImmigrationOrder
from checkpoint.actions.feed_token import new_token
from checkpoint.actions.immigration_list import ImmigrationError, read_csv, read_list
from checkpoint.command_line import SettingsOption, fail, loaded, stop, words_of
from checkpoint.store.connection import StoreError
from checkpoint.store.identity import open_identity
from checkpoint.writing import have_written


def import_immigration_command(  # noqa: PLR0917  # typer passes every option by its name
    csv: Annotated[Path, typer.Option("--csv", help="CSV with document_number, crossed_at, direction, …")],
    covers_from: Annotated[str, typer.Option("--from", help="Beginning of the span that the list covers whole.")] = "",
    covers_to: Annotated[str, typer.Option("--to", help="End of that span.")] = "",
    replaces: Annotated[bool, typer.Option("--replaces", help="A corrected list: earlier lines it lacks go.")] = False,  # noqa: FBT002  # typer's way of a flag
    settings: SettingsOption = None,
) -> None:
    """Read the immigration counter's list for the proof of coverage; with a mistake in it, nothing of it.

    Only keyed hashes, times and places are kept. The same list again changes nothing. Where the edge runs,
    the edge itself writes it.
    """
    configured = loaded(settings)
    try:
        own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
        with csv.open(encoding="utf-8-sig", newline="") as lines:
            span = {"begins_at": covers_from, "ends_at": covers_to}
            given = read_list(read_csv(lines), key=own.person_index_key, **span, replaces=replaces)
    except StoreError as error:
        fail(error)
    except (OSError, UnicodeDecodeError, CsvError, ImmigrationError) as error:
        stop(words_of(error, file=csv))
    rows = have_written(configured, [ImmigrationOrder(given=given, imported_at=datetime.now(UTC))])
    sys.stdout.write(msgspec.json.encode({"entries": rows}).decode() + "\n")


def immigration_token_command(settings: SettingsOption = None) -> None:
    """Make a new token for the immigration counter's program and print it once; the one before ends at once."""
    configured = loaded(settings)
    try:
        token = new_token(configured.data_path)
    except (StoreError, OSError) as error:
        fail(error)
    sys.stdout.write(f"{token}\n")
