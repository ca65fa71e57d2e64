"""One edge of a simulation: the real journal, identity files and uplink, with an officer who is the seed."""

from collections.abc import Callable
from datetime import datetime

import sqlcipher3.dbapi2 as sqlcipher

from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import count_start, read_identity
from checkpoint.store.journal import Origin
from checkpoint.store.private_files import MemoryFiles
from checkpoint.store.writer import InlineWriter
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.downlink import Downlink
from sync.exchange.ends import UplinkIdentity
from sync.exchange.express import ExpressLane
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink
from tests.simulation.databases import KillSwitch, MemoryDatabase, edge_engine
from tests.simulation.mirroring import SimulatedMirror
from tests.simulation.signing import RememberedKey
from tests.simulation.wire import Network, StraightClient, Wire

PLACES = ("C1", "C2", "C3", "C4")
_UNLIMITED_PAGES = 1 << 30


class DyingFiles(MemoryFiles):
    """The identity files of a machine; the process may die before and after each write."""

    def __init__(self, switch: KillSwitch, files: dict[str, bytes] | None = None, *, place: str) -> None:
        super().__init__(files, place=place)
        self._switch = switch

    def write(self, name: str, content: bytes) -> None:
        self._switch.point(f"before {name}")
        super().write(name, content)
        self._switch.point(f"after {name}")

    def overwrite(self, name: str, content: bytes) -> None:
        self._switch.point(f"before {name}")
        super().overwrite(name, content)
        self._switch.point(f"after {name}")

    def contents(self) -> dict[str, bytes]:
        """Return every file as it is now: a backup."""
        return dict(self._files)


class EdgeSite:
    """The machine an edge runs on, reused from seed to seed: files, database, engine."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.switch = KillSwitch(name)
        self.database = MemoryDatabase(name)
        self.readers = edge_engine(self.database)
        self.files = DyingFiles(self.switch, place="")
        self.is_new = True

    def clear(self, template: sqlcipher.Connection) -> None:
        """Become a machine on which nothing ever ran."""
        self.put_database(template)
        self.put_files({}, place=f"machine-{self.name} 1")
        self.is_new = True

    def put_database(self, content: sqlcipher.Connection) -> None:
        """Replace the database; no process may have it open."""
        self.switch.disarm()
        self.readers.dispose()
        self.database.fill(content)
        self.is_new = False

    def put_files(self, files: dict[str, bytes], *, place: str | None = None) -> None:
        """Replace the identity files."""
        self.files = DyingFiles(self.switch, files, place=place or self.files.place())


class EdgeBackup:
    """What a backup of an edge holds: its database and its identity files, each as it was."""

    def __init__(self, site: EdgeSite) -> None:
        self.database = site.database.copied()
        self.files = site.files.contents()


class SimulatedEdge:
    """One edge process through its kills, restores and clones."""

    def __init__(
        self,
        site: EdgeSite,
        *,
        edge_id: str,
        gate: str,
        network: Network,
        centre_public_key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self.site = site
        self.edge_id = edge_id
        self.gate = gate
        self.clock = clock
        self._centre_public_key = centre_public_key
        wire = Wire(site.name, network=network, switch=site.switch)
        client = StraightClient(transport=wire, trust_env=False, follow_redirects=False)
        self._transport = HttpTransport("http://centre", client=client)
        self.is_running = False
        self.is_disk_full = False
        self.start()

    def start(self) -> None:
        """Begin a process over what the machine holds."""
        self.site.switch.disarm()
        self.site.readers.dispose()
        site = self.site
        self.identity = read_identity(site.files, edge_id=self.edge_id, is_new=site.is_new)
        self._signing_key = RememberedKey(self.identity.signing_key)
        started = count_start(site.files)
        self.connection = site.database.connect_killable(site.switch)
        if self.is_disk_full:
            self._limit_disk()
        self.writer = InlineWriter(self.connection)
        self.store = EdgeStore.over(
            self.writer,
            readers=site.readers,
            identity=self.identity,
            files=site.files,
            places=PLACES,
            origin=self._origin,
        )
        site.is_new = False
        self._started = started
        self.mirror = SimulatedMirror(self.writer, readers=site.readers, clock=self.clock)
        self.uplink = Uplink(
            self._uplink_identity(),
            journal=self.store.outgoing,
            transport=self._transport,
            clock=self.clock,
            down_sequence=lambda: self.mirror.position().sequence,
        )
        self._begin_others()
        self.is_running = True

    def step(self, driver: str) -> float:
        """Let one driver do its next step, as its thread would; return how many seconds may pass."""
        if self.incarnation != self.store.outgoing.delivery().incarnation:
            self._begin_others()
        drivers = {"uplink": self.uplink, "express": self.express, "downlink": self.downlink}
        return drivers[driver].step()

    def told(self, driver: str) -> str:
        """Say how a driver stands."""
        if driver == "uplink":
            return f"{self.uplink.state.phase} {self.uplink.state.reason}"
        return f"{driver} {(self.express if driver == 'express' else self.downlink).state.reason}"

    def _begin_others(self) -> None:
        """Express and downlink speak under the incarnation of their start: a new one begins them anew."""
        identity = self._uplink_identity()
        self.incarnation = identity.incarnation
        self.express = ExpressLane(identity, journal=self.store.outgoing, transport=self._transport)
        self.downlink = Downlink(
            identity,
            journal=self.mirror,
            transport=self._transport,
            clock=self.clock,
            on_contradiction=lambda _reason: self.uplink.order_testimony(),
        )

    def _uplink_identity(self) -> UplinkIdentity:
        return UplinkIdentity(
            edge_id=self.edge_id,
            incarnation=self.store.outgoing.delivery().incarnation,
            signing_key=self._signing_key,
            centre_public_key=self._centre_public_key,
            instance=self._started.instance,
            start_number=self._started.number,
        )

    def _origin(self) -> Origin:
        at = self.clock()
        return Origin(
            observed_at=at,
            recorded_at=at,
            boot_id="boot-1",
            monotonic_ns=1,
            clock_quality=ClockQuality.UNKNOWN,
        )

    def stop(self) -> None:
        """End the process where it is: what was not committed is gone."""
        self.is_running = False
        self.site.switch.disarm()
        self.connection.close()
        self.site.readers.dispose()

    def restart(self) -> None:
        self.stop()
        self.start()

    def fill_disk(self) -> None:
        """From now on the disk takes nothing that needs another page."""
        self.is_disk_full = True
        if self.is_running:
            self._limit_disk()

    def free_disk(self) -> None:
        """Give the disk its space back."""
        self.is_disk_full = False
        if self.is_running:
            self._pragma(f"max_page_count = {_UNLIMITED_PAGES}")

    def _limit_disk(self) -> None:
        self._pragma(f"max_page_count = {self._pragma('page_count')}")

    def _pragma(self, words: str) -> int:
        """Ask or set something of the disk itself: no process dies over it."""
        found: int = sqlcipher.Connection.execute(self.connection, f"PRAGMA {words}").fetchone()[0]
        return found

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        """Read what is committed, past the store."""
        return self.site.database.anchor.execute(sql, parameters).fetchall()
