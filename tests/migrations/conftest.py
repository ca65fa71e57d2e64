"""Tests of the migrations run the migrations."""

import pytest


@pytest.fixture(autouse=True)
def in_earnest(migrations_in_earnest: None) -> None:
    """Let Alembic do each step itself here."""
