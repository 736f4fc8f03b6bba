"""Event streams through the whole gateway: one stream of the monitor for all, each reader with its own view of it."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from swf_remote.proxy.streams import hub, listener, serving, sessions
from tests.remote.edge.test_gateway_requests import signed_in, values
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.streams.stream_monitor import HEAD, STREAM, connected, event_monitor, listening, message
from tests.remote.upstream.scripted import answer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reader() -> dict[str, str]:
    return signed_in("alice") | {"Accept": "text/event-stream"}


async def whole(running: Gateway, headers: dict[str, str]) -> bytes:
    return (await running.ask(STREAM, headers=headers)).body


def told_in(body: str) -> dict[str, Any]:
    """The problem in the stream's only event."""
    assert body.count("event: error\n") == body.count("event: ") == 1
    data = next(line for line in body.splitlines() if line.startswith("data: "))
    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return found


async def test_a_stream_needs_a_login() -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        assert (await running.ask(STREAM, headers={"Accept": "text/event-stream"})).status == 401
        assert monitor.seen.heads == []


async def test_any_number_of_readers_cost_one_stream_without_filters(reader: dict[str, str]) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        async with connected(running, reader) as one, connected(running, reader, "?msg_types=job_state") as two:
            await monitor.tell(message("job_state", pandaid=1))
            assert (await one.next(), await two.next()) != (None, None)
        assert [head.split(b" ")[1] for head in monitor.seen.heads] == [b"/swf-monitor/api/messages/stream/"]


async def test_events_come_as_they_are_sent_with_an_id_each(reader: dict[str, str]) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as got:
        assert got.got.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert "Access-Control-Allow-Origin" not in got.got.headers
        assert got.got.headers["Server-Timing"].startswith("gateway;dur=")
        assert got.got.headers["X-Request-ID"]
        await monitor.tell(message("job_state", pandaid=1))
        first = await got.next()
        await monitor.tell(b"data: {}\n\n")
        second = await got.next()
    assert first and second
    assert (first.name, first.members) == ("job_state", {"msg_type": "job_state", "pandaid": 1})
    assert (second.name, second.data) == ("message", "{}")
    epoch, _, number = first.id.partition("-")
    assert second.id == f"{epoch}-{int(number) + 1}"


async def test_a_reader_hears_what_its_filters_let_through(reader: dict[str, str]) -> None:
    async with (
        event_monitor() as monitor,
        gateway(monitor.url) as running,
        connected(running, reader, "?msg_types=task_state,job_state&agents=watcher") as narrow,
        connected(running, reader) as wide,
    ):
        await monitor.tell(
            message("job_state", processed_by="watcher"),
            message("job_state", processed_by="other"),
            message("stf_gen", processed_by="watcher"),
            message("task_state", processed_by="watcher"),
        )
        assert [one.name for one in await narrow.some(2)] == ["job_state", "task_state"]
        assert len(await wide.some(4)) == 4


async def test_the_monitor_sees_the_service_token_and_neither_name_nor_cookie(reader: dict[str, str]) -> None:
    forged = {"Authorization": "Token forged", "User-Agent": "alices-browser", "Last-Event-ID": "alices-7"}
    async with event_monitor() as monitor, gateway(monitor.url, monitor_token="service-token") as running:
        async with connected(running, reader | forged):
            head = monitor.seen.heads[0]
        assert values(head, b"authorization") == [b"Token service-token"]
        assert values(head, b"accept-encoding") == [b"identity"]
        assert b"alice" not in head
        assert b"cookie" not in head.lower()


