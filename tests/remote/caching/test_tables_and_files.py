"""Tables, products that are computed, files: each kind of answer is kept as its kind allows."""

from __future__ import annotations

import asyncio
import gzip
import json
import re

import pytest

from tests.remote.caching.monitors import Monitor, cached, page
from tests.remote.caching.readers import NOBODY
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TABLE = "/prod/panda/jobs/datatable/"
FILE = "/prod/static/js/x.js"
SCRIPT = b"const home = '/swf-monitor/panda/';\n" + b"// text\n" * 400
JSON = NOBODY | {"Accept": "application/json"}


def table(head: bytes) -> bytes:
    """A table's answer as DataTables wants it: with the number of the request."""
    drawn = re.search(rb"[?&]draw=(\w+)", head.split(b"\r\n")[0])
    number = int(drawn[1]) if drawn and drawn[1].isdigit() else 0
    rows = [['<a href="/swf-monitor/panda/jobs/1/">1</a>', str(number % 1)]]
    return page(json.dumps({"draw": number, "data": rows}).encode(), kind="application/json")


async def test_tables_share_an_answer_and_each_gets_its_own_number() -> None:
    monitor = Monitor(says=table)
    async with cached(monitor) as gateway:
        replies = [
            await gateway.ask(f"{TABLE}?start=0&draw={number}&_={number}9", headers=JSON) for number in (1, 2, 34)
        ]
    assert [json.loads(reply.body)["draw"] for reply in replies] == [1, 2, 34]
    assert ["/prod/panda/jobs/1/" in reply.text for reply in replies] == [True] * 3
    assert [reply.headers["X-SWF-Cache"] for reply in replies] == ["miss", "hit", "hit"]
    assert len({reply.headers["ETag"] for reply in replies[1:]}) == 1


async def test_tables_that_ask_at_once_get_their_own_numbers() -> None:
    monitor = Monitor(says=table)
    monitor.goes_on.clear()
    async with cached(monitor) as gateway:
        asking = [asyncio.create_task(gateway.ask(f"{TABLE}?draw={number}", headers=JSON)) for number in range(1, 9)]
        await monitor.asked_times(1)
        monitor.goes_on.set()
        replies = await asyncio.gather(*asking)
    assert [json.loads(reply.body)["draw"] for reply in replies] == list(range(1, 9))
    assert len(monitor.asked) == 1


@pytest.mark.parametrize("draw", ["x", "1&draw=2", "007", "12345678901", ""])
async def test_an_odd_number_stays_in_the_name_of_the_answer(draw: str) -> None:
    monitor = Monitor(says=table)
    async with cached(monitor) as gateway:
        await gateway.ask(f"{TABLE}?draw={draw}", headers=JSON)
        await gateway.ask(f"{TABLE}?draw=5", headers=JSON)
        await gateway.ask(TABLE, headers=JSON)
    assert len(monitor.asked) == 3


async def test_a_table_without_its_number_is_never_shared() -> None:
    monitor = Monitor(says=lambda _head: page(b'{"data": []}', kind="application/json"))
    async with cached(monitor) as gateway:
        for number in (1, 2):
            await gateway.ask(f"{TABLE}?draw={number}", headers=JSON)
    assert len(monitor.asked) == 2


async def test_a_wish_for_a_new_computation_is_never_answered_from_memory_and_replaces_it() -> None:
    numbers = iter(range(10))
    monitor = Monitor(says=lambda _head: page(b"<p>number %d</p>" % next(numbers)))
    path = "/prod/panda/activity/"
    async with cached(monitor) as gateway:
        seen = [
            (await gateway.ask(path + query, headers=NOBODY)).text
            for query in ("?days=1", "?days=1&refresh=1", "?refresh=1&days=1", "?days=1", "?days=2")
        ]
    assert [re.findall(r"number (\d)", text) for text in seen] == [["0"], ["1"], ["2"], ["2"], ["3"]]
    assert "days=1&refresh=1" in monitor.lines()[1]


