"""What every command of the centre does first and last: find the settings, open the centre, say why not."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from central.actions.opening import Centre, open_centre
from central.settings import Settings, SettingsError, find_settings, load_settings
from central.store.engine import StoreUnavailableError
from central.store.keys import KeyFileError
from migrations import DatabaseTooNewError
from sync.agreement.deployment import DeploymentError

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file (TOML).")]
REFUSED, MISUSED = 1, 2
"""Exit codes: what was asked cannot be done now; the command was not used as it must be."""


def settings_of(path: Path | None) -> Settings:
    """Load the settings, or stop with what to write where."""
    try:
        return load_settings(find_settings(path))
    except SettingsError as error:
        stop(str(error), code=MISUSED)


def opened(path: Path | None) -> Centre:
    """Open the centre, or stop with what to do."""
    try:
        return open_centre(settings_of(path))
    except (DeploymentError, KeyFileError, DatabaseTooNewError) as error:
        stop(str(error), code=MISUSED)
    except StoreUnavailableError as error:
        stop(f"{error}: start the database, or correct key centre.database_url", code=REFUSED)


def stop(message: str, *, code: int) -> NoReturn:
    """End the command with a message on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
