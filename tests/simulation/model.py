"""The reference model: what edges and centre must hold, as lists and dictionaries. No I/O, no product code.

The world reports what it sees (journal rows, ledger rows, answers, restores); the model says whether
an honest system may look like that. Written from the invariants, not from the product's rules.
"""

import base64
import copy
import hashlib
import json
from collections import Counter
from typing import NamedTuple

RECORD_TAG = b"kiemdich/record/v1\x00"
GENESIS = bytes(32)
Chain = tuple[str, int]


class ModelDifferenceError(AssertionError):
    """The system is not what the model says it must be."""


class Entry(NamedTuple):
    """One record of an edge's journal."""

    incarnation: int
    sequence: int
    record_id: str
    hash: bytes


class LedgerEntry(NamedTuple):
    """One row of the ledger as the centre stores it."""

    position: int
    edge_id: str
    incarnation: int
    sequence: int
    record_id: str
    hash: bytes
    record: bytes
    disposition: str


class Crossing(NamedTuple):
    """What the reports count of one crossing."""

    edge_id: str
    category: str
    disposition: str


class CentreModel:
    """The ledger and everything that follows from it; copied whole for a backup."""

    def __init__(self) -> None:
        self.ledger: list[LedgerEntry] = []
        self.heads: dict[Chain, tuple[int, bytes]] = {}
        self.crossings: dict[str, Crossing] = {}
        self.stored: set[str] = set()
        self.counted: set[str] = set()
        self.held: dict[int, str] = {}

    def take(self, entry: LedgerEntry, *, unknown_types: frozenset[str]) -> None:
        """Add the next row of the ledger: dense, in chain order, a record nobody counted before."""
        require(entry.position == len(self.ledger) + 1, f"ledger position {entry.position} after {len(self.ledger)}")
        self._follow_chain(entry)
        require(entry.record_id not in self.stored, f"record {entry.record_id} is in the ledger twice")
        said = json.loads(entry.record)
        came_before = entry.record_id in self.counted
        disposition = "exists" if came_before else self._project(said, entry=entry, unknown_types=unknown_types)
        require(
            entry.disposition == disposition,
            f"position {entry.position} ({entry.record_id}) is {entry.disposition}, the model says {disposition}",
        )
        self.stored.add(entry.record_id)
        self.counted.add(entry.record_id)
        self.ledger.append(entry)

    def _follow_chain(self, entry: LedgerEntry) -> None:
        said = json.loads(entry.record)
        chain = (entry.edge_id, entry.incarnation)
        sequence, own_hash = self.heads.get(chain, (0, GENESIS))
        require(entry.sequence == sequence + 1, f"{chain} jumps from {sequence} to {entry.sequence}")
        require(said["previous_hash"] == own_hash.hex(), f"{chain} {entry.sequence} does not follow its chain")
        require(entry.hash == record_hash(entry.record), f"{chain} {entry.sequence} has another hash than its bytes")
        written = (said["edge_id"], said["incarnation"], said["sequence"], said["record_id"])
        require(written == (*chain, entry.sequence, entry.record_id), f"{chain} {entry.sequence} is stored elsewhere")
        self.heads[chain] = (entry.sequence, entry.hash)

    def _project(self, said: dict, *, entry: LedgerEntry, unknown_types: frozenset[str]) -> str:
        disposition = self._judge(said, unknown_types=unknown_types)
        if disposition not in {"projected", "exists"}:
            self.held[entry.position] = disposition
        return disposition

    def _judge(self, said: dict, *, unknown_types: frozenset[str]) -> str:
        """Say what becomes of one record, and let the crossing follow."""
        kind, body = said["type"], said["open"]
        if kind in unknown_types:
            return "unprojected"
        if kind == "record_recovered":
            return self._recover(body, unknown_types=unknown_types)
        if "crossing_id" not in body:
            return "projected"
        known = self.crossings.get(body["crossing_id"])
        if kind == "crossing_screened":
            if known is not None:
                return "quarantined"
            known = Crossing(said["edge_id"], body["facts"]["category"], body["disposition"])
        elif known is None or known.edge_id != said["edge_id"] or known.disposition == "withdrawn":
            return "quarantined"
        self.crossings[body["crossing_id"]] = known._replace(disposition=_disposition_after(kind, body, known))
        return "projected"

    def _recover(self, body: dict, *, unknown_types: frozenset[str]) -> str:
        original = json.loads(original_of(body))
        if original["record_id"] in self.counted:
            return "exists"
        self.counted.add(original["record_id"])
        return self._judge(original, unknown_types=unknown_types)

    def learn(self) -> None:
        """The centre was upgraded and projected again what it could not before, until a round projects nothing."""
        is_progress = True
        while is_progress:
            is_progress = False
            for position in sorted(self.held):
                said = json.loads(self.ledger[position - 1].record)
                if said["type"] == "record_recovered":
                    said = json.loads(original_of(said["open"]))
                if self._judge(said, unknown_types=frozenset()) == "projected":
                    del self.held[position]
                    is_progress = True

    def totals(self) -> Counter[tuple[str, str]]:
        """Count crossings by category and disposition, from nothing but the model's own dictionary."""
        return Counter((crossing.category, crossing.disposition) for crossing in self.crossings.values())


