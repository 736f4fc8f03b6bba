"""Answers on their way: sent while they arrive, to all who follow, and never taken for whole when they are not."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from yarl import URL

from tests.remote.caching.monitors import PAGE, Monitor, cached, page
from tests.remote.gateways import Gateway
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS = "/prod/panda/jobs/"
HTML = {"Accept": "text/html", "Accept-Encoding": "identity"}
LONG = page(b"<p>word</p>" * 20_000)
HALF = len(LONG) // 2


async def until(gateway: Gateway, text: bytes) -> tuple[object, bytes]:
    """An answer that has come as far as this text."""
    response = await gateway.session.get(URL(gateway.url + JOBS), headers=HTML)
    seen = b""
    while text not in seen:
        seen += await response.content.readany()
    return response, seen


async def rest(response: object, seen: bytes) -> bytes:
    return seen + await response.read()  # type: ignore[attr-defined]


async def test_the_first_bytes_are_sent_while_the_rest_arrives_and_late_readers_get_them_too() -> None:
    monitor = Monitor(says=lambda _head: LONG, until=HALF)
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        first, begun = await until(gateway, b"Log in")
        second, caught_up = await until(gateway, b"word")
        assert (first.headers["X-SWF-Cache"], second.headers["X-SWF-Cache"]) == ("miss", "coalesced")  # type: ignore[attr-defined]
        monitor.goes_on.set()
        bodies = await asyncio.gather(rest(first, begun), rest(second, caught_up))
        kept = await gateway.ask(JOBS, headers=HTML)
    assert bodies[0] == bodies[1] == kept.body
    assert kept.headers["X-SWF-Cache"] == "hit"
    assert len(monitor.asked) == 1


async def test_what_was_sent_before_its_end_was_known_can_be_confirmed() -> None:
    monitor = Monitor(says=lambda _head: LONG, until=HALF)
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        first, begun = await until(gateway, b"Log in")
        monitor.goes_on.set()
        await rest(first, begun)
        tag = first.headers["ETag"]  # type: ignore[attr-defined]
        again = await gateway.ask(JOBS, headers={**HTML, "If-None-Match": tag})
    assert again.status == 304


async def test_an_answer_outlives_the_reader_who_asked_first() -> None:
    monitor = Monitor(says=lambda _head: LONG, until=HALF)
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        first, _ = await until(gateway, b"Log in")
        second = asyncio.create_task(gateway.ask(JOBS, headers=HTML))
        first.close()  # type: ignore[attr-defined]
        monitor.goes_on.set()
        assert (await second).body.endswith(b"</body></html>")
        assert (await gateway.ask(JOBS, headers=HTML)).headers["X-SWF-Cache"] == "hit"
    assert len(monitor.asked) == 1


async def test_a_broken_answer_is_sent_as_broken_and_never_kept() -> None:
    broken = iter([True, False])

    def says(_head: bytes) -> bytes:
        whole = PAGE % (b"<p>word</p>" * 20_000)
        length = len(whole) + 1 if next(broken) else len(whole)
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (length, whole)

    monitor = Monitor(says=says)

    async def then_hangs_up(*said: object) -> None:
        await Monitor.step(monitor, *said)  # type: ignore[arg-type]
        if len(monitor.asked) == 1:
            said[0].writer.close()  # type: ignore[attr-defined]

    monitor.step = then_hangs_up  # type: ignore[method-assign]
    async with cached(monitor) as gateway:
        with pytest.raises(aiohttp.ClientPayloadError):
            await gateway.ask(JOBS, headers=HTML)
        whole = await gateway.ask(JOBS, headers=HTML)
    assert whole.headers["X-SWF-Cache"] == "miss"
    assert whole.body.endswith(b"</body></html>")


async def test_an_answer_too_large_to_keep_passes_whole_to_all_who_were_there() -> None:
    body = bytes(range(256)) * 16_000
    whole = answer(body, kind="application/octet-stream").replace(b"Content-Length", b"X-Length", 1)
    chunk = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    head, _, _ = whole.partition(b"\r\n\r\n")
    said = head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
    monitor = Monitor(says=lambda _head: said, until=100_000)
    monitor.goes_on.clear()
    path = "/prod/api/panda/export/"
    async with cached(monitor) as gateway:
        asking = [asyncio.create_task(gateway.ask(path, headers=HTML)) for _ in range(3)]
        await monitor.asked_times(1)
        monitor.goes_on.set()
        replies = await asyncio.gather(*asking)
        later = await gateway.ask(path, headers=HTML)
    assert [reply.body == body for reply in (*replies, later)] == [True] * 4
    assert later.headers["X-SWF-Cache"] == "miss"


async def test_a_flight_that_nobody_needs_any_more_ends() -> None:
    body = b"x" * (4 << 20)
    monitor = Monitor(says=lambda _head: answer(body, kind="application/octet-stream"), until=1 << 20)
    monitor.goes_on.clear()
    path = "/prod/api/panda/export/"
    async with cached(monitor) as gateway:
        response = await gateway.session.get(URL(gateway.url + path))
        await response.content.readany()
        response.close()
        monitor.goes_on.set()
        assert (await gateway.ask(path, headers=HTML)).body == body
