"""A listener's queue: bounded, never blocks the sender, and never loses an event without saying so.

When the queue is full the oldest event goes, and the listener is told how many went before the next one arrives.
"""

from __future__ import annotations

import asyncio
from collections import deque

from swf_monitor.panda.stream.events import DROPPED, Event, EventFilter


class Mailbox:
    """Events on their way to one listener. Used from one event loop only."""

    def __init__(self, wanted: EventFilter, capacity: int = 500) -> None:
        self.wanted = wanted
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._dropped = 0
        self._closed = False
        self._something_new = asyncio.Event()

    def put(self, event: Event) -> None:
        """Take an event if the listener wants it, dropping the oldest one when full."""
        if self._closed or not self.wanted.accepts(event):
            return
        if len(self._events) >= self._capacity:
            self._events.popleft()
            self._dropped += 1
        self._events.append(event)
        self._something_new.set()

    def close(self) -> None:
        """No more events will come: `next_event` returns None at once, whatever is still queued."""
        self._closed = True
        self._something_new.set()

    @property
    def closed(self) -> bool:
        return self._closed

    async def next_event(self, patience: float) -> Event | None:
        """The next event, or None when the mailbox was closed or nothing came within `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._something_new.wait()
        except TimeoutError:
            return None
        return None if self._closed else self._take()

    def _take(self) -> Event:
        if self._dropped:
            lost, self._dropped = self._dropped, 0
            return Event(DROPPED, {"count": lost})
        event = self._events.popleft()
        if not self._events:
            self._something_new.clear()
        return event