class Model:
    """Every edge's journal, what was acknowledged, what was destroyed, and the centre."""

    def __init__(self) -> None:
        self.journals: dict[str, list[Entry]] = {}
        self.centre = CentreModel()
        self.acknowledged: dict[str, Entry] = {}
        self.destroyed: set[str] = set()
        self.written: dict[bytes, str] = {}
        self.ever_held: set[tuple[str, int, int, str]] = set()
        self.raised: set[str] = set()
        self.authored: dict[str, set[str]] = {}
        self.blurred: set[str] = set()
        """Edges of whose loss nobody can know the number: what said it was copied or put back too."""

    def open_journal(self, slot: str, *, entries: list[Entry] | None = None) -> None:
        self.journals[slot] = list(entries or [])

    def extend_journal(self, slot: str, entry: Entry, *, record: bytes) -> None:
        """Add what an edge has committed; it must follow what that edge had."""
        said = json.loads(record)
        own = [known for known in self.journals[slot] if known.incarnation == entry.incarnation]
        last = own[-1] if own else Entry(entry.incarnation, 0, "", GENESIS)
        require(
            entry.sequence == last.sequence + 1, f"{slot} {entry.incarnation}: {entry.sequence} after {last.sequence}"
        )
        require(
            said["previous_hash"] == last.hash.hex(), f"{slot} {entry.incarnation}.{entry.sequence} breaks its chain"
        )
        require(entry.hash == record_hash(record), f"{slot} {entry.incarnation}.{entry.sequence} has another hash")
        self.journals[slot].append(entry)
        self.written[entry.hash] = entry.record_id
        self.authored.setdefault(said["edge_id"], set()).add(entry.record_id)
        if said["type"] == "crossing_screened" and said["open"]["disposition"] == "pending":
            self.raised.add(entry.record_id)

    def acknowledge(self, slot: str, record_id: str) -> None:
        """The edge said "saved": from here on the record may never be missing."""
        found = [entry for entry in self.journals[slot][-8:] if entry.record_id == record_id]
        require(bool(found), f"{slot} said that {record_id} is saved, and it is not in its journal")
        self.acknowledged[record_id] = found[0]

    def take_ledger_row(self, entry: LedgerEntry, *, unknown_types: frozenset[str]) -> None:
        """The centre took one more record: it must be one that some edge wrote."""
        require(entry.hash in self.written, f"the centre took {entry.record_id}, which no edge ever wrote")
        self.centre.take(entry, unknown_types=unknown_types)
        self.ever_held.add((entry.edge_id, entry.incarnation, entry.sequence, entry.hash.hex()))

    def believe(self, receipt: dict) -> None:
        """An edge took a receipt for the centre's word: the ledger must have held just that."""
        said = (receipt["edge_id"], receipt["incarnation"], receipt["sequence"], receipt["hash"])
        require(said in self.ever_held, f"a receipt that no ledger ever bore out: {said}")

    def restore_journal(self, slot: str, entries: list[Entry]) -> None:
        """An edge's database was replaced: what was only there is physically gone."""
        self.journals[slot] = list(entries)
        self._count_destroyed()

    def remove_journal(self, slot: str) -> None:
        self.journals.pop(slot, None)
        self._count_destroyed()

    def backed_up_centre(self) -> CentreModel:
        return copy.deepcopy(self.centre)

    def restore_centre(self, backup: CentreModel) -> None:
        self.centre = copy.deepcopy(backup)
        self._count_destroyed()

    def living(self) -> set[str]:
        """Name every record that is in some journal or in the ledger."""
        kept = {entry.record_id for journal in self.journals.values() for entry in journal}
        return kept | self.centre.counted

    def _count_destroyed(self) -> None:
        self.destroyed = self.acknowledged.keys() - self.living()

    def missing(self) -> set[str]:
        """Name what was acknowledged, not destroyed, and is nowhere (I1)."""
        return self.acknowledged.keys() - self.living() - self.destroyed

    def lost(self) -> dict[str, int]:
        """Count, for each edge where that can be known, what it once committed and the centre never got."""
        known = {name: ids for name, ids in self.authored.items() if name not in self.blurred}
        return {name: len(ids - self.centre.counted) for name, ids in known.items()}

    def not_delivered(self) -> set[str]:
        """Name what an edge still has and the centre does not (to be empty after healing)."""
        return self.living() - self.centre.counted


def record_hash(record: bytes) -> bytes:
    return hashlib.sha256(RECORD_TAG + record).digest()


def original_of(body: dict) -> bytes:
    """Return the bytes that a recovered record carries (JSON writes bytes as base64)."""
    return base64.b64decode(body["original"])


def _disposition_after(kind: str, body: dict, known: Crossing) -> str:
    if kind == "traveller_isolated":
        return "isolated"
    if kind == "crossing_withdrawn":
        return "withdrawn"
    disposition: str = body.get("disposition", known.disposition)
    return disposition


def require(holds: bool, otherwise: str) -> None:
    """Raise ``ModelDifferenceError`` with ``otherwise`` unless this holds."""
    if not holds:
        raise ModelDifferenceError(otherwise)
