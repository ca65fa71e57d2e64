"""Small secret files outside the database, of mode 0600: in a folder, or in memory for a program of one thread.

They are written whole or not at all and reach the disk at once; only ``overwrite`` does not wait for the
disk, for what is a hint and not a promise.
"""

import os
from pathlib import Path
from typing import Protocol

from checkpoint.store.connection import require_private, write_private_file


class PrivateFiles(Protocol):
    """Named secrets of one edge."""

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, or ``None`` if there is none; refuse one that others may read."""

    def write(self, name: str, content: bytes) -> None:
        """Replace a file, whole or not at all, durably."""

    def overwrite(self, name: str, content: bytes) -> None:
        """Write the first bytes of a file anew without waiting for the disk."""

    def place(self) -> str:
        """Say where these files are, in words that differ when somebody copies them to another machine."""

    def close(self) -> None:
        """Let go of what is open."""


class FolderFiles:
    """The files of one folder, which only its owner may enter."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before something is written."""
        self.folder = folder
        self._open: dict[str, int] = {}

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, or ``None`` if there is none; refuse one that others may read."""
        path = self.folder / name
        if not path.exists():
            return None
        require_private(path)
        return path.read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Replace a file, whole or not at all, durably."""
        write_private_file(self.folder / name, content)

    def overwrite(self, name: str, content: bytes) -> None:
        """Write the first bytes of a file anew without waiting for the disk."""
        descriptor = self._open.get(name)
        if descriptor is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
            self._open[name] = descriptor
        os.pwrite(descriptor, content, 0)

    def place(self) -> str:
        """Say which machine this is and which folder: both differ for a copy on another machine.

        A folder that is moved keeps its inode, a container keeps the folder of its volume, and a folder
        that is copied back stays on its machine: none of these is taken for a copy.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return f"{machine_id()} {self.folder.stat().st_ino}"

    def close(self) -> None:
        """Let go of what is open."""
        while self._open:
            os.close(self._open.popitem()[1])


class MemoryFiles:
    """The same in memory: for simulations. ``copy`` is a backup, or a clone on another machine."""

    def __init__(self, files: dict[str, bytes] | None = None, *, place: str = "memory 1") -> None:
        """Begin with ``files``, at a place that is called ``place``."""
        self._files = dict(files or {})
        self._place = place

    def copy(self, *, place: str | None = None) -> "MemoryFiles":
        """Return files of their own with the same content."""
        return MemoryFiles(self._files, place=place or self._place)

    def read(self, name: str) -> bytes | None:
        """Return what a file holds, or ``None`` if there is none."""
        return self._files.get(name)

    def write(self, name: str, content: bytes) -> None:
        """Replace a file."""
        self._files[name] = content

    def overwrite(self, name: str, content: bytes) -> None:
        """Write the first bytes of a file anew."""
        self._files[name] = content + self._files.get(name, b"")[len(content) :]

    def place(self) -> str:
        """Say where these files are."""
        return self._place

    def close(self) -> None:
        """Nothing is open."""


def machine_id() -> str:
    """Name this installation of an operating system, or return a dash where it has no name."""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip() or "-"
    except OSError:
        return "-"
