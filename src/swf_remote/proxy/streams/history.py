"""The last events, for listeners that come back: bounded by their number and by their bytes."""

from __future__ import annotations

from collections import deque
from itertools import islice

from swf_remote.proxy.streams.events import Event

MOST_EVENTS = 10_000
MOST_BYTES = 4 << 20


class History:
    """Events with consecutive numbers, oldest first; with a gap between, it begins anew."""

    def __init__(self, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_events, self._most_bytes = most_events, most_bytes
        self._events: deque[Event] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._events)

    def add(self, event: Event) -> None:
        """Remember the next event; the oldest are forgotten. The newest is kept, however long it is."""
        if self._events and event.number != self._events[-1].number + 1:
            self.clear()
        self._events.append(event)
        self._bytes += len(event.frame)
        while len(self._events) > self._most_events or (self._bytes > self._most_bytes and len(self._events) > 1):
            self._bytes -= len(self._events.popleft().frame)

    def clear(self) -> None:
        """Forget all."""
        self._events.clear()
        self._bytes = 0

    def all(self) -> list[Event]:
        """Everything that is remembered."""
        return list(self._events)

    def since(self, number: int) -> list[Event] | None:
        """What came after event `number`; None when some of it is forgotten, or `number` is yet to come."""
        if not self._events:
            return None
        before = self._events[0].number - 1
        if not before <= number <= before + len(self._events):
            return None
        return list(islice(self._events, number - before, None))
