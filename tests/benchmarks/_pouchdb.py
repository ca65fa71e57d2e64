"""The peer of the benchmark push: PouchDB on leveldb, replicating to express-pouchdb on leveldb.

Its lock names no registry; it is installed once into ``.cache``, which git ignores. Like ours it is two
programs, client and server, on the same machine; unlike ours it neither signs nor waits for the disk.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.processes import die_with_parent, free_port, is_listening

SOURCES = Path(__file__).parent / "peers" / "pouchdb"
INSTALLED = Path(__file__).parent.parent.parent / ".cache" / "peers" / "pouchdb"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def install() -> None:
    """Put the locked packages beside a copy of the sources, unless that was done already."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (SOURCES / "package-lock.json").read_bytes()
    installed = INSTALLED / "package-lock.json"
    is_there = (INSTALLED / "node_modules").is_dir() and installed.exists() and installed.read_bytes() == lock
    for source in SOURCES.iterdir():
        shutil.copy2(source, INSTALLED)
    if not is_there:
        subprocess.run(INSTALL, cwd=INSTALLED, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve an empty peer; gives its address."""
    folder.mkdir()
    port = free_port()
    child = subprocess.Popen(  # the child calls one system call before exec, and no lock
        ["node", "peer.js", "serve", str(port), f"{folder}/"],
        cwd=INSTALLED,
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    try:
        while not is_listening(port):
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/centre"
    finally:
        child.kill()
        child.wait()


def rate_per_s(folder: Path, *, records: int, batch: int) -> float:
    """Replicate ``records`` documents from an empty start; return documents per second."""
    folder.mkdir()
    with serving(folder / "centre") as url:
        (folder / "edge").mkdir()
        words = ["node", "peer.js", "push", url, f"{folder / 'edge'}/", str(records), str(batch)]
        done = subprocess.run(words, cwd=INSTALLED, check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    if said["written"] != records:
        message = f"the peer has written {said['written']} of {records} documents"
        raise RuntimeError(message)
    return records / said["took_s"]
