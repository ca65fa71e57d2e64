"""Backups put back, machines copied, and a centre that learns: what one person's slip does to a whole system."""

from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.centre import CentreCopy
from tests.simulation.chance import Chance
from tests.simulation.edge import EdgeBackup
from tests.simulation.model import CentreModel, Entry

if TYPE_CHECKING:
    from tests.simulation.world import World

_KEPT_BACKUPS = 3
_SPARE_MACHINES = ("d", "e")


class KeptEdge(NamedTuple):
    """One backup of an edge, and what the model knew of it."""

    backup: EdgeBackup
    entries: list[Entry]


class KeptCentre(NamedTuple):
    """One backup of the centre's database, and what the model knew of it."""

    database: CentreCopy
    epoch_file: bytes
    model: CentreModel


class Disasters:
    """Takes backups, and puts them back at the worst moment. Each does nothing where it cannot."""

    def __init__(self, world: "World", chance: Chance) -> None:
        self._world = world
        self._chance = chance
        self._edges: dict[str, list[KeptEdge]] = {}
        self._centres: list[KeptCentre] = []

    def back_up_edge(self) -> bool:
        """Keep an edge as it is now."""
        name = self._any_edge()
        kept = KeptEdge(EdgeBackup(self._world.edges[name].site), list(self._world.model.journals[name]))
        self._edges[name] = [*self._edges.get(name, [])[-_KEPT_BACKUPS:], kept]
        return True

    def restore_database(self) -> bool:
        """Put back an edge's database; its identity files stay what they are."""
        return self._restore(has_database=True, has_files=False)

    def restore_identity(self) -> bool:
        """Put back an edge's identity files; its database stays what it is."""
        return self._restore(has_database=False, has_files=True)

    def restore_both(self) -> bool:
        """Put back the whole disk of an edge."""
        return self._restore(has_database=True, has_files=True)

    def lose_database(self) -> bool:
        """An edge's database is gone, its identity files are not: the disk was imaged anew."""
        world, name = self._world, self._any_edge()
        edge = world.edges[name]
        edge.stop()
        edge.site.put_database(world.laboratory.edge_template)
        edge.site.is_new = True
        world.model.restore_journal(name, [])
        world.down.pop(name, None)
        world.trace(f"{name} lost its database")
        world.start_edge(name)
        return True

    def clone(self) -> bool:
        """Copy a running machine's disk onto another; both go on."""
        world, name = self._world, self._any_edge()
        free = [spare for spare in _SPARE_MACHINES if spare not in world.edges]
        if not free:
            return False
        original, spare = world.edges[name], free[0]
        site = world.laboratory.edges[spare]
        site.put_database(original.site.database.copied())
        place = original.site.files.place() if self._chance.happens(0.5) else f"machine-{spare} 1"
        site.put_files(original.site.files.contents(), place=place)
        world.model.open_journal(spare, entries=world.model.journals[name])
        world.hosts[spare].offset = world.hosts[name].offset
        world.open_edge(spare, edge_id=original.edge_id, gate=original.gate)
        world.cloned.add(original.edge_id)
        world.model.blurred.add(original.edge_id)
        world.trace(f"{name} cloned as {spare}")
        return True

    def back_up_centre(self) -> bool:
        """Keep the centre's database as it is now."""
        world = self._world
        site = world.centre.site
        kept = KeptCentre(site.database.copied(), site.epoch_file.read_bytes(), world.model.backed_up_centre())
        self._centres = [*self._centres[-_KEPT_BACKUPS:], kept]
        return True

    def restore_centre(self) -> bool:
        """Put the centre's database back; whether anybody tells it so is left to chance."""
        if not self._centres:
            return False
        world, kept = self._world, self._chance.one_of(self._centres)
        is_whole_disk, is_told = self._chance.happens(0.4), self._chance.happens(0.4)
        world.centre.restore(kept.database, epoch_file=kept.epoch_file if is_whole_disk else None)
        world.model.restore_centre(kept.model)
        world.model.blurred.update(edge.edge_id for edge in world.edges.values())
        if is_told:
            world.centre.renew_epoch()
        world.trace(f"centre restored at {len(kept.model.ledger)}")
        return True

    def upgrade(self) -> bool:
        """Teach the centre the types of record it did not know, and let it project what waited."""
        world = self._world
        if not world.unknown_types:
            return False
        world.learn()
        return True

    def _restore(self, *, has_database: bool, has_files: bool) -> bool:
        world, name = self._world, self._any_edge()
        if not self._edges.get(name):
            return False
        kept, edge = self._chance.one_of(self._edges[name]), world.edges[name]
        edge.stop()
        if has_database:
            edge.site.put_database(kept.backup.database)
            world.model.restore_journal(name, kept.entries)
            world.down.pop(name, None)
        if has_files:
            edge.site.put_files(kept.backup.files)
            world.model.blurred.add(edge.edge_id)
        world.trace(f"{name} restored: database {has_database}, files {has_files}, {len(kept.entries)} records")
        world.start_edge(name)
        return True

    def _any_edge(self) -> str:
        return self._chance.one_of(sorted(self._world.edges))
