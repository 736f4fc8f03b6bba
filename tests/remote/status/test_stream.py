"""The status page's stream, on a real server: who hears what, how many, until when, and that nobody holds up others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session

from swf_remote.accounts import readers
from swf_remote.configuration import configuration
from swf_remote.edge import metrics
from swf_remote.edge.figures import table
from swf_remote.status import stream
from swf_remote.web import event_streams
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.laboratory.readers import session_of

pytestmark = pytest.mark.slow
PATH = "/prod/status/stream/"
TOKEN = "a-token-of-some-length"
STAFF = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Events:
    """What one listener hears."""

    answer: aiohttp.ClientResponse

    async def next(self) -> tuple[str, str]:
        """Name and data of the next event; two empty words at the end."""
        name, data = "", []
        async with asyncio.timeout(20):
            async for line in self.answer.content:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    data.append(text.removeprefix("data: "))
                elif not text and name:
                    return name, "\n".join(data)
        return "", ""


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The parts, drawn for the test: each entry of a list is one drawing, and the last one stays."""
    texts = {"live": ["<p>live 1</p>"], "plots": ["<p>\nplots</p>"], "inside": ["<p>inside</p>"]}

    def drawing(name: str) -> Callable[[], str]:
        return lambda: texts[name].pop(0) if len(texts[name]) > 1 else texts[name][0]

    monkeypatch.setattr(stream, "PARTS", {name: drawing(name) for name in texts})
    monkeypatch.setattr(configuration(), "metrics_token", TOKEN)
    return texts


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, period: float = 0.05) -> AsyncIterator[Gateway]:
    quick = stream.LiveStatus.__init__
    monkeypatch.setattr(
        stream.LiveStatus,
        "__init__",
        lambda self, *given: quick(self, *given, period=period),  # type: ignore[misc]
    )
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor", metrics_token=TOKEN) as found:
        yield found


@asynccontextmanager
async def listening(gateway: Gateway, query: str = "", headers: dict[str, str] | None = None) -> AsyncIterator[Events]:
    given = {"Accept": "text/event-stream", **(headers or {})}
    async with gateway.session.get(f"{gateway.url}{PATH}{query}", headers=given) as answer:
        yield Events(answer)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def open_streams() -> float:
    return table().totals()[metrics.STREAMS.columns[()]]


async def test_everybody_hears_the_public_parts_and_then_what_has_changed(
    monkeypatch: pytest.MonkeyPatch, drawn: dict[str, list[str]]
) -> None:
    async with running(monkeypatch) as gateway, listening(gateway) as events:
        assert events.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert "no-store" in events.answer.headers["Cache-Control"]
        assert await events.next() == ("live", "<p>live 1</p>")
        assert await events.next() == ("plots", "<p>\nplots</p>")
        drawn["live"][:] = ["<p>live 2</p>"]
        assert await events.next() == ("live", "<p>live 2</p>")


async def test_all_who_listen_share_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    times = []
    monkeypatch.setitem(stream.PARTS, "live", lambda: times.append(1) or "<p>live</p>")  # type: ignore[arg-type]
    async with running(monkeypatch, 3600) as one:
        sessions = [listening(one) for _ in range(20)]
        events = [await session.__aenter__() for session in sessions]
        assert {await each.next() for each in events} == {("live", "<p>live</p>")}
        for session in sessions:
            await session.__aexit__(None, None, None)
    assert len(times) == 1


async def test_nothing_is_drawn_while_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    times = []
    monkeypatch.setitem(stream.PARTS, "live", lambda: times.append(1) or str(len(times)))  # type: ignore[arg-type]
    async with running(monkeypatch) as gateway:
        before = open_streams()
        async with listening(gateway) as events:
            await events.next()
            assert open_streams() == before + 1
        await until(lambda: open_streams() == before)
        count = len(times)
        async with listening(gateway) as events:
            assert int((await events.next())[1]) <= count + 2, "it begins with a new drawing"


