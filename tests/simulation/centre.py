"""The centre of a simulation: the real store, reception and HTTP routes, called without a socket."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import anyio.to_thread
import httpx
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response

from central.actions.witnessing import Witnessing
from central.routes.sync import SyncRoutes
from central.store import CentralStore, centre_journal
from central.store.alarms import AlarmKind
from central.store.quarantine import replay_quarantine
from sync.agreement import upcasting
from tests.simulation.databases import Killed, KillSwitch, MemoryDatabase, centre_engine, centre_template
from tests.simulation.postgresql import ADDRESS, PostgresDatabase, postgresql_engine
from tests.simulation.signing import RememberedKey
from tests.simulation.wire import Answer, Message

CUT_OFF_HOUR = 17
CentreCopy = sqlcipher.Connection | str
"""What a backup of the centre's database is: one in memory, or the name of one on the server."""
_KNOWN = dict(upcasting._DECODERS)


def hide_types(names: Collection[str]) -> None:
    """Make this program one that is too old to know these types of record; none: as new as it is."""
    upcasting._DECODERS.clear()
    upcasting._DECODERS.update({key: decoder for key, decoder in _KNOWN.items() if key[0] not in names})


async def _run_here(work: Callable[..., object], *arguments: object, **ignored: object) -> object:
    """Stand in for ``anyio.to_thread.run_sync``: one thread, so that every seed replays."""
    return work(*arguments)


_WHAT_THE_PROGRAM_HAS = (anyio.to_thread.run_sync, centre_journal._BOOT_ID, centre_journal.time)


def stand_in() -> None:
    """Give this process the one thread, the boot and the clock that make every seed replay."""
    anyio.to_thread.run_sync = _run_here
    # A record of the centre names its process and a clock that only this machine has.
    centre_journal._BOOT_ID = "centre-boot-1"
    centre_journal.time = SimpleNamespace(monotonic_ns=lambda: 1)


def stand_back() -> None:
    """Give back what ``stand_in`` took, for whatever else runs in this process."""
    anyio.to_thread.run_sync, centre_journal._BOOT_ID, centre_journal.time = _WHAT_THE_PROGRAM_HAS


class CentreSite:
    """The machine that a centre runs on, reused from seed to seed: database, engine, loop."""

    def __init__(self) -> None:
        self.switch = KillSwitch("centre")
        address = os.environ.get(ADDRESS)
        self.database: MemoryDatabase | PostgresDatabase
        if address is None:
            self.database, self.template = MemoryDatabase("centre"), centre_template()
            self.engine: Engine = centre_engine(self.database, switch=self.switch)
        else:
            self.database = PostgresDatabase(address)
            self.template = self.database.make_template()
            self.engine = postgresql_engine(self.database, switch=self.switch)
        self.endpoints: dict[tuple[str, str], str] = {}
        self.loop = asyncio.new_event_loop()
        self._task = self.loop.create_task(_answer_for_ever())
        self._task._log_destroy_pending = False
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        memory = Path("/dev/shm")
        self._made = tempfile.TemporaryDirectory(prefix="kiemdich-", dir=memory if memory.is_dir() else None)
        self.identity_folder = Path(self._made.name)

    def answered(self, answering: Coroutine[object, None, Response]) -> Response:
        """Run an endpoint to its end. With one thread and its body there it waits for nothing: no loop has to turn."""
        asyncio._set_running_loop(self.loop)
        asyncio.tasks._enter_task(self.loop, self._task)
        try:
            answering.send(None)
        except StopIteration as end:
            response: Response = end.value
            return response
        finally:
            asyncio.tasks._leave_task(self.loop, self._task)
            asyncio._set_running_loop(None)
        answering.close()
        msg = "an endpoint waits for something that is not there: let the loop run it"
        raise AssertionError(msg)

    def clear(self) -> None:
        """Become a machine on which no centre ever ran."""
        stand_in()
        self.put_database(self.template)
        if isinstance(self.database, PostgresDatabase):
            self.database.forget_copies()
        self.epoch_file.unlink(missing_ok=True)

    def put_database(self, content: CentreCopy) -> None:
        """Replace the database; no process may have it open."""
        self.switch.disarm()
        self.engine.dispose()
        self.database.fill(content)

    @property
    def epoch_file(self) -> Path:
        """What outlives a restored database."""
        return self.identity_folder / "epoch"


