"""A fresh edge with its real encrypted database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkpoint.edges import Edge


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    one = Edge(tmp_path)
    yield one
    one.close()
