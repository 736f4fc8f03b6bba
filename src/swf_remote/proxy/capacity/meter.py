"""What readers have used up, in memory that all workers of a host share.

A reader's place in the table is known to nobody outside, since its number is made with a secret: nobody can use up
another's budget on purpose. Each reader has two places, of which the emptier counts, so that chance hardly ever does,
either. The table never grows, however many readers there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from swf_remote.edge.shared_memory import mapped
from swf_remote.proxy.policy.rows import Spending

from .budgets import Rate

SLOTS = 1 << 16
_WIDTH = 8
_TABLES = {spending: number * SLOTS for number, spending in enumerate(Spending)}


class Meter:
    """See the module's text. Two processes that count at the same moment may lose one question of the two."""

    def __init__(
        self, secret: bytes, *, place: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` counts seconds alike in all processes of the host.

        Args:
            secret: the same in all of them, at most 64 bytes.
            place: the folder of what they share; None: only forked processes share.

        Raises:
            OSError: the place cannot be used.
        """
        self._due = memoryview(mapped(place, "budgets", len(Spending) * SLOTS * _WIDTH)).cast("d")
        self._clock = clock
        self._slots = lru_cache(maxsize=4096)(lambda reader: _slots(reader, secret))

    def wait(self, reader: str, spending: Spending, rate: Rate) -> float:
        """Seconds until a question is in the reader's budget; 0: there is one. Nothing is taken."""
        return self._looked_up(reader, spending, rate)[0]

    def charge(self, reader: str, spending: Spending, rate: Rate) -> float:
        """Take one question from the reader's budget; else take nothing and tell the seconds until one is there."""
        wait, due, now, places = self._looked_up(reader, spending, rate)
        if wait:
            return wait
        noted = self._due
        due = rate.after(due)
        for place in places:
            noted[place] = max(due, rate.due(noted[place], now))
        return 0.0

    def _looked_up(self, reader: str, spending: Spending, rate: Rate) -> tuple[float, float, float, list[int]]:
        """Seconds to wait, when all is there again, the moment of now, and the reader's places."""
        table, noted, now = _TABLES[spending], self._due, self._clock()
        places = [table + slot for slot in self._slots(reader)]
        due = min([rate.due(noted[place], now) for place in places])
        return rate.wait(due, now), due, now, places


def _slots(reader: str, secret: bytes) -> tuple[int, int]:
    number = int.from_bytes(blake2b(reader.encode(), key=secret, digest_size=8).digest())
    return number % SLOTS, (number >> 32) % SLOTS
