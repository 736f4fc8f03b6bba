"""The client to the monitor: every fault of the other side is one of our own errors, and bytes stay bytes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from swf_remote.configuration import Configuration
from swf_remote.proxy.failures import (
    BrokenAnswerError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    Phase,
    TlsError,
    UpstreamTimeoutError,
)
from swf_remote.proxy.upstream import Budget, UpstreamClient
from tests.remote.upstream.scripted import (
    answer,
    read_chunked_request,
    read_request,
    reset,
    say,
    scripted,
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
    ],
)
async def test_a_body_that_ends_early_is_a_broken_answer(cut: bytes) -> None:
    async with scripted([read_request(), say(cut)]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(BrokenAnswerError):
            await body_of(client, Request())


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"\x00\xff\x16\x03\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n",
    ],
)
async def test_garbage_is_a_broken_answer(garbage: bytes) -> None:
    async with scripted([read_request(), say(garbage)]) as monitor, client_of(monitor.url) as client:
        with pytest.raises(BrokenAnswerError):
            await body_of(client, Request())


async def test_a_get_is_repeated_once_when_an_idle_connection_had_died() -> None:
    first = [read_request(), say(answer(b"one")), read_request()]
    async with scripted(first, [read_request(), say(answer(b"two"))]) as monitor, client_of(monitor.url) as client:
        assert await body_of(client, Request()) == b"one"
        assert await body_of(client, Request()) == b"two"
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


class Certificates:
    """An authority and a server of its own."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.file))

    def server(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name).configure_cert(context)
        return context


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def over_tls(url: str) -> str:
    return url.replace("http://", "https://")


async def test_the_certificate_is_checked_for_the_monitors_own_name(certificates: Certificates) -> None:
    tls = certificates.server("monitor.example")
    async with (
        scripted([read_request(), say(answer(b"safe"))], tls=tls) as monitor,
        client_of(over_tls(monitor.url), monitor_host="monitor.example", monitor_ca_file=certificates.file) as client,
    ):
        assert await body_of(client, Request()) == b"safe"


@pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
async def test_a_certificate_of_another_name_is_refused(certificates: Certificates, name: str) -> None:
    tls = certificates.server(name)
    async with (
        scripted([read_request(), say(answer(b"x"))], tls=tls) as monitor,
        client_of(over_tls(monitor.url), monitor_host="monitor.example", monitor_ca_file=certificates.file) as client,
    ):
        with pytest.raises(TlsError):
            await client.send(Request())
        assert monitor.heads == []


async def test_a_certificate_of_an_unknown_authority_is_refused(certificates: Certificates) -> None:
    tls = certificates.server("monitor.example")
    async with (
        scripted([read_request(), say(answer(b"x"))], tls=tls) as monitor,
        client_of(over_tls(monitor.url), monitor_host="monitor.example") as client,
    ):
        with pytest.raises(TlsError):
            await client.send(Request())


async def test_verification_can_be_switched_off(certificates: Certificates) -> None:
    tls = certificates.server("other.example")
    async with (
        scripted([read_request(), say(answer(b"x"))], tls=tls) as monitor,
        client_of(over_tls(monitor.url), monitor_tls_verify="off") as client,
    ):
        assert await body_of(client, Request()) == b"x"


async def test_a_monitor_without_tls_is_a_tls_failure() -> None:
    async with (
        scripted([say(b"HTTP/1.1 400 Bad Request\r\n\r\n")]) as monitor,
        client_of(over_tls(monitor.url), monitor_tls_verify="off") as client,
    ):
        with pytest.raises(TlsError):
            await client.send(Request())
