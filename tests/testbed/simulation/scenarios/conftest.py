"""Nights are played once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.testbed.simulation.scenarios.nights import Night, watched

NightOf = Callable[[str], Night]


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> NightOf:
    """The whole night of that name."""
    folder = tmp_path_factory.mktemp("nights")
    return cache(lambda name: watched(name, folder / f"{name}.sqlite3"))
