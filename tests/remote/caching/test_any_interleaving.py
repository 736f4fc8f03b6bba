"""Any interleaving of readers, writes, changes and outages: no other reader's data, none older than its label, no write
undone. With ``CACHE_MODEL_EXAMPLES`` set to a number, so many other interleavings are tried in each run.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from swf_remote.edge.runtime import Runtime
from tests.remote.caching.model.gateway import World, known_readers
from tests.remote.caching.model.steps import Interleaving, Play, by_chance
from tests.remote.gateways import settings_for

DEEP = int(os.environ.get("CACHE_MODEL_EXAMPLES", "0"))


class Unexpected(logging.Handler):
    """Remembers what was logged as an error of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.seen.append(f"{record.getMessage()} {record.exc_info}")


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(settings_for())


@pytest.fixture(scope="module")
def unexpected() -> Iterator[Unexpected]:
    handler, logger = Unexpected(), logging.getLogger("swf_remote.failures")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.mark.timeout(3600 if DEEP else 300)
@settings(
    max_examples=DEEP or 500,
    derandomize=not DEEP,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64))
def test_nobody_sees_anothers_data_none_older_than_its_label_and_no_write_undone(
    runtime: Runtime, unexpected: Unexpected, seed: int
) -> None:
    def fault(one: Interleaving) -> str:
        unexpected.seen.clear()
        try:
            asyncio.run(played(one))
        except AssertionError as error:
            return str(error) or "what must hold does not hold"
        return "; ".join(unexpected.seen)

    async def played(one: Interleaving) -> None:
        world = World(runtime, cache_bytes=one.cache_bytes, object_bytes=one.object_bytes)
        await Play(world, one.addresses).run(one.steps)

    with known_readers():
        chosen = by_chance(Random(seed))
        if fault(chosen):
            least = without_needless_steps(chosen, fault)
            pytest.fail(f"{fault(least)}\n{least}")


def without_needless_steps(chosen: Interleaving, fault: Callable[[Interleaving], str]) -> Interleaving:
    """The fewest steps that still show a fault."""
    for index in reversed(range(len(chosen.steps))):
        fewer = chosen.without(index)
        if fault(fewer):
            chosen = fewer
    return chosen
