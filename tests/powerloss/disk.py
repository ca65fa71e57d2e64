"""A shim under SQLite that writes down every write, truncation, sync, creation and deletion in one folder.

While a ``RecordedDisk`` is in force it is SQLite's default file system: whatever opens a database goes
through it and does not know. It can also fail on demand (``Fault``), as a dying disk does.
"""

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ctypes import byref, string_at
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tests.powerloss import sqlite_abi as abi


class _SYSTEM:
    fsync, rename, unlink = os.fsync, os.rename, os.unlink


_NAME = b"kiemdich-recorded-disk"
_STILL_OPEN: list["RecordedDisk"] = []


class Write(NamedTuple):
    """Bytes given to the system for a file; on the disk only after a sync."""

    file: str
    offset_bytes: int
    content: bytes


class Truncation(NamedTuple):
    """A file cut (or extended with zeros) to a size."""

    file: str
    size_bytes: int


class Sync(NamedTuple):
    """Everything written to the file so far is on the disk, and so are the folder's entries if it is so said."""

    file: str
    with_folder: bool


class FailedSync(NamedTuple):
    """The system said that it could not sync: what was written until now may be lost for ever, later syncs or not."""

    file: str


class Creation(NamedTuple):
    """A file that was not there has an entry in the folder."""

    file: str


class Renaming(NamedTuple):
    """An entry has another name; what had that name before is gone. On the disk only after a sync of the folder."""

    file: str
    new_name: str


class FolderSync(NamedTuple):
    """The folder's entries are on the disk as they are."""


class Deletion(NamedTuple):
    """A file's entry is gone from the folder; on the disk only after a sync of the folder."""

    file: str
    with_folder: bool


Operation = Write | Truncation | Sync | FailedSync | FolderSync | Creation | Renaming | Deletion


class Fault(NamedTuple):
    """The ``at_call``-th call of a kind fails (from 0), and so do the ``more_calls`` that follow it."""

    kind: str  # "read", "write", "short_write", "full", "sync", "truncate"
    at_call: int
    more_calls: int = 0


_COUNTED_AS = {"short_write": "write", "full": "write"}
_CODES = {
    "read": abi.IO_ERROR_READ,
    "write": abi.IO_ERROR_WRITE,
    "short_write": abi.IO_ERROR_WRITE,
    "full": abi.FULL,
    "sync": abi.IO_ERROR_FSYNC,
    "truncate": abi.IO_ERROR_TRUNCATE,
}


class _Opened(NamedTuple):
    name: str
    methods: abi.Methods
    entry_unsynced: list[bool]