async def test_the_monitors_stream_is_kept_for_a_while_and_then_let_go(
    reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        async with connected(running, reader):
            pass
        async with connected(running, reader):
            await monitor.until(streams=1)
        assert len(monitor.seen.heads) == 1
    monkeypatch.setattr(serving, "LINGER_SECONDS", 0.0)
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        async with connected(running, reader) as got:
            await monitor.tell(message("job_state"))
            heard = await got.next()
        await monitor.until(streams=0)
        async with listening(running, reader, last_id=heard.id if heard else "") as back:
            assert [one.name for one in await back.some(2)] == ["connected", "reset"]
        assert len(monitor.seen.heads) == 2


async def test_a_reader_that_comes_back_gets_what_it_missed(reader: dict[str, str]) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as stays:
        async with connected(running, reader, "?msg_types=a") as got:
            await monitor.tell(message("a", n=1), message("b", n=2))
            last = await got.next()
        await stays.some(2)
        await monitor.tell(message("a", n=3), message("b", n=4), message("a", n=5))
        await stays.some(3)
        assert last
        async with connected(running, reader, "?msg_types=a", last_id=last.id) as back:
            assert [one.members["n"] for one in await back.some(2)] == [3, 5]
            await monitor.tell(message("a", n=6))
            assert [one.members["n"] for one in await back.some(1)] == [6]


@pytest.mark.parametrize("last_id", ["0123456789ab-1", "no id of ours", "-", "0123456789ab-" + "9" * 40])
async def test_an_id_of_an_unknown_epoch_gets_all_there_is(reader: dict[str, str], last_id: str) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as stays:
        await monitor.tell(message("a", n=1), message("b", n=2))
        await stays.some(2)
        async with connected(running, reader, "?msg_types=a", last_id=last_id) as back:
            first, second = await back.some(2)
            assert (first.name, second.members["n"]) == ("reset", 1)


async def test_heartbeats_are_ours_and_the_monitors_end_here(
    reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.05)
    async with (
        event_monitor() as monitor,
        gateway(monitor.url) as running,
        connected(running, reader, "?msg_types=none") as got,
    ):
        await monitor.tell(b'event: heartbeat\ndata: {"timestamp": 1.0}\n\n', message("a"))
        heard = await got.some(4)
        assert {one.name for one in heard} == {"heartbeat"}
        assert all(isinstance(one.members["timestamp"], float) and one.members["timestamp"] > 1 for one in heard)
        assert heard[-1].id.endswith("-1")


async def test_readers_stay_while_the_monitors_stream_breaks_and_hear_that_it_is_back(reader: dict[str, str]) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as got:
        await monitor.tell(message("a"), b'event: half\ndata: {"never": "who')
        await got.some(1)
        await monitor.break_off()
        restored = await got.next()
        await monitor.tell(message("b"))
        after = await got.next()
    assert restored and after
    assert (restored.name, list(restored.members), after.name) == ("restored", ["since"], "b")


async def test_an_outage_is_told_once_in_the_stream_with_its_end(reader: dict[str, str]) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as got:
        monitor.refusal = answer(b"{}", status="503 Service Unavailable")
        await monitor.break_off()
        told = await got.next()
        await monitor.until(streams=0, asked=3)
        monitor.refusal = None
        restored = await got.next()
        await monitor.tell(message("b"))
        after = await got.next()
    assert told and restored and after
    assert (told.name, told.members["kind"]) == ("error", "stream-refused")
    assert (restored.name, after.name) == ("restored", "b")


@pytest.mark.parametrize(
    "refusal",
    [
        b"",
        answer(b"{}", status="401 Unauthorized"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
        HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + b"\x1f\x8b",
    ],
    ids=["nothing", "401", "no stream", "encoded"],
)
async def test_a_failure_is_an_event_of_the_stream(reader: dict[str, str], refusal: bytes) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        monitor.refusal = refusal or b"\r\n"
        body = await whole(running, reader)
        assert told_in(body.decode())["status"] == 502
        assert b"\x1f\x8b" not in body and b"<html>" not in body


async def test_a_broken_link_is_an_event_of_the_stream(reader: dict[str, str]) -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as running:
        reply = await running.ask(STREAM, headers=reader)
        told = told_in(reply.text)
        assert (reply.status, told["kind"]) == (200, "link-down")
        assert told["request_id"] == reply.headers["X-Request-ID"]
        assert told["title"] and told["detail"] and told["since"]
        assert f"retry: {told['retry_after'] * 1000}\n" in reply.text


async def test_one_listener_too_many_is_told_when_to_come_back(
    reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST_STREAMS", 0)
    async with event_monitor() as monitor, gateway(monitor.url) as running:
        reply = await running.ask(STREAM, headers=reader)
        assert (reply.status, told_in(reply.text)["kind"]) == (200, "too-many-streams")
        assert "retry: 60000\n" in reply.text
        assert monitor.seen.heads == []


@pytest.mark.parametrize(
    ("sent", "data"),
    [
        (b"data: one\ndata: two\ndata:\n\n", "one\ntwo\n"),
        (b"event: a\r\ndata: {}\r\n\r\n", "{}"),
        (b"data: a\rdata: b\r\r", "a\nb"),
        (b": a comment\n\nid: 7\nretry: 100\ndata: \xc3\xa9\n\n", "é"),
        (b"data: /swf-monitor/panda/jobs/\n\n", "/swf-monitor/panda/jobs/"),
        (b"data: " + b"x" * 3_000_000 + b"\n\n", "x" * 3_000_000),
    ],
    ids=["lines", "crlf", "cr", "comment", "path", "long"],
)
async def test_the_data_of_an_event_is_handed_on_unchanged(reader: dict[str, str], sent: bytes, data: str) -> None:
    async with (
        event_monitor() as monitor,
        gateway(monitor.url) as running,
        running.session.get(running.url + STREAM, headers=reader) as got,
    ):
        await got.content.readuntil(b"\n\n")
        await monitor.tell(sent)
        heard = b""
        async with asyncio.timeout(10):
            while not heard.endswith(b"\n\n"):
                heard += await got.content.readany()
    lines = heard.decode().removesuffix("\n\n").split("\n")
    assert "\n".join(line.removeprefix("data: ") for line in lines if line.startswith("data: ")) == data


async def test_a_reader_who_does_not_keep_up_is_dropped_with_a_reason_and_goes_on_by_its_last_id(
    reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MOST_QUEUED", 100_000)
    dropped = asyncio.Event()
    monkeypatch.setattr(hub.metrics, "listener_dropped", dropped.set)
    filler = "x" * 10_000
    async with (
        event_monitor() as monitor,
        gateway(monitor.url) as running,
        connected(running, reader) as fast,
        connected(running, reader) as slow,
    ):
        sent = 0
        while not dropped.is_set():
            await monitor.tell(*(message("a", n=sent + i, filler=filler) for i in range(50)))
            await fast.some(50)
            sent += 50
        *heard, told = await slow.rest()
        assert [one.members["n"] for one in heard] == list(range(len(heard)))
        assert (told.name, told.members["kind"]) == ("error", "reader-too-slow")
        assert slow.retries == [2000]
        async with connected(running, reader, last_id=heard[-1].id) as back:
            following = await back.next()
            assert following is not None
            assert following.members["n"] == len(heard)


async def test_signing_out_ends_the_readers_streams_and_nobody_elses(
    reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(sessions, "CONFIRM_SECONDS", 0.0)
    bob = await asyncio.to_thread(signed_in, "bob")
    async with (
        event_monitor() as monitor,
        gateway(monitor.url) as running,
        connected(running, reader) as hers,
        connected(running, bob) as his,
    ):
        await asyncio.to_thread(User.objects.filter(username="alice").update, is_active=False)
        told = await hers.next()
        assert told and told.members["kind"] == "login-required"
        assert await hers.next() is None
        await monitor.tell(message("a"))
        assert [one.name for one in await his.some(1)] == ["a"]


async def test_the_signal_to_stop_ends_open_streams_at_once(reader: dict[str, str], quiet_signals: None) -> None:
    async with event_monitor() as monitor, gateway(monitor.url) as running, connected(running, reader) as got:
        signal.raise_signal(signal.SIGTERM)
        assert await got.rest() == []
        assert got.retries == [5000]


@pytest.fixture
def quiet_signals() -> Iterator[None]:
    """A server that does nothing at SIGTERM, so that what the gateway does can be seen alone."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    yield
    signal.signal(signal.SIGTERM, before)
