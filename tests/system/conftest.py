"""Fixtures of the whole-chain tests: one frozen demo for all readers, one of its own per test that breaks things."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import postgresql as postgresql_server
from tests.system.running_demo import ROOT, Demo, copy_of, missing, start_demo, wait_ready


@pytest.fixture(scope="session")
def seeded_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose history is seeded once for the whole suite; copies of it start quickly."""
    var = tmp_path_factory.mktemp("seeded") / "var"
    demo = wait_ready(start_demo(var, "--speed", "0"))
    demo.stop()
    return var


@pytest.fixture(scope="session")
def demo(seeded_var: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The chain with the simulation frozen, so that pages can be compared with SQL."""
    running = wait_ready(start_demo(copy_of(seeded_var, tmp_path_factory.mktemp("frozen") / "var"), "--speed", "0"))
    yield running
    running.stop()


@pytest.fixture
def live_demo(seeded_var: Path, tmp_path: Path) -> Iterator[Demo]:
    """A chain of its own with life going on fast; for tests that break things."""
    running = wait_ready(start_demo(copy_of(seeded_var, tmp_path / "var"), "--speed", "30"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a headless-capable Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing("Chromium")
    raise AssertionError


@pytest.fixture(scope="session")
def axe() -> str:
    """Source of the accessibility checker, from the locked npm packages."""
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgresql_server.Server]:
    """A PostgreSQL server with the empty databases ``swf_remote``, ``panda`` and ``scenario``."""
    binaries = postgresql_server.programs()
    if binaries is None:
        missing("PostgreSQL")
        raise AssertionError
    with postgresql_server.running(binaries) as server:
        for name in ("swf_remote", "panda", "scenario"):
            postgresql_server.create_database(server, binaries, name)
        yield server
