"""How all workers of a host learn of a write at once: numbers in memory that they share, moved on by every write.

An answer remembers the numbers of the moment when it was asked for. Once a number of its target, its area, its row of
the table or its reader has moved, it is never used again; once that of the whole site has, it is used as long as the
monitor cannot be asked. ``shared`` has to be called before workers are forked.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from swf_remote.edge.shared_memory import folder, mapped

FILE = "epochs"
SLOTS = 1 << 14
_ANYTHING, _EVERYTHING, _UNTOLD, _HOST = range(4)
_FIRST_NAMED = 4
_WIDTH = 8


class Position(NamedTuple):
    """How much of the writes of all hosts a process knew."""

    record: str
    """Which count of them; another one has nothing to do with it."""
    number: int


class Mark(NamedTuple):
    """A moment, as far as one answer is concerned."""

    slots: tuple[int, ...]
    numbers: tuple[int, ...]
    anything: int
    at: float = 0.0
    """By this host's monotonic clock, in seconds."""
    known: Position | None = None
    """What was known of other hosts' writes."""


class Ended(NamedTuple):
    """What a write or a purge ends."""

    slots: tuple[int, ...]
    anything: bool = False
    """Everything else at the site is in doubt, too."""


class Epochs:
    """The numbers; each is the moment of the last write that concerned it."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, *, place: Path | None = None) -> None:
        """`clock` counts alike in all processes of the host, and never backwards.

        `place`: the folder of what these processes share; None: the numbers are shared with forked processes only.
        """
        self._numbers = memoryview(mapped(place, FILE, SLOTS * _WIDTH)).cast("Q")
        self._clock = clock
        if not self._numbers[_HOST]:
            self._numbers[_HOST] = secrets.randbits(63) | 1

    @property
    def host(self) -> str:
        """A name for all who share these numbers."""
        return f"{self._numbers[_HOST]:016x}"

    def mark(self, target: str, area: str, *, row: str = "", user: str = "") -> Mark:
        """This moment for an answer to `target` (path and query), which lies in `area`.

        Args:
            row: the pattern of its row of the table.
            user: for whom alone it is kept; empty for everybody.
        """
        slots, numbers = _slots(target, area, row, user), self._numbers
        return Mark(slots, tuple([numbers[slot] for slot in slots]), numbers[_ANYTHING], time.monotonic())

    def holds(self, mark: Mark) -> bool:
        """Whether nothing was written since then that concerns the answer."""
        numbers = self._numbers
        return mark.numbers == tuple([numbers[slot] for slot in mark.slots])

    def quiet(self, mark: Mark) -> bool:
        """Whether nothing at all was written since then."""
        return self._numbers[_ANYTHING] == mark.anything

    def written(self, targets: Iterable[str], areas: Iterable[str]) -> None:
        """Something was written that concerns these."""
        self.end(ended(targets=targets, areas=areas, anything=True))

    def move(self, targets: Iterable[str], areas: Iterable[str] = ()) -> None:
        """What is kept of these is not to be used any more."""
        self.end(ended(targets=targets, areas=areas))

    def end(self, what: Ended) -> None:
        """From now on, none of this holds."""
        for slot in what.slots:
            self._numbers[slot] = self._next(slot)
        if what.anything:
            self._numbers[_ANYTHING] = self._next(_ANYTHING)

    def after(self, mark: Mark, what: Ended) -> Mark:
        """`mark` for an answer that came of what ended `what`: it holds as long as nothing else was written since."""
        numbers = [self._numbers[slot] if slot in what.slots else old for slot, old in zip(*mark[:2], strict=True)]
        return mark._replace(numbers=tuple(numbers))

    @property
    def untold(self) -> int:
        """Not 0: something was written through this host that others do not know of; another number with each time."""
        return self._numbers[_UNTOLD]

    def leave_untold(self) -> None:
        """Other hosts could not be told."""
        self._numbers[_UNTOLD] = self._next(_UNTOLD)

    def told(self, untold: int) -> None:
        """Others know now of all that was `untold`."""
        if self._numbers[_UNTOLD] == untold:
            self._numbers[_UNTOLD] = 0

    def _next(self, slot: int) -> int:
        """A number that this slot never had. Two processes that write at once may each win: both are new."""
        return max(self._clock(), self._numbers[slot] + 1)


def ended(
    *,
    targets: Iterable[str] = (),
    areas: Iterable[str] = (),
    paths: Iterable[str] = (),
    rows: Iterable[str] = (),
    users: Iterable[str] = (),
    anything: bool = False,
) -> Ended:
    """What is kept of any of these: a path is one with any query, a row is named by its pattern."""
    named = {"t": targets, "a": areas, "p": paths, "r": rows, "u": users}
    return Ended(tuple(_slot(kind, name) for kind, names in named.items() for name in names), anything)


def may_end(slot: int) -> bool:
    """Whether this is the place of a name, or of all."""
    return slot == _EVERYTHING or _FIRST_NAMED <= slot < SLOTS


EVERYTHING = Ended((_EVERYTHING,), anything=True)


@lru_cache(maxsize=512)
def _slots(target: str, area: str, row: str, user: str) -> tuple[int, ...]:
    path = target.partition("?")[0]
    named = (("t", target), ("a", area), ("p", path), ("r", row), ("u", user))
    return (_EVERYTHING, *(_slot(kind, name) for kind, name in named))


def _slot(kind: str, name: str) -> int:
    """Different names may share a slot: then one write costs more answers than it had to."""
    return _FIRST_NAMED + crc32((kind + name).encode()) % (SLOTS - _FIRST_NAMED)


@lru_cache(maxsize=512)
def area_of(target: str, mount: str) -> str:
    """The part of the monitor below `mount` that a target lies in: ``api/panda/…`` is about the same as ``panda/…``."""
    segments = target.removeprefix(mount).partition("?")[0].strip("/").split("/")
    return segments[1] if segments[0] == "api" and len(segments) > 1 else segments[0]


@cache
def shared() -> Epochs:
    """The numbers of this process, of those that are forked from it, and of all that share its folder."""
    return Epochs(place=folder())