async def test_a_computation_that_ends_in_a_redirect_ends_what_was_kept() -> None:
    numbers = iter(range(10))

    def says(head: bytes) -> bytes:
        if b"refresh" in head.split(b"\r\n")[0]:
            return answer(b"", status="302 Found", headers=["Location: /swf-monitor/panda/activity/"])
        return page(b"<p>number %d</p>" % next(numbers))

    async with cached(Monitor(says=says)) as gateway:
        await gateway.ask("/prod/panda/activity/", headers=NOBODY)
        moved = await gateway.ask("/prod/panda/activity/?refresh=1", headers=NOBODY)
        again = await gateway.ask("/prod/panda/activity/", headers=NOBODY)
    assert moved.headers["Location"] == "/prod/panda/activity/"
    assert "number 1" in again.text


async def test_a_product_that_is_still_being_built_is_asked_for_again() -> None:
    monitor = Monitor(says=lambda _head: page(b"<p>Being built; reload shortly.</p>"))
    async with cached(monitor) as gateway:
        for _ in range(3):
            reply = await gateway.ask("/prod/panda/activity/", headers=NOBODY)
            assert reply.headers["X-SWF-Cache"] == "miss"
    assert len(monitor.asked) == 3


def script(head: bytes) -> bytes:
    stamp = "Last-Modified: Tue, 24 Nov 2020 03:00:00 GMT"
    whole = answer(SCRIPT, kind="text/javascript", headers=[stamp, "Date: Tue, 24 Nov 2026 03:00:00 GMT"])
    return whole if head.startswith(b"GET") else whole.removesuffix(SCRIPT)


async def test_a_file_is_kept_and_confirmed_by_its_date() -> None:
    monitor = Monitor(says=script)
    async with cached(monitor) as gateway:
        first = await gateway.ask(FILE, headers=NOBODY)
        since = {"If-Modified-Since": first.headers["Last-Modified"]}
        same = await gateway.ask(FILE, headers=NOBODY | since)
        older = await gateway.ask(FILE, headers=NOBODY | {"If-Modified-Since": "Mon, 23 Nov 2020 03:00:00 GMT"})
    assert first.body.startswith(b"const home = '/prod/panda/'")
    assert first.headers["Cache-Control"] == "no-cache"
    assert (same.status, older.status) == (304, 200)
    assert len(monitor.asked) == 1


@pytest.mark.parametrize(
    ("asked", "status", "told", "part"),
    [
        ("bytes=0-4", 206, "bytes 0-4/3229", b"const"),
        ("bytes=-5", 206, "bytes 3224-3228/3229", b"text\n"),
        ("bytes=3225-9999", 206, "bytes 3225-3228/3229", b"ext\n"),
        ("bytes=3229-", 416, "bytes */3229", b""),
        ("bytes=-0", 416, "bytes */3229", b""),
        ("bytes=0-1,4-5", 200, None, None),
        ("lines=1-2", 200, None, None),
        ("bytes=5-2", 200, None, None),
    ],
)
async def test_parts_are_cut_from_what_is_kept(asked: str, status: int, told: str | None, part: bytes | None) -> None:
    monitor = Monitor(says=script)
    async with cached(monitor) as gateway:
        whole = await gateway.ask(FILE, headers=NOBODY)
        reply = await gateway.ask(FILE, headers=NOBODY | {"Range": asked, "Accept-Encoding": "gzip"})
    assert (reply.status, reply.headers.get("Content-Range")) == (status, told)
    if part is not None:
        assert reply.body == part
        assert int(reply.headers["Content-Length"]) == len(part)
    assert len(whole.body) == 3229
    assert len(monitor.asked) == 1


@pytest.mark.parametrize(
    ("condition", "status"),
    [("Tue, 24 Nov 2020 03:00:00 GMT", 206), ("Tue, 24 Nov 2020 03:00:01 GMT", 200), ('W/"x"', 200), ('"x"', 200)],
)
async def test_a_part_is_sent_only_of_the_copy_that_its_reader_has(condition: str, status: int) -> None:
    async with cached(Monitor(says=script)) as gateway:
        await gateway.ask(FILE, headers=NOBODY)
        reply = await gateway.ask(FILE, headers=NOBODY | {"Range": "bytes=0-4", "If-Range": condition})
    assert reply.status == status


