"""Looking at the stores past the product, and holding what is there against the model."""

import json
from collections import Counter
from typing import TYPE_CHECKING

from central.store.verification import DifferenceError
from tests.simulation.model import Entry, LedgerEntry, require

if TYPE_CHECKING:
    from tests.simulation.world import World

_NEW_ROWS = "SELECT incarnation, sequence, record_id, hash, bytes FROM journal ORDER BY entry LIMIT -1 OFFSET ?"
_DISPOSITIONS = ("cleared", "isolated", "referred", "refused", "pending", "withdrawn")


def observe_edge(world: "World", name: str) -> None:
    """Add an edge's new journal rows to the model; nothing that was there may be gone."""
    _observe_mirror(world, name)
    _observe_receipts(world, name)
    edge, known = world.edges[name], world.model.journals[name]
    count = edge.rows("SELECT count(*) FROM journal")[0][0]
    if count == len(known):
        return
    rows = edge.rows(_NEW_ROWS, len(known))
    is_whole = count > len(known) and len(rows) == count - len(known)
    require(is_whole, f"{name}: {len(known)} records were in the journal, now {count}")
    for incarnation, sequence, record_id, own_hash, record in rows:
        world.model.extend_journal(name, Entry(incarnation, sequence, record_id, own_hash), record=record)


def _observe_receipts(world: "World", name: str) -> None:
    """A receipt that an edge keeps was true when it was given."""
    observe_ledger(world)
    for (receipt,) in world.edges[name].rows("SELECT bytes FROM uplink_cursor WHERE bytes IS NOT NULL"):
        if receipt not in world.believed:
            world.model.believe(json.loads(receipt))
            world.believed.add(receipt)


def _observe_mirror(world: "World", name: str) -> None:
    """I9: what came down only ever goes forward, and is what the centre wrote."""
    row = world.edges[name].rows("SELECT centre_incarnation, sequence, hash FROM centre_cursor")
    place = (row[0][0], row[0][1]) if row else (0, 0)
    before = world.down.get(name, (0, 0))
    require(place >= before, f"{name}: the centre's journal went back from {before} to {place}")
    if place[1] and place != before:
        observe_decisions(world)
        require(row[0][2] in world.decided, f"{name} mirrors a record that the centre never wrote")
    world.down[name] = place


def is_caught_up(world: "World", name: str) -> bool:
    """Whether an edge has all of the centre's journal, and nothing urgent to say."""
    anchor = world.laboratory.centre.database.anchor
    newest = anchor.execute("SELECT centre_incarnation FROM centre").fetchone()[0]
    head = anchor.execute("SELECT max(sequence) FROM centre_journal WHERE incarnation = ?", (newest,)).fetchone()[0]
    waiting = world.edges[name].rows("SELECT count(*) FROM express_pending")[0][0]
    return world.down[name] == (newest, head or 0) and not waiting


def observe_decisions(world: "World") -> None:
    """Remember what the centre has ever written into its own journal, also what a restore takes back."""
    rows = world.laboratory.centre.database.anchor.execute("SELECT hash FROM centre_journal")
    world.decided.update(row[0] for row in rows)


def observe_centre(world: "World") -> None:
    """Add the ledger's new rows to the model, then compare heads, counters and quarantine with it."""
    observe_decisions(world)
    if observe_ledger(world):
        compare_centre(world)


def observe_ledger(world: "World") -> bool:
    """Add the ledger's new rows to the model; tell whether there were any."""
    anchor, model = world.laboratory.centre.database.anchor, world.model.centre
    position = anchor.execute("SELECT position FROM ledger_head").fetchone()[0]
    if position == len(model.ledger):
        return False
    rows = anchor.execute(
        "SELECT position, edge_id, incarnation, sequence, record_id, hash, bytes, disposition FROM ledger"
        " WHERE position > ? ORDER BY position",
        (len(model.ledger),),
    ).fetchall()
    for row in rows:
        entry = LedgerEntry(*row)._replace(record_id=_hyphened(row[4]))
        world.model.take_ledger_row(entry, unknown_types=world.unknown_types)
    return True


def compare_centre(world: "World") -> None:
    """I4 and I6: heads, totals and quarantine are what the model counts."""
    anchor, model = world.laboratory.centre.database.anchor, world.model.centre
    heads = {
        (row[0], row[1]): (row[2], row[3])
        for row in anchor.execute("SELECT edge_id, incarnation, sequence, hash FROM edge_head WHERE sequence > 0")
    }
    _equal("edge_head", expected=model.heads, found=heads)
    position = anchor.execute("SELECT position FROM ledger_head").fetchone()[0]
    _equal("ledger_head", expected=len(model.ledger), found=position)
    held = dict(anchor.execute("SELECT position, disposition FROM record_quarantine").fetchall())
    _equal("record_quarantine", expected=model.held, found=held)
    counted = Counter[tuple[str, str]]()
    for category, figure, count in anchor.execute("SELECT category, figure, count FROM day_count"):
        if figure in _DISPOSITIONS and count:
            counted[category, figure] += count
    _equal("day_count", expected=model.totals(), found=counted)


def verified(world: "World") -> None:
    """Let the product's own ``verify`` recompute everything (I3, I4, I5, I6)."""
    try:
        found = world.centre.store.verify()
    except DifferenceError as difference:
        world.fail(f"verify: {difference}")
        raise
    _equal("verified records", expected=len(world.model.centre.ledger), found=found.ledger_records)


def compare_lost(world: "World") -> None:
    """Decision 10: the lost range that the units page and the report show is what was really lost."""
    shown = {unit.edge_id: unit.lost_records for unit in world.centre.store.figures.standings()}
    expected = world.model.lost()
    _equal("lost records", expected=expected, found={name: shown[name] for name in expected})


def after_healing(world: "World") -> None:
    """I1, I2, I7, I8 once everything works again and everything was sent."""
    model = world.model
    missing = sorted(model.missing())
    require(not missing, f"acknowledged and nowhere: {missing}")
    waiting = sorted(model.not_delivered())
    require(not waiting, f"not delivered after healing: {waiting[:5]} ({len(waiting)})")
    without_case = sorted((model.raised & model.living()) - model.centre.counted)
    require(not without_case, f"raised and without a case: {without_case}")
    for name in world.edges:
        require(is_caught_up(world, name), f"{name} has not caught up with the centre's journal: {world.down[name]}")
    compare_centre(world)
    compare_lost(world)
    verified(world)


def _equal(what: str, *, expected: object, found: object) -> None:
    told = (_short(expected, found), _short(found, expected))
    require(expected == found, f"{what}: the model says {told[0]}, found {told[1]}")


def _short(one: object, other: object) -> object:
    """Show only what differs of two dictionaries."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: value for key, value in one.items() if other.get(key) != value}
    return one


def _hyphened(identifier: str) -> str:
    plain = identifier.replace("-", "")
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
