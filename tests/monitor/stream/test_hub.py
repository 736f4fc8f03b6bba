"""One watcher for all listeners of a process, and streams that end when the process does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from swf_monitor.panda.stream.events import Event, EventFilter
from swf_monitor.panda.stream.hub import Hub, Publish, Ready
from swf_monitor.panda.stream.view import event_frames


class Watcher:
    """Stands in for the database watcher: counts its starts and hands out the publish function."""

    def __init__(self) -> None:
        self.starts = 0
        self.publish: Publish | None = None

    async def __call__(self, publish: Publish, ready: Ready) -> None:
        self.starts += 1
        self.publish = publish
        ready()
        await asyncio.Event().wait()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def hub(watcher: Watcher) -> Hub:
    return Hub(watcher)


def decode(frame: bytes) -> tuple[str, dict[str, object]]:
    name, data, *rest = frame.decode().split("\n")
    assert rest == ["", ""]
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_the_first_event_is_connected(hub: Hub) -> None:
    frames = event_frames(hub, EventFilter())
    name, data = decode(await anext(frames))
    assert name == "connected"
    assert data.keys() == {"client_id", "status"}
    await close(frames)


async def test_nobody_watches_while_nobody_listens(hub: Hub, watcher: Watcher) -> None:
    assert not hub.watching
    frames = event_frames(hub, EventFilter())
    await anext(frames)
    assert hub.watching
    await close(frames)
    assert not hub.watching
    assert hub.listener_count == 0


async def test_many_listeners_share_one_watcher_and_each_gets_every_event(hub: Hub, watcher: Watcher) -> None:
    streams = [event_frames(hub, EventFilter()) for _ in range(5)]
    for frames in streams:
        await anext(frames)
    assert watcher.publish is not None
    watcher.publish(Event("job_state", {"pandaid": 1}))
    assert [decode(await anext(frames)) for frames in streams] == [("job_state", {"pandaid": 1})] * 5
    assert watcher.starts == 1
    for frames in streams:
        await close(frames)


async def test_heartbeats_come_whatever_the_filters_say(hub: Hub) -> None:
    frames = event_frames(hub, EventFilter(msg_types=frozenset({"nothing"})), heartbeat_seconds=0.01)
    await anext(frames)
    name, data = decode(await anext(frames))
    assert name == "heartbeat"
    assert isinstance(data["timestamp"], float)
    await close(frames)


async def test_a_flood_of_events_does_not_hold_up_the_heartbeat(hub: Hub, watcher: Watcher) -> None:
    frames = event_frames(hub, EventFilter(), heartbeat_seconds=0)
    await anext(frames)
    assert watcher.publish is not None
    for number in range(3):
        watcher.publish(Event("n", {"number": number}))
    names = [decode(await anext(frames))[0] for _ in range(4)]
    assert names == ["n", "heartbeat", "n", "heartbeat"]
    await close(frames)


async def test_shutdown_ends_every_open_stream_at_once(hub: Hub) -> None:
    streams = [event_frames(hub, EventFilter()) for _ in range(3)]
    for frames in streams:
        await anext(frames)
    waiting = [asyncio.ensure_future(drain(frames)) for frames in streams]
    await asyncio.sleep(0)
    hub.close()
    async with asyncio.timeout(1):
        assert await asyncio.gather(*waiting) == [[], [], []]
    assert not hub.watching


async def test_a_stream_opened_during_shutdown_says_connected_and_ends(hub: Hub) -> None:
    hub.close()
    async with asyncio.timeout(1):
        frames = await drain(event_frames(hub, EventFilter()))
    assert [decode(frame)[0] for frame in frames] == ["connected"]


async def drain(frames: AsyncIterator[bytes]) -> list[bytes]:
    return [frame async for frame in frames]


async def close(frames: AsyncIterator[bytes]) -> None:
    await frames.aclose()  # type: ignore[attr-defined]
