"""What is due when: a queue of events ordered by time, then by the order in which they were put in."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Any

Action = Callable[..., None]
_Entry = tuple[datetime, int, Action, tuple[Any, ...]]


class Agenda:
    """Events waiting for their time. An event is a function and its arguments."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, at: datetime, action: Action, *arguments: Any) -> None:
        """Enter an event."""
        self._serial += 1
        heapq.heappush(self._entries, (at, self._serial, action, arguments))

    def next_due(self, until: datetime) -> tuple[datetime, Action, tuple[Any, ...]] | None:
        """Take out the earliest event that is due at ``until``, or None."""
        if not self._entries or self._entries[0][0] > until:
            return None
        at, _, action, arguments = heapq.heappop(self._entries)
        return at, action, arguments

    def rescale(self, now: datetime, factor: float) -> None:
        """Multiply every remaining delay by ``factor``; the order of events stays."""
        self._entries = [(now + max(at - now, at - at) * factor, n, f, a) for at, n, f, a in self._entries]
        heapq.heapify(self._entries)
