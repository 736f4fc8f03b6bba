"""The client to the monitor: every fault of the other side is one of our own errors, and bytes stay bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest

from swf_remote.configuration import Configuration
from swf_remote.proxy import upstream
from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    UpstreamTimeoutError,
)
from swf_remote.proxy.upstream import Budget, UpstreamClient
from swf_remote.proxy.wire import AnswerProtocol
from tests.remote.upstream.scripted import (
    Connection,
    Step,
    answer,
    read_chunked_request,
    read_request,
    reset,
    say,
    scripted,
    wait,
    wait_for_close,
)

pytestmark = pytest.mark.slow

QUICK = Budget(first_byte=0.2, between_bytes=0.2)


@dataclass(frozen=True)
class Request:
    method: str = "GET"
    target: str = "/swf-monitor/panda/"
    headers: Sequence[tuple[str, str]] = (("Host", "monitor.example"),)


@asynccontextmanager
async def client_of(url: str, **settings: object) -> AsyncIterator[UpstreamClient]:
    async with UpstreamClient(Configuration(monitor_url=url, **settings)) as client:
        yield client


async def body_of(client: UpstreamClient, request: Request, **options: object) -> bytes:
    reply = await client.send(request, **options)
    try:
        return b"".join([chunk async for chunk in reply.chunks()])
    finally:
        reply.close()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_nothing_but_the_given_headers_is_sent() -> None:
    async with scripted([read_request(), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request(headers=(("Host", "monitor.example"), ("Accept", "text/html"))))
        names = [line.split(b":")[0].lower() for line in monitor.heads[0].split(b"\r\n")[1:] if line]
        assert sorted(names) == [b"accept", b"host"]


async def test_a_request_that_names_no_host_gets_that_of_the_monitors_address() -> None:
    async with scripted([read_request(), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request(headers=()))
        assert monitor.header_values("host") == [f"127.0.0.1:{monitor.port}"]


@pytest.mark.parametrize("bad", ["a\r\nX-Remote-User: admin", "a\nb", "a\rb", "a\0b", "a\x7fb"])
async def test_a_line_that_would_become_two_is_never_sent(bad: str) -> None:
    async with scripted([read_request(), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        for request in (
            Request(headers=(("Host", "monitor.example"), ("Accept", bad))),
            Request(headers=(("Host", "monitor.example"), (bad, "text/html"))),
            Request(target=f"/swf-monitor/{bad}"),
        ):
            with pytest.raises(BrokenAnswerError):
                await client.send(request)
        assert monitor.connections == 0


async def test_an_answer_that_is_closed_while_somebody_waits_for_its_body_leaves_nobody_waiting() -> None:
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    async with scripted([read_request(), say(said), wait_for_close()]) as monitor, client_of(monitor.url) as client:
        reply = await client.send(Request())
        reading = asyncio.ensure_future(anext(reply.chunks()))
        await asyncio.sleep(0)
        reply.close()
        with pytest.raises(BrokenAnswerError):
            await asyncio.wait_for(reading, 5)
        await asyncio.wait_for(monitor.closed_by_client.wait(), 5)


async def test_the_target_goes_out_byte_for_byte() -> None:
    target = "/swf-monitor/panda/a%2Fb/%zz?x=1&x=2&empty=&plus=a+b;c=%FF&path=/../"
    async with scripted([read_request(), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request(target=target))
        assert monitor.request_line() == f"GET {target} HTTP/1.1"


async def test_a_compressed_body_is_not_decoded() -> None:
    reply = answer(b"\x1f\x8bnot really gzip", headers=["Content-Encoding: gzip"])
    async with scripted([read_request(), say(reply)]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request()) == b"\x1f\x8bnot really gzip"


async def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    script = [read_request(), say(answer(b"x", headers=["Set-Cookie: sessionid=secret; Path=/"]))] * 2
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request())
        await body_of(client, Request())
        assert monitor.header_values("cookie") == []


async def test_a_redirect_is_handed_over_and_not_followed() -> None:
    reply = answer(status="302 Found", headers=["Location: /swf-monitor/elsewhere/"])
    async with scripted([read_request(), say(reply)]) as monitor, client_of(monitor.url) as client:
        got = await client.send(Request())
        got.close()
        assert (got.status, monitor.connections) == (302, 1)


async def test_duplicate_header_lines_and_latin_1_bytes_are_kept() -> None:
    reply = answer(b"", headers=["X-Twice: one", "X-Twice: two", "X-Name: caf\xe9"]).replace(b"\xc3\xa9", b"\xe9")
    async with scripted([read_request(), say(reply)]) as monitor, client_of(monitor.url) as client:
        got = await client.send(Request())
        got.close()
        assert [v for n, v in got.raw_headers if n.lower().startswith(b"x-")] == [b"one", b"two", b"caf\xe9"]


async def test_connections_are_used_again() -> None:
    script = [read_request(), say(answer(b"x"))] * 3
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        for _ in range(3):
            await body_of(client, Request())
        assert monitor.connections == 1


async def test_a_body_of_known_length_is_not_sent_in_chunks() -> None:
    async with scripted([read_request(body=5), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        headers = (("Host", "m"), ("Content-Length", "5"), ("Content-Type", "text/plain"))
        await body_of(client, Request("POST", headers=headers), body=pieces(b"he", b"llo"))
        assert (monitor.bodies, monitor.header_values("transfer-encoding")) == ([b"hello"], [])


async def test_a_body_of_unknown_length_is_sent_in_chunks() -> None:
    async with scripted([read_chunked_request(), say(answer(b"x"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request("POST"), body=pieces(b"he", b"llo"))
        assert monitor.bodies == [b"hello"]


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_refused_connection_means_the_link_is_down() -> None:
    async with client_of(f"http://127.0.0.1:{unused_port()}/swf-monitor") as client:
        with pytest.raises(LinkDownError) as caught:
            await client.send(Request())
    assert (caught.value.cause, caught.value.sent) == (LinkCause.REFUSED, False)


async def test_an_unknown_name_means_the_link_is_down() -> None:
    async with client_of("http://no-such-host.invalid/swf-monitor") as client:
        with pytest.raises(LinkDownError) as caught:
            await client.send(Request())
    assert caught.value.cause is LinkCause.NAME


async def test_a_reset_before_the_answer_means_the_link_is_down_and_the_request_may_have_arrived() -> None:
    async with scripted([read_request(), reset()]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(LinkDownError) as caught:
            await client.send(Request())
    assert (caught.value.cause, caught.value.sent) == (LinkCause.RESET, True)


async def test_a_close_without_an_answer_is_a_silent_monitor_asked_only_once() -> None:
    async with scripted([read_request()]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(MonitorSilentError):
            await client.send(Request())
        assert monitor.connections == 1


async def test_silence_is_a_timeout_of_the_first_byte() -> None:
    async with scripted([read_request(), wait_for_close()]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(UpstreamTimeoutError) as caught:
            await client.send(Request(), budget=QUICK)
        await asyncio.wait_for(monitor.closed_by_client.wait(), 5)
    assert caught.value.phase is Phase.FIRST_BYTE


async def test_half_a_head_and_then_silence_is_a_timeout_of_the_first_byte() -> None:
    script = [read_request(), say(b"HTTP/1.1 200 OK\r\nContent-Ty"), wait_for_close()]
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        with pytest.raises(UpstreamTimeoutError):
            await client.send(Request(), budget=QUICK)


async def test_a_body_that_stops_is_a_timeout_of_the_body() -> None:
    script = [read_request(), say(answer(b"x" * 100)[:-10]), wait_for_close()]
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        with pytest.raises(UpstreamTimeoutError) as caught:
            await body_of(client, Request(), budget=QUICK)
    assert caught.value.phase is Phase.BODY


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK",
        b"HT",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ],
)
async def test_an_answer_that_ends_early_is_told_as_cut_off(cut: bytes) -> None:
    async with scripted([read_request(), say(cut)]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(BrokenAnswerError) as caught:
            await body_of(client, Request())
    assert caught.value.fault is AnswerFault.CUT


async def test_a_reset_within_an_answer_is_told_as_cut_off() -> None:
    script = [read_request(), say(b"HTTP/1.1 200 OK\r\nContent-Le"), reset()]
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        with pytest.raises(BrokenAnswerError) as caught:
            await client.send(Request())
    assert caught.value.fault is AnswerFault.CUT


async def test_a_bad_chunk_after_good_ones_is_told_as_such() -> None:
    go_on = asyncio.Event()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    script = [read_request(), say(head), wait(go_on), say(b"zz\r\n")]
    async with scripted(script) as monitor, client_of(monitor.url) as client:
        reply = await client.send(Request())
        chunks = reply.chunks()
        assert await anext(chunks) == b"hello"
        go_on.set()
        with pytest.raises(BrokenAnswerError) as caught:
            await anext(chunks)
        reply.close()
    assert caught.value.fault is AnswerFault.CHUNKS


OK = b"HTTP/1.1 200 OK\r\n"
FAULTS = {
    AnswerFault.NOT_HTTP: [
        b"hello\r\n\r\n",
        b"\x00\xff\x16\x03\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        OK + b"no colon here\r\n\r\n",
        OK + b"X: bare\rreturn\r\n\r\n",
    ],
    AnswerFault.HEADLESS: [b"<html><body>hello</body></html>\n", b"\r\n<!doctype html>\n<html>"],
    AnswerFault.HEAD: [
        OK + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        OK + b"a" * 70_000 + b": 1\r\n\r\n",
        b"HTTP/1.1 200 " + b"a" * 70_000 + b"\r\n\r\n",
        OK + b"".join(b"X-%d: 1\r\n" % number for number in range(1000)) + b"\r\n",
        OK + b"".join(b"X-%d: %s\r\n" % (number, b"a" * 30_000) for number in range(10)) + b"\r\n",
    ],
    AnswerFault.LENGTH: [
        OK + b"Content-Length: x\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        OK + b"Content-Length: 99999999999999999999999999\r\n\r\nab",
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\nabc",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
    AnswerFault.CHUNKS: [
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    ],
    AnswerFault.INTERIM: [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + OK + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000,
    ],
}


@pytest.mark.parametrize(("fault", "said"), [(fault, said) for fault, all_said in FAULTS.items() for said in all_said])
async def test_each_kind_of_broken_answer_is_told_apart(fault: AnswerFault, said: bytes) -> None:
    async with scripted([read_request(), say(said), wait_for_close()]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(BrokenAnswerError) as caught:
            await body_of(client, Request())
        await asyncio.wait_for(monitor.closed_by_client.wait(), 5)
    assert caught.value.fault is fault


async def test_a_few_interim_answers_are_no_fault() -> None:
    said = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + answer(b"here")
    async with scripted([read_request(), say(said)]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request()) == b"here"


async def test_interim_answers_are_counted_anew_for_each_request() -> None:
    said = b"HTTP/1.1 100 Continue\r\n\r\n" * 10 + answer(b"x")
    async with scripted([read_request(), say(said)] * 4) as monitor, client_of(monitor.url) as client:
        assert [await body_of(client, Request()) for _ in range(4)] == [b"x"] * 4
        assert monitor.connections == 1


async def test_an_entrance_that_never_accepts_is_a_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "CONNECT_SECONDS", 0.3)
    with full_backlog() as port:
        async with client_of(f"http://127.0.0.1:{port}/swf-monitor") as client:
            with pytest.raises(UpstreamTimeoutError) as caught:
                await client.send(Request())
    assert (caught.value.phase, caught.value.sent) == (Phase.CONNECT, False)


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port that listens and whose queue is full: the kernel answers no further attempt."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_get_is_repeated_once_when_an_idle_connection_had_died() -> None:
    first = [read_request(), say(answer(b"one")), read_request()]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request()) == b"one"
        assert await body_of(client, Request()) == b"two"
        assert monitor.connections == 2


@pytest.mark.parametrize("ends", [[], [reset()]])
async def test_the_repetition_takes_no_other_idle_connection_which_may_have_died_too(ends: list[Step]) -> None:
    both = asyncio.Event()

    async def together(connection: Connection) -> None:
        if connection.seen.connections == 2:
            both.set()
        await both.wait()

    first = [read_request(), together, say(answer(b"one")), read_request(), *ends]
    fresh = [read_request(), say(answer(b"two"))]
    async with scripted(first, first, fresh) as monitor, client_of(monitor.url) as client:
        await asyncio.gather(body_of(client, Request()), body_of(client, Request()))
        assert await body_of(client, Request()) == b"two"
        assert monitor.connections == 3


async def test_what_an_idle_connection_says_unasked_is_no_answer_to_the_next_request() -> None:
    go_on = asyncio.Event()
    late = answer(b"", status="408 Request Timeout")
    first = [read_request(), say(answer(b"one")), wait(go_on), say(late), wait_for_close()]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request()) == b"one"
        ((idle, _since),) = next(iter(client._session.connector._conns.values()))
        go_on.set()
        async with asyncio.timeout(5):
            while not idle.should_close:
                await asyncio.sleep(0.005)
        assert await body_of(client, Request()) == b"two"
        assert len(monitor.heads) == 2


async def test_a_get_with_effects_is_never_repeated() -> None:
    first = [read_request(), say(answer(b"one")), read_request()]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request())
        with pytest.raises(MonitorSilentError):
            await client.send(Request(), repeat=False)
        assert monitor.connections == 1


@pytest.mark.parametrize("ends", [[], [reset()]])
@pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_a_get_is_not_repeated_once_a_byte_of_the_answer_came(said: bytes, ends: list[Step]) -> None:
    first = [read_request(), say(answer(b"one")), read_request(), say(said), *ends]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request())
        with pytest.raises(BrokenAnswerError):
            await client.send(Request())
        assert monitor.connections == 1


async def test_a_get_is_repeated_once_only() -> None:
    first = [read_request(), say(answer(b"one")), read_request()]
    async with scripted(first, [read_request()]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request())
        with pytest.raises(MonitorSilentError):
            await client.send(Request())
        assert monitor.connections == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_is_never_repeated(method: str) -> None:
    first = [read_request(), say(answer(b"one")), read_request()]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        await body_of(client, Request())
        with pytest.raises(MonitorSilentError):
            await client.send(Request(method, headers=(("Host", "m"), ("Content-Length", "0"))))
        assert monitor.connections == 1


async def test_the_wait_for_an_answer_begins_when_the_upload_is_done() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(5):
            await asyncio.sleep(0.08)
            yield b"x"

    async with scripted([read_chunked_request(), say(answer(b"ok"))]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request("POST"), body=slowly(), budget=QUICK) == b"ok"


@pytest.mark.parametrize("linger", [None, b"\x01\0\0\0\0\0\0\0"], ids=["closed", "reset"])
async def test_a_whole_body_survives_the_end_of_its_connection(linger: bytes | None) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        own = socket.create_connection(listener.getsockname())
        theirs, _address = listener.accept()
    _transport, protocol = await loop.create_connection(lambda: AnswerProtocol(loop), sock=own)
    protocol.set_response_params()
    closed = protocol.closed
    theirs.sendall(answer(b"x" * 30_000))
    message, payload = await protocol.read()
    await payload.wait_eof()
    if linger:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    theirs.close()
    assert closed is not None
    await asyncio.gather(closed, return_exceptions=True)
    assert message.code == 200
    assert await payload.read() == b"x" * 30_000
