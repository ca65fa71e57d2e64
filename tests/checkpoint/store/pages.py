"""What somebody with the disk and the key could read: every page of a SQLCipher file and of its log, decrypted.

Not through SQLite, which shows rows only: page by page, so that free pages, the slack between cells
and frames of the log that count no more are seen too. SQLCipher 4: AES-256-CBC, raw key, 4096-byte
pages with 80 reserved bytes at the end (16 of them the initial vector, 64 an HMAC).
"""

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE_BYTES = 4096
RESERVED_BYTES = 80
VECTOR_BYTES = 16
SALT_BYTES = 16
LOG_HEAD_BYTES = 32
FRAME_HEAD_BYTES = 24


def decrypted_pages(path: Path, *, key: bytes) -> Iterator[bytes]:
    """Yield each page of a database file in clear, whether the database still counts it or not."""
    content = path.read_bytes()
    for start in range(0, len(content) - PAGE_BYTES + 1, PAGE_BYTES):
        yield _page(content[start : start + PAGE_BYTES], key=key, is_first=start == 0)


def decrypted_frames(path: Path, *, key: bytes) -> Iterator[bytes]:
    """Yield the page of each frame of a write-ahead log in clear, old frames too."""
    content = path.read_bytes()
    step = FRAME_HEAD_BYTES + PAGE_BYTES
    for start in range(LOG_HEAD_BYTES, len(content) - step + 1, step):
        number = int.from_bytes(content[start : start + 4], "big")
        page = content[start + FRAME_HEAD_BYTES : start + step]
        yield _page(page, key=key, is_first=number == 1)


def everything_in(folder: Path, *, key: bytes) -> dict[str, bytes]:
    """Return each file below a folder as it lies there, and databases and their logs in clear besides."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        found[str(path)] = path.read_bytes()
        if path.name.endswith("-wal"):
            found[f"{path} in clear"] = b"".join(decrypted_frames(path, key=key))
        elif ".db" in path.name and not path.name.endswith("-shm"):
            found[f"{path} in clear"] = b"".join(decrypted_pages(path, key=key))
    return found


def where_found(folder: Path, *, key: bytes, words: list[str]) -> list[str]:
    """Name the files in which one of the words stands, in UTF-8 or UTF-16, in any letter case."""
    places = []
    for name, content in everything_in(folder, key=key).items():
        low = content.lower()
        for word in words:
            for spelling in {word, word.lower(), word.upper()}:
                for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                    wanted = spelling.encode(encoding)
                    if wanted in content or wanted.lower() in low:
                        places.append(f"{word} in {name}")
    return sorted(set(places))


def _page(page: bytes, *, key: bytes, is_first: bool) -> bytes:
    start = SALT_BYTES if is_first else 0
    end = PAGE_BYTES - RESERVED_BYTES
    vector = page[end : end + VECTOR_BYTES]
    clear = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return bytes(start) + clear.update(page[start:end]) + clear.finalize()
