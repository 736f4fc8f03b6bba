"""A listener's bounded queue."""

from __future__ import annotations

import asyncio

from swf_monitor.panda.stream.events import DROPPED, Event, EventFilter
from swf_monitor.panda.stream.mailbox import Mailbox


def numbered(number: int) -> Event:
    return Event("n", {"number": number})


async def test_events_come_out_in_the_order_they_went_in() -> None:
    mailbox = Mailbox(EventFilter())
    for number in range(3):
        mailbox.put(numbered(number))
    assert [await mailbox.next_event(1) for _ in range(3)] == [numbered(0), numbered(1), numbered(2)]


async def test_a_waiting_listener_is_woken_by_an_event() -> None:
    mailbox = Mailbox(EventFilter())
    waiting = asyncio.create_task(mailbox.next_event(10))
    await asyncio.sleep(0)
    mailbox.put(numbered(1))
    assert await waiting == numbered(1)


async def test_unwanted_events_take_no_room() -> None:
    mailbox = Mailbox(EventFilter(msg_types=frozenset({"n"})), capacity=1)
    mailbox.put(numbered(1))
    mailbox.put(Event("other"))
    assert await mailbox.next_event(1) == numbered(1)


async def test_a_full_mailbox_drops_the_oldest_and_says_how_many() -> None:
    mailbox = Mailbox(EventFilter(msg_types=frozenset({"n"})), capacity=2)
    for number in range(5):
        mailbox.put(numbered(number))
    received = [await mailbox.next_event(1) for _ in range(3)]
    assert received == [Event(DROPPED, {"count": 3}), numbered(3), numbered(4)]


async def test_nothing_comes_from_a_silent_mailbox() -> None:
    assert await Mailbox(EventFilter()).next_event(0.01) is None


async def test_an_event_already_there_comes_even_when_no_time_is_left() -> None:
    mailbox = Mailbox(EventFilter())
    mailbox.put(numbered(1))
    assert await mailbox.next_event(-1) == numbered(1)


async def test_closing_wakes_the_listener_at_once() -> None:
    mailbox = Mailbox(EventFilter())
    waiting = asyncio.create_task(mailbox.next_event(60))
    await asyncio.sleep(0)
    mailbox.close()
    async with asyncio.timeout(1):
        assert await waiting is None
    assert mailbox.closed
