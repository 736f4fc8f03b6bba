"""The hub: who hears what, from which event on, and what is remembered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.streams import listener
from swf_remote.proxy.streams.events import Event, Position
from swf_remote.proxy.streams.filters import Wanted
from swf_remote.proxy.streams.history import History
from swf_remote.proxy.streams.hub import Hub
from swf_remote.proxy.streams.listener import Listener
from swf_remote.proxy.streams.parsing import EventParser, Message


@asynccontextmanager
async def running_hub() -> AsyncIterator[Hub]:
    hub = Hub("abc")
    delivering = asyncio.create_task(hub.deliver())
    try:
        yield hub
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)


def job(number: int, run: int = 0, filler: str = "") -> Message:
    return Message("job", json.dumps({"msg_type": "job", "n": number, "run_id": run, "filler": filler}))


async def publish(hub: Hub, *messages: Message) -> None:
    for message in messages:
        await hub.publish(hub.position.next(), message)


async def heard(one: Listener, most: int = 10_000) -> list[tuple[str, object]]:
    """Names and numbers of what the listener gets until its stream ends, or until it got so many."""
    parser, found = EventParser(), list[tuple[str, object]]()
    while len(found) < most and (piece := await one.next_piece()):
        found += [(message.name, json.loads(message.data).get("n")) for message in parser.feed(piece)]
    return found


async def test_a_listener_hears_nothing_twice_that_was_on_its_way_when_it_came() -> None:
    hub = Hub("abc")
    await publish(hub, job(1), job(2))
    late = hub.join(Wanted(), Position("abc", 1), "r")
    await publish(hub, job(3))
    await hub.deliver_rest()
    hub.end()
    assert await heard(late) == [("connected", None), ("job", 2), ("job", 3)]


async def test_events_of_a_new_epoch_reach_those_who_listen_already() -> None:
    hub = Hub("abc")
    await publish(hub, *(job(n) for n in range(5)))
    one = hub.join(Wanted(), None, "r")
    hub.begin(Position("def", 0))
    await publish(hub, job(7))
    await hub.deliver_rest()
    hub.end()
    assert await heard(one) == [("connected", None), ("job", 7)]
    assert hub.position == Position("def", 1)


async def test_what_happened_before_is_heard_by_those_who_come_back_only() -> None:
    hub = Hub("abc")
    here = hub.join(Wanted(), None, "r")
    hub.recall(Position("def", 4), job(4))
    hub.recall(Position("def", 5), job(5))
    back = hub.join(Wanted(), Position("def", 4), "r")
    hub.end()
    assert await heard(here) == [("connected", None)]
    assert await heard(back) == [("connected", None), ("job", 5)]


async def test_too_old_an_id_gets_a_reset_and_all_that_is_remembered() -> None:
    hub = Hub("abc", History(most_events=3))
    await publish(hub, *(job(n, run=n % 2) for n in range(1, 8)))
    back = hub.join(Wanted.of(b"run_ids=1"), Position("abc", 3), "r")
    exact = hub.join(Wanted(), Position("abc", 4), "r")
    ahead = hub.join(Wanted(), Position("abc", 8), "r")
    hub.end()
    assert await heard(back) == [("connected", None), ("reset", None), ("job", 5), ("job", 7)]
    assert await heard(exact) == [("connected", None), ("job", 5), ("job", 6), ("job", 7)]
    assert [name for name, _ in await heard(ahead)] == ["connected", "reset", "job", "job", "job"]


async def test_a_burst_drops_nobody_who_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_QUEUED", 100_000)
    async with running_hub() as hub:
        readers = [hub.join(Wanted(), None, "r") for _ in range(3)]
        reading = [asyncio.create_task(heard(one, most=61)) for one in readers]
        await publish(hub, *(job(n, filler="x" * 20_000) for n in range(60)))
        for one in reading:
            assert [number for _, number in (await one)[1:]] == list(range(60))


async def test_whoever_brings_events_waits_while_they_cannot_be_handed_on() -> None:
    hub = Hub("abc")
    flood = asyncio.create_task(publish(hub, *(job(n, filler="x" * 100_000) for n in range(50))))
    await asyncio.sleep(0)
    assert not flood.done() and hub.position.number < 50
    delivering = asyncio.create_task(hub.deliver())
    await flood
    assert hub.position.number == 50
    delivering.cancel()


async def a_life(hub: Hub, query: bytes, breaks: list[tuple[int, int]]) -> list[int]:
    """Listens, leaves after so many events, stays away for so many turns of the loop, and comes back."""
    numbers: list[int] = []
    last: Position | None = Position("abc", 0)
    waits = list(breaks)
    while True:
        one = hub.join(Wanted.of(query), last, "r")
        parser, leave_after = EventParser(), waits[0][0] if waits else 1000
        while leave_after and (piece := await one.next_piece()):
            for block in [one for one in piece.split(b"\n\n") if b"id: " in one][:leave_after]:
                numbers += [json.loads(m.data)["n"] for m in parser.feed(block + b"\n\n") if m.name == "job"]
                last = Position.of(block.partition(b"id: ")[2].partition(b"\n")[0])
                leave_after -= 1
        hub.leave(one)
        if leave_after:
            return numbers
        for _ in range(waits.pop(0)[1]):
            await asyncio.sleep(0)


@given(
    filters=st.lists(st.sampled_from([b"", b"run_ids=0", b"run_ids=1", b"run_ids=0,1"]), min_size=1, max_size=4),
    breaks=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=8),
    together=st.integers(1, 10),
)
def test_whoever_leaves_and_comes_back_anywhere_hears_all_once(
    filters: list[bytes], breaks: list[tuple[int, int]], together: int
) -> None:
    async def run() -> None:
        async with running_hub() as hub:
            living = [asyncio.create_task(a_life(hub, query, breaks)) for query in filters]
            for start in range(0, 40, together):
                await publish(hub, *(job(n, run=n % 3) for n in range(start, min(start + together, 40))))
                await asyncio.sleep(0)
            for _ in range(200):
                await asyncio.sleep(0)
            hub.end()
            for query, one in zip(filters, living, strict=True):
                runs = [int(item) for item in query.decode().partition("=")[2].split(",") if item] or [0, 1, 2]
                assert await one == [n for n in range(40) if n % 3 in runs]

    asyncio.run(run())


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 20), st.integers(1, 200))
def test_the_history_is_bounded_and_without_gaps(sizes: list[int], most_events: int, most_bytes: int) -> None:
    kept = History(most_events, most_bytes)
    for number, size in enumerate(sizes, start=1):
        kept.add(Event(number, b"x" * size))
        events = kept.all()
        assert len(events) == len(kept) <= most_events
        assert sum(len(event.frame) for event in events) <= most_bytes or len(events) == 1
        assert [event.number for event in events] == list(range(number - len(events) + 1, number + 1))
        for since in range(number + 2):
            expected = [event for event in events if event.number > since]
            known = number - len(events) <= since <= number
            assert kept.since(since) == (expected if known else None)


async def test_a_frame_longer_than_the_queue_fits_while_nothing_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_QUEUED", 10)
    one = Listener(Wanted(), 0, request_id="r")
    assert one.offer(b"x" * 100)
    assert not one.offer(b"y")
    assert await one.next_piece() == b"x" * 100
    assert one.offer(b"y")
