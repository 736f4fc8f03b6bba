"""Event streams: for signed-in readers, one to one, under the service token, and never in the way of a shutdown."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator

import pytest

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
        body = (await whole(running, listener)).decode()
        assert "event: error\n" in body
        data = next(line for line in body.splitlines() if line.startswith("data: "))
        assert json.loads(data.removeprefix("data: "))["status"] == 502


async def test_a_broken_link_is_an_event_of_the_stream(listener: dict[str, str]) -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as running:
        assert b"link-down" in await whole(running, listener)


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
