"""Python's collector in a worker: what was loaded is there for good and is not looked through again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from swf_remote.operations.management.commands import serve


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_was_loaded_is_left_alone() -> None:
    loaded = [[number] for number in range(1000)]
    serve._settle_collector()
    assert not any(one is loaded[0] for one in gc.get_objects())


def test_what_came_later_is_still_collected() -> None:
    serve._settle_collector()
    later: list[object] = []
    later.append(later)
    del later
    assert gc.collect() >= 1
