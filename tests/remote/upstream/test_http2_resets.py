"""HTTP/2 to the monitor: resets, farewells and dead connections, and what may be asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated

from swf_remote.proxy.failures import (
    AnswerFault,
    BrokenAnswerError,
    BusyError,
    LinkCause,
    LinkDownError,
    MonitorSilentError,
    UpstreamError,
)
from swf_remote.proxy.http2 import health
from tests.remote.upstream.http2_talk import POST, failure_of, requests_of
from tests.remote.upstream.scripted_http2 import Peer, Script, answers_all
from tests.remote.upstream.test_upstream_client import Request, body_of

pytestmark = pytest.mark.slow


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
