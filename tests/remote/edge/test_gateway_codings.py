"""Codings through the whole gateway: compressed on the link and for the reader, never shown as whole when cut."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping

import brotli
import pytest
import zstandard

from swf_remote.proxy.coding.decoding import Decoding
from tests.remote.edge.monitors import behind, for_readers, replying, values
from tests.remote.proxy.test_codings import decoded, packed
from tests.remote.upstream.scripted import Connection, answer, say

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PAGE = b'<html><body><a href="/swf-monitor/x">%d</a>\n' * 200
OURS = PAGE.replace(b"swf-monitor", b"prod")
TARGET = "/prod/panda/jobs/"
CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": packed,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": lambda body: body,
}


def encoded(coding: str, body: bytes = PAGE, kind: str = "text/html") -> bytes:
    return answer(CODERS[coding](body), kind=kind, headers=[f"Content-Encoding: {coding}", 'ETag: "e"'])


@pytest.mark.parametrize("there", CODERS)
@pytest.mark.parametrize("here", CODERS)
async def test_each_coding_of_the_monitor_becomes_each_of_the_reader(there: str, here: str) -> None:
    async with behind(replying(lambda *_: encoded(there))) as (monitor, running):
        reply = await running.ask(TARGET, headers={"Accept-Encoding": here})
        assert decoded(here.encode(), reply.body) == OURS
        assert reply.headers.get("Content-Encoding", "identity") == here
        assert "Accept-Encoding" in reply.headers["Vary"]
        assert "Content-Length" not in reply.headers
        assert values(monitor.heads[-1], b"accept-encoding") == [b"zstd, br, gzip"]


async def test_head_and_get_have_the_same_head() -> None:
    def reply(head: bytes, _body: bytes) -> bytes:
        whole = encoded("gzip")
        return whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if head.startswith(b"HEAD") else whole

    def told(headers: Mapping[str, str]) -> dict[str, str]:
        changing = {"x-request-id", "server-timing", "date", "transfer-encoding"}
        return {name.lower(): value for name, value in headers.items() if name.lower() not in changing}

    async with behind(replying(reply)) as (_, running):
        for accept in ("br", "identity"):
            got = [await running.ask(TARGET, method, headers={"Accept-Encoding": accept}) for method in ("GET", "HEAD")]
            assert told(got[0].headers) == told(got[1].headers)
            assert got[1].body == b""


async def test_a_page_in_a_coding_that_nobody_knows_is_a_problem_and_not_a_page() -> None:
    body = answer(PAGE, kind="text/html", headers=["Content-Encoding: sdch"])
    async with behind(replying(lambda *_: body)) as (_, running):
        reply = await running.ask(TARGET, headers={"Accept": "application/json", "Accept-Encoding": "sdch"})
        assert (reply.status, b"broken-answer" in reply.body, b"swf-monitor" in reply.body) == (502, True, False)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_the_first_words_of_a_slow_page_come_at_once(coding: str) -> None:
    go_on = asyncio.Event()

    async def slowly(connection: Connection, _head: bytes) -> None:
        words = b"<html><body><p>first words</p>" + b" " * 200
        await say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")(connection)
        await say(b"%x\r\n%b\r\n" % (len(words), words))(connection)
        await go_on.wait()
        await say(b"4\r\nlast\r\n0\r\n\r\n")(connection)

    wish = {"Accept-Encoding": coding}
    async with (
        behind(for_readers(slowly)) as (_, running),
        running.session.get(running.url + TARGET, headers=wish) as got,
        asyncio.timeout(5),
    ):
        decoding, text = Decoding([coding.encode()]), b""
        while b"first words" not in text:
            text += b"".join(decoding.pieces(await got.content.readany()))
        go_on.set()
        text += b"".join(decoding.pieces(await got.content.read()))
        decoding.finish()
        assert text.rstrip().endswith(b"last")


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("CI"),
    reason="curl is missing; install it with: sudo make system-deps",
)
@pytest.mark.parametrize("there", CODERS)
@pytest.mark.parametrize("here", CODERS)
async def test_a_page_that_is_cut_off_is_an_error_to_its_reader(there: str, here: str) -> None:
    whole = CODERS[there](PAGE * 50)
    lines = [
        "HTTP/1.1 200 OK",
        "Content-Type: text/html",
        f"Content-Encoding: {there}",
        f"Content-Length: {len(whole)}",
    ]
    head = "\r\n".join([*lines, "", ""])

    async def cut(connection: Connection, _head: bytes) -> None:
        await say(head.encode() + whole[: len(whole) // 2])(connection)
        connection.writer.close()

    async with behind(for_readers(cut)) as (_, running):
        arguments = [
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            f"Accept-Encoding: {here}",
            running.url + TARGET,
        ]
        curl = await asyncio.to_thread(subprocess.run, ["curl", *arguments], capture_output=True, check=False)
        # Either it was cut before anything was sent, and is a page of words, or the reader's program notices.
        assert curl.returncode != 0 or curl.stdout == b"502"
        assert curl.stdout != b"000"


async def test_a_coding_that_ends_early_within_a_whole_body_breaks_the_readers_connection() -> None:
    whole = packed(PAGE * 50)
    broken = answer(whole[:-8], kind="text/html", headers=["Content-Encoding: gzip"])
    async with behind(replying(lambda *_: broken)) as (_, running):
        got = await running.raw(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 200 ")
        assert b"transfer-encoding: chunked" in got.lower()
        assert not got.endswith(b"0\r\n\r\n")


async def test_a_picture_passes_as_it_is_or_is_decoded_for_who_needs_it() -> None:
    async with behind(replying(lambda *_: encoded("zstd", b"picture", "image/png"))) as (_, running):
        same = await running.ask(TARGET, headers={"Accept-Encoding": "zstd"})
        plain = await running.ask(TARGET, headers={"Accept-Encoding": "gzip"})
        assert (decoded(b"zstd", same.body), plain.body) == (b"picture", b"picture")
        assert (same.headers["ETag"], plain.headers["ETag"]) == ('"e"', 'W/"e"')
        assert "Content-Encoding" not in plain.headers