class SimulatedCentre:
    """One centre through its restarts, restores and upgrade."""

    def __init__(self, site: CentreSite, *, signing_key: RememberedKey, clock: Callable[[], datetime]) -> None:
        self.site = site
        self.key = signing_key
        self.clock = clock
        self.start()

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def start(self) -> None:
        """Begin a process: everything volatile is new."""
        self.site.switch.disarm()
        self.site.engine.dispose()
        self.store = CentralStore(
            self.site.engine, cut_off_hour=CUT_OFF_HOUR, identity_folder=self.site.identity_folder
        )
        # What the routes need of an opened centre, without the deployment that a report would need.
        opened = SimpleNamespace(store=self.store, keys=SimpleNamespace(signing=self.key), clock=self.clock)
        self._routes = SyncRoutes(opened)
        self.witnessing = Witnessing(self.store, signing_key=self.key, clock=self.clock)
        if not self.site.endpoints:
            self.site.endpoints = _endpoint_names(self._routes)

    def restore(self, backup: CentreCopy, *, epoch_file: bytes | None) -> None:
        """Put a backup of the database back, and the epoch's file if it was restored too, and start again."""
        self.site.put_database(backup)
        if epoch_file is not None:
            self.site.epoch_file.write_bytes(epoch_file)
        self.start()

    def renew_epoch(self) -> None:
        """Begin a new life on the operator's word."""
        self.store.testimonies.renew(by="operator", reason="restored", now=self.clock())

    def is_denied_by_mirrors(self) -> bool:
        """Whether an alarm stands that an edge holds what this centre forgot of its own journal."""
        alarms = self.store.alarms.standing()
        return any(alarm.kind == AlarmKind.CENTRE_RESTORED and alarm.detail.get("by") == "downlink" for alarm in alarms)

    def replay_quarantine(self) -> None:
        """Do what the operator's command does after an upgrade."""
        replay_quarantine(self.site.engine, cut_off_hour=CUT_OFF_HOUR, now=self.clock())

    def take(self, message: Message) -> Answer:
        """Answer one request as the web server would; raise ``Killed`` when the process dies over it."""
        name = self.site.endpoints.get((message.method, message.path))
        if name is None:
            return Answer(404, (("content-type", "application/json"),), b"{}")
        endpoint: Callable[[Request], Coroutine[object, None, Response]] = getattr(self._routes, name)
        response = self.site.answered(endpoint(_request(message)))
        headers = tuple((name, value) for name, value in response.headers.items() if name != "content-length")
        return Answer(response.status_code, headers, bytes(response.body))

    def take_or_die(self, message: Message) -> Answer:
        """Answer, or start anew after the kill while the sender sees its connection reset."""
        try:
            return self.take(message)
        except Killed as killed:
            self.start()
            raise httpx.ReadError(str(killed)) from None


async def _answer_for_ever() -> None:
    """Stand for the task that a server would give each request; the loop turns once, so this never ends."""
    await asyncio.get_running_loop().create_future()


def _endpoint_names(routes: SyncRoutes) -> dict[tuple[str, str], str]:
    """Name the method behind each address. FastAPI remembers for ever what it has routed: once is enough."""
    return {
        (method, route.path): route.endpoint.__name__ for route in routes.router().routes for method in route.methods
    }


def _request(message: Message) -> Request:
    scope = {
        "type": "http",
        "method": message.method,
        "path": message.path,
        "query_string": message.query,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in message.headers],
        "client": ("192.0.2.1", 40000),
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": message.body, "more_body": False}

    return Request(scope, receive)
