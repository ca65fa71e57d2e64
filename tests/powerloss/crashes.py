"""What may lie on the disk after a power cut: pure arithmetic over a log of operations.

What was synced is there. Of each write and truncation since, the disk holds all, nothing, or some of its
512-byte sectors, in any combination: order among them counts for nothing. A write that was lost past the
end of a file may have left zeros or whatever lay there. A file's entry in its folder is as it was at the
folder's last sync, or as any later creation or deletion made it.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from tests.powerloss.disk import (
    Creation,
    Deletion,
    FailedSync,
    FolderSync,
    Operation,
    Renaming,
    Sync,
    Truncation,
    Write,
)

SECTOR_BYTES = 512
_LOGS = ("-wal", "-journal")
Files = Mapping[str, bytes]


class Crash(NamedTuple):
    """The files after a power cut that came when ``after_operations`` operations had been issued."""

    after_operations: int
    files: Files
    how: str


class _Body:
    """One file's content, whatever its entry says: durable bytes and the numbers of the writes since.

    After a failed sync the writes before it stay in doubt for ever; those after it are settled by the next one.
    """

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = durable
        self.pending: list[int] = []
        self.in_doubt: set[int] = set()
        self.settled: set[int] = set()


class Disk:
    """The disk before operation after operation; ``crashes`` tells what a cut now could leave."""

    def __init__(self, files: Files, *, operations: Sequence[Operation]) -> None:
        """Start from files that are on the disk."""
        self._operations = operations
        self._bodies: list[_Body] = []
        self._now: dict[str, int] = {}
        for name, content in files.items():
            self._now[name] = self._new_body(content)
        self._entries: list[dict[str, int]] = [dict(self._now)]  # durable first, then as each change left them
        self.position = 0

    def _new_body(self, content: bytes = b"") -> int:
        self._bodies.append(_Body(content))
        return len(self._bodies) - 1

    def advance(self) -> None:
        """Issue the next operation."""
        number, operation = self.position, self._operations[self.position]
        self.position += 1
        match operation:
            case Creation(file):
                self._now[file] = self._new_body()
                self._entries.append(dict(self._now))
            case Deletion(file, with_folder):
                del self._now[file]
                self._entries.append(dict(self._now))
                self._settle_folder(with_folder=with_folder)
            case Renaming(file, new_name):
                self._now[new_name] = self._now.pop(file)
                self._entries.append(dict(self._now))
            case FolderSync():
                self._settle_folder(with_folder=True)
            case Sync(file, with_folder):
                self._settle(self._bodies[self._now[file]])
                self._settle_folder(with_folder=with_folder)
            case FailedSync(file):
                body = self._bodies[self._now[file]]
                body.in_doubt.update(set(body.pending) - body.settled)
            case Write(file) | Truncation(file):
                self._bodies[self._now[file]].pending.append(number)

    def _settle(self, body: _Body) -> None:
        if body.in_doubt:
            body.settled.update(set(body.pending) - body.in_doubt)
            return
        body.durable = self._applied(body, dict.fromkeys(body.pending, _WHOLE))
        body.pending.clear()

    def _settle_folder(self, *, with_folder: bool) -> None:
        if with_folder:
            self._entries = [dict(self._now)]

    def crashes(self, chance: Random, *, variants: int) -> Iterator[Crash]:
        """Yield different states that a power cut could leave here: at most ``variants``, the plain ones first."""
        seen: set[object] = set()
        pending = sorted(
            {number for names in self._entries for body in names.values() for number in self._pending(body)}
        )
        for attempt in range(variants):
            how, entries, fates = self._choose(chance, attempt=attempt, pending=pending)
            key = (tuple(sorted(entries.items())), tuple(sorted(fates.items())))
            if key not in seen:
                seen.add(key)
                files = {name: self._applied(self._bodies[body], fates) for name, body in entries.items()}
                yield Crash(self.position, files, how)

    def _pending(self, number: int) -> list[int]:
        body = self._bodies[number]
        return [write for write in body.pending if write not in body.settled]

    def _choose(self, chance, *, attempt, pending):
        """Pick the fate of each pending operation and of the folder's entries."""
        if attempt == 0:
            return "nothing unsynced survived", self._entries[0], {}
        if attempt == 1:
            return "everything survived", self._now, dict.fromkeys(pending, _WHOLE)
        how = chance.choice(tuple(_WAYS))
        return how, self._some_entries(chance), _WAYS[how](chance, pending)

    def _some_entries(self, chance: Random) -> dict[str, int]:
        """Choose the folder as some change left it; logs come and go on their own, in no order with the rest."""
        entries, other = dict(chance.choice(self._entries)), chance.choice(self._entries)
        for name in {*entries, *other}:
            if name.endswith(_LOGS):
                entries.pop(name, None)
                if name in other:
                    entries[name] = other[name]
        return entries

    def _applied(self, body: _Body, fates: Mapping[int, "Fate"]) -> bytes:
        content = bytearray(body.durable)
        for number in body.pending:
            operation = self._operations[number]
            fate = _WHOLE if number in body.settled else fates.get(number, _LOST)
            if isinstance(operation, Truncation):
                _truncate(content, operation, fate)
            else:
                _write(content, operation, fate)
        return bytes(content)


