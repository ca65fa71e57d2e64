"""A centre's store on both databases, its reception, and enrolled edges."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.actions.reception import Reception
from central.store import CentralStore
from migrations import upgrade
from tests.sync.exchange.journals import MORNING, EdgeJournal

CUT_OFF_HOUR = 17


class SteppingClock:
    """Each look is a second later: received_at differs from batch to batch."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.services, pytest.mark.postgres])])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind in which nothing is yet (PostgreSQL: but the schema)."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'central.db'}"
    return str(request.getfixturevalue("central_postgres_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[CentralStore]:
    opened = CentralStore.open(database_url, cut_off_hour=CUT_OFF_HOUR)
    upgrade("central", opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(MORNING + timedelta(minutes=30))


@pytest.fixture
def centre_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def reception(store: CentralStore, centre_key: Ed25519PrivateKey, clock: SteppingClock) -> Reception:
    return Reception(store, signing_key=centre_key, clock=clock)


@pytest.fixture
def journal(store: CentralStore, clock: SteppingClock) -> EdgeJournal:
    """An edge at Móng Cái that the centre knows."""
    return enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=store, clock=clock)


@pytest.fixture
def other_journal(store: CentralStore, clock: SteppingClock) -> EdgeJournal:
    """An edge at Hoành Mô that the centre knows."""
    return enrolled(EdgeJournal("hoanh-mo-1"), gate="hoanh-mo", store=store, clock=clock)


def enrolled(journal: EdgeJournal, *, gate: str, store: CentralStore, clock: SteppingClock) -> EdgeJournal:
    store.edges.enrol(journal.edge_id, point_of_entry_id=gate, public_key=journal.public_key, now=clock())
    return journal
