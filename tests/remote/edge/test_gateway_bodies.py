"""Bodies of requests through the whole gateway: asked for late, measured if short, else streamed, forms mapped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from swf_remote.proxy.policy.routes import decide
from tests.remote.edge.monitors import behind, body_of, for_readers, replying, values
from tests.remote.edge.test_gateway_requests import own_page, signed_in
from tests.remote.gateways import Gateway
from tests.remote.upstream.scripted import Connection, answer, say

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TARGET = "/prod/pcs/api/tags/"


def fine(head: bytes, _body: bytes) -> bytes:
    """The same answer to everybody."""
    return answer(b"" if head.startswith(b"HEAD") else b"{}", kind="application/json")


FINE = replying(fine)


@pytest.fixture
def alice() -> dict[str, str]:
    return signed_in("alice")


def head_of(
    running: Gateway, headers: dict[str, str], *lines: str, target: str = TARGET, method: str = "POST"
) -> bytes:
    """A request's head as bytes."""
    named = [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(
        [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{running.port}", *named, *lines, "", ""]
    ).encode()


async def interim(running: Gateway, head: bytes) -> bytes:
    """What comes first after a head that expects to be asked for its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(head)
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    return line


async def test_a_body_that_waits_to_be_asked_for_is_asked_for_and_arrives(alice: dict[str, str]) -> None:
    async with behind(FINE) as (monitor, running):
        head = head_of(running, alice | own_page(running), "Expect: 100-continue", "Content-Length: 4")
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head)
        async with asyncio.timeout(10):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"data")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()
        assert monitor.bodies == [b"data"]
        assert values(monitor.heads[0], b"expect") == []


async def test_no_body_is_asked_for_that_is_refused_anyway(alice: dict[str, str]) -> None:
    expecting = ("Expect: 100-continue", "Content-Length: 4")
    async with behind(FINE, upload_limit=1000) as (monitor, running):
        ours = own_page(running)
        refused = {
            b"401": head_of(running, ours, *expecting),
            b"403": head_of(running, alice | {"Origin": "https://evil.example"}, *expecting),
            b"413": head_of(running, alice | ours, "Expect: 100-continue", "Content-Length: 1001"),
            b"405": head_of(running, alice | ours, *expecting, target="/prod/panda/jobs/"),
            b"415": head_of(running, alice | ours, *expecting, "Content-Encoding: gzip"),
        }
        for status, head in refused.items():
            assert (await interim(running, head)).startswith(b"HTTP/1.1 " + status)
        assert monitor.heads == []


async def test_a_body_above_the_limit_ends_the_connection_while_it_streams(alice: dict[str, str]) -> None:
    async with behind(FINE, upload_limit=3_000_000) as (_, running):
        head = head_of(running, alice | own_page(running), "Transfer-Encoding: chunked", "Accept: application/json")
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head)
        chunk = b"%x\r\n%b\r\n" % (100_000, b"x" * 100_000)

        async def endless() -> None:
            while True:
                writer.write(chunk)
                await writer.drain()

        sending = asyncio.ensure_future(endless())
        async with asyncio.timeout(10):
            got = await reader.read(-1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
        assert got.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in got.lower()
        assert json.loads(got.partition(b"\r\n\r\n")[2])["kind"] == "body-too-large"


async def test_a_row_may_take_less_than_the_gateway_does(alice: dict[str, str]) -> None:
    target = "/prod/ai/assessments/1/quality/"
    route = decide("POST", target.removeprefix("/prod/")).route
    assert route is not None
    assert route.upload is not None
    half = bytes(route.upload // 2 + 1)
    async with behind(FINE, upload_limit=100_000_000) as (monitor, running):
        headers = alice | own_page(running) | {"Accept": "application/json"}
        for data in (half + half, pieces(half, half)):
            reply = await running.ask(target, "POST", headers=headers, data=data)
            assert (reply.status, json.loads(reply.body)["kind"]) == (413, "body-too-large")
        assert monitor.bodies == []


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_short_body_of_unknown_length_is_measured_for_the_monitor(alice: dict[str, str]) -> None:
    async with behind(FINE) as (monitor, running):
        await running.ask(TARGET, "POST", headers=alice | own_page(running), data=pieces(b"one,", b"two"))
        assert monitor.bodies == [b"one,two"]
        assert values(monitor.heads[0], b"content-length") == [b"7"]
        assert values(monitor.heads[0], b"transfer-encoding") == []


async def test_a_long_body_of_unknown_length_streams_in_chunks(alice: dict[str, str]) -> None:
    parts = [bytes([number]) * 300_000 for number in range(6)]
    async with behind(FINE) as (monitor, running):
        await running.ask(TARGET, "POST", headers=alice | own_page(running), data=pieces(*parts))
        assert monitor.bodies == [b"".join(parts)]
        assert values(monitor.heads[0], b"transfer-encoding") == [b"chunked"]


async def test_an_empty_body_stays_one(alice: dict[str, str]) -> None:
    async with behind(FINE) as (monitor, running):
        headers = alice | own_page(running)
        for data in (None, b"", pieces()):
            await running.ask(TARGET, "POST", headers=headers, data=data)
        assert monitor.bodies == [b""] * 3
        assert [values(head, b"content-length") for head in monitor.heads] == [[b"0"]] * 3


async def test_an_upload_is_held_back_by_a_monitor_that_does_not_read(alice: dict[str, str]) -> None:
    read_on = asyncio.Event()

    async def later(connection: Connection, head: bytes) -> None:
        await read_on.wait()
        connection.seen.bodies.append(await body_of(connection, head))
        await say(answer(b"{}"))(connection)

    size = 60_000_000
    async with behind(for_readers(later)) as (monitor, running):
        headers = alice | own_page(running) | {"Content-Length": str(size)}
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head_of(running, headers))
        sent = 0

        async def upload() -> None:
            nonlocal sent
            while sent < size:
                writer.write(bytes(100_000))
                await writer.drain()
                sent += 100_000

        sending = asyncio.ensure_future(upload())
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.3)
        assert 0 < sent < size / 2
        read_on.set()
        async with asyncio.timeout(20):
            await sending
            while not monitor.bodies:
                await asyncio.sleep(0.02)
        writer.close()
        assert len(monitor.bodies[0]) == size


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_the_body_of_a_request_that_changes_nothing_goes_no_further(method: str) -> None:
    async with behind(FINE) as (monitor, running):
        for _ in range(2):
            head = head_of(
                running, {}, "Content-Length: 30", "Connection: close", method=method, target="/prod/panda/jobs/"
            )
            got = await running.raw(head + b"GET /swf-monitor/admin/ HTTP/1")
            assert got.startswith(b"HTTP/1.1 200 ")
        assert [head.split()[:2] for head in monitor.heads] == [[method.encode(), b"/swf-monitor/panda/jobs/"]] * 2
        assert [values(head, b"content-length") for head in monitor.heads] in ([[], []], [[b"0"], [b"0"]])


async def test_a_reader_who_leaves_within_the_upload_ends_it_at_the_monitor(alice: dict[str, str]) -> None:
    gone = asyncio.Event()

    async def reads(connection: Connection, head: bytes) -> None:
        try:
            await body_of(connection, head)
        except asyncio.IncompleteReadError:
            gone.set()
            raise

    async with behind(for_readers(reads)) as (_, running):
        headers = alice | own_page(running) | {"Content-Length": "5000000"}
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(head_of(running, headers) + bytes(100_000))
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            await gone.wait()


async def test_a_reader_who_sent_a_body_and_leaves_ends_the_monitors_work(alice: dict[str, str]) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def works(connection: Connection, head: bytes) -> None:
        await body_of(connection, head)
        asked.set()
        await connection.reader.read(1)
        gone.set()

    for method, target in (("POST", TARGET), ("GET", "/prod/panda/jobs/")):
        asked.clear()
        gone.clear()
        async with behind(for_readers(works)) as (_, running):
            headers = alice | own_page(running) | {"Content-Length": "4"}
            _, writer = await asyncio.open_connection("127.0.0.1", running.port)
            writer.write(head_of(running, headers, method=method, target=target) + b"data")
            async with asyncio.timeout(10):
                await asked.wait()
                writer.close()
                await gone.wait()


async def test_a_form_posted_back_carries_the_monitors_path(alice: dict[str, str]) -> None:
    async with behind(FINE) as (monitor, running):
        headers = alice | own_page(running) | {"Content-Type": "application/x-www-form-urlencoded"}
        await running.ask("/prod/pcs/x/", "POST", headers=headers, data=b"a=/prod/&next=%2Fprod%2Fpcs%2F")
        await running.ask("/prod/pcs/x/", "POST", headers=headers, data=pieces(b"next=/pr", b"od/"))
        await running.ask("/prod/pcs/x/", "POST", headers=headers, data=b"next=/prod/&a=" + b"x" * 1_100_000)
        assert monitor.bodies[0] == b"a=/prod/&next=%2Fswf-monitor%2Fpcs%2F"
        assert monitor.bodies[1] == b"next=/swf-monitor/"
        assert monitor.bodies[2].startswith(b"next=/prod/&")
        assert [values(head, b"content-length") for head in monitor.heads] == [
            [str(len(body)).encode()] for body in monitor.bodies
        ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_every_method_that_changes_carries_its_body_and_whole_type(method: str, alice: dict[str, str]) -> None:
    kind = 'multipart/form-data; boundary="a b"; charset=utf-8'
    async with behind(FINE) as (monitor, running):
        headers = alice | own_page(running) | {"Content-Type": kind}
        await running.ask("/prod/pcs/x/", method, headers=headers, data=b"\x00\xff body")
        assert monitor.heads[0].startswith(method.encode() + b" ")
        assert (monitor.bodies, values(monitor.heads[0], b"content-type")) == ([b"\x00\xff body"], [kind.encode()])


@pytest.mark.parametrize("size", [10_000, 20_000_000])
async def test_a_monitor_that_answers_before_it_has_read_all_is_heard(size: int, alice: dict[str, str]) -> None:
    async def refuses(connection: Connection, _head: bytes) -> None:
        words = answer(b'{"detail": "no"}', status="400 No", kind="application/json", headers=["Connection: close"])
        await say(words)(connection)
        connection.writer.close()

    async with behind(for_readers(refuses)) as (_, running):
        reply = await running.ask(TARGET, "POST", headers=alice | own_page(running), data=bytes(size))
        assert (reply.status, reply.body) == (400, b'{"detail": "no"}')