class Fate(NamedTuple):
    """What became of one unsynced operation: bit n of ``sectors`` is its n-th sector (-1 = all)."""

    sectors: int = 0
    stale: int | None = None  # bytes that were lost past the end: None = as if never asked for, else filled with this


_LOST, _WHOLE = Fate(), Fate(-1)


def _truncate(content: bytearray, operation: Truncation, fate: Fate) -> None:
    if fate.sectors:
        del content[operation.size_bytes :]
        content.extend(bytes(operation.size_bytes - len(content)))


def _write(content: bytearray, operation: Write, fate: Fate) -> None:
    start, end = operation.offset_bytes, operation.offset_bytes + len(operation.content)
    if fate.stale is not None and len(content) < end:
        content.extend(bytes((fate.stale,)) * (end - len(content)))
    if fate.sectors == -1:
        _put(content, start, operation.content)
        return
    piece_start, number = start, 0
    while piece_start < end and fate.sectors:
        piece_end = min(end, (piece_start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if fate.sectors >> number & 1:
            _put(content, piece_start, operation.content[piece_start - start : piece_end - start])
        piece_start, number = piece_end, number + 1


def _put(content: bytearray, start: int, part: bytes) -> None:
    if len(content) < start:
        content.extend(bytes(start - len(content)))
    content[start : start + len(part)] = part


_SECTORS_AT_MOST = 16


def _torn(chance: Random) -> Fate:
    stale = chance.choice((None, None, 0, chance.randrange(256)))
    return Fate(chance.getrandbits(_SECTORS_AT_MOST), stale)


def _last_torn(chance, pending):
    """All but the newest write arrived; of that one, its first sectors."""
    fates = dict.fromkeys(pending, _WHOLE)
    if pending:
        fates[pending[-1]] = Fate((1 << chance.randrange(9)) - 1, chance.choice((None, 0)))
    return fates


def _prefix(chance, pending):
    arrived = chance.randrange(len(pending) + 1)
    return dict.fromkeys(pending[:arrived], _WHOLE)


def _only_last(_chance, pending):
    return dict.fromkeys(pending[-1:], _WHOLE)


def _one_lost(chance, pending):
    fates = dict.fromkeys(pending, _WHOLE)
    if pending:
        fates[chance.choice(pending)] = Fate(0, chance.choice((None, 0, 0xE5)))
    return fates


def _some(chance, pending):
    return {number: _WHOLE for number in pending if chance.getrandbits(1)}


def _some_torn(chance, pending):
    return {number: chance.choice((_LOST, _WHOLE, _torn(chance))) for number in pending}


def _all_torn(chance, pending):
    return {number: _torn(chance) for number in pending}


_WAYS = {
    "the last write was torn": _last_torn,
    "only the first writes survived": _prefix,
    "only the last write survived": _only_last,
    "one write was lost": _one_lost,
    "some writes survived": _some,
    "some writes were torn": _some_torn,
    "every write was torn": _all_torn,
}
