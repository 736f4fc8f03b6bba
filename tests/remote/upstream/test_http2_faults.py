"""HTTP/2 to the monitor: a fault of one answer costs that answer; what breaks the protocol ends the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from hpack import Encoder

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError, Phase, UpstreamError, UpstreamTimeoutError
from swf_remote.proxy.http2.windows import MOST_FREE_FRAMES
from swf_remote.proxy.upstream import Budget
from swf_remote.proxy.wire import MOST_INTERIM
from tests.remote.upstream.http2_talk import failure_of, nothing, settle_first
from tests.remote.upstream.scripted_http2 import Headers, Peer, answers_all, frame
from tests.remote.upstream.test_upstream_client import Request, body_of

pytestmark = pytest.mark.slow


# One answer's faults: they cost that answer, not its neighbours.

FAULTS: dict[AnswerFault, list[Headers]] = {
    AnswerFault.NOT_HTTP: [
        [(b":status", b"999")],
        [(b":status", b"20x")],
        [(b":status", b"0200")],
        [(b"content-type", b"text/plain")],
        [(b"x-early", b"1"), (b":status", b"200")],
        [(b":status", b"200"), (b":status", b"200")],
        [(b":status", b"200"), (b":path", b"/")],
        [(b":status", b"200"), (b"X-Upper", b"1")],
        [(b":status", b"200"), (b"x bad", b"1")],
        [(b":status", b"200"), (b"", b"1")],
        [(b":status", b"200"), (b"x-split", b"1\r\nset-cookie: a")],
        [(b":status", b"200"), (b"x-nul", b"1\0")],
        [(b":status", b"200"), (b"x-space", b" 1")],
        [(b":status", b"200"), (b"connection", b"close")],
        [(b":status", b"200"), (b"keep-alive", b"5")],
        [(b":status", b"200"), (b"upgrade", b"h2c")],
    ],
    AnswerFault.LENGTH: [
        [(b":status", b"200"), (b"transfer-encoding", b"chunked")],
        [(b":status", b"200"), (b"content-length", b"x")],
        [(b":status", b"200"), (b"content-length", b"-1")],
        [(b":status", b"200"), (b"content-length", b"1"), (b"content-length", b"2")],
        [(b":status", b"200"), (b"content-length", b"9" * 26)],
        [(b":status", b"200"), (b"content-length", b"3")],
        [(b":status", b"200"), (b"content-length", b"5")],
        [(b":status", b"204")],
    ],
    AnswerFault.HEAD: [
        [(b":status", b"200"), (b"x-long", b"a" * 70_000)],
        [(b":status", b"200"), *((b"x-%d" % number, b"1") for number in range(200))],
        [(b":status", b"200"), *((b"x-%d" % number, b"a" * 30_000) for number in range(10))],
    ],
}


@pytest.mark.parametrize(("fault", "headers"), [(fault, one) for fault, all_of in FAULTS.items() for one in all_of])
async def test_a_malformed_answer_is_told_apart_and_its_neighbours_go_on(
    talk: Callable, fault: AnswerFault, headers: Headers
) -> None:
    async def serve(peer: Peer) -> None:
        neighbour = await peer.request()
        peer.head(neighbour)
        stream = await peer.request()
        peer.raw(wire_head(peer, stream, headers) + frame(0, 1, stream, b"four"))
        peer.data(neighbour, b"unhurt", ends=True)

    async with talk(serve) as (monitor, client):
        neighbour = await client.send(Request())
        error = await failure_of(body_of(client, Request()))
        assert isinstance(error, BrokenAnswerError)
        assert error.fault is fault
        assert [chunk async for chunk in neighbour.chunks()] == [b"unhurt"]
        neighbour.close()
        assert len(monitor.peers) == 1


def wire_head(peer: Peer, stream: int, headers: Headers, flags: int = 0) -> bytes:
    """A head as frames, past the library's state."""
    block = peer.machine.encoder.encode(headers)
    parts = [block[begin : begin + 16_384] for begin in range(0, len(block), 16_384)]
    frames = [
        frame(1 if number == 0 else 9, flags if number == 0 else 0, stream, one) for number, one in enumerate(parts)
    ]
    last = bytearray(frames[-1])
    last[4] |= 4
    return b"".join([*frames[:-1], bytes(last)])


@pytest.mark.parametrize(
    ("count", "status", "fault"),
    [(3, b"103", None), (MOST_INTERIM + 1, b"103", AnswerFault.INTERIM), (1, b"101", AnswerFault.NOT_HTTP)],
)
async def test_interim_answers_are_bounded(
    talk: Callable, count: int, status: bytes, fault: AnswerFault | None
) -> None:
    async def serve(peer: Peer) -> None:
        stream = await peer.request()
        for _ in range(count):
            peer.head(stream, [(b":status", status), (b"link", b"</x>")])
        peer.answer(stream)

    async with talk(serve) as (_monitor, client):
        if fault is None:
            assert await body_of(client, Request()) == b"here"
            return
        error = await failure_of(client.send(Request()))
        assert isinstance(error, BrokenAnswerError)
        assert error.fault is fault


async def test_a_reset_within_an_answer_is_told_as_cut_off(talk: Callable) -> None:
    async def serve(peer: Peer) -> None:
        stream = await peer.request()
        peer.head(stream)
        peer.data(stream, b"half")
        peer.reset(stream, ErrorCodes.INTERNAL_ERROR)

    async with talk(serve) as (_monitor, client):
        reply = await client.send(Request())
        chunks = reply.chunks()
        assert await anext(chunks) == b"half"
        error = await failure_of(anext(chunks))
        reply.close()
    assert isinstance(error, BrokenAnswerError)
    assert error.fault is AnswerFault.CUT


