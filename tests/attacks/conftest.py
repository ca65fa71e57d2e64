"""The centre that is attacked, one for all tests of a worker; each test brings edges of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.target import Target
from tests.faults.forked_centre import ForkedCentre
from tests.services.postgres import create_database


def started(folder: Path, database_url: str) -> Target:
    """A served centre on this database."""
    centre = ForkedCentre(folder, database_url=database_url)
    target = Target(centre, database_url)
    centre.process.start()
    return target


@pytest.fixture(scope="session")
def target(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The centre that everybody attacks; nothing may be left of an attack."""
    made = started(tmp_path_factory.mktemp("target"), create_database(postgres_server))
    yield made
    made.close()


@pytest.fixture
def own_target(postgres_url: str, tmp_path: Path) -> Iterator[Target]:
    """A centre of this test's own, for what ruins a database."""
    made = started(tmp_path, postgres_url)
    yield made
    made.close()


@pytest.fixture
def unchanged(target: Target) -> Iterator[None]:
    """Whatever the test does after it asked for this, every table is as it was."""
    before = target.contents()
    yield
    assert target.contents() == before
