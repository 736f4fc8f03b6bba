"""Pages that are the same for all: one request to the monitor, and each reader's own part in every copy."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import pytest

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.laboratory.readers import session_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS = "/prod/panda/jobs/"
HTML = {"Accept": "text/html", "Accept-Encoding": "identity"}


@pytest.fixture
def alice() -> dict[str, str]:
    from django.conf import settings  # noqa: PLC0415 - settings of the test

    return {**HTML, "Cookie": f"{settings.SESSION_COOKIE_NAME}={session_of('alice')}"}


async def test_the_second_reader_costs_the_link_nothing() -> None:
    monitor = Monitor()
    async with cached(monitor) as gateway:
        first, second = await gateway.ask(JOBS, headers=HTML), await gateway.ask(JOBS, headers=HTML)
    assert first.body == second.body
    assert [reply.headers["X-SWF-Cache"] for reply in (first, second)] == ["miss", "hit"]
    assert (first.headers.get("Age"), second.headers["Age"]) == (None, "0")
    assert second.headers["Cache-Control"] == "private, no-cache"
    assert len(monitor.asked) == 1


async def test_each_reader_gets_the_own_part(alice: dict[str, str]) -> None:
    async with cached(Monitor()) as gateway:
        nobody = await gateway.ask(JOBS, headers=HTML)
        named = await gateway.ask(JOBS, headers=alice)
        again = await gateway.ask(JOBS + "?_=17", headers=HTML)
    assert "next=/prod/panda/jobs/" in nobody.text
    assert "alice" in named.text
    assert "Log out" in named.text
    assert "alice" not in nobody.text + again.text
    assert "next=/prod/panda/jobs/%3F_%3D17" in again.text
    assert [reply.headers["X-SWF-Cache"] for reply in (named, again)] == ["hit", "hit"]


async def test_everybody_who_asks_at_once_waits_for_the_same_answer(alice: dict[str, str]) -> None:
    monitor = Monitor()
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        asking = [asyncio.create_task(gateway.ask(JOBS, headers=HTML)) for _ in range(30)]
        asking.append(asyncio.create_task(gateway.ask(JOBS, headers=alice)))
        await monitor.asked_times(1)
        monitor.goes_on.set()
        replies = await asyncio.gather(*asking)
    assert len(monitor.asked) == 1
    kinds = [reply.headers["X-SWF-Cache"] for reply in replies]
    assert kinds.count("miss") == 1
    assert set(kinds) <= {"miss", "coalesced", "hit"}
    assert len({reply.body for reply in replies[:-1]}) == 1
    assert "alice" in replies[-1].text


@pytest.mark.parametrize(("coding", "decoded"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
async def test_a_page_is_sent_in_the_coding_that_its_reader_takes(coding: str, decoded: object) -> None:
    monitor = Monitor(says=lambda _head: page(b"<p>job</p>" * 500))
    async with cached(monitor) as gateway:
        plain = await gateway.ask(JOBS, headers=HTML)
        packed = [await gateway.ask(JOBS, headers={**HTML, "Accept-Encoding": coding}) for _ in range(2)]
    assert callable(decoded)
    for reply in packed:
        assert reply.headers["Content-Encoding"] == coding
        assert int(reply.headers["Content-Length"]) == len(reply.body) < len(plain.body) / 5
        assert decoded(reply.body) == plain.body


async def test_the_monitor_is_asked_for_compressed_bodies_whatever_the_reader_takes() -> None:
    def says(_head: bytes) -> bytes:
        body = gzip.compress(b'{"state": "x"}' * 100)
        return page(body, kind="application/json", Content_Encoding="gzip")

    monitor = Monitor(says=says)
    async with cached(monitor) as gateway:
        reply = await gateway.ask("/prod/api/panda/tasks/", headers={**HTML, "Accept": "application/json"})
        again = await gateway.ask("/prod/api/panda/tasks/", headers={**HTML, "Accept": "application/json"})
    assert b"accept-encoding: zstd, br, gzip" in monitor.asked[0].lower()
    assert reply.body == again.body == b'{"state": "x"}' * 100
    assert "Content-Encoding" not in reply.headers


async def test_an_unchanged_page_is_not_sent_again() -> None:
    async with cached(Monitor()) as gateway:
        first = await gateway.ask(JOBS, headers=HTML)
        tag = first.headers["ETag"]
        again = await gateway.ask(JOBS, headers={**HTML, "If-None-Match": tag})
        other = await gateway.ask(JOBS, headers={**HTML, "If-None-Match": '"other", W/"x"'})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert "Content-Length" not in again.headers
    assert (other.status, other.body) == (200, first.body)


async def test_no_copy_is_confirmed_across_signing_in_and_out(alice: dict[str, str]) -> None:
    async with cached(Monitor()) as gateway:
        nobody = (await gateway.ask(JOBS, headers=HTML)).headers["ETag"]
        signed_in = await gateway.ask(JOBS, headers={**alice, "If-None-Match": nobody})
        signed_out = await gateway.ask(JOBS, headers={**HTML, "If-None-Match": signed_in.headers["ETag"]})
    assert (signed_in.status, signed_out.status) == (200, 200)
    assert "alice" in signed_in.text
    assert "alice" not in signed_out.text


async def test_a_copy_of_the_same_page_built_later_is_still_true() -> None:
    seconds = iter(range(10, 60))
    monitor = Monitor(
        says=lambda _head: page(b"Built at 20261124 03:00:%d EST" % next(seconds), Cache_Control="no-cache")
    )
    async with cached(monitor) as gateway:
        first = await gateway.ask(JOBS, headers=HTML)
        again = await gateway.ask(JOBS, headers={**HTML, "If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert len(monitor.asked) == 2


async def test_readers_of_other_kinds_of_answers_share_nothing() -> None:
    monitor = Monitor(says=lambda head: page(b"<p>%b</p>" % head.lower().split(b"accept: ")[1].split(b"\r\n")[0]))
    async with cached(monitor) as gateway:
        replies = [
            await gateway.ask(JOBS, headers={**HTML, "Accept": accept})
            for accept in ("text/html", "application/json", "text/csv", "text/html;q=0.9, */*;q=0.1")
        ]
    assert [reply.headers["X-SWF-Cache"] for reply in replies] == ["miss", "miss", "miss", "hit"]


async def test_a_script_that_asks_for_a_piece_gets_no_whole_page() -> None:
    monitor = Monitor()
    async with cached(monitor) as gateway:
        await gateway.ask(JOBS, headers=HTML)
        piece = await gateway.ask(JOBS, headers={**HTML, "X-Requested-With": "XMLHttpRequest"})
    assert piece.headers["X-SWF-Cache"] == "miss"
    assert len(monitor.asked) == 2


async def test_without_memory_nothing_is_kept() -> None:
    monitor = Monitor()
    async with cached(monitor, cache_bytes=0) as gateway:
        replies = [await gateway.ask(JOBS, headers=HTML) for _ in range(2)]
    assert [reply.headers["X-SWF-Cache"] for reply in replies] == ["bypass", "bypass"]
    assert len(monitor.asked) == 2


async def test_each_readers_tag_is_the_same_whoever_came_first(alice: dict[str, str]) -> None:
    monitor = Monitor(says=lambda _head: page(ETag='"v1"'))
    tags = []
    for order in ([HTML, alice], [alice, HTML]):
        async with cached(monitor) as gateway:
            await gateway.ask(JOBS, headers={**HTML, "Cookie": "theme=dark"})
            seen = {
                headers.get("Cookie"): (await gateway.ask(JOBS, headers=headers)).headers["ETag"] for headers in order
            }
        tags.append(seen)
    assert tags[0] == tags[1]
    assert len(set(tags[0].values())) == 2
    assert all(tag.startswith('W/"v1.') for tag in tags[0].values())