async def test_silence_is_a_timeout_and_ends_the_monitors_work(talk: Callable) -> None:
    async with talk(settle_first(nothing)) as (monitor, client):
        await body_of(client, Request())
        error = await failure_of(client.send(Request(), budget=Budget(first_byte=0.3)))
        assert isinstance(error, UpstreamTimeoutError)
        assert error.phase is Phase.FIRST_BYTE
        assert (await monitor.peers[0].reset_of(3)).error_code == ErrorCodes.CANCEL


async def test_a_body_that_stops_is_a_timeout_of_the_body(talk: Callable) -> None:
    async def serve(peer: Peer) -> None:
        peer.head(await peer.request())

    async with talk(serve) as (monitor, client):
        error = await failure_of(body_of(client, Request(), budget=Budget(between_bytes=0.3)))
        assert isinstance(error, UpstreamTimeoutError)
        assert error.phase is Phase.BODY
        assert (await monitor.peers[0].reset_of(1)).error_code == ErrorCodes.CANCEL


# A monitor that breaks the protocol, or floods.

MANY = int(MOST_FREE_FRAMES) + 2000
FLOODS: dict[str, Callable[[int], bytes]] = {
    "pings": lambda _stream: frame(6, 0, 0, bytes(8)) * MANY,
    "settings": lambda _stream: frame(4, 0, 0, b"") * MANY,
    "acknowledged settings": lambda _stream: frame(4, 1, 0, b"") * MANY,
    "credit": lambda stream: frame(8, 0, stream, b"\0\0\0\1") * MANY,
    "credit of the connection": lambda _stream: frame(8, 0, 0, b"\0\0\0\1") * MANY,
    "priorities": lambda stream: frame(2, 0, stream, b"\0\0\0\0\1") * MANY,
    "unknown frames": lambda _stream: frame(99, 0, 0, b"") * MANY,
    "resets of what is over": lambda stream: frame(3, 0, stream, b"\0\0\0\0") * MANY,
    "empty data": lambda stream: frame(1, 4, stream, b"\x88") + frame(0, 0, stream, b"") * MANY,
    "continuations": lambda stream: frame(1, 0, stream, b"\x88") + frame(9, 0, stream, b"") * MANY,
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_of_frames_ends_the_connection_and_the_next_one_works(talk: Callable, flood: str) -> None:
    async def drown(peer: Peer) -> None:
        stream = await peer.request()
        peer.raw(FLOODS[flood](stream))
        await peer.gone()
        ended.set()

    ended = asyncio.Event()
    async with talk(drown, answers_all) as (monitor, client):
        await failure_of(body_of(client, Request(), repeat=False))
        await asyncio.wait_for(ended.wait(), 20)
        assert [event.error_code for event in monitor.peers[0].of(ConnectionTerminated)] != [ErrorCodes.NO_ERROR]
        assert await body_of(client, Request(target="/next")) == b"/next"


async def test_a_head_that_unfolds_beyond_all_bounds_ends_the_connection(talk: Callable) -> None:
    async def bomb(peer: Peer) -> None:
        stream = await peer.request()
        block = Encoder().encode([(b":status", b"200"), (b"x", b"a" * 3900)]) + b"\xbe" * 10_000
        peer.raw(frame(1, 4, stream, block))

    async with talk(bomb) as (_monitor, client):
        error = await failure_of(client.send(Request()))
    assert isinstance(error, BrokenAnswerError)
    assert error.fault is AnswerFault.HEAD


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        bytes(64),
        frame(5, 4, 1, b"\0\0\0\2\x82"),  # a pushed stream, which was forbidden
        frame(1, 4, 2, b"\x88"),  # an answer nobody asked for
        frame(0, 0, 1, b"body before head"),
        frame(1, 4, 1, b"\xff\xff\xff\xff\xff"),
        frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2,
        frame(4, 0, 0, b"\0\4\xff\xff\xff\xff"),
        frame(6, 0, 0, b"short"),
        (20_000).to_bytes(3, "big") + b"\0\0\0\0\0\1" + bytes(20_000),
    ],
)
async def test_what_breaks_the_protocol_is_no_answer_and_ends_the_connection(talk: Callable, said: bytes) -> None:
    async def break_it(peer: Peer) -> None:
        await peer.request()
        peer.raw(said)
        await peer.gone()
        ended.set()

    ended = asyncio.Event()
    async with talk(break_it, answers_all) as (_monitor, client):
        error = await failure_of(client.send(Request()))
        assert isinstance(error, BrokenAnswerError)
        assert error.fault is AnswerFault.NOT_HTTP
        await asyncio.wait_for(ended.wait(), 20)
        assert await body_of(client, Request(target="/next")) == b"/next"


async def test_a_monitor_that_takes_no_answers_to_its_pings_fills_no_memory(talk: Callable) -> None:
    async def ping(peer: Peer) -> None:
        await peer.request()
        peer.hears = False
        while not peer.writer.is_closing():
            peer.raw(frame(6, 0, 0, bytes(8)) * 500)
            await peer.writer.drain()

    async with talk(ping) as (_monitor, client):
        assert isinstance(await failure_of(client.send(Request(), repeat=False)), UpstreamError)
