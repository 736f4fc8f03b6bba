"""HTTP/2 to the monitor: what is sent, and bodies both ways within the windows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from h2.errors import ErrorCodes

from swf_remote.proxy.failures import BrokenAnswerError
from swf_remote.proxy.http2.windows import CONNECTION_WINDOW, LARGEST_STREAM_WINDOW, STREAM_WINDOW
from tests.remote.upstream.http2_talk import failure_of, nothing, requests_of, settle_first, until
from tests.remote.upstream.scripted_http2 import OK, Peer, answers_all
from tests.remote.upstream.test_upstream_client import Request, body_of

pytestmark = pytest.mark.slow


# What is sent.


async def test_a_request_carries_what_it_carries_over_http_1_and_no_more(talk: Callable) -> None:
    target = "/swf-monitor/panda/a%2Fb/%zz?x=1&x=2&empty=&plus=a+b;c=%FF&path=/../"
    headers = (("Host", "monitor.example"), ("Accept", "text/html"), ("X-Remote-User", "alice"))
    async with talk(answers_all) as (monitor, client):
        await body_of(client, Request(target=target, headers=headers))
        assert monitor.peers[0].heads[1] == {
            b":method": b"GET",
            b":scheme": b"https",
            b":authority": b"monitor.example",
            b":path": target.encode(),
            b"accept": b"text/html",
            b"x-remote-user": b"alice",
        }


async def test_a_body_streams_within_the_windows_of_the_monitor(talk: Callable) -> None:
    sent = []

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(50):
            sent.append(1)
            yield b"x" * 10_000

    async def hold_back(peer: Peer) -> None:
        peer.credits = False
        stream = await peer.request()
        await peer.until(lambda: len(peer.body_of(stream)) == 20_000)
        assert len(sent) <= 4
        peer.machine.increment_flow_control_window(500_000, stream)
        peer.machine.increment_flow_control_window(500_000)
        peer.flush()
        peer.answer(stream, str(len(await peer.whole(stream))).encode())

    async with talk(settle_first(hold_back), window=20_000) as (_monitor, client):
        await body_of(client, Request())
        assert await body_of(client, Request("POST"), body=upload()) == b"500000"


async def test_an_early_answer_ends_the_upload(talk: Callable) -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 10_000
        finally:
            ended.set()

    async def refuse(peer: Peer) -> None:
        peer.answer(await peer.request(), b"too large", [(b":status", b"413")])

    async with talk(refuse) as (monitor, client):
        assert await body_of(client, Request("POST"), body=endless()) == b"too large"
        await asyncio.wait_for(ended.wait(), 5)
        assert (await monitor.peers[0].reset_of(1)).error_code == ErrorCodes.NO_ERROR


async def test_a_body_that_fails_is_never_ended_as_if_it_were_whole(talk: Callable) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the reader left")

    async with talk(nothing) as (monitor, client):
        assert isinstance(await failure_of(client.send(Request("POST"), body=broken())), BrokenAnswerError)
        assert (await monitor.peers[0].reset_of(1)).error_code == ErrorCodes.CANCEL


# Bodies of answers.


async def test_a_slow_reader_holds_one_window_and_stands_in_nobodys_way(talk: Callable) -> None:
    large = bytes(range(256)) * 40_000

    async def serve(peer: Peer) -> None:
        first = await peer.request()
        peer.head(first)
        streaming = asyncio.create_task(peer.stream_out(first, large))
        for _ in range(3):
            peer.answer(await peer.request(), b"quick" * 3000)
        await streaming

    async with talk(serve) as (monitor, client):
        slow = await client.send(Request())
        peer_of = monitor.peers[0]
        for _ in range(3):
            assert await body_of(client, Request()) == b"quick" * 3000
        await until(lambda: slow._source.waiting == STREAM_WINDOW)
        assert peer_of.machine.streams[1].outbound_flow_control_window == 0
        assert b"".join([chunk async for chunk in slow.chunks()]) == large
        slow.close()


async def test_a_reader_who_keeps_up_is_given_a_larger_window(talk: Callable) -> None:
    large = bytes(LARGEST_STREAM_WINDOW * 8)
    async with talk(lambda peer: serve_large(peer, large)) as (_monitor, client):
        reply = await client.send(Request())
        received, largest = 0, 0
        async for chunk in reply.chunks():
            received += len(chunk)
            largest = max(largest, reply._source.credit.window)
        reply.close()
        assert (received, largest) == (len(large), LARGEST_STREAM_WINDOW)


async def serve_large(peer: Peer, body: bytes) -> None:
    stream = await peer.request()
    peer.head(stream)
    await peer.stream_out(stream, body)


async def test_readers_who_leave_free_what_they_held(talk: Callable) -> None:
    rounds = 2 * CONNECTION_WINDOW // STREAM_WINDOW

    async def serve(peer: Peer) -> None:
        for _ in range(rounds):
            stream = await peer.request()
            peer.head(stream)
            peer.data(stream, bytes(16_384))
            streaming = asyncio.create_task(peer.stream_out(stream, bytes(STREAM_WINDOW)))
            assert (await peer.reset_of(stream)).error_code == ErrorCodes.CANCEL
            streaming.cancel()
        peer.answer(await peer.request(), b"still here")

    async with talk(serve) as (monitor, client):
        for _ in range(rounds):
            reply = await client.send(Request())
            await anext(reply.chunks())
            reply.close()
        assert await body_of(client, Request()) == b"still here"
        assert len(monitor.peers) == 1


async def test_a_reader_who_leaves_before_the_answer_ends_the_monitors_work(talk: Callable) -> None:
    async with talk(nothing) as (monitor, client):
        asking = asyncio.create_task(client.send(Request()))
        await until(lambda: requests_of(monitor) == [1])
        asking.cancel()
        assert (await monitor.peers[0].reset_of(1)).error_code == ErrorCodes.CANCEL


async def test_padding_is_credited_too(talk: Callable) -> None:
    async def padded(peer: Peer) -> None:
        stream = await peer.request()
        peer.head(stream)
        for _ in range(3 * STREAM_WINDOW // 200):
            await peer.until(lambda: peer.machine.local_flow_control_window(stream) > 202)
            peer.machine.send_data(stream, b"x", pad_length=200)
            peer.flush()
        peer.machine.end_stream(stream)
        peer.flush()

    async with talk(padded) as (_monitor, client):
        assert len(await body_of(client, Request())) == 3 * STREAM_WINDOW // 200


@pytest.mark.parametrize(
    ("method", "status", "length"), [("HEAD", b"200", b"500"), ("GET", b"304", b"500"), ("GET", b"204", b"0")]
)
async def test_an_answer_without_a_body_may_name_a_length(
    talk: Callable, method: str, status: bytes, length: bytes
) -> None:
    async def serve(peer: Peer) -> None:
        peer.head(await peer.request(), [(b":status", status), (b"content-length", length)], ends=True)

    async with talk(serve) as (_monitor, client):
        assert await body_of(client, Request(method)) == b""


async def test_trailers_end_an_answer_and_are_dropped(talk: Callable) -> None:
    async def serve(peer: Peer) -> None:
        stream = await peer.request()
        peer.head(stream)
        peer.data(stream, b"body")
        peer.head(stream, [(b"x-trailer", b"late"), (b"content-length", b"9")], ends=True)

    async with talk(serve) as (_monitor, client):
        reply = await client.send(Request())
        assert [chunk async for chunk in reply.chunks()] == [b"body"]
        assert [name for name, _ in reply.raw_headers] == [b"content-type"]
        reply.close()


async def test_duplicate_header_lines_and_latin_1_bytes_are_kept(talk: Callable) -> None:
    async def serve(peer: Peer) -> None:
        peer.answer(await peer.request(), b"", [*OK, (b"x-a", b"one"), (b"x-a", b"two"), (b"x-b", b"caf\xe9")])

    async with talk(serve) as (_monitor, client):
        reply = await client.send(Request())
        reply.close()
        assert [value for name, value in reply.raw_headers if name.startswith(b"x-")] == [b"one", b"two", b"caf\xe9"]
