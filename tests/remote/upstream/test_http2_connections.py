"""HTTP/2 to the monitor: which protocol is spoken, over how many connections, and who waits for a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from h2.errors import ErrorCodes

from swf_remote.proxy import upstream
from swf_remote.proxy.failures import (
    BusyError,
    LinkCause,
    LinkDownError,
    Phase,
    TlsError,
    TlsFault,
    UpstreamTimeoutError,
)
from swf_remote.proxy.http2 import pool
from tests.remote.gateways import free_port, gateway
from tests.remote.upstream.certificates import NAME, Authority
from tests.remote.upstream.http2_talk import failure_of, nothing, requests_of, settle_first, until
from tests.remote.upstream.scripted import answer, read_request, say, scripted, wait_for_close
from tests.remote.upstream.scripted_http2 import Peer, answers_all, http2_monitor, tls_of
from tests.remote.upstream.test_upstream_client import Request, body_of, client_of

pytestmark = pytest.mark.slow


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
    port = free_port()
    url = f"https://127.0.0.1:{port}/swf-monitor"
    async with client_of(url, monitor_host=NAME, monitor_ca_file=authority.file) as client:
        async with scripted(script, tls=authority.server().tls(), port=port):
            assert await body_of(client, Request()) == b"old"
        async with http2_monitor(authority.server(), answers_all, port=port) as new:
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
