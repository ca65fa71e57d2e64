"""One shift of a real edge on a recorded disk: what it asked of the disk, and what it had promised when."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from checkpoint.store import connection as opening
from checkpoint.store import edge_store
from checkpoint.store.connection import DATABASE_NAME
from checkpoint.store.identity import IDENTITY_FOLDER
from checkpoint.store.private_files import FolderFiles
from checkpoint.store.writer import Writer
from tests.powerloss.contents import Contents, contents_of
from tests.powerloss.crashes import Files
from tests.powerloss.disk import Fault, Operation, RecordedDisk


class Acknowledged(NamedTuple):
    """A future resolved when so many operations had been issued: from there on the commit must be there."""

    after_operations: int
    commit: int


class Note(NamedTuple):
    """A small file beside the database got a new content; ``is_durable``: it was on the disk at once."""

    after_operations: int
    name: str
    content: bytes
    is_durable: bool


class Recording(NamedTuple):
    """One shift. ``commits`` are what the database said after each; the first is what it said before."""

    name: str
    goes_back: bool  # a backup was put back on purpose: the edge says so, and rightly
    initial: Files  # the database's files before
    beside: Files  # key and identity, by path under the data folder: as before, and what was made once
    notes: "list[Note]"
    operations: list[Operation]
    commits: list[Contents]
    acknowledged: list[Acknowledged]


class Witness:
    """Notes each commit of the one writer and the moment when its future resolves."""

    def __init__(self, disk: RecordedDisk) -> None:
        """Watch over one disk."""
        self.disk = disk
        self.commits: list[Contents] = []
        self.acknowledged: list[Acknowledged] = []
        self.notes: list[Note] = []

    def note_files(witness) -> type[FolderFiles]:  # noqa: N805 - the inner class has a self of its own
        """Make the identity's files that tell this witness."""

        class WatchedFiles(FolderFiles):
            def write(self, name, content):
                super().write(name, content)
                witness.notes.append(Note(len(witness.disk.operations), name, content, is_durable=True))

            def overwrite(self, name, content):
                super().overwrite(name, content)
                witness.notes.append(Note(len(witness.disk.operations), name, content, is_durable=False))

        return WatchedFiles

    def files_beside(self, folder: Path, *, before: Files) -> Files:
        """Read the files beside the database, without those of which each content was noted: these as before."""
        noted = {f"{IDENTITY_FOLDER}/{note.name}" for note in self.notes}
        kept = {name: content for name, content in files_beside(folder).items() if name not in noted}
        return {**kept, **{name: before[name] for name in noted if name in before}}

    def see(self, folder: Path) -> None:
        """Take what the database says now as promised: whoever did it has said that it is done."""
        connection = opening.open_connection(folder / DATABASE_NAME, key=opening.database_key(folder))
        self.commits.append(contents_of(connection.execute))
        connection.close()
        self.acknowledge(len(self.commits) - 1)

    def writer_class(witness) -> type[Writer]:  # noqa: N805 - the inner class has a self of its own
        """Make the writer that tells this witness."""

        class WatchedWriter(Writer):
            def __init__(self, *words, **more):
                super().__init__(*words, **more)
                witness.disk.events.append("opened")

            def submit(self, job):
                commit: list[int] = []

                def watched(transaction):
                    result = job(transaction)
                    witness.commits.append(contents_of(transaction.execute))
                    commit.append(len(witness.commits) - 1)
                    return result

                def note(future):
                    if not future.cancelled() and future.exception() is None:
                        witness.acknowledge(commit[0])

                future = super().submit(watched)
                future.add_done_callback(note)
                return future

        return WatchedWriter

    def acknowledge(self, commit: int) -> None:
        """Note that this commit is promised from now on."""
        self.acknowledged.append(Acknowledged(len(self.disk.operations), commit))
        self.disk.events.append("acknowledged")


def drawing_alike(real: Callable[..., Any]) -> Callable[..., Any]:
    """Let SQL draw the same numbers on each new connection: a migration that draws says the same each time."""

    def opened(path, *, key):
        connection, drawn = real(path, key=key), count()
        connection.create_function("random", 0, lambda: next(drawn))
        connection.create_function("randomblob", 1, lambda size: sha256(b"%d" % next(drawn)).digest()[:size])
        return connection

    return opened


@contextmanager
def watched_edge(folder: Path, *, synchronous: str = "FULL", fault: Fault | None = None) -> Iterator[Witness]:
    """Let every edge that is opened meanwhile work on a recorded disk, with this much care for its commits."""
    disk = RecordedDisk(folder, fault=fault)
    witness = Witness(disk)
    real = drawing_alike(opening.open_connection)

    def watched(path, *, key):
        connection = real(path, key=key)
        stack.callback(connection.close)  # also one that a failed start left behind
        if synchronous != "FULL":
            connection.execute(f"PRAGMA synchronous = {synchronous}")
        return connection

    with disk.in_force(), ExitStack() as stack:
        stack.enter_context(patch.object(edge_store, "Writer", witness.writer_class()))
        stack.enter_context(patch.object(edge_store, "FolderFiles", witness.note_files()))
        for module in (opening, edge_store):
            stack.enter_context(patch.object(module, "open_connection", watched))
        yield witness


def database_files(folder: Path) -> Files:
    """Read the database and its log, without the shared-memory index, which no power cut leaves."""
    names = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-journal")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def files_beside(folder: Path) -> Files:
    """Read everything else under the data folder: keys and identity."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(DATABASE_NAME))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def put_files(folder: Path, files: Files) -> None:
    """Write files with the mode that secrets need."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
        path.chmod(0o600)
    if folder.exists():
        folder.chmod(0o700)
