"""A real edge against a real centre: its folder, its officer, its uplink stepped by hand, and what was acknowledged."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from checkpoint.actions.gate import Gate
from checkpoint.settings import load_settings
from checkpoint.store.connection import DATABASE_NAME
from checkpoint.store.identity import count_start
from sync.agreement.records import CrossingScreened, IncarnationOpened, RecordRecovered
from sync.exchange.ends import UplinkIdentity
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.phases import Phase
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink
from tests.central.running import RunningCentre
from tests.faults.edges import Officer, now, open_edge, write_settings

MOST_STEPS = 400


class Site:
    """One machine with one edge. What its officer was told is kept outside: ``acknowledged``."""

    def __init__(self, settings_path: Path, *, centre: RunningCentre, clock: Callable[[], datetime] = now) -> None:
        self.settings = load_settings(settings_path)
        self._clock = clock
        self._path = settings_path
        self._centre = centre
        self.acknowledged: list[str] = []
        self.data = self.settings.data_path
        self.gate: Gate
        self.uplink: Uplink
        self.start()

    def start(self) -> None:
        self.gate = open_edge(self._path, clock=self._clock)
        self._officer = Officer(self.gate)
        started = count_start(self.gate.store.files)
        self._transport = HttpTransport(self._centre.url)
        identity = UplinkIdentity(
            edge_id=self.gate.identity.edge_id,
            incarnation=self.gate.identity.incarnation,
            signing_key=self.gate.identity.signing_key,
            centre_public_key=bytes.fromhex(self._centre.identity["public_key"]),
            instance=started.instance,
            start_number=started.number,
        )
        journal = self.gate.store.outgoing
        self.uplink = Uplink(identity, journal=journal, transport=self._transport, clock=self._clock, draw=lambda: 0.0)

    def stop(self) -> None:
        self._transport.close()
        self.gate.store.close()

    def screen(self, count: int, *, temperature_c: float = 36.5) -> None:
        for _ in range(count):
            self.acknowledged.append(self._officer.screen(temperature_c=temperature_c).record_id)

    def drain(self) -> None:
        """Step until nothing is pending and the centre was asked once more."""
        for _ in range(MOST_STEPS):
            self.uplink.step()
            is_idle = self.uplink.state.phase is Phase.IDLE and self.uplink.state.head is not None
            if is_idle and self.pending == 0 and self.gate.store.outgoing.finding() is None:
                return
        raise AssertionError(self.uplink.state)

    @property
    def pending(self) -> int:
        return self.gate.store.outgoing.delivery().pending

    @property
    def incarnation(self) -> int:
        return self.gate.store.outgoing.delivery().incarnation

    def back_up(self, to: Path) -> None:
        self.stop()
        shutil.copytree(self.data, to)
        self.start()

    def restore(self, source: Path, *, database: bool = True, identity: bool = True) -> None:
        """Put a backup back while the edge stands still; start it again."""
        self.stop()
        if database:
            for path in self.data.glob(f"{DATABASE_NAME}*"):
                path.unlink()
            for path in source.glob(f"{DATABASE_NAME}*"):
                shutil.copy2(path, self.data / path.name)
        if identity:
            shutil.rmtree(self.data / "identity")
            shutil.copytree(source / "identity", self.data / "identity")
        self.start()

    def set_up_anew(self) -> None:
        """The disk is new; keys and identity came from their own backup."""
        self.stop()
        for path in self.data.glob(f"{DATABASE_NAME}*"):
            path.unlink()
        self.start()


def cloned(site: Site, folder: Path, *, centre: RunningCentre) -> Site:
    """Copy the whole folder of an edge to another machine, and start it there too."""
    site.stop()
    edge = site.settings.edge
    path = write_settings(folder, edge.edge_id, centre=centre, gate=edge.point_of_entry_id)
    shutil.copytree(site.data, load_settings(path).data_path)
    site.start()
    return Site(path, centre=centre)


class CentreBooks:
    """What the centre's database says, read beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()

    def records(self) -> list[bytes]:
        return [bytes(row[0]) for row in self.rows("SELECT bytes FROM ledger ORDER BY position")]

    def bodies(self) -> list:
        return [body_of(decode_record(record)) for record in self.records()]

    def held(self) -> Counter[str]:
        """The records the ledger has, each by its own identifier; one that was carried over by its original's."""
        found: Counter[str] = Counter()
        for record in self.records():
            envelope = decode_record(record)
            body = body_of(envelope)
            original = decode_record(body.original) if isinstance(body, RecordRecovered) else envelope
            found[str(original.record_id)] += 1
        return found

    def openings(self) -> list[IncarnationOpened]:
        return [body for body in self.bodies() if isinstance(body, IncarnationOpened)]

    def lost(self) -> int:
        return sum(opened.lost_records for opened in self.openings())

    def screened(self) -> set[str]:
        """The crossings that any record of the ledger opened, carried over or not."""
        bodies = [
            body_of(decode_record(body.original)) if isinstance(body, RecordRecovered) else body
            for body in self.bodies()
        ]
        return {body.crossing_id for body in bodies if isinstance(body, CrossingScreened)}

    def counted(self) -> tuple[int, int]:
        """How many crossings the centre shows, and how many its counters say."""
        (shown,) = self.rows("SELECT count(*) FROM crossing")[0]
        (counted,) = self.rows("SELECT coalesce(sum(count), 0) FROM day_count WHERE figure = 'crossings'")[0]
        return shown, counted

    def alarms(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT kind FROM alarm")}
