"""Event streams: for signed-in readers, one to one, under the service token, and never in the way of a shutdown."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from swf_remote.proxy import events
from tests.remote.edge.test_gateway_requests import signed_in, values
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.upstream.scripted import Connection, Step, answer, say, scripted, wait, wait_for_close

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STREAM = "/prod/api/messages/stream/"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
EVENT = b'event: connected\ndata: {"client_id": "1"}\n\n'


@pytest.fixture
def listener() -> dict[str, str]:
    return signed_in("alice") | {"Accept": "text/event-stream"}


def streaming(*script: Step) -> Step:
    """Looks at the link get an answer of their own; the stream follows the script."""

    async def step(connection: Connection) -> None:
        try:
            head = await connection.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        if b"status.json" in head:
            await say(answer(b"{}", headers=["Connection: close"]))(connection)
            return
        connection.seen.heads.append(head)
        for one in script:
            await one(connection)

    return step


async def whole(running: Gateway, headers: dict[str, str]) -> bytes:
    return (await running.ask(STREAM, headers=headers)).body


def told_in(body: str) -> dict[str, Any]:
    """The problem in the stream's only event."""
    assert body.count("event: error\n") == 1
    data = next(line for line in body.splitlines() if line.startswith("data: "))
    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return found


async def test_a_stream_needs_a_login() -> None:
    async with scripted([streaming()]) as monitor, gateway(monitor.url) as running:
        assert (await running.ask(STREAM, headers={"Accept": "text/event-stream"})).status == 401
        assert monitor.heads == []


async def test_events_come_as_they_are_sent_and_the_readers_leaving_reaches_the_monitor(
    listener: dict[str, str],
) -> None:
    script = streaming(say(HEAD), say(EVENT), wait_for_close())
    async with scripted([script]) as monitor, gateway(monitor.url) as running:
        async with running.session.get(running.url + STREAM, headers=listener) as got:
            assert got.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert "Access-Control-Allow-Origin" not in got.headers
            async with asyncio.timeout(5):
                assert await got.content.readexactly(len(EVENT)) == EVENT
            monitor.closed_by_client.clear()
        async with asyncio.timeout(5):
            await monitor.closed_by_client.wait()


async def test_the_monitor_sees_the_service_token_and_neither_name_nor_cookie(listener: dict[str, str]) -> None:
    script = streaming(say(HEAD), say(EVENT))
    async with scripted([script]) as monitor, gateway(monitor.url, monitor_token="service-token") as running:
        await whole(running, listener | {"Authorization": "Token forged"})
        assert values(monitor.heads[0], b"authorization") == [b"Token service-token"]
        assert b"alice" not in monitor.heads[0]
        assert b"cookie" not in monitor.heads[0].lower()


async def test_filters_reach_the_monitor(listener: dict[str, str]) -> None:
    async with scripted([streaming(say(HEAD))]) as monitor, gateway(monitor.url) as running:
        await running.ask(STREAM + "?msg_types=job_state,task_state", headers=listener)
        assert b"/swf-monitor/api/messages/stream/?msg_types=job_state,task_state " in monitor.heads[0]


async def test_a_stream_that_the_monitor_ends_tells_the_browser_to_come_back(listener: dict[str, str]) -> None:
    async with scripted([streaming(say(HEAD), say(EVENT))]) as monitor, gateway(monitor.url) as running:
        body = await whole(running, listener)
        assert body.startswith(EVENT)
        assert b"retry: 5000" in body


@pytest.mark.parametrize("script", [[], [say(answer(b"{}", status="401 Unauthorized"))]])
async def test_a_failure_is_an_event_of_the_stream(listener: dict[str, str], script: list[Step]) -> None:
    async with scripted([streaming(*script)]) as monitor, gateway(monitor.url) as running:
        assert told_in((await whole(running, listener)).decode())["status"] == 502


async def test_a_broken_link_is_an_event_of_the_stream(listener: dict[str, str]) -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as running:
        reply = await running.ask(STREAM, headers=listener)
        told = told_in(reply.text)
        assert (reply.status, told["kind"]) == (200, "link-down")
        assert told["request_id"] == reply.headers["X-Request-ID"]
        assert told["title"] and told["detail"] and told["since"]
        assert f"retry: {told['retry_after'] * 1000}\n" in reply.text


async def test_one_listener_too_many_is_told_when_to_come_back(
    listener: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    async with scripted([streaming(say(HEAD))]) as monitor, gateway(monitor.url) as running:
        reply = await running.ask(STREAM, headers=listener)
        assert (reply.status, told_in(reply.text)["kind"]) == (200, "too-many-streams")
        assert "retry: 60000\n" in reply.text
        assert monitor.heads == []


@pytest.mark.parametrize(
    "event",
    [
        b"data: one\ndata: two\ndata:\n\n",
        b"event: a\r\ndata: {}\r\n\r\n",
        b"data: a\rdata: b\r\r",
        b": a comment\n\n",
        b"id: 7\nretry: 100\ndata: \xc3\xa9\xff\x00\n\n",
        b"data: /swf-monitor/panda/jobs/\n\n",
        b"data: " + b"x" * 3_000_000 + b"\n\n",
    ],
)
async def test_every_byte_of_an_event_is_relayed(listener: dict[str, str], event: bytes) -> None:
    async with scripted([streaming(say(HEAD), say(event))]) as monitor, gateway(monitor.url) as running:
        assert await whole(running, listener | {"Accept-Encoding": "gzip, br"}) == event + b"retry: 5000\n\n"
        assert values(monitor.heads[0], b"accept-encoding") == [b"identity"]


async def test_half_an_event_never_becomes_a_whole_one(listener: dict[str, str]) -> None:
    half = EVENT + b'event: job\ndata: {"id": 12'
    async with scripted([streaming(say(HEAD), say(half))]) as monitor, gateway(monitor.url) as running:
        with pytest.raises(aiohttp.ClientPayloadError):
            await whole(running, listener)
        async with running.session.get(running.url + STREAM, headers=listener) as got:
            assert await got.content.readexactly(len(half)) == half
            with pytest.raises(aiohttp.ClientPayloadError):
                await got.content.read()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
        HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + b"\x1f\x8b",
    ],
)
async def test_what_is_no_readable_stream_is_told_as_a_failure(listener: dict[str, str], head: bytes) -> None:
    async with scripted([streaming(say(head))]) as monitor, gateway(monitor.url) as running:
        body = await whole(running, listener)
        assert b"stream-refused" in body
        assert head.rpartition(b"\r\n")[2] not in body


async def test_the_signal_to_stop_ends_open_streams_at_once(listener: dict[str, str], quiet_signals: None) -> None:
    script = streaming(say(HEAD), say(EVENT), wait(asyncio.Event()))
    async with (
        scripted([script]) as monitor,
        gateway(monitor.url) as running,
        running.session.get(running.url + STREAM, headers=listener) as got,
        asyncio.timeout(5),
    ):
        assert await got.content.readexactly(len(EVENT)) == EVENT
        signal.raise_signal(signal.SIGTERM)
        assert b"retry: 5000" in await got.content.read()


@pytest.fixture
def quiet_signals() -> Iterator[None]:
    """A server that does nothing at SIGTERM, so that what the gateway does can be seen alone."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    yield
    signal.signal(signal.SIGTERM, before)
