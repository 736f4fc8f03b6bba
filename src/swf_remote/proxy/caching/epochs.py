"""How all workers of a host learn of a write at once: numbers in memory that they share, moved on by every write.

An answer remembers the numbers of the moment when it was asked for. Once a number of its target or of its area has
moved, it is never used again; once that of the whole site has, it is used as long as the monitor cannot be asked.
``shared`` has to be called before workers are forked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from swf_remote.edge.shared_memory import folder, mapped

SLOTS = 1 << 14
_ANYTHING = 0
_WIDTH = 8


class Mark(NamedTuple):
    """A moment, as far as one target is concerned."""

    target_slot: int
    area_slot: int
    target: int
    area: int
    anything: int


class Epochs:
    """The numbers; each is the moment of the last write that concerned it."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, *, place: Path | None = None) -> None:
        """`clock` counts alike in all processes of the host, and never backwards.

        `place`: the folder of what these processes share; None: the numbers are shared with forked processes only.
        """
        self._numbers = memoryview(mapped(place, "epochs", SLOTS * _WIDTH)).cast("Q")
        self._clock = clock

    def mark(self, target: str, area: str) -> Mark:
        """This moment for an answer to `target` (path and query), which lies in `area`."""
        target_slot, area_slot = _slots(target, area)
        numbers = self._numbers
        return Mark(target_slot, area_slot, numbers[target_slot], numbers[area_slot], numbers[_ANYTHING])

    def holds(self, mark: Mark) -> bool:
        """Whether nothing was written since then that concerns the answer."""
        numbers = self._numbers
        return numbers[mark.target_slot] == mark.target and numbers[mark.area_slot] == mark.area

    def quiet(self, mark: Mark) -> bool:
        """Whether nothing at all was written since then."""
        return self._numbers[_ANYTHING] == mark.anything

    def written(self, targets: Iterable[str], areas: Iterable[str]) -> None:
        """Something was written that concerns these."""
        self.move(targets, areas)
        self._numbers[_ANYTHING] = self._next(_ANYTHING)

    def move(self, targets: Iterable[str], areas: Iterable[str] = ()) -> None:
        """What is kept of these is not to be used any more."""
        for slot in [_slots(target, "")[0] for target in targets] + [_slots("", area)[1] for area in areas]:
            self._numbers[slot] = self._next(slot)

    def _next(self, slot: int) -> int:
        """A number that this slot never had. Two processes that write at once may each win: both are new."""
        return max(self._clock(), self._numbers[slot] + 1)


@lru_cache(maxsize=512)
def _slots(target: str, area: str) -> tuple[int, int]:
    """Different names may share a slot: then one write costs more answers than it had to."""
    return 1 + crc32(b"t" + target.encode()) % (SLOTS - 1), 1 + crc32(b"a" + area.encode()) % (SLOTS - 1)


@lru_cache(maxsize=512)
def area_of(target: str, mount: str) -> str:
    """The part of the monitor below `mount` that a target lies in: ``api/panda/…`` is about the same as ``panda/…``."""
    segments = target.removeprefix(mount).partition("?")[0].strip("/").split("/")
    return segments[1] if segments[0] == "api" and len(segments) > 1 else segments[0]


@cache
def shared() -> Epochs:
    """The numbers of this process, of those that are forked from it, and of all that share its folder."""
    return Epochs(place=folder())
