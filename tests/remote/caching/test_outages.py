"""When the monitor cannot be asked, what was kept is shown, and says so."""

from __future__ import annotations

import asyncio

import pytest

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.upstream.scripted import Connection, answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS, DATA = "/prod/panda/jobs/", "/prod/api/panda/tasks/"
STALE = {"Cache_Control": "max-age=0, stale-if-error=600"}


class Failing(Monitor):
    """A monitor that can be made to hang up."""

    fails = False

    async def step(self, connection: Connection, head: bytes) -> None:
        if self.fails:
            self.asked.append(head)
            connection.writer.close()
        else:
            await super().step(connection, head)


async def test_a_kept_page_is_shown_with_a_banner_that_says_as_of_when() -> None:
    monitor = Failing(says=lambda _head: page(b"<p>jobs</p>", **STALE))
    async with cached(monitor) as gateway:
        before = await gateway.ask(JOBS, headers=NOBODY)
        monitor.fails = True
        stale = await gateway.ask(JOBS, headers=NOBODY)
    assert (stale.status, stale.headers["X-SWF-Cache"]) == (200, "stale")
    assert "Age" in stale.headers
    assert "Warning" not in stale.headers
    assert '<section role="status"' in stale.text
    assert "Shown: the page as of" in stale.text
    assert "<p>jobs</p>" in stale.text
    assert "Shown" not in before.text


async def test_each_reader_sees_the_own_part_in_an_outage_too() -> None:
    monitor, alice = Failing(says=lambda _head: page(**STALE)), await reader("alice")
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        monitor.fails = True
        assert "alice" in (await gateway.ask(JOBS, headers=alice)).text
        assert "alice" not in (await gateway.ask(JOBS, headers=NOBODY)).text


async def test_data_is_shown_without_a_banner_and_a_banner_ends_a_copy() -> None:
    def says(head: bytes) -> bytes:
        data = b"/api/" in head.split(b"\r\n")[0]
        return page(b'{"a": 1}', kind="application/json", **STALE) if data else page(**STALE)

    monitor = Failing(says=says)
    async with cached(monitor) as gateway:
        await gateway.ask(DATA, headers=NOBODY)
        tag = (await gateway.ask(JOBS, headers=NOBODY)).headers["ETag"]
        monitor.fails = True
        data = await gateway.ask(DATA, headers=NOBODY)
        bannered = await gateway.ask(JOBS, headers=NOBODY | {"If-None-Match": tag})
        confirmed = await gateway.ask(JOBS, headers=NOBODY | {"If-None-Match": bannered.headers["ETag"]})
        monitor.fails = False
        again = NOBODY | {"If-None-Match": bannered.headers["ETag"]}
        while (back := await gateway.ask(JOBS, headers=again)).headers["X-SWF-Cache"] == "stale":
            await asyncio.sleep(0.02)
    assert (data.status, data.body, data.headers["X-SWF-Cache"]) == (200, b'{"a": 1}', "stale")
    assert (bannered.status, confirmed.status) == (200, 304)
    assert (back.status, "Shown" in back.text) == (200, False)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
async def test_a_server_that_says_the_monitor_is_gone_counts_as_an_outage(status: str) -> None:
    gone = False
    monitor = Monitor(says=lambda _head: answer(b"gone", status=status) if gone else page(b"<p>jobs</p>", **STALE))
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        gone = True
        stale = await gateway.ask(JOBS, headers=NOBODY)
        other = await gateway.ask("/prod/panda/tasks/", headers=NOBODY)
    assert (stale.status, stale.headers["X-SWF-Cache"]) == (200, "stale")
    assert other.status == int(status[:3])


async def test_what_was_never_seen_is_a_clear_error() -> None:
    monitor = Failing()
    async with cached(monitor) as gateway:
        monitor.fails = True
        reply = await gateway.ask(JOBS, headers=NOBODY)
    assert reply.status == 502
    assert "X-SWF-Cache" not in reply.headers


async def test_what_must_be_asked_for_each_time_is_not_shown_in_an_outage() -> None:
    monitor = Failing(says=lambda _head: page(Cache_Control="max-age=0, must-revalidate"))
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        monitor.fails = True
        assert (await gateway.ask(JOBS, headers=NOBODY)).status == 502


async def test_all_who_wait_get_the_kept_page_at_once_when_asking_fails() -> None:
    monitor = Failing(says=lambda _head: page(**STALE))
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        monitor.fails = True
        replies = await asyncio.gather(*[gateway.ask(JOBS, headers=NOBODY) for _ in range(20)])
    assert {reply.headers["X-SWF-Cache"] for reply in replies} == {"stale"}
    assert len(monitor.asked) <= 4


async def test_an_answer_a_little_too_old_is_sent_at_once_and_renewed_behind_it() -> None:
    numbers = iter(range(100))
    said = {"Cache_Control": "max-age=0, stale-while-revalidate=60"}
    monitor = Monitor(says=lambda _head: page(b"<p>number %d</p>" % next(numbers), **said))
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=NOBODY)
        monitor.goes_on.clear()
        old = [await gateway.ask(JOBS, headers=NOBODY) for _ in range(3)]
        await monitor.asked_times(2)
        monitor.goes_on.set()
        while "number 0" in (renewed := await gateway.ask(JOBS, headers=NOBODY)).text:
            await asyncio.sleep(0)
    assert {(reply.headers["X-SWF-Cache"], "number 0" in reply.text) for reply in old} == {("stale", True)}
    assert "Shown" not in old[0].text
    assert "number 1" in renewed.text


async def test_the_monitors_word_that_nothing_changed_makes_a_page_fresh_again() -> None:
    def says(head: bytes) -> bytes:
        if b'if-none-match: "v1"' in head.lower():
            return b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nX-Fresh: yes\r\n\r\n'
        return page(b"<p>long</p>", ETag='"v1"', Cache_Control="max-age=0")

    monitor = Monitor(says=says)
    async with cached(monitor) as gateway:
        first = await gateway.ask(JOBS, headers=NOBODY)
        second = await gateway.ask(JOBS, headers=NOBODY)
        third = await gateway.ask(JOBS, headers=NOBODY | {"If-None-Match": second.headers["ETag"]})
    assert first.body == second.body
    assert (second.headers["X-Fresh"], third.status) == ("yes", 304)
    assert first.headers["ETag"] == second.headers["ETag"]
    assert len(monitor.asked) == 3