async def test_the_token_hears_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as gateway:
        for query in ("", "?detail=full"):
            async with listening(gateway, query, STAFF) as events:
                assert [(await events.next())[0] for _ in range(3)] == ["live", "inside", "plots"]
        async with listening(gateway, "?detail=public", STAFF) as events:
            assert [(await events.next())[0] for _ in range(2)] == ["live", "plots"]


@pytest.mark.django_db(transaction=True)
async def test_for_others_the_full_stream_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    session = await sync_to_async(session_of)("reader")
    async with running(monkeypatch) as gateway:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}):
            reply = await gateway.ask(f"{PATH}?detail=full", headers=headers)
            assert reply.status == 404, headers
        assert (await gateway.ask(f"{PATH}?detail=all")).status == 400


@pytest.mark.django_db(transaction=True)
async def test_staff_hear_all_until_their_session_ends(
    monkeypatch: pytest.MonkeyPatch, drawn: dict[str, list[str]]
) -> None:
    drawn["live"][:] = [f"<p>{number}</p>" for number in range(5000)]
    session = await sync_to_async(session_of)("operator", staff=True)
    async with (
        running(monkeypatch) as gateway,
        listening(gateway, "?detail=full", {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}) as events,
    ):
        assert [(await events.next())[0] for _ in range(3)] == ["live", "inside", "plots"]
        await sync_to_async(Session.objects.all().delete)()
        readers.forget(session)
        names = []
        while (event := await events.next())[0]:
            names.append(event[0])
        assert names[-1] == "error"
        assert "inside" not in names


async def test_who_is_one_too_many_is_told_so_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_LISTENERS", 1)
    async with running(monkeypatch) as gateway, listening(gateway) as events:
        await events.next()
        reply = await gateway.ask(PATH, headers={"Accept": "text/event-stream"})
        assert reply.status == 503
        assert "too-many-streams" in reply.text
        assert (await gateway.ask("/prod/healthz")).status == 200


async def test_a_reader_who_left_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_LISTENERS", 1)
    async with running(monkeypatch) as gateway:
        before = open_streams()
        async with listening(gateway) as events:
            await events.next()
        await until(lambda: open_streams() == before)
        async with listening(gateway) as events:
            assert events.answer.status == 200


async def test_the_stream_ends_with_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    settings_of: list[asyncio.Event] = []
    original = stream.LiveStatus.__init__

    def noting(
        self: stream.LiveStatus, pages: object, settings: object, stopping: asyncio.Event, **others: float
    ) -> None:
        settings_of.append(stopping)
        original(self, pages, settings, stopping, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(stream.LiveStatus, "__init__", noting)
    async with gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as one, listening(one) as events:
        await events.next()
        settings_of[-1].set()
        rest = await asyncio.wait_for(events.answer.content.read(), 20)
    assert rest.endswith(b"retry: 5000\n\n"), "and says when to come back"


async def test_a_drawing_that_fails_ends_no_stream(
    monkeypatch: pytest.MonkeyPatch, drawn: dict[str, list[str]]
) -> None:
    failing = [True]

    def fails_once() -> str:
        if failing:
            failing.pop()
            raise ValueError
        return "<p>again</p>"

    monkeypatch.setitem(stream.PARTS, "live", fails_once)  # type: ignore[arg-type]
    async with running(monkeypatch) as gateway, listening(gateway) as events:
        assert await events.next() == ("live", "<p>again</p>")


async def test_a_slow_reader_gets_the_newest_state_and_no_queue() -> None:
    texts = iter(range(1000))
    channel = event_streams.Channel(lambda: {"live": str(next(texts)).encode()}, 0.0)
    async with channel.editions() as editions:
        first = int((await anext(editions))["live"])
        await until(lambda: int((channel._edition or {"live": b"0"})["live"]) > first + 20)
        second = int((await anext(editions))["live"])
        assert second > first + 20


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
async def test_it_can_only_be_read(monkeypatch: pytest.MonkeyPatch, method: str, status: int) -> None:
    async with running(monkeypatch) as gateway:
        assert (await gateway.ask(PATH, method)).status == status
