"""SQLite's virtual file system as ctypes structures (sqlite3.h, interface version 3), from the library in use.

``sqlcipher3`` carries its own SQLite; its shared object exports ``sqlite3_vfs_*``, so a shim registered here
stands under the very connections that the edge opens.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p

import sqlcipher3._sqlite3 as native

OK, IO_ERROR, FULL = 0, 10, 13
IO_ERROR_SHORT_READ = IO_ERROR | 2 << 8
IO_ERROR_READ = IO_ERROR | 1 << 8
IO_ERROR_WRITE = IO_ERROR | 3 << 8
IO_ERROR_FSYNC = IO_ERROR | 4 << 8
IO_ERROR_TRUNCATE = IO_ERROR | 6 << 8
OPEN_CREATE, OPEN_MAIN_JOURNAL, OPEN_WAL = 0x4, 0x800, 0x80000


class Methods(Structure):
    """``sqlite3_io_methods``."""


class File(Structure):
    """``sqlite3_file``: what a file system adds stands behind ``methods``."""

    _fields_ = (("methods", POINTER(Methods)),)


FILE = POINTER(File)
CLOSE = CFUNCTYPE(c_int, FILE)
TRANSFER = CFUNCTYPE(c_int, FILE, c_void_p, c_int, c_int64)
TRUNCATE = CFUNCTYPE(c_int, FILE, c_int64)
SYNC = CFUNCTYPE(c_int, FILE, c_int)

Methods._fields_ = (
    ("version", c_int),
    ("close", CLOSE),
    ("read", TRANSFER),
    ("write", TRANSFER),
    ("truncate", TRUNCATE),
    ("sync", SYNC),
    *((f"unchanged_{number}", c_void_p) for number in range(13)),
)


class FileSystem(Structure):
    """``sqlite3_vfs``."""


OPEN = CFUNCTYPE(c_int, POINTER(FileSystem), c_void_p, FILE, c_int, POINTER(c_int))
DELETE = CFUNCTYPE(c_int, POINTER(FileSystem), c_void_p, c_int)

FileSystem._fields_ = (
    ("version", c_int),
    ("file_bytes", c_int),
    ("longest_path", c_int),
    ("next", c_void_p),
    ("name", c_char_p),
    ("own", c_void_p),
    ("open", OPEN),  # its path stays a void*: SQLite reads URI parameters behind the path's end
    ("delete", DELETE),
    *((f"unchanged_{number}", c_void_p) for number in range(14)),
)

library = ctypes.CDLL(native.__file__)
library.sqlite3_vfs_find.restype = POINTER(FileSystem)
library.sqlite3_vfs_find.argtypes = (c_char_p,)
library.sqlite3_vfs_register.argtypes = (POINTER(FileSystem), c_int)
library.sqlite3_vfs_unregister.argtypes = (POINTER(FileSystem),)