async def test_a_part_of_what_is_not_kept_is_cut_by_the_monitor() -> None:
    def says(head: bytes) -> bytes:
        if b"range: bytes=0-4" in head.lower():
            told = [f"Content-Range: bytes 0-4/{len(SCRIPT)}"]
            return answer(b"xxxxx", status="206 Partial Content", kind="image/png", headers=told)
        return answer(b"x" * 50, kind="image/png")

    async with cached(Monitor(says=says)) as gateway:
        part = await gateway.ask("/prod/static/x.png", headers=NOBODY | {"Range": "bytes=0-4"})
        whole = await gateway.ask("/prod/static/x.png", headers=NOBODY)
    assert (part.status, part.body, part.headers["X-SWF-Cache"]) == (206, b"xxxxx", "bypass")
    assert (whole.body, whole.headers["X-SWF-Cache"]) == (b"x" * 50, "miss")


async def test_a_part_of_a_file_too_large_to_keep_is_cut_by_the_monitor() -> None:
    def says(head: bytes) -> bytes:
        if b"range:" in head.lower():
            told = ["Content-Range: bytes 0-4/2000000"]
            return answer(b"xxxxx", status="206 Partial Content", kind="image/png", headers=told)
        return answer(b"x" * 2_000_000, kind="image/png")

    async with cached(Monitor(says=says)) as gateway:
        await gateway.ask("/prod/static/x.png", headers=NOBODY)
        part = await gateway.ask("/prod/static/x.png", headers=NOBODY | {"Range": "bytes=0-4"})
    assert (part.status, part.body, part.headers["X-SWF-Cache"]) == (206, b"xxxxx", "bypass")


async def test_a_head_is_told_from_what_is_kept_else_by_the_monitor() -> None:
    monitor = Monitor(says=script)
    async with cached(monitor) as gateway:
        asked = await gateway.ask(FILE, "HEAD", headers=NOBODY)
        whole = await gateway.ask(FILE, headers=NOBODY)
        told = await gateway.ask(FILE, "HEAD", headers=NOBODY)
    assert [line.split()[0] for line in monitor.lines()] == ["HEAD", "GET"]
    assert (asked.headers["X-SWF-Cache"], told.headers["X-SWF-Cache"]) == ("bypass", "hit")
    assert told.body == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary", "Last-Modified"):
        assert told.headers[name] == whole.headers[name]


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "500 Internal Server Error"])
async def test_other_answers_pass_with_their_status(status: str) -> None:
    monitor = Monitor(says=lambda _head: answer(b"<p>x</p>", status=status, kind="text/html"))
    async with cached(monitor) as gateway:
        replies = [await gateway.ask("/prod/panda/jobs/", headers=NOBODY) for _ in range(2)]
    assert {reply.status for reply in replies} == {int(status[:3])}
    assert replies[0].body == replies[1].body
    assert len(monitor.asked) == (1 if status.startswith("404") else 2)


async def test_a_word_that_nothing_changed_is_for_who_asked() -> None:
    async with cached(Monitor(says=lambda _head: b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')) as gateway:
        reply = await gateway.ask(FILE, headers=NOBODY | {"If-None-Match": '"a"'})
    assert reply.status == 304


async def test_a_large_file_is_compressed_once_for_all() -> None:
    text = b"/* text */\n" * 60_000
    async with cached(Monitor(says=lambda _head: answer(text, kind="text/css"))) as gateway:
        await gateway.ask("/prod/static/x.css", headers=NOBODY)
        taking = NOBODY | {"Accept-Encoding": "gzip"}
        replies = await asyncio.gather(*[gateway.ask("/prod/static/x.css", headers=taking) for _ in range(6)])
    assert [gzip.decompress(reply.body) == text for reply in replies] == [True] * 6
    assert {reply.headers["X-SWF-Cache"] for reply in replies} == {"hit"}
