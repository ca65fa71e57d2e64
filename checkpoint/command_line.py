"""What every command of the edge does first and last: find the settings, hold the folder, say why not.

Exit codes: 1, this cannot be done now; 2, the command or the folder is not as it must be, and a person has to
mend it before the same command can succeed (systemd does not try it again by itself); 75, the disk failed.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final, NoReturn

import sqlcipher3.dbapi2 as sqlcipher
import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from checkpoint.settings import Settings, SettingsError, find_settings, load_settings
from checkpoint.store.connection import (
    DATABASE_NAME,
    DamagedDatabaseError,
    DatabaseKeyError,
    FolderTakenError,
    StoreError,
    hold_folder,
    is_damage,
    keep_private,
    words_of_damage,
)

SettingsOption = Annotated[Path | None, typer.Option("--settings", help="TOML file; else KIEMDICH_SETTINGS.")]
REFUSED: Final = 1
MUST_BE_MENDED: Final = 2
DISK_FAILED: Final = 75


class EdgeCommands(TyperGroup):
    """The commands; one that meets a damaged page ends in words wherever it met it, never in a stack trace."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # typer brings a click of its own along
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (DBAPIError, sqlcipher.DatabaseError) as error:
            if not is_damage(error):
                raise
            stop(words_of_damage(Path(DATABASE_NAME), error=error), code=MUST_BE_MENDED)
        except DamagedDatabaseError as error:
            fail(error)


def loaded(path: Path | None) -> Settings:
    """Load the settings, or stop with what to write where."""
    try:
        return load_settings(find_settings(path))
    except SettingsError as error:
        fail(error)


def claimed(settings: Settings) -> IO[bytes]:
    """Make sure that no other edge runs on the same folder, before anything in it is touched."""
    folder = settings.data_path
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keep_private(folder)
        return hold_folder(folder)
    except (StoreError, OSError) as error:
        fail(error)


@contextmanager
def standing_still(settings: Settings) -> Iterator[None]:
    """Hold the folder while something is written beside no edge; stop with what to do if one runs."""
    with claimed(settings):
        yield


def is_running(settings: Settings) -> bool:
    """Tell whether an edge runs on this folder."""
    try:
        hold_folder(settings.data_path).close()
    except FolderTakenError:
        return True
    except OSError:
        return False
    return False


def fail(error: Exception) -> NoReturn:
    """End the command in the words of an error."""
    must_be_mended = isinstance(error, (DamagedDatabaseError, DatabaseKeyError))
    stop(words_of(error), code=MUST_BE_MENDED if must_be_mended else REFUSED)


def words_of(error: Exception, *, file: Path | None = None) -> str:
    """Say of a file that cannot be read which it is, why, and what to do; every other error has its own words.

    >>> words_of(FileNotFoundError(2, "No such file or directory", "list.csv"))
    'list.csv: No such file or directory; check the path, and who may read and write there'
    """
    if isinstance(error, UnicodeDecodeError):
        told = "this is no text in UTF-8; save the table again as CSV UTF-8"
        return told if file is None else f"{file}: {told}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the path, and who may read and write there"
    return str(error) if file is None else "\n".join(f"{file}: {line}" for line in str(error).splitlines())


def stop(words: str, *, code: int = REFUSED) -> NoReturn:
    """End the command with a message on standard error."""
    sys.stderr.write(f"{words}\n")
    raise typer.Exit(code)
