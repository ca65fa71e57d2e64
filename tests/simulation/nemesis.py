"""What goes wrong, and how often: each kind has its own weight, drawn once for each seed."""

from collections.abc import Callable
from datetime import timedelta

from tests.simulation.chance import Chance
from tests.simulation.disasters import Disasters
from tests.simulation.forgery import forge
from tests.simulation.world import World

_MOST_POINTS = 40


class Nemesis:
    """Breaks things in one world. ``strike`` does one fault that fits the moment, or nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = Chance(world.seed, "nemesis")
        self._is_clock_set_back = False
        disasters = Disasters(world, self._chance)
        self._kinds: dict[str, tuple[float, Callable[[], bool]]] = {
            "edge_armed": (3.0, self._arm_edge),
            "centre_armed": (3.0, self._arm_centre),
            "late": (3.0, world.network.deliver_kept),
            "partition": (2.0, self._partition),
            "clock_jump": (1.5, self._jump_clock),
            "disk_full": (1.0, self._fill_disk),
            "forged": (4.0, self._forge),
            "edge_backed_up": (3.0, disasters.back_up_edge),
            "database_restored": (1.2, disasters.restore_database),
            "identity_restored": (0.6, disasters.restore_identity),
            "edge_restored": (1.0, disasters.restore_both),
            "database_lost": (0.5, disasters.lose_database),
            "edge_cloned": (0.7, disasters.clone),
            "centre_backed_up": (2.0, disasters.back_up_centre),
            "centre_restored": (1.0, disasters.restore_centre),
            "upgraded": (1.0, disasters.upgrade),
        }
        self._weights = {
            kind: weight * self._chance.amount(0.3, 1.5) if self._chance.happens(0.55) else 0.0
            for kind, (weight, _) in self._kinds.items()
        }

    def strike(self) -> None:
        """Do one fault of a kind that this seed knows."""
        if not any(self._weights.values()):
            return
        kind = self._chance.weighted(self._weights)
        if self._kinds[kind][1]():
            self._world.strike(kind)
            self._world.trace(f"nemesis: {kind}")

    def heal(self) -> None:
        """End what lasts: partitions, full disks, armed switches, faults of the network."""
        world = self._world
        world.network.cut_off.clear()
        world.network.faults.heal()
        world.centre.site.switch.disarm()
        for edge in world.edges.values():
            edge.site.switch.disarm()
            edge.free_disk()
        world.learn()
        if self._is_clock_set_back:
            # What the rules of the way down ask of a person who corrects the centre's clock.
            world.centre.renew_epoch()
        world.trace("healed")

    def _any_edge(self) -> str:
        return self._chance.one_of(sorted(self._world.edges))

    def _arm_edge(self) -> bool:
        self._world.edges[self._any_edge()].site.switch.arm(self._chance.number(1, _MOST_POINTS))
        return True

    def _arm_centre(self) -> bool:
        self._world.centre.site.switch.arm(self._chance.number(1, _MOST_POINTS))
        return True

    def _partition(self) -> bool:
        cut_off = self._world.network.cut_off
        name = self._any_edge()
        if name in cut_off:
            cut_off.remove(name)
            return False
        cut_off.add(name)
        return True

    def _jump_clock(self) -> bool:
        name = self._chance.one_of([*sorted(self._world.edges), "centre"])
        host = self._world.hosts[name]
        before = host.offset
        amount = self._chance.one_of(
            [timedelta(seconds=1), timedelta(minutes=7), timedelta(days=366), timedelta(days=3652)]
        )
        host.offset += amount * self._chance.one_of([-1, 1]) * self._chance.amount(0.2, 1.0)
        host.offset = max(min(host.offset, timedelta(days=8000)), timedelta(days=-8000))
        self._is_clock_set_back |= name == "centre" and host.offset < before
        return True

    def _fill_disk(self) -> bool:
        edge = self._world.edges[self._any_edge()]
        if edge.is_disk_full:
            edge.free_disk()
            return False
        edge.fill_disk()
        return True

    def _forge(self) -> bool:
        return forge(self._world, self._chance)
