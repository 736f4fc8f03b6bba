"""HTTP/2 to the monitor: one connection for all, the same answers and the same errors as over HTTP/1.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, RequestReceived
from hpack import Encoder

from swf_remote.proxy import upstream
from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    BusyError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    TlsError,
    TlsFault,
    UpstreamError,
    UpstreamTimeoutError,
)
from swf_remote.proxy.http2 import health, pool
from swf_remote.proxy.http2.windows import CONNECTION_WINDOW, LARGEST_STREAM_WINDOW, MOST_FREE_FRAMES, STREAM_WINDOW
from swf_remote.proxy.upstream import Budget, UpstreamClient
from swf_remote.proxy.wire import MOST_INTERIM
from tests.remote.gateways import gateway
from tests.remote.upstream.certificates import NAME, Authority
from tests.remote.upstream.scripted import answer, read_request, say, scripted, wait_for_close
from tests.remote.upstream.scripted_http2 import (
    OK,
    Headers,
    Http2Monitor,
    Peer,
    Script,
    answers_all,
    frame,
    http2_monitor,
    tls_of,
)
from tests.remote.upstream.test_upstream_client import Request, body_of, client_of

pytestmark = pytest.mark.slow

POST = Request("POST", headers=(("Host", NAME), ("Content-Length", "0")))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def talk(authority: Authority) -> Callable[..., object]:
    """A scripted monitor and a client that trusts it."""

    @asynccontextmanager
    async def both(*scripts: Script, **options: object) -> AsyncIterator[tuple[Http2Monitor, UpstreamClient]]:
        async with (
            http2_monitor(authority.server(), *scripts, **options) as monitor,
            client_of(monitor.url, monitor_host=NAME, monitor_ca_file=authority.file) as client,
        ):
            yield monitor, client

    return both


async def nothing(_peer: Peer) -> None:
    """Hear requests and say nothing."""


def requests_of(monitor: Http2Monitor) -> list[int]:
    return [len(peer.of(RequestReceived)) for peer in monitor.peers]


async def failure_of(asking: object) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asking
    return caught.value


# Which protocol, and how many connections.


async def test_requests_at_once_share_one_connection_from_the_first_on(talk: Callable) -> None:
    async with talk(answers_all) as (monitor, client):
        targets = [f"/swf-monitor/{number}" for number in range(60)]
        assert await asyncio.gather(*(body_of(client, Request(target=one)) for one in targets)) == [
            one.encode() for one in targets
        ]
        await body_of(client, Request())
        assert (monitor.spoken, requests_of(monitor)) == (["h2"], [61])


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
async def test_a_monitor_that_does_not_offer_it_is_asked_in_http_1_on_the_same_connection(
    authority: Authority, protocols: tuple[str, ...]
) -> None:
    script = [read_request(), say(answer(b"old"))] * 3
    async with scripted(script, tls=tls_of(authority.server(), *protocols)) as monitor:
        url = monitor.url.replace("http:", "https:")
        async with client_of(url, monitor_host=NAME, monitor_ca_file=authority.file) as client:
            assert [await body_of(client, Request()) for _ in range(3)] == [b"old"] * 3
            assert (monitor.connections, len(monitor.heads)) == (1, 3)


async def test_requests_at_once_in_http_1_have_their_own_connections(authority: Authority) -> None:
    script = [read_request(), say(answer(b"old"))]
    async with scripted(script, tls=authority.server().tls()) as monitor:
        url = monitor.url.replace("http:", "https:")
        async with client_of(url, monitor_host=NAME, monitor_ca_file=authority.file) as client:
            assert await asyncio.gather(*(body_of(client, Request()) for _ in range(5))) == [b"old"] * 5
            assert monitor.connections == 5


async def test_it_can_be_switched_off(authority: Authority) -> None:
    async with http2_monitor(authority.server(), answers_all, protocols=("h2", "http/1.1")) as monitor:
        settings = {"monitor_host": NAME, "monitor_ca_file": authority.file, "monitor_http2": "off"}
        async with client_of(monitor.url, **settings) as client:
            assert await body_of(client, Request()) == b"old"
            assert monitor.spoken == [None]


async def test_a_monitor_that_learns_it_later_is_asked_in_it_from_the_next_connection_on(authority: Authority) -> None:
    script = [read_request(), say(answer(b"old", headers=["Connection: close"]))]
    async with scripted(script, tls=authority.server().tls()) as old:
        url = old.url.replace("http:", "https:")
        async with client_of(url, monitor_host=NAME, monitor_ca_file=authority.file) as client:
            assert await body_of(client, Request()) == b"old"
            async with http2_monitor(authority.server(), answers_all) as new:
                client._root = new.url.removesuffix("/swf-monitor")
                assert [await body_of(client, Request(target="/new")) for _ in range(2)] == [b"/new"] * 2
                assert new.spoken == ["h2"]


async def test_a_monitor_that_insists_on_http_1_gets_it(talk: Callable) -> None:
    async def insist(peer: Peer) -> None:
        peer.reset(await peer.request(), ErrorCodes.HTTP_1_1_REQUIRED)

    async with talk(insist, protocols=("h2", "http/1.1")) as (monitor, client):
        assert [await body_of(client, Request()) for _ in range(2)] == [b"old"] * 2
        assert monitor.spoken == ["h2", "http/1.1", "http/1.1"]


async def test_the_certificate_is_checked_before_a_frame_is_sent(authority: Authority) -> None:
    async with (
        http2_monitor(authority.server("other.example"), answers_all) as monitor,
        client_of(monitor.url, monitor_host=NAME, monitor_ca_file=authority.file) as client,
    ):
        error = await failure_of(client.send(Request()))
    assert isinstance(error, TlsError)
    assert (error.fault, monitor.peers) == (TlsFault.NAME, [])


@pytest.mark.parametrize("fits", [True, False])
async def test_a_pin_is_checked_before_a_frame_is_sent(authority: Authority, fits: bool) -> None:
    server = authority.server()
    pin = server.key_pin if fits else authority.server().key_pin
    async with http2_monitor(server, answers_all) as monitor, client_of(monitor.url, monitor_pin=pin) as client:
        if fits:
            assert await body_of(client, Request(target="/safe")) == b"/safe"
            return
        error = await failure_of(client.send(Request()))
        assert isinstance(error, TlsError)
        assert error.fault is TlsFault.PIN
    assert not any(peer.events for peer in monitor.peers if peer.events[:-1])


async def test_a_link_that_is_down_is_told_to_all_who_wait_at_once() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/swf-monitor"
    async with client_of(url, monitor_tls_verify="off") as client:
        errors = await asyncio.gather(*(failure_of(client.send(Request())) for _ in range(20)))
    listener.close()
    assert {(type(error), error.cause, error.sent) for error in errors} == {(LinkDownError, LinkCause.RESET, False)}


async def test_a_handshake_that_never_ends_is_told_to_all_who_wait_as_a_connection_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upstream, "CONNECT_SECONDS", 0.3)
    async with (
        scripted([wait_for_close()]) as monitor,
        client_of(monitor.url.replace("http:", "https:"), monitor_tls_verify="off") as client,
    ):
        errors = await asyncio.gather(*(failure_of(client.send(Request())) for _ in range(5)))
        assert {(type(error), error.phase) for error in errors} == {(UpstreamTimeoutError, Phase.CONNECT)}
        assert monitor.connections == 1


async def test_who_waits_for_a_connection_gets_it_though_the_first_who_asked_has_left(talk: Callable) -> None:
    async with talk(answers_all) as (monitor, client):
        first = asyncio.create_task(body_of(client, Request()))
        await asyncio.sleep(0)
        others = [asyncio.create_task(body_of(client, Request(target="/x"))) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        assert await asyncio.gather(*others) == [b"/x"] * 3
        assert monitor.spoken == ["h2"]
        assert client._shared._connections[0].places_taken == 0


async def test_a_whole_gateway_speaks_it(authority: Authority) -> None:
    trusted = {"monitor_host": NAME, "monitor_ca_file": authority.file}
    async with (
        http2_monitor(authority.server(), answers_all) as monitor,
        gateway(monitor.url, **trusted) as running,
    ):
        plain = {"Accept-Encoding": "identity"}
        targets = [f"/panda/jobs/?days={number}" for number in range(20)]
        replies = await asyncio.gather(*(running.ask(f"/prod{one}", headers=plain) for one in targets))
        assert [reply.text for reply in replies] == [f"/swf-monitor{one}" for one in targets]
        # Looks at the link and event streams have a client of their own.
        assert (set(monitor.spoken), len(monitor.spoken) <= 2) == ({"h2"}, True)


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


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


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


# Resets, GOAWAY, dead connections: what may be asked again, and where.


async def test_a_refused_get_is_repeated_once(talk: Callable) -> None:
    async def refuse(peer: Peer) -> None:
        peer.reset(await peer.request(), ErrorCodes.REFUSED_STREAM)
        await answers_all(peer)

    async with talk(refuse) as (monitor, client):
        assert await body_of(client, Request(target="/x")) == b"/x"
        assert sum(requests_of(monitor)) == 2


@pytest.mark.parametrize(
    ("code", "kind", "sent"),
    [
        (ErrorCodes.REFUSED_STREAM, BusyError, False),
        (ErrorCodes.INTERNAL_ERROR, MonitorSilentError, True),
        (ErrorCodes.CANCEL, MonitorSilentError, True),
        (ErrorCodes.NO_ERROR, MonitorSilentError, True),
        (0xABC, MonitorSilentError, True),
    ],
)
async def test_a_reset_before_the_head_says_whether_something_may_have_been_done(
    talk: Callable, code: int, kind: type[UpstreamError], sent: bool
) -> None:
    async def refuse(peer: Peer) -> None:
        while True:
            peer.reset(await peer.request(), code)

    async with talk(refuse) as (monitor, client):
        error = await failure_of(client.send(POST))
        assert (type(error), error.sent, requests_of(monitor)) == (kind, sent, [1])


async def test_goaway_lets_what_runs_end_and_the_rest_goes_elsewhere(talk: Callable) -> None:
    async def leave(peer: Peer) -> None:
        running = await peer.request()
        peer.head(running)
        await peer.request()
        peer.goaway(running)
        await peer.until(lambda: finished)
        peer.data(running, b"whole", ends=True)
        await peer.gone()
        left.set()

    finished: list[bytes] = []
    left = asyncio.Event()
    async with talk(leave, answers_all) as (monitor, client):
        running = await client.send(Request())
        finished.append(await body_of(client, Request(target="/again")))
        monitor.peers[0]._news.set()
        assert [chunk async for chunk in running.chunks()] == [b"whole"]
        running.close()
        await asyncio.wait_for(left.wait(), 5)
        assert (finished, requests_of(monitor)) == ([b"/again"], [2, 1])


async def test_a_write_behind_goaway_is_not_repeated_and_nothing_was_changed(talk: Callable) -> None:
    async def leave(peer: Peer) -> None:
        await peer.request()
        peer.goaway(0)

    async with talk(leave, answers_all) as (monitor, client):
        error = await failure_of(client.send(POST))
        assert (type(error), error.sent, len(monitor.peers)) == (LinkDownError, False, 1)
        assert await body_of(client, Request(target="/later")) == b"/later"


def dies(after: int, how: Callable[[Peer], None]) -> Script:
    """Answers so many requests and dies at the next."""

    async def script(peer: Peer) -> None:
        for _ in range(after):
            peer.answer(await peer.request(), b"one")
        await peer.request()
        how(peer)

    return script


def close(peer: Peer) -> None:
    peer.writer.close()


@pytest.mark.parametrize("how", [close, Peer.cut])
async def test_gets_are_repeated_once_when_an_idle_connection_had_died(
    talk: Callable, how: Callable[[Peer], None]
) -> None:
    async with talk(dies(1, how), answers_all) as (monitor, client):
        assert await body_of(client, Request()) == b"one"
        assert await asyncio.gather(*(body_of(client, Request(target="/x")) for _ in range(4))) == [b"/x"] * 4
        assert len(monitor.peers) == 2


async def test_a_get_is_repeated_once_only(talk: Callable) -> None:
    async with talk(dies(1, close), dies(0, close)) as (monitor, client):
        await body_of(client, Request())
        assert isinstance(await failure_of(client.send(Request())), MonitorSilentError)
        assert len(monitor.peers) == 2


@pytest.mark.parametrize(("how", "kind"), [(close, MonitorSilentError), (Peer.cut, LinkDownError)])
@pytest.mark.parametrize(("request_", "options"), [(POST, {}), (Request(), {"repeat": False})])
async def test_what_may_have_effects_is_never_repeated(
    talk: Callable,
    how: Callable[[Peer], None],
    kind: type[UpstreamError],
    request_: Request,
    options: dict[str, bool],
) -> None:
    async with talk(dies(1, how), answers_all) as (monitor, client):
        await body_of(client, Request())
        error = await failure_of(client.send(request_, **options))
        assert (type(error), error.sent, len(monitor.peers)) == (kind, True, 1)


async def test_a_new_connection_that_is_closed_without_an_answer_is_a_silent_monitor_asked_once(
    talk: Callable,
) -> None:
    async with talk(dies(0, close)) as (monitor, client):
        assert isinstance(await failure_of(client.send(Request())), MonitorSilentError)
        assert len(monitor.peers) == 1


async def test_a_connection_that_dies_within_an_answer_cuts_it_off(talk: Callable) -> None:
    async def serve(peer: Peer) -> None:
        peer.head(await peer.request())
        await peer.writer.drain()
        peer.writer.close()

    async with talk(serve) as (_monitor, client):
        error = await failure_of(body_of(client, Request()))
    assert isinstance(error, BrokenAnswerError)
    assert error.fault is AnswerFault.CUT


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"QUIET_SECONDS": 0.1, "ANSWER_SECONDS": 0.3, "TICK_SECONDS": 0.1}.items():
        monkeypatch.setattr(health, name, seconds)
    monkeypatch.setattr("swf_remote.proxy.http2.connection.TICK_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_a_connection_that_swallows_everything_is_given_up_and_gets_go_elsewhere(talk: Callable) -> None:
    async def fall_deaf(peer: Peer) -> None:
        peer.answer(await peer.request(), b"one")
        peer.hears = False

    async with talk(fall_deaf, answers_all) as (monitor, client):
        await body_of(client, Request())
        assert await body_of(client, Request(target="/x")) == b"/x"
        assert len(monitor.peers) == 2


@pytest.mark.usefixtures("impatient")
async def test_a_write_on_a_connection_that_swallows_everything_may_have_arrived(talk: Callable) -> None:
    async def fall_deaf(peer: Peer) -> None:
        peer.answer(await peer.request(), b"one")
        peer.hears = False

    async with talk(fall_deaf) as (_monitor, client):
        await body_of(client, Request())
        error = await failure_of(client.send(POST))
        assert (type(error), error.cause, error.sent) == (LinkDownError, LinkCause.SILENT, True)


@pytest.mark.usefixtures("impatient")
async def test_a_slow_answer_on_a_connection_that_is_alive_is_waited_for(talk: Callable) -> None:
    async def slow(peer: Peer) -> None:
        stream = await peer.request()
        await asyncio.sleep(1.5)
        peer.answer(stream)

    async with talk(slow) as (_monitor, client):
        assert await body_of(client, Request()) == b"here"


async def test_a_connection_that_nobody_uses_is_closed(talk: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "IDLE_SECONDS", 0.2)
    async with talk(answers_all) as (monitor, client):
        await body_of(client, Request())
        await monitor.peers[0].gone()
        assert [event.error_code for event in monitor.peers[0].of(ConnectionTerminated)] == [ErrorCodes.NO_ERROR]
        assert await body_of(client, Request(target="/again")) == b"/again"
        assert monitor.spoken == ["h2", "h2"]


async def test_the_end_of_the_process_is_told_to_the_monitor(talk: Callable) -> None:
    async with talk(answers_all) as (monitor, client):
        await body_of(client, Request())
        await client.__aexit__()
        await monitor.peers[0].gone()
        assert [event.error_code for event in monitor.peers[0].of(ConnectionTerminated)] == [ErrorCodes.NO_ERROR]


# The monitor's limit of streams.


async def test_a_further_connection_is_made_where_the_limit_of_streams_is_reached(talk: Callable) -> None:
    go_on = asyncio.Event()

    async def later(peer: Peer) -> None:
        streams = [await peer.request(), await peer.request()]
        await go_on.wait()
        for stream in streams:
            peer.answer(stream)
        await answers_all(peer)

    async with talk(answers_all, most_streams=2) as (_, client):
        await body_of(client, Request())
    async with talk(settle_first(later), later, most_streams=2) as (monitor, client):
        await body_of(client, Request())
        asking = [asyncio.create_task(body_of(client, Request())) for _ in range(4)]
        await until(lambda: requests_of(monitor) == [3, 2])
        go_on.set()
        assert await asyncio.gather(*asking) == [b"here"] * 4


def settle_first(then: Script) -> Script:
    """Answer once, so that the client has read the settings."""

    async def script(peer: Peer) -> None:
        peer.answer(await peer.request())
        await then(peer)

    return script


async def test_who_finds_all_streams_taken_waits_in_turn(talk: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_CONNECTIONS", 1)
    async with talk(answers_all, most_streams=1) as (monitor, client):
        await body_of(client, Request())
        targets = [f"/{number}" for number in range(20)]
        asking = [body_of(client, Request(target=one)) for one in targets]
        assert await asyncio.gather(*asking) == [one.encode() for one in targets]
        paths = [monitor.peers[0].heads[stream][b":path"].decode() for stream in sorted(monitor.peers[0].heads)]
        assert (paths[1:], len(monitor.peers)) == (targets, 1)


async def test_who_waits_too_long_for_a_stream_is_told_that_the_monitor_is_busy(
    talk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MOST_CONNECTIONS", 1)
    monkeypatch.setattr(pool, "LONGEST_WAIT_SECONDS", 0.1)
    async with talk(settle_first(nothing), most_streams=1) as (monitor, client):
        await body_of(client, Request())
        hanging = asyncio.create_task(client.send(Request()))
        await until(lambda: requests_of(monitor) == [2])
        assert isinstance(await failure_of(client.send(Request())), BusyError)
        hanging.cancel()
        await asyncio.wait([hanging])
        assert client._shared._connections[0].places_taken == 0


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
