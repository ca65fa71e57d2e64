"""What the simulation takes of this process it gives back after each test: others run here too."""

import pytest

from tests.simulation.centre import stand_back


@pytest.fixture(autouse=True)
def _given_back():
    yield
    stand_back()
