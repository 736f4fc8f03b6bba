"""Parts and conditions through the whole gateway."""

from __future__ import annotations

import json

import pytest

from tests.remote.edge.monitors import behind, replying, values
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><a href="/swf-monitor/x">x</a></svg>'
FILE = bytes(range(256))


def partial(body: bytes, kind: str) -> bytes:
    """A server of one file that knows ranges of ten bytes."""
    headers = [f"Content-Range: bytes 0-9/{len(body)}", 'ETag: "e"']
    return answer(body[:10], status="206 Partial Content", kind=kind, headers=headers)


def file_server(body: bytes, kind: str) -> object:
    def reply(head: bytes, _body: bytes) -> bytes:
        if values(head, b"range"):
            return partial(body, kind)
        return answer(body, kind=kind, headers=['ETag: "e"', "Accept-Ranges: bytes"])

    return replying(reply)


WISH = {"Range": "bytes=0-9", "If-Range": '"e"', "If-None-Match": '"f"', "Accept-Encoding": "identity"}


async def test_a_part_of_a_file_is_a_part() -> None:
    async with behind(file_server(FILE, "image/png")) as (monitor, running):
        reply = await running.ask("/prod/static/a.png", headers=WISH)
        assert (reply.status, reply.body, reply.headers["Content-Range"]) == (206, FILE[:10], "bytes 0-9/256")
        assert len(monitor.heads) == 1


async def test_a_part_of_what_is_rewritten_is_answered_whole() -> None:
    async with behind(file_server(SVG, "image/svg+xml")) as (monitor, running):
        reply = await running.ask("/prod/static/a.svg", headers=WISH)
        assert (reply.status, reply.body) == (200, SVG.replace(b"swf-monitor", b"prod"))
        assert "Content-Range" not in reply.headers
        assert [bool(values(head, b"range")) for head in monitor.heads] == [True, False]
        assert values(monitor.heads[1], b"if-none-match") == values(monitor.heads[1], b"if-range") == []


@pytest.mark.parametrize("target", ["/prod/static/a.png", "/prod/panda/jobs/"])
async def test_a_part_that_nobody_asked_for_twice_is_a_broken_answer(target: str) -> None:
    async with behind(replying(lambda *_: partial(FILE, "image/png"))) as (monitor, running):
        reply = await running.ask(target, headers={"Accept": "application/json"})
        assert (reply.status, json.loads(reply.body)["kind"]) == (502, "broken-answer")
        assert len(monitor.heads) == 2


async def test_a_range_of_a_page_is_not_asked_for() -> None:
    async with behind(file_server(b"<html>/swf-monitor/", "text/html")) as (monitor, running):
        reply = await running.ask("/prod/panda/jobs/", headers=WISH)
        assert (reply.status, reply.body) == (200, b"<html>/swf-monitor/")
        assert values(monitor.heads[0], b"range") == []


async def test_a_copy_is_confirmed_by_the_tag_that_we_gave() -> None:
    def reply(head: bytes, _body: bytes) -> bytes:
        if values(head, b"if-none-match") == [b'"e"']:
            return b'HTTP/1.1 304 Not Modified\r\nETag: "e"\r\n\r\n'
        return answer(b"a{}", kind="text/css", headers=['ETag: "e"'])

    async with behind(replying(reply)) as (_, running):
        first = await running.ask("/prod/static/a.css")
        again = await running.ask("/prod/static/a.css", headers={"If-None-Match": first.headers["ETag"]})
        assert first.headers["ETag"].startswith('W/"e.')
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert again.headers["X-Robots-Tag"] == "noindex"


async def test_a_precondition_that_fails_at_the_monitor_fails_here() -> None:
    def reply(head: bytes, _body: bytes) -> bytes:
        failed = values(head, b"if-match") != [b'"e"']
        return answer(
            b"", status="412 Precondition Failed" if failed else "200 OK", kind="text/css", headers=['ETag: "e"']
        )

    async with behind(replying(reply)) as (_, running):
        tag = (await running.ask("/prod/static/a.css", headers={"If-Match": '"e"'})).headers["ETag"]
        assert (await running.ask("/prod/static/a.css", headers={"If-Match": tag})).status == 200
        assert (await running.ask("/prod/static/a.css", headers={"If-Match": '"old"'})).status == 412


async def test_an_unsatisfiable_range_passes() -> None:
    refused = answer(b"", status="416 Range Not Satisfiable", kind="image/png", headers=["Content-Range: bytes */256"])
    async with behind(replying(lambda *_: refused)) as (_, running):
        reply = await running.ask("/prod/static/a.png", headers={"Range": "bytes=999-"})
        assert (reply.status, reply.headers["Content-Range"]) == (416, "bytes */256")
