"""Questions on their way to a lane: seen when they were read, and not in line yet.

It takes a few turns of the event loop until a request stands in line. A flood that is looked at in one moment would
find the line as short as it was, and each of its requests would take the long way only to be turned away at its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

# Those that are not in line by then have found their answer in another way, or have left.
LIVE_SECONDS = 0.25
# Of the readers who ask no more, so many are forgotten with each new question: more than come.
_FORGOTTEN = 2


class Announced:
    """See the module's text. As long as what was announced within ``LIVE_SECONDS``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds monotonically."""
        self._clock = clock
        self._until: dict[str, deque[float]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._until.values()))

    def add(self, reader: str) -> None:
        """One more of this reader's."""
        now = self._clock()
        own = self._until.pop(reader, None) or deque()
        own.append(now + LIVE_SECONDS)
        # The last one is always that of the newest question.
        self._until[reader] = own
        for _ in range(_FORGOTTEN):
            oldest = next(iter(self._until))
            if self._until[oldest][-1] > now:
                return
            del self._until[oldest]

    def came(self, reader: str) -> None:
        """One of them stands in line now."""
        own = self._until.get(reader)
        if own is not None:
            own.popleft()
            if not own:
                del self._until[reader]

    def of(self, reader: str) -> int:
        """How many of this reader's are on their way."""
        own, now = self._until.get(reader), self._clock()
        while own and own[0] <= now:
            own.popleft()
        if own is not None and not own:
            del self._until[reader]
        return len(own or ())