class RecordedDisk:
    """The log of one folder. ``operations`` grows while it is in force; ``calls`` counts by kind."""

    def __init__(self, folder: Path, *, fault: Fault | None = None) -> None:
        """Watch the files directly in ``folder``."""
        self.folder = folder
        self.fault = fault
        self.operations: list[Operation] = []
        self.calls = dict.fromkeys(("read", "write", "sync", "truncate"), 0)
        self.events: list[str] = []  # "failed sync" and the like, in order with what others note here
        self._base = abi.library.sqlite3_vfs_find(b"unix")
        self._known = {path.name for path in folder.iterdir()} if folder.exists() else set()
        self._open: dict[int, _Opened] = {}
        self._patched: dict[int, abi.Methods] = {}
        self._shim = self._file_system()

    @contextmanager
    def in_force(self) -> Iterator["RecordedDisk"]:
        """Be SQLite's default file system; every connection opened meanwhile must be closed before the end.

        What the program itself syncs, renames and deletes in the folder is written down as well.
        """
        abi.library.sqlite3_vfs_register(byref(self._shim), 1)
        try:
            with ExitStack() as stack:
                for name, stand_in in (("fsync", self._fsync), ("rename", self._rename), ("unlink", self._unlink)):
                    stack.enter_context(patch.object(os, name, stand_in))
                yield self
        finally:
            abi.library.sqlite3_vfs_unregister(byref(self._shim))
            abi.library.sqlite3_vfs_register(self._base, 1)
            if self._open:
                _STILL_OPEN.append(self)  # a test failed midway: its connections go on calling this object

    def _file_system(self) -> abi.FileSystem:
        shim = abi.FileSystem()
        ctypes.pointer(shim)[0] = self._base.contents
        shim.name = _NAME
        shim.next = None
        shim.open = abi.OPEN(self._opened)
        shim.delete = abi.DELETE(self._deleted)
        return shim

    def _fails(self, kind: str) -> str | None:
        """Count a call; return the kind of the fault if it must fail."""
        number = self.calls[kind]
        self.calls[kind] = number + 1
        fault = self.fault
        if fault is None or _COUNTED_AS.get(fault.kind, fault.kind) != kind:
            return None
        if not fault.at_call <= number <= fault.at_call + fault.more_calls:
            return None
        self.events.append(f"failed {fault.kind}")
        return fault.kind

    def _opened(self, _shim, path, file, flags, out_flags) -> int:
        name = Path(string_at(path).decode()) if path else None
        is_watched = name is not None and name.parent == self.folder
        code: int = self._base.contents.open(self._base, path, file, flags, out_flags)
        if code != abi.OK or not is_watched:
            return code
        self._know(name.name)
        original = file.contents.methods.contents
        # os_unix.c syncs the folder at the first sync of a journal or log that it may have made.
        syncs_folder = bool(flags & abi.OPEN_CREATE and flags & (abi.OPEN_MAIN_JOURNAL | abi.OPEN_WAL))
        self._open[_address(file)] = _Opened(name.name, original, [syncs_folder])
        file.contents.methods = ctypes.pointer(self._patch(original))
        return code

    def _patch(self, original: abi.Methods) -> abi.Methods:
        key = ctypes.addressof(original)
        if key not in self._patched:
            patched = abi.Methods()
            ctypes.pointer(patched)[0] = original
            patched.close = abi.CLOSE(self._closed)
            patched.read = abi.TRANSFER(self._read)
            patched.write = abi.TRANSFER(self._written)
            patched.truncate = abi.TRUNCATE(self._truncated)
            patched.sync = abi.SYNC(self._synced)
            self._patched[key] = patched
        return self._patched[key]

    def _closed(self, file) -> int:
        opened = self._open.pop(_address(file))
        return opened.methods.close(file)

    def _read(self, file, target, size_bytes, offset_bytes) -> int:
        if self._fails("read"):
            return abi.IO_ERROR_READ
        return self._open[_address(file)].methods.read(file, target, size_bytes, offset_bytes)

    def _written(self, file, source, size_bytes, offset_bytes) -> int:
        opened = self._open[_address(file)]
        kind = self._fails("write")
        if kind == "short_write":
            size_bytes //= 2
        if kind is None or kind == "short_write":
            content = string_at(source, size_bytes)
            code = opened.methods.write(file, source, size_bytes, offset_bytes)
            if code == abi.OK:
                self.operations.append(Write(opened.name, offset_bytes, content))
            return code if kind is None else _CODES[kind]
        return _CODES[kind]

    def _truncated(self, file, size_bytes) -> int:
        opened = self._open[_address(file)]
        if self._fails("truncate"):
            return abi.IO_ERROR_TRUNCATE
        code = opened.methods.truncate(file, size_bytes)
        if code == abi.OK:
            self.operations.append(Truncation(opened.name, size_bytes))
        return code

    def _synced(self, file, flags) -> int:
        opened = self._open[_address(file)]
        if self._fails("sync"):
            self.operations.append(FailedSync(opened.name))
            return abi.IO_ERROR_FSYNC
        code = opened.methods.sync(file, flags)
        if code == abi.OK:
            self.operations.append(Sync(opened.name, opened.entry_unsynced[0]))
            opened.entry_unsynced[0] = False
        return code

    def _deleted(self, _shim, path, with_folder) -> int:
        name = Path(string_at(path).decode())
        code = self._base.contents.delete(self._base, path, with_folder)
        if code == abi.OK and name.parent == self.folder and name.name in self._known:
            self._known.discard(name.name)
            self.operations.append(Deletion(name.name, bool(with_folder)))
        return code

    def _know(self, name: str) -> None:
        """Write down a file's creation when it is first seen, whoever made it."""
        if name not in self._known and (self.folder / name).exists():
            self._known.add(name)
            self.operations.append(Creation(name))

    def _fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        is_ours = path.parent == self.folder and path.is_file()
        if is_ours:
            self._know(path.name)
            content = path.read_bytes()
            self.operations += [Truncation(path.name, len(content)), Write(path.name, 0, content)]
        if is_ours and self._fails("sync"):
            self.operations.append(FailedSync(path.name))
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        _SYSTEM.fsync(descriptor)
        if is_ours:
            self.operations.append(Sync(path.name, with_folder=False))
        elif path == self.folder:
            self.operations.append(FolderSync())

    def _rename(self, source, target, **more) -> None:
        _SYSTEM.rename(source, target, **more)
        old, new = Path(source), Path(target)
        if old.parent == new.parent == self.folder and old.name in self._known:
            self._known.discard(old.name)
            self._known.add(new.name)
            self.operations.append(Renaming(old.name, new.name))

    def _unlink(self, path, **more) -> None:
        _SYSTEM.unlink(path, **more)
        name = Path(path)
        if name.parent == self.folder and name.name in self._known:
            self._known.discard(name.name)
            self.operations.append(Deletion(name.name, with_folder=False))


def _address(file) -> int:
    return ctypes.addressof(file.contents)
