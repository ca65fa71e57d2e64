"""One seed: three edges, a centre, a network and a nemesis, step by step, with every invariant watched."""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkpoint.store.writer import DiskRefusedError
from tests.simulation.centre import CentreSite, SimulatedCentre, hide_types
from tests.simulation.chance import Chance
from tests.simulation.databases import Killed, edge_template
from tests.simulation.edge import EdgeSite, SimulatedEdge
from tests.simulation.model import Model, ModelDifferenceError
from tests.simulation.observing import compare_centre, observe_centre, observe_edge
from tests.simulation.officer import Officer
from tests.simulation.signing import RememberedKey, forget_signatures, remember_signatures
from tests.simulation.wire import Network

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SITES = ("a", "b", "c", "d", "e")
DRIVERS = ("uplink", "express", "downlink")
SUPERVISOR_PAUSE_S = 2.0
LEARNED_LATER = "traveller_isolated"
"""What an old centre does not know yet while edges write it already."""
GATES = {"a": "mong-cai", "b": "hoanh-mo", "c": "mong-cai"}
"""Three edges; ``d`` and ``e`` are machines for clones."""


class Laboratory:
    """What a process makes once and every seed uses: schemas, machines, engines."""

    def __init__(self) -> None:
        structlog.configure(processors=[_say_nothing])
        remember_signatures()
        self.edge_template = edge_template()
        self.edges = {name: EdgeSite(name) for name in SITES}
        self.centre = CentreSite()


def _say_nothing(*_: object) -> None:
    """Drop a log event: thousands of seeds break things on purpose."""
    raise structlog.DropEvent


class SeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one seed did and found. ``digest`` covers every event of it."""

    seed: int
    steps: int
    digest: str
    faults: dict[str, int]
    violations: tuple[str, ...] = ()


class Host:
    """A machine's wall clock: true time plus whatever somebody or a dead battery did to it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.offset = timedelta()

    def clock(self) -> datetime:
        return START + timedelta(seconds=self._world.elapsed_s) + self.offset


class World:
    """The whole system of one seed."""

    def __init__(self, seed: int, *, laboratory: Laboratory) -> None:
        forget_signatures()
        self.seed = seed
        self.laboratory = laboratory
        self.elapsed_s = 0.0
        self.steps = 0
        self.faults: Counter[str] = Counter()
        self._digest = hashlib.sha256()
        self.story: list[str] = []
        self.model = Model()
        is_old = Chance(seed, "upgrade").happens(0.35)
        self.unknown_types: frozenset[str] = frozenset({LEARNED_LATER} if is_old else ())
        hide_types(self.unknown_types)
        self.hosts = {name: Host(self) for name in (*SITES, "centre")}
        self.due_s: dict[tuple[str, str], float] = {}
        self.down: dict[str, tuple[int, int]] = {}
        self.decided: set[bytes] = set()
        self.believed: set[bytes] = set()
        self.cloned: set[str] = set()
        self.violations: list[str] = []
        self.edges: dict[str, SimulatedEdge] = {}
        self.officers = {name: Officer(Chance(seed, f"officer-{name}")) for name in SITES}
        self._open_centre()
        self.network = Network(
            Chance(seed, "network"), deliver=self.centre.take_or_die, strike=self.strike, trace=self.trace
        )
        for name, gate in GATES.items():
            laboratory.edges[name].clear(laboratory.edge_template)
            edge = self.open_edge(name, edge_id=f"{gate}-{name}", gate=gate)
            self._enrol(edge)

    def _open_centre(self) -> None:
        site = self.laboratory.centre
        site.clear()
        key = Ed25519PrivateKey.from_private_bytes(Chance(self.seed, "centre key").bytes(32))
        self.centre = SimulatedCentre(site, signing_key=RememberedKey(key), clock=self.hosts["centre"].clock)

    def open_edge(self, name: str, *, edge_id: str, gate: str) -> SimulatedEdge:
        """Start an edge on a machine; what the machine's database holds already is its journal."""
        self.edges[name] = SimulatedEdge(
            self.laboratory.edges[name],
            edge_id=edge_id,
            gate=gate,
            network=self.network,
            centre_public_key=self.centre.public_key,
            clock=self.hosts[name].clock,
        )
        self._all_due(name)
        self.model.journals.setdefault(name, [])
        return self.edges[name]

    def _enrol(self, edge: SimulatedEdge) -> None:
        self.centre.store.edges.enrol(
            edge.edge_id,
            point_of_entry_id=edge.gate,
            public_key=edge.identity.signing_key.public_key().public_bytes_raw(),
            now=self.hosts["centre"].clock(),
        )

    def strike(self, kind: str) -> None:
        """Count one fault."""
        self.faults[kind] += 1

    def trace(self, line: str) -> None:
        """Add one event to the digest."""
        self._digest.update(line.encode() + b"\n")
        self.story.append(line)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def pass_time(self, seconds: float) -> None:
        self.elapsed_s += seconds

    def fail(self, why: str) -> None:
        """Note a violation that is not a difference from the model."""
        raise ModelDifferenceError(why)

    def at_edge(self, name: str, act: Callable[[SimulatedEdge], object], *, driver: str = "uplink") -> object | None:
        """Let one edge do something; it may die over it, and then starts again over what it kept."""
        edge = self.edges[name]
        done = None
        try:
            if not edge.is_running:
                edge.start()
            done = act(edge)
            self.trace(f"{name}: {_told(done)}")
        except Killed as killed:
            self.trace(f"{name}: killed {killed.at}")
            self.strike("edge_killed")
            edge.stop()
            self.start_edge(name)
        except DiskRefusedError:
            self.trace(f"{name}: disk full")
            self.strike("disk_refused")
        except ModelDifferenceError:
            raise
        except Exception as error:  # noqa: BLE001  # as the product's supervisor does: what failed is tried again
            self.trace(f"{name}: {type(error).__name__} {error}")
            self.strike(f"supervised_{type(error).__name__}")
            self.due_s[name, driver] = self.elapsed_s + SUPERVISOR_PAUSE_S
        self.observe_edge(name)
        return done

    def _all_due(self, name: str) -> None:
        for driver in DRIVERS:
            self.due_s[name, driver] = self.elapsed_s

    def at_centre(self, act: Callable[[SimulatedCentre], object]) -> None:
        """Let the centre do something by itself; it may die over it, and then starts again."""
        try:
            self.trace(f"centre: {_told(act(self.centre))}")
        except Killed as killed:
            self.trace(f"centre: killed {killed.at}")
            self.strike("centre_killed")
            self.centre.start()

    def start_edge(self, name: str) -> None:
        """Start an edge over what its machine holds; with a full disk it may have to wait."""
        self._all_due(name)
        try:
            self.edges[name].start()
        except DiskRefusedError:
            self.trace(f"{name}: cannot start, disk full")
        self.observe_edge(name)

    def observe_edge(self, name: str) -> None:
        """Read what the edge has committed since the last look, and hold it against the model."""
        observe_edge(self, name)

    def observe_centre(self) -> None:
        """Read what the centre has committed since the last look, and hold it against the model."""
        observe_centre(self)

    def learn(self) -> None:
        """Upgrade the centre: it knows every type now, and projects again what waited."""
        self.observe_centre()
        self.centre.site.switch.disarm()
        hide_types(())
        self.unknown_types = frozenset()
        self.centre.replay_quarantine()
        self.model.centre.learn()
        compare_centre(self)
        self.trace("centre: learned")


def _told(done: object) -> str:
    return done if isinstance(done, str) else type(done).__name__ if done is not None else "-"
