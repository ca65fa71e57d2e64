"""One served edge for a whole file: each test brings its own people."""

from collections.abc import Iterator

import pytest

from tests.checkpoint.app.running import Officer, RunningEdge


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEdge]:
    edge = RunningEdge(tmp_path_factory.mktemp("edge"))
    edge.add_officer()
    edge.add_officer("quantri", role="administrator")
    edge.process.start()
    yield edge
    edge.process.stop()


@pytest.fixture
def officer(served: RunningEdge) -> Iterator[Officer]:
    one = served.sign_in()
    yield one
    one.client.close()
