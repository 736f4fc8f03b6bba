"""Nobody sees what was true before a write, once the writer has the answer to it."""

from __future__ import annotations

import asyncio

import pytest

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TAGS, TAG = "/prod/pcs/tags/", "/prod/pcs/tags/p/create/"
JOBS = "/prod/panda/jobs/"


class Written(Monitor):
    """A monitor whose pages tell how often it was written to."""

    writes = 0
    status = "302 Found"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.says = self.told

    def told(self, head: bytes) -> bytes:
        if head.startswith(b"POST"):
            self.writes += 1
            return answer(b"", status=self.status, headers=["Location: /swf-monitor/pcs/tags/"])
        return page(b"<p>writes: %d</p>" % self.writes)


async def write(gateway: object, headers: dict[str, str]) -> int:
    same_origin = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    reply = await gateway.ask(TAG, "POST", headers=headers | same_origin, data=b"a=1")  # type: ignore[attr-defined]
    return int(reply.status)


async def test_after_a_write_its_whole_area_is_asked_for_anew() -> None:
    monitor, alice = Written(), await reader("alice")
    async with cached(monitor) as gateway:
        assert "writes: 0" in (await gateway.ask(TAGS, headers=alice)).text
        assert "writes: 0" in (await gateway.ask(TAGS, headers=NOBODY)).text
        assert await write(gateway, alice) == 302
        for headers in (alice, NOBODY):
            reply = await gateway.ask(TAGS, headers=headers)
            assert ("writes: 1" in reply.text, reply.headers["X-SWF-Cache"]) == (True, "miss")


async def test_after_a_write_other_areas_are_asked_for_again_too() -> None:
    monitor = Written()
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        await write(gateway, await reader("alice"))
        assert "writes: 1" in (await gateway.ask(JOBS, headers=NOBODY)).text


@pytest.mark.parametrize("status", ["500 Internal Server Error", "400 Bad Request"])
async def test_a_write_that_failed_may_have_changed_something(status: str) -> None:
    monitor, alice = Written(), await reader("alice")
    monitor.status = status
    async with cached(monitor) as gateway:
        await gateway.ask(TAGS, headers=NOBODY)
        await write(gateway, alice)
        assert "writes: 1" in (await gateway.ask(TAGS, headers=NOBODY)).text


async def test_an_answer_that_was_on_its_way_during_the_write_is_not_kept_nor_joined() -> None:
    monitor, alice = Written(), await reader("alice")
    async with cached(monitor) as gateway:
        monitor.goes_on.clear()
        early = asyncio.create_task(gateway.ask(TAGS, headers=NOBODY))
        await monitor.asked_times(1)
        writing = asyncio.create_task(write(gateway, alice))
        await monitor.asked_times(2)
        # The early answer is still to come when the write is done.
        steps = monitor.goes_on
        monitor.goes_on = asyncio.Event()
        steps.set()
        await writing
        await early
        monitor.goes_on.set()
        later = await gateway.ask(TAGS, headers=NOBODY)
    assert later.headers["X-SWF-Cache"] == "miss"
    assert "writes: 1" in later.text


async def test_a_refused_write_costs_nothing() -> None:
    monitor = Written()
    async with cached(monitor) as gateway:
        await gateway.ask(TAGS, headers=NOBODY)
        assert await write(gateway, NOBODY) in (302, 401, 403)
        assert (await gateway.ask(TAGS, headers=NOBODY)).headers["X-SWF-Cache"] == "hit"
    assert monitor.writes == 0
