"""What was executed so far, by driver and by the source it had: a folder that an interrupted campaign goes on from.

``ledger.json`` holds the counts, ``corpus/NAME`` the inputs kept. Counts of a source that a driver no longer has stay
there to be seen, and are not part of any total.
"""

import fcntl
import json
import os
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.fuzzing.sources import fingerprint

COUNTS = ("executions", "bit_flips", "ways_back", "looks_at_memory", "broken_laws")


class Ledger:
    """The counts of each driver and source; without a folder they live as long as this object.

    A context: with a folder, nobody else counts in it until the end.
    """

    def __init__(self, folder, *, names, is_read_only=False):
        self.folder, self.names = folder and Path(folder), names
        self._rows, self._held = {}, ExitStack()
        self._look_at_sources()
        if self.folder:
            self._path = self.folder / "ledger.json"
            if not is_read_only:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._only_one()
            if self._path.exists():
                self._rows = json.loads(self._path.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._held.close()

    def _only_one(self):
        self._lock = self._held.enter_context((self.folder / "lock").open("w"))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            msg = f"another campaign counts in {self.folder}; end it first, or give another folder"
            raise SystemExit(msg) from None

    def _look_at_sources(self):
        self._sources = {name: fingerprint(name) for name in self.names}

    def add(self, turn):
        """Count what a turn did under the source that it ran, write it down at once, and see what the source is now."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = self._rows.setdefault(turn.name, {}).setdefault(turn.source, {"first_at": now, "cpu_s": 0.0})
        for word in COUNTS:
            row[word] = row.get(word, 0) + turn.counts.get(word, 0)
        row["cpu_s"] = round(row["cpu_s"] + turn.cpu_s, 2)
        row |= {"last_at": now, "blocks_reached": turn.blocks, "inputs_kept": turn.kept}
        if self.folder:
            self._look_at_sources()
            _replace(self._path, json.dumps(self._rows, indent=1).encode())

    def is_current(self, turn):
        """Tell whether a turn ran the source that its driver has now."""
        return turn.source == self._sources[turn.name]

    def of(self, name):
        """Give the counts of a driver at the source that it has on the disk now."""
        return self._rows.get(name, {}).get(self._sources[name], {})

    def executions_of(self, name):
        """Give how many executions a driver's present source has behind it."""
        return self.of(name).get("executions", 0)

    @property
    def total(self):
        """How many executions count: of the present sources of the drivers asked for."""
        return sum(map(self.executions_of, self.names))

    def result(self):
        """Give what is printed: totals, and each driver with what does not count any more."""
        drivers = {}
        for name in self.names:
            row, source = self.of(name), self._sources[name]
            older = sum(one["executions"] for key, one in self._rows.get(name, {}).items() if key != source)
            drivers[name] = {"executions": 0} | row | {"source": source, "of_older_source_not_counted": older}
        totals = Counter()
        for row in drivers.values():
            totals.update({word: row.get(word, 0) for word in (*COUNTS, "cpu_s")})
        least = min((row["executions"] for row in drivers.values()), default=0)
        totals["cpu_s"] = round(totals["cpu_s"], 1)
        return {**totals, "least_of_a_driver": least, "drivers": drivers}


def read_corpus(folder, name):
    """Give the inputs kept for a driver."""
    path = Path(folder) / "corpus" / name
    return (
        [tuple(one) for one in msgspec.msgpack.decode(path.read_bytes(), type=list[list[bytes]])]
        if path.exists()
        else []
    )


def write_corpus(folder, name, entries):
    """Keep the inputs of a driver for the next turn, whichever process takes it."""
    path = Path(folder) / "corpus" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, msgspec.msgpack.encode(entries))


def _replace(path, content):
    """Write whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
